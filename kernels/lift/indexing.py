"""Subscripts: which element of an array an index of the result stands for."""
from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from . import syntax
from .affine import ONE, ZERO, Affine
from .errors import CannotLift
from .expressions import Expressions
from .nonzero import positions
from .seen import identity
from .slicing import SliceEnds
from .values import UNKNOWN, Index, Pack, Value


@dataclass(frozen=True)
class Target:
    """Where an assignment writes. lows: where the loop variables start. scattered: elements may be written twice."""

    place: Value
    lows: tuple[Affine, ...]
    scattered: bool = False


@dataclass(frozen=True)
class _Part:
    """One part of a subscript: a slice (start, step, extent), a new axis, a number as it was read, or an array of numbers."""

    kind: str
    start: Affine = ZERO
    step: int | Affine = 1
    extent: Affine = ONE
    one: bool = False
    array: Value | None = None
    number: Value | None = None


class Indexing(Expressions):
    """Reads and targets of subscripts."""

    def subscript(self, node: ast.Subscript) -> Value | Pack:
        base = self.any_value(node.value)
        if isinstance(base, Pack):
            table = self.constant_array(node.value)
            if table is None or isinstance(node.slice, ast.Slice) or self._is_static(node.slice):
                return self._of_pack(base, node.slice)
            base = replace(table, weak=True)        # Python's own numbers
        parts = _parts(node.slice)
        masks = self._mask(parts)
        if masks is not None:
            if self.mask is not None and self.mask[0] == syntax.text(node.slice) and base.ndim >= masks.ndim:
                return base.lazily(extents=masks.extents + base.extents[masks.ndim:], ones=masks.ones + base.ones[masks.ndim:])
            return self._compressed(node, base, masks)
        place = self._taken(base, node, parts).place
        return replace(place, weak=True) if base.weak and base.ndim else place

    def _is_static(self, index: ast.expr) -> bool:
        try:
            return self.static(index) is not None
        except CannotLift:
            return False

    def target(self, node: ast.Subscript) -> Target:
        """The place that an assignment to the subscript writes."""
        base = self.value(node.value)
        if base.root is None:
            raise CannotLift("an assignment into an array that no variable holds")
        return self._taken(base, node, _parts(node.slice))

    def mask_of(self, node: ast.Subscript) -> Value | None:
        """The mask, where the subscript is one mask over all dimensions of the array."""
        return self._mask(_parts(node.slice))

    def _of_pack(self, base: Pack, index: ast.expr) -> Value | Pack:
        if isinstance(index, ast.Slice):
            items = base.items[slice(self.static(index.lower), self.static(index.upper), self.static(index.step))]
            texts = [i.text if isinstance(i, Pack) or i.ndim == 0 else i.name or "?" for i in items]
            return Pack(items, f"({', '.join(texts)}{',' if len(texts) == 1 else ''})")
        position = self.static(index)
        if type(position) is not int or not -len(base.items) <= position < len(base.items):
            raise CannotLift("a tuple's index is not known beforehand")
        return base.items[position]

    def _mask(self, parts: list[ast.expr]) -> Value | None:
        if len(parts) != 1 or isinstance(parts[0], ast.Slice | ast.Constant | ast.Tuple):
            return None
        if not self._is_mask(parts[0]):
            return None
        for known in (self.mask, self.known_mask):
            if known is not None and known[0] == syntax.text(parts[0]):
                return known[1]
        return self.value(parts[0])

    def _compressed(self, node: ast.Subscript, base: Value, mask: Value) -> Value:
        """`base[mask]`: the elements where the mask is true, counted first."""
        if self.mask is not None or mask.ndim > base.ndim:
            raise CannotLift("a mask within a masked assignment")
        mask = self.held(mask, "mask")
        count, position = self.fresh("count"), self.fresh("position")
        self.emit(f"{count} = 0")
        with self.nest(mask.extents) as index, self.block(f"if {mask.element(index)}:"):
            self.emit(f"{count} += 1")
        rest = base.extents[mask.ndim:]
        result = self.allocate(self.name_for(node), base.dtype, (Affine.atom(count), *rest))
        self.emit(f"{position} = 0")
        with self.nest(mask.extents) as index, self.block(f"if {mask.element(index)}:"):
            with self.nest(rest) as inner:
                self.emit(f"{result.element((Affine.atom(position), *inner))} = {base.element((*index, *inner))}")
            self.emit(f"{position} += 1")
        return result

    def _taken(self, base: Value, node: ast.Subscript, nodes: list[ast.expr]) -> Target:
        base, parts = self._read_parts(base, node, self._unpacked(nodes))
        if isinstance(node.ctx, ast.Store):
            parts = [self._settled(base, part) for part in parts]
        arrays = [p for p in parts if p.kind == "array"]
        if arrays and base.name is None:
            if base.root is not None and isinstance(node.ctx, ast.Store):
                raise CannotLift("an assignment by an index array into a view")
            base = self.held(base)
        shape, ones = self.broadcast(tuple(p.array for p in arrays if p.array is not None)) if arrays else ((), ())
        first = self._position(parts)
        extents: list[Affine] = []
        flags: list[bool] = []
        lows: list[Affine] = []
        places: dict[int, int] = {}
        start = 0
        for number, part in enumerate(parts):
            if number == first and arrays:
                start = len(extents)
                extents += shape
                flags += ones
                lows += [ZERO] * len(shape)
            if part.kind in ("slice", "new"):
                places[number] = len(extents)
                extents.append(part.extent)
                flags.append(part.one)
                lows.append(part.start if part.step == 1 and part.kind == "slice" else ZERO)
        if base.name is None or arrays:
            lows = [ZERO] * len(extents)

        def element(index: Index) -> str:
            inner = []
            for number, part in enumerate(parts):
                if part.kind == "slice":
                    inner.append(part.start + _times(index[places[number]], part.step))
                elif part.kind == "number":
                    inner.append(part.start)
                elif part.array is not None:
                    at = index[start:start + len(shape)]
                    text = part.array.element(self.broadcast_index(part.array, at, ones))
                    inner.append(Affine.of(syntax.parse(text)))
            return base.element(tuple(inner))

        place = base.lazily(extents=tuple(extents), ones=tuple(flags), element=element, cost=base.cost,
                            root=None if arrays and not isinstance(node.ctx, ast.Store) else base.root)
        if not extents and not isinstance(node.ctx, ast.Store):
            place = replace(place, root=None, cost=max(1, base.cost))
        return Target(place, tuple(lows), bool(arrays))

    def _unpacked(self, nodes: list[ast.expr]) -> list[ast.expr | Value]:
        """The parts of an index that is one tuple: `a[np.ix_(rows, columns)]`."""
        if len(nodes) == 1 and isinstance(nodes[0], ast.Call | ast.Name) and (self.seen.type_of(nodes[0]) or ("",))[0] == "tuple":
            found = self.any_value(nodes[0])
            if isinstance(found, Pack) and all(isinstance(item, Value) for item in found.items):
                return list(found.items)  # type: ignore[arg-type]
        return list(nodes)

    def _settled(self, base: Value, part: _Part) -> _Part:
        """The part of a target's subscript with an index that the assignment itself may change read beforehand."""
        if part.array is not None and self._changes(self.dry(part.array, (ZERO,) * part.array.ndim), base):
            return replace(part, array=self.filled(self.fresh("at"), part.array))
        if part.number is not None and self._changes(self.dry(part.number, ()), base):
            return replace(part, start=Affine.atom(self.bind(str(part.start), "at")))
        return part

    def _changes(self, reads: list[tuple[str, bool, str]], base: Value) -> bool:
        return any(self.may_alias(root, sure, base) for root, sure, _ in reads)

    def _position(self, parts: list[_Part]) -> int:
        """Where the dimensions of index arrays go: at the first of them, or in front where something lies between."""
        advanced = [n for n, p in enumerate(parts) if p.kind in ("array", "number")]
        if not any(p.kind == "array" for p in parts):
            return -1
        between = any(parts[n].kind in ("slice", "new") for n in range(advanced[0], advanced[-1]))
        return 0 if between else advanced[0]

    def _read_parts(self, base: Value, node: ast.Subscript, nodes: list[ast.expr | Value]) -> tuple[Value, list[_Part]]:
        consumed = sum(self._dimensions(n) for n in nodes)
        if sum(map(_is_ellipsis, nodes)) == 0:
            nodes = [*nodes, ast.Constant(...)]
        parts: list[_Part] = []
        axis = 0
        for position, part in enumerate(nodes):
            if _is_ellipsis(part):
                for _ in range(base.ndim - consumed):
                    parts.append(_Part("slice", extent=base.extents[axis], one=base.ones[axis]))
                    axis += 1
                continue
            if _is_new(part):
                parts.append(_Part("new", one=True))
                continue
            if axis + self._dimensions(part) > base.ndim:
                raise CannotLift("too many indices")
            if isinstance(part, ast.Slice):
                base, read = self._slice(base, axis, node, position, part)
                parts.append(read)
            elif self._is_mask(part):
                parts += [_Part("array", array=places) for places in positions(self, self._index(part))]
            else:
                parts.append(self._number(base, axis, part))
            axis += self._dimensions(part)
        return base, parts

    def _is_mask(self, node: ast.expr | Value) -> bool:
        """Whether a part of a subscript is an array of truth values, which stands for where they are true."""
        return self._mask_ndim(node) > 0

    def _mask_ndim(self, node: ast.expr | Value) -> int:
        """The rank of such an array; 0 where a part is none."""
        if isinstance(node, Value):
            return node.ndim if node.dtype.kind == "b" else 0
        seen = self.seen.type_of(node)
        if seen is not None:
            return seen[2] if seen[0] == "array" and np.dtype(seen[1]).kind == "b" else 0
        if not isinstance(node, ast.Compare | ast.UnaryOp | ast.BinOp | ast.Name):
            return 0
        back = self.mark()      # in a branch that was never reached
        try:
            return self._mask_ndim(self.value(node))
        except CannotLift:
            return 0
        finally:
            back()

    def _dimensions(self, node: ast.expr | Value) -> int:
        """How many dimensions of the array a part of a subscript goes through."""
        if _is_new(node) or _is_ellipsis(node):
            return 0
        return self._mask_ndim(node) or 1

    def _index(self, node: ast.expr | Value) -> Value:
        return node if isinstance(node, Value) else self.value(node)

    def _number(self, base: Value, axis: int, node: ast.expr | Value) -> _Part:
        if isinstance(node, ast.List):
            raise CannotLift("a list as an index")
        value = self._index(node)
        if value.dtype.kind not in "iu":
            raise CannotLift("an index that is not an integer")
        if value.ndim:
            return _Part("array", array=self.cheap(value))
        if value.constant is not UNKNOWN and value.constant < 0:
            return _Part("number", base.extents[axis] + int(value.constant))
        seen = self.seen.expressions.get(identity(node)) if isinstance(node, ast.AST) else None
        if base.name is None and value.constant is UNKNOWN and (seen is None or seen.least is None or seen.least < 0):
            raise CannotLift("an index into a view that may be negative")
        return _Part("number", self.affine(value), number=value)

    def _slice(self, base: Value, axis: int, node: ast.Subscript, position: int, part: ast.Slice) -> tuple[Value, _Part]:
        step = 1 if part.step is None else self._step(part.step)
        whole = base.extents[axis]
        if part.lower is None and part.upper is None and step in (1, -1):
            one = base.ones[axis]
            return base, _Part("slice", ZERO, 1, whole, one) if step == 1 or one else _Part("slice", whole - 1, -1, whole)
        seen = self.seen.slices.get((identity(node), position))
        up = isinstance(step, Affine) or step > 0
        ends = SliceEnds(self, whole, up, seen)
        low, high = ends.start(part.lower), ends.stop(part.upper)
        length = high - low if up else low - high
        if seen is None or seen.crossed:
            length = length if length.length == length else Affine.atom(self.bind(str(length.length), "length"))
        if isinstance(step, Affine):
            length = (length + step - 1).floordiv(step)
        elif abs(step) > 1:
            length = (length + (abs(step) - 1)).floordiv(Affine(abs(step)))
        return base, _Part("slice", low, step, length, seen is not None and seen.single)

    def _step(self, node: ast.expr) -> int | Affine:
        """A slice's step: as it is written, or a variable that was above zero in every run."""
        try:
            step = self.static(node)
        except CannotLift:
            seen = self.seen.expressions.get(identity(node))
            if seen is None or seen.least is None or seen.least < 1:
                raise CannotLift("a slice's step is not known beforehand") from None
            return self.affine(self.cheap(self.value(node)))
        if type(step) is not int or step == 0:
            raise CannotLift("a slice's step is not known beforehand")
        return step


def _times(index: Affine, step: int | Affine) -> Affine:
    return index * step if isinstance(step, int) else Affine.of(syntax.parse(f"({index}) * ({step})"))


def _parts(index: ast.expr) -> list[ast.expr]:
    return list(index.elts) if isinstance(index, ast.Tuple) else [index]


def _is_new(node: ast.expr | Value) -> bool:
    return isinstance(node, ast.Constant) and node.value is None or isinstance(node, ast.Attribute) and syntax.text(node) == "np.newaxis"


def _is_ellipsis(node: Any) -> bool:
    return isinstance(node, ast.Constant) and node.value is Ellipsis
