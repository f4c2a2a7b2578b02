"""What an expression of the reference stands for while it is lifted: a scalar's text, or an array in index form."""
from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from . import syntax
from .affine import ONE, ZERO, Affine
from .errors import CannotLift

if TYPE_CHECKING:
    from .nests import Nest

UNKNOWN: Any = object()
"""The value of a scalar that is not a constant."""
Index = tuple[Affine, ...]


@dataclass(frozen=True)
class Scalar:
    """A number's text with its type.

    dtype: what NumPy says it is. weak: one of Python's own numbers, which does not widen an array. wide: Numba holds it
    in 64 bits though `dtype` is narrower, so only its low bits count. value: the constant, or UNKNOWN. cost: arithmetic
    in the text, in additions.
    """

    node: ast.expr
    dtype: np.dtype
    weak: bool = False
    wide: bool = False
    value: Any = UNKNOWN
    cost: int = 0

    @property
    def text(self) -> str:
        return syntax.text(self.node)

    @property
    def affine(self) -> Affine:
        if isinstance(self.value, int) and not isinstance(self.node, ast.Name):
            return Affine(int(self.value))
        return Affine.of(self.node)

    @property
    def trivial(self) -> bool:
        """Whether the text is a name or a number."""
        node = self.node
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            node = node.operand
        if isinstance(node, ast.Call) and self.value is not UNKNOWN:
            return True
        return isinstance(node, ast.Name | ast.Constant) or (isinstance(node, ast.Attribute) and syntax.text(node).startswith("np."))


@dataclass(frozen=True)
class TupleValue:
    items: tuple[Any, ...]
    node: ast.expr | None = None


@dataclass(frozen=True)
class Static:
    """A Python object that is known before the kernel runs: None, a string, a dtype, a function of NumPy, Ellipsis."""

    value: Any


@dataclass(frozen=True)
class Unknown:
    """A value of which nothing is known but that it exists."""

    reason: str


@dataclass(eq=False, kw_only=True)
class Array:
    """An array in index form: `element(index)` is the text of one element.

    extents: its shape. maybe_one: dimensions that were 1 in every run but are not 1 by construction; they broadcast
    against others. stored: where it stands in memory once it had to be computed. cost: arithmetic an element.
    """

    dtype: np.dtype
    extents: tuple[Affine, ...]
    maybe_one: tuple[bool, ...] = ()
    stored: Named | None = None
    cost: int = 0
    hint: str = "t"

    def __post_init__(self) -> None:
        if not self.maybe_one:
            self.maybe_one = (False,) * len(self.extents)

    @property
    def ndim(self) -> int:
        return len(self.extents)

    def is_one(self, dimension: int) -> bool:
        return self.extents[dimension] == ONE

    def element(self, index: Index, nest: Nest) -> Scalar:
        if self.stored is not None:
            return self.stored.element(index, nest)
        return self.compute(index, nest)

    def compute(self, index: Index, nest: Nest) -> Scalar:
        raise NotImplementedError

    @property
    def operands(self) -> tuple[Array, ...]:
        """Arrays that an element is computed from."""
        return ()

    @property
    def heavy(self) -> bool:
        """Whether an element holds a loop (a reduction, a product)."""
        return self.stored is None and any(o.heavy for o in self.operands)


@dataclass(eq=False, kw_only=True)
class Named(Array):
    """An array variable. owner: the reference's variable whose memory it is, where the lift made a view of its own."""

    name: str
    owner: str | None = None
    contiguous: bool = True

    def compute(self, index: Index, nest: Nest) -> Scalar:
        nest.note_read(self, index)
        node = syntax.subscript(syntax.name(self.name), [nest.context.spell(i) for i in index])
        return Scalar(node, self.dtype)

    @property
    def root(self) -> str:
        return self.owner or self.name

    @property
    def heavy(self) -> bool:
        return False


@dataclass(eq=False, kw_only=True)
class Mapped(Array):
    """A view of another array: slices, transposition, new axes, repetition. `place` maps an index to the base's index.

    starts: where a dimension steps through the base one by one from a known offset, that offset.
    """

    base: Array
    place: Callable[[Index, Nest], Index]
    starts: tuple[Affine | None, ...] = ()
    basic: bool = True

    def compute(self, index: Index, nest: Nest) -> Scalar:
        return self.base.element(self.place(index, nest), nest)

    @property
    def operands(self) -> tuple[Array, ...]:
        return (self.base,)


@dataclass(eq=False, kw_only=True)
class Formula(Array):
    """An array whose element follows from its index and other arrays: `arange`, `eye`, a gather, `tril`."""

    rule: Callable[[Index, Nest], Scalar]
    sources: tuple[Array, ...] = ()
    plain: bool = False

    def compute(self, index: Index, nest: Nest) -> Scalar:
        return self.rule(index, nest)

    @property
    def operands(self) -> tuple[Array, ...]:
        return self.sources


@dataclass(eq=False, kw_only=True)
class Filled(Array):
    """An array of equal elements; `maker` is the NumPy function that allocates it (`empty` leaves them undefined)."""

    scalar: Scalar
    maker: str

    def compute(self, index: Index, nest: Nest) -> Scalar:
        if self.maker == "empty":
            raise CannotLift("reads an array that was never written")
        return self.scalar


Operand = Scalar | Array
Value = Scalar | Array | TupleValue | Static | Unknown


def is_view(array: Array) -> bool:
    """Whether it is a basic view of a variable, so that NumPy would share its memory."""
    while isinstance(array, Mapped) and array.basic and array.stored is None:
        array = array.base
    return isinstance(array, Named) or array.stored is not None


def base_variable(array: Array) -> Named | None:
    """The variable under a chain of views, or None."""
    while array.stored is None and isinstance(array, Mapped):
        array = array.base
    if array.stored is not None:
        return array.stored
    return array if isinstance(array, Named) else None


def leaves(array: Array) -> list[Named]:
    """The variables that an array reads."""
    if array.stored is not None:
        return [array.stored]
    if isinstance(array, Named):
        return [array]
    found: list[Named] = []
    for operand in array.operands:
        found += leaves(operand)
    return found


def constant(value: Any, dtype: np.dtype | None = None) -> Scalar:
    """A Python number (weak), or one of `dtype`."""
    weak = dtype is None
    if dtype is None:
        dtype = np.dtype(type(value)) if not isinstance(value, np.generic) else value.dtype
    return Scalar(syntax.number(value), dtype, weak=weak, value=value)


def integer(affine: Affine, context: Any) -> Scalar:
    """An index or extent as a Python integer."""
    value = affine.constant
    return Scalar(context.spell(affine), np.dtype(np.int64), weak=True, value=UNKNOWN if value is None else value)


def with_dtype(scalar: Scalar, dtype: np.dtype) -> Scalar:
    return replace(scalar, dtype=dtype)


def align(array: Array, index: Index, maybe: tuple[bool, ...] | None = None) -> Index:
    """The index into a broadcast operand for an index of the result: trailing dimensions, 0 where the extent is 1.

    maybe: for each dimension of the result, whether it came from an operand that was 1 in every run.
    """
    offset = len(index) - array.ndim
    found = []
    for dimension in range(array.ndim):
        single = array.is_one(dimension)
        if array.maybe_one[dimension] and maybe is not None and not maybe[offset + dimension]:
            single = True
        found.append(ZERO if single else index[offset + dimension])
    return tuple(found)
