"""Boolean masks as subscripts of a target: a nest with a condition, or the chosen elements one after the other."""
from __future__ import annotations

import ast
from collections.abc import Callable

from . import syntax
from .affine import ZERO, Affine
from .deferral import Deferral
from .dtypes import stored_as
from .errors import CannotLift
from .indexing import Target
from .overlaps import axis, written_before
from .seen import identity
from .values import Value

POINTWISE = frozenset(
    "exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan sinh cosh tanh sqrt cbrt floor ceil trunc rint abs absolute "
    "fabs sign square reciprocal negative minimum maximum fmin fmax arctan2 hypot where add subtract multiply divide true_divide "
    "floor_divide mod remainder power clip astype conj conjugate logical_and logical_or logical_not isnan isinf isfinite".split())
"""Calls whose result at an element depends on that element of their arguments alone."""


class Masks(Deferral):
    """Lifts `a[mask] = value`."""

    def masked(self, node: ast.Subscript, mask: Value, value_node: ast.expr | None, make: Callable[[], Value]) -> None:
        """`make` gives the value; `value_node`, where there is one, is its expression, the target's own old value apart."""
        base = self.value(node.value)
        if base.root is None or base.ndim < mask.ndim:
            raise CannotLift("a mask that does not fit its array")
        mask = self.held(mask, "mask") if mask.cost >= 8 else mask
        rest = base.extents[mask.ndim:]
        extents, ones = mask.extents + rest, mask.ones + base.ones[mask.ndim:]
        place = base.lazily(extents=extents, ones=ones, root=base.root)
        if self.overlapping(Target(place, (ZERO,) * len(extents)), self.stretched(mask, extents, ones)):
            mask = self.filled(self.fresh("mask"), mask)
        elif rest:
            mask = self.held(mask, "mask")
        text = syntax.text(node.slice)
        if value_node is None or self._pointwise(value_node, text, len(rest)):
            back = self.mark()
            if self._where_true(place, mask, self._under(text, mask, make)):
                return
            back()
        mask = self.held(mask, "mask")
        self.known_mask = (text, mask)
        try:
            value = make()
        finally:
            self.known_mask = None
        if value.ndim > len(rest) or not self._where_true(place, mask, value):
            self._one_by_one(place, mask, value)

    def _under(self, text: str, mask: Value, make: Callable[[], Value]) -> Value | None:
        """The value with every array that the mask selects from read at the mask's own index; None where it has no such form."""
        self.mask = (text, mask)
        try:
            return make()
        except CannotLift:
            return None
        finally:
            self.mask = None

    def _pointwise(self, node: ast.expr, mask: str, rest: int) -> bool:
        """Whether the value at an element depends on that element of what the same mask selects, and on no other array."""
        if isinstance(node, ast.Subscript) and syntax.text(node.slice) == mask:
            seen = self.seen.type_of(node)
            return not _selects(node.value, mask) and seen is not None and seen[0] == "array" and seen[2] == rest + 1
        if not _selects(node, mask):
            seen = self.seen.type_of(node)
            return isinstance(node, ast.Constant) or seen is not None and (
                seen[0] == "scalar" or seen[0] == "array" and seen[2] <= rest) or isinstance(node, ast.Attribute | ast.Name) and seen is None
        match node:
            case ast.BinOp(left=left, op=op, right=right) if not isinstance(op, ast.MatMult):
                parts = [left, right]
            case ast.UnaryOp(operand=operand):
                parts = [operand]
            case ast.Compare(left=left, comparators=[right]):
                parts = [left, right]
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr=name), args=parts, keywords=[]) if name in POINTWISE:
                pass
            case ast.Call(func=ast.Attribute(value=base, attr=name), args=given, keywords=[]) if name in POINTWISE:
                parts = [base, *given]
            case _:
                return False
        return all(self._pointwise(part, mask, rest) for part in parts)

    def _where_true(self, place: Value, mask: Value, value: Value | None) -> bool:
        """A nest with a condition; False where the value is of another form, or is read after the nest has written it."""
        extents, ones = place.extents, place.ones
        rest = place.ndim - mask.ndim
        if value is None:
            return False
        if value.ndim == 0:
            value = self.cheap(value)
        elif value.ndim > rest and value.extents != extents:
            return False
        both = self.stretched(value, extents, ones)
        if self.overlapping(Target(place, (ZERO,) * len(extents)), both):
            return False
        with self.nest(extents) as index, self.block(f"if {mask.element(index[:mask.ndim])}:"):
            self.emit(f"{place.element(index)} = {stored_as(both.element(index), both, place.dtype)}")
        return True

    def _one_by_one(self, place: Value, mask: Value, value: Value) -> None:
        """The elements of an array in order, into those where the mask is true."""
        rest = place.ndim - mask.ndim
        if value.ndim > rest + 1:
            raise CannotLift("a masked assignment of an array of more dimensions")
        value = self.held(value)
        if value.ndim and self.may_alias(str(value.root), value.sure, place):
            value = self.filled(self.fresh("t"), value)
        position = self.fresh("position")
        self.emit(f"{position} = 0")
        inner_extents = place.extents[mask.ndim:]
        count = Affine.atom(position)
        with self.nest(mask.extents) as index, self.block(f"if {mask.element(index)}:"):
            with self.nest(inner_extents) as inner:
                at = self.broadcast_index(value, (count, *inner)[-value.ndim:] if value.ndim else (), (False, *place.ones[mask.ndim:])[-value.ndim:])
                self.emit(f"{place.element((*index, *inner))} = {stored_as(value.element(at), value, place.dtype)}")
            self.emit(f"{position} += 1")

    def overlapping(self, target: Target, value: Value) -> bool:
        """Whether an element is read, through any variable, after the loops may have written it."""
        return bool(self.overwritten(target, value))

    def overwritten(self, target: Target, value: Value) -> set[str]:
        """The elements of `value`, as texts in terms of `axis(n)`, that would be read after the loops may have written them."""
        place = target.place
        index = tuple(axis(n) if e.constant != 1 else ZERO for n, e in enumerate(place.extents))
        text = self.dry(place, index)[-1][2]
        return {read for root, sure, read in self.dry(value, index) if self.may_alias(root, sure, place)
                and (target.scattered or read != text and (root != place.root or written_before(read, text, len(index))))}

    def may_alias(self, root: str, sure: bool, place: Value) -> bool:
        """Whether the memory of the variable `root` may be that of `place`."""
        if root == place.root:
            return True
        if sure and place.sure:
            return False
        return root in self.seen.overlaps.get(identity(self.statement), set())  # type: ignore[arg-type]


def _selects(node: ast.expr, mask: str) -> bool:
    """Whether the mask selects elements somewhere in the expression."""
    return any(isinstance(n, ast.Subscript) and syntax.text(n.slice) == mask for n in ast.walk(node))
