"""Loop nests: opening loops, keeping temporaries at the loop where they are constant, and filling arrays."""
from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from . import syntax
from .affine import ZERO, Affine, Range, at_least_zero
from .dtypes import compatible_store
from .text import Block, Item, assign, loop
from .values import Array, Index, Named, Operand, Scalar, align, leaves

if TYPE_CHECKING:
    from .context import Context

COSTLY = 4
"""Arithmetic, in additions, from which an element is computed once into memory rather than again in an outer loop."""


@dataclass
class _Shared:
    """What a nest and the nests inside it know together."""

    levels: dict[str, int] = field(default_factory=dict)
    depends: dict[str, frozenset[str]] = field(default_factory=dict)
    bound: dict[str, Scalar] = field(default_factory=dict)
    ranges: dict[str, Range] = field(default_factory=dict)
    reads: list[tuple[Named, Index]] = field(default_factory=list)


class Nest:
    """A nest of loops under construction.

    Level 0 is before the loops, level k inside the k-th. A dry nest is thrown away: building it finds out what must be
    computed into memory first, and which elements are read.
    """

    def __init__(self, context: Context, dry: bool = False, parent: Nest | None = None, base: int = 0) -> None:
        self.context, self.dry, self.parent, self.base = context, dry, parent, base
        self.shared = parent.shared if parent else _Shared()
        self.bodies: list[list[Item]] = [[]]
        self.slots: list[int | None] = [None]
        self.own: list[tuple[str, int]] = []

    def child(self, level: int) -> Nest:
        """A nest whose loops stand at `level` of this one; `finish` puts it there."""
        return Nest(self.context, self.dry, self, level)

    @property
    def depth(self) -> int:
        return self.base + len(self.bodies) - 1

    def open_loop(self, low: Affine, high: Affine) -> Affine:
        """Opens a loop inside the innermost one, and returns its variable."""
        variable = self.context.dry_name() if self.dry else self.context.names.loop(len(self._chain()))
        self._open(loop(variable, self.context.spell(low), self.context.spell(high)))
        self.shared.levels[variable] = self.depth
        self.shared.depends[variable] = frozenset({variable})
        self.shared.ranges[variable] = Range(low, high)
        self.own.append((variable, self.depth))
        return Affine.atom(variable)

    def open_guard(self, test: ast.expr) -> None:
        self._open(Block(f"if {syntax.text(test)}:"))

    def _open(self, block: Block) -> None:
        self.slots[-1] = len(self.bodies[-1])
        self.bodies[-1].append(block)
        self.bodies.append(block.body)
        self.slots.append(None)

    def emit(self, item: Item) -> None:
        self.bodies[-1].append(item)

    def variables(self, node: ast.AST) -> frozenset[str]:
        """Loop variables that the expression depends on."""
        found: frozenset[str] = frozenset()
        for name in syntax.names_in(node):
            found |= self.shared.depends.get(name, frozenset())
        return found

    def level_of(self, node: ast.AST) -> int:
        return max((self.shared.levels.get(n, 0) for n in syntax.names_in(node)), default=0)

    def all_variables(self, level: int | None = None) -> frozenset[str]:
        """Variables of the open loops up to `level`."""
        limit = self.depth if level is None else level
        return frozenset(v for v, at in self._chain() if at <= limit)

    def _chain(self) -> list[tuple[str, int]]:
        """The loops that are open here, with their levels."""
        if self.parent is None:
            return self.own
        return [x for x in self.parent._chain() if x[1] <= self.base] + self.own

    def is_prefix(self, variables: frozenset[str]) -> bool:
        """Whether a value of these variables is computed once an iteration of an outer loop, no oftener than it changes."""
        level = max((self.shared.levels[v] for v in variables), default=0)
        return self.all_variables(level) == variables

    def bind(self, scalar: Scalar, hint: str) -> Scalar:
        """A name for the scalar, assigned at the outermost level where it is constant."""
        if scalar.trivial:
            return scalar
        key = scalar.text
        known = self.shared.bound.get(key)
        if known is not None:
            return known
        level = self.level_of(scalar.node)
        name = self.context.dry_name() if self.dry else self.context.names.fresh(hint)
        self.insert(assign(name, scalar.node), level)
        self.declare(name, level, self.variables(scalar.node))
        result = Scalar(syntax.name(name), scalar.dtype, scalar.weak, scalar.wide)
        self.shared.bound[key] = result
        return result

    def declare(self, name: str, level: int, depends: frozenset[str]) -> None:
        self.shared.levels[name] = level
        self.shared.depends[name] = depends

    def insert(self, item: Item, level: int) -> None:
        """Puts the item at `level`, before the loop that is open there."""
        if level <= self.base and self.parent is not None:
            self.parent.insert(item, level)
            return
        position = level - self.base
        slot = self.slots[position]
        if slot is None:
            self.bodies[position].append(item)
        else:
            self.bodies[position].insert(slot, item)
            self.slots[position] = slot + 1

    def finish(self) -> None:
        """Puts the nest where it belongs: at its level of the parent, or into the block being written."""
        if self.parent is not None:
            for item in self.bodies[0]:
                self.parent.insert(item, self.base)
        elif not self.dry:
            self.context.block.extend(self.bodies[0])

    def hoist(self, parts: list[Scalar], operands: tuple[Operand, ...], costly: int = COSTLY,
              whole: frozenset[str] | None = None) -> list[Scalar]:
        """The operands of one operation, with what does not change in the inner loops taken out of them.

        An operand that varies in an inner loop only, and is costly, is stored in memory first (by the dry run).
        """
        used = [self.variables(p.node) for p in parts]
        total = frozenset().union(*used) if whole is None else whole
        result = []
        for part, variables, operand in zip(parts, used, operands):
            if part.trivial or variables == total:
                result.append(part)
            elif self.is_prefix(variables):
                result.append(self.bind(part, _hint(part, operand)))
            else:
                if part.cost >= costly and self.dry and isinstance(operand, Array) and not isinstance(operand, Named):
                    self.context.store(operand)
                result.append(part)
        return result

    def note_read(self, array: Named, index: Index) -> None:
        self.shared.reads.append((array, index))


def _hint(part: Scalar, operand: Operand) -> str:
    node = part.node
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    if isinstance(node, ast.Call) and len(node.args) == 1 and isinstance(node.args[0], ast.Name):
        node = node.args[0]
    if isinstance(node, ast.Name):
        return f"{node.id}_value"
    return operand.hint if isinstance(operand, Array) else "value"


@dataclass(frozen=True)
class Target:
    """Where a nest writes.

    extents: of the region. place: from an index of the region to one of the array. starts: offset of each dimension
    where the region steps one by one (loops then run over the array's own index). fresh: no other name reaches the
    memory. injective: different indices of the region are different elements. overlaps: variables of the reference
    that were seen to share memory with the array; None if that is not known.
    """

    array: Named
    extents: tuple[Affine, ...]
    place: Callable[[Index, Nest], Index]
    starts: tuple[Affine, ...]
    maybe_one: tuple[bool, ...]
    fresh: bool = False
    injective: bool = True
    overlaps: frozenset[str] | None = frozenset()

    @classmethod
    def new(cls, array: Named) -> Target:
        """All of an array that nothing else reaches yet."""
        return cls(array, array.extents, lambda index, nest: index, (ZERO,) * array.ndim, array.maybe_one, fresh=True)

    @property
    def dtype(self) -> np.dtype:
        return self.array.dtype

    def may_reach(self, array: Named, context: Context) -> bool:
        """Whether a variable may share memory with the target."""
        if self.fresh:
            return False
        if array.root == self.array.root:
            return True
        if self.overlaps is None:
            return not context.is_own(array.name)
        return bool(self.overlaps & ({array.root, array.name} | context.spellings(array.name)))


def fill(context: Context, target: Target, value: Array) -> None:
    """Emit the loops that compute `value` into the target; NumPy's order (read all, then write) is kept."""
    filler = getattr(value, "fill", None)
    if value.stored is None and filler is not None:
        if any(target.may_reach(leaf, context) for leaf in leaves(value)):
            value = context.store(value)
        else:
            filler(context, target)
            return
    plan = _elementwise(context, target, value, dry=True)
    if _conflicts(context, target, plan):
        value = context.store(value) if value.stored is None and not isinstance(value, Named) else context.store_copy(value)
    _elementwise(context, target, value, dry=False)


@dataclass(frozen=True)
class _Plan:
    reads: list[tuple[Named, Index]]
    place: Index
    nest: Nest


def open_region(nest: Nest, target: Target) -> Index:
    """Opens loops over a target's region; returns the region's index."""
    index = []
    for extent, start in zip(target.extents, target.starts):
        if extent == Affine(1) and start == ZERO:
            index.append(ZERO)
        else:
            index.append(nest.open_loop(start, start + extent) - start)
    return tuple(index)


def _elementwise(context: Context, target: Target, value: Array, dry: bool) -> _Plan:
    nest = Nest(context, dry)
    index = open_region(nest, target)
    scalar = value.element(align(value, index, target.maybe_one), nest)
    scalar = nest.hoist([scalar], (value,), whole=nest.all_variables())[0]
    place = target.place(index, nest)
    nest.emit(assign(element(context, target.array, place), compatible_store(scalar, target.dtype).node))
    nest.finish()
    return _Plan(nest.shared.reads, place, nest)


def element(context: Context, array: Named, index: Index) -> ast.expr:
    return syntax.subscript(syntax.name(array.name), [context.spell(i) for i in index])


def _conflicts(context: Context, target: Target, plan: _Plan) -> bool:
    """Whether an element may be read after it was overwritten."""
    return any(target.may_reach(array, context) and not _harmless(context, target, plan, array, index) for array, index in plan.reads)


def _harmless(context: Context, target: Target, plan: _Plan, array: Named, index: Index) -> bool:
    if array.name != target.array.name:
        return False
    if index == plan.place and target.injective and _injective(plan):
        return True
    shared = plan.nest.shared
    ranges = {**context.ranges, **shared.ranges}
    for read, written in zip(index, plan.place):
        if any(name in shared.levels for name in written.names):
            continue
        for gap in (written - read, read - written):
            if at_least_zero(gap - 1, ranges, context.normal, context.nonnegative):
                return True
    return False


def _injective(plan: _Plan) -> bool:
    """Whether each loop variable alone decides one subscript of the written element."""
    shared = plan.nest.shared
    decided: set[str] = set()
    for place in plan.place:
        inside = [n for n in place.names if n in shared.levels]
        if len(inside) == 1 and dict(place.terms).get(inside[0]):
            decided.add(inside[0])
    return plan.nest.all_variables() <= decided
