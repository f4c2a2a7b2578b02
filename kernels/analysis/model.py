"""The records of the analysis: loops, accesses, and views of arrays."""
from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from .affine import Affine, Symbol, SymbolTable


class Undecided(ValueError):
    """The text holds something that the analysis does not model; the message names it."""


@dataclass(eq=False)
class Loop:
    """A loop of a function.

    kind: "range" (`range` or `prange` over affine or opaque bounds) or "other" (`while`, or over an array).
    symbol: the loop variable's value in one iteration (None for "other"). start: its first value, or None.
    bounds: forms that are at least 0 in every iteration. step: distance of consecutive values, or None where its sign
    is not known; descending: the step is negative.
    """

    node: ast.For | ast.While
    parent: Loop | None
    kind: str = "other"
    symbol: Symbol | None = None
    start: Affine | None = None
    step: Affine | None = None
    stop: Affine | None = None
    descending: bool = False
    bounds: list[Affine] = field(default_factory=list)
    children: list[Loop] = field(default_factory=list)

    @property
    def variable(self) -> str:
        """The loop variable's name; "" for "other"."""
        target = self.node.target if isinstance(self.node, ast.For) else None
        return target.id if self.kind == "range" and isinstance(target, ast.Name) else ""

    @property
    def parallel(self) -> bool:
        return isinstance(self.node, ast.For) and is_call_of(self.node.iter, "prange")

    @property
    def line(self) -> int:
        return self.node.lineno

    @property
    def enclosing(self) -> tuple[Loop, ...]:
        """The loops around this one, outermost first."""
        return (*self.parent.enclosing, self.parent) if self.parent else ()

    @property
    def inside(self) -> Iterator[Loop]:
        """All loops within this one, in program order."""
        for child in self.children:
            yield child
            yield from child.inside

    @property
    def unit_step(self) -> bool:
        return self.kind == "range" and self.step == Affine((), 1)

    @property
    def range_arguments(self) -> tuple[ast.expr, ast.expr]:
        """Expressions of start and stop of a "range" loop."""
        arguments = self.node.iter.args  # type: ignore[union-attr]
        return (ast.Constant(0), arguments[0]) if len(arguments) == 1 else (arguments[0], arguments[1])


@dataclass(frozen=True, eq=False)
class Access:
    """One read or write of elements of an array.

    origin: the array (a parameter, an allocation, or a value that may be one of several). subscripts: one for each of
    its leading dimensions, None where any index is possible; missing ones are None too. loops: those around it,
    outermost first. guards: forms that are at least 0 whenever it is executed. node: the expression. statement: the
    innermost statement that holds it. view: the elements, as far as they are known.
    """

    origin: Symbol
    subscripts: tuple[Affine | None, ...]
    write: bool
    loops: tuple[Loop, ...]
    guards: tuple[Affine, ...]
    node: ast.expr
    statement: ast.stmt
    order: int
    view: View


@dataclass(frozen=True)
class Dimension:
    """One dimension of an array under a view: fixed at `offset`, or free and starting there.

    offset None: not known. whole: free over the whole extent of the array. stop: the index before which a free one ends at
    the latest; None where that is not known, or is the end of the array.
    """

    free: bool
    offset: Affine | None = Affine()
    whole: bool = True
    stop: Affine | None = None


WHOLE = Dimension(True)


@dataclass(frozen=True)
class View:
    """What an array expression shows of `origin`: its leading dimensions; further ones are whole.

    exact: indices of the view can be translated; otherwise only the fixed dimensions are known.
    swapped: a transposed matrix (both dimensions whole).
    """

    origin: Symbol
    dimensions: tuple[Dimension, ...] = ()
    exact: bool = True
    swapped: bool = False

    @property
    def subscripts(self) -> tuple[Affine | None, ...]:
        """Subscripts of an access to all that the view shows."""
        return tuple(None if d.free else d.offset for d in self.dimensions)

    @property
    def partial(self) -> bool:
        """Whether it shows a part of some dimension; views that look the same may then be of different lengths."""
        return any(d.free and not d.whole for d in self.dimensions)

    def free_dimension(self, number: int) -> tuple[int, Dimension]:
        """Position in the array and state of the view's dimension `number`."""
        if self.swapped:
            number = {0: 1, 1: 0}.get(number, number)
        free = [p for p, d in enumerate(self.dimensions) if d.free]
        if number < len(free):
            return free[number], self.dimensions[free[number]]
        return len(self.dimensions) + number - len(free), WHOLE


@dataclass(frozen=True)
class Value:
    """An expression's value: an affine form (integer scalars), a view (what may be an array), or neither."""

    affine: Affine | None = None
    view: View | None = None


@dataclass(eq=False)
class FunctionAnalysis:
    """Loops and accesses of one function of a candidate.

    accesses: in the order of evaluation. spans: by `id` of each statement, the slice of `accesses` that it makes.
    nonnegative: `id`s of the index expressions that were shown to be at least 0. affine: by `id` of an expression, its
    affine form. distinct: pairs of array symbols that never share memory within one iteration of their loops.
    """

    node: ast.FunctionDef
    symbols: SymbolTable = field(default_factory=SymbolTable)
    loops: list[Loop] = field(default_factory=list)
    accesses: list[Access] = field(default_factory=list)
    spans: dict[int, tuple[int, int]] = field(default_factory=dict)
    nonnegative: set[int] = field(default_factory=set)
    affine: dict[int, Affine] = field(default_factory=dict)
    views: dict[int, View] = field(default_factory=dict)
    shapes: dict[Symbol, tuple[Affine | None, ...]] = field(default_factory=dict)
    distinct: set[frozenset[Symbol]] = field(default_factory=set)

    @property
    def roots(self) -> list[Loop]:
        """The outermost loops."""
        return [loop for loop in self.loops if loop.parent is None]

    def within(self, *statements: ast.stmt) -> list[Access]:
        """The accesses made by these statements."""
        found: list[Access] = []
        for statement in statements:
            first, last = self.spans.get(id(statement), (0, 0))
            found += self.accesses[first:last]
        return found

    def in_body(self, loop: Loop) -> list[Access]:
        """The accesses made in the body of `loop` (not in its header)."""
        return self.within(*loop.node.body)

    def loop_of(self, node: ast.stmt) -> Loop | None:
        return next((loop for loop in self.loops if loop.node is node), None)


def is_call_of(node: ast.expr, *names: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names
