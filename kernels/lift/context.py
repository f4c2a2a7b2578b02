"""The state of lifting one function: its names, what is known of sizes, and the block being written."""
from __future__ import annotations

import ast
import copy
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import syntax
from .affine import Affine, Range, at_least_zero
from .dtypes import check_supported
from .names import assigned_in, bound_names, mutated_in, parameters_of, uses_of
from .nests import Nest, Target, fill
from .source import dtype_name
from .text import Item, assign
from .values import Array, Filled, Named, Scalar, Value
from .watch import Instance, Seen, identity

SHAPE = re.compile(r"^(\w+)\.shape\[(\d+)\]$")
LETTERS = ("i", "j", "k", "l", "m", "p", "q", "r", "s", "t")


@dataclass(frozen=True)
class Style:
    """One way of turning array code into loops.

    stream: products and reductions run over memory in order, adding into the result; else each element is a sum in a
    scalar. fuse: an array that is read once is computed where it is read. blas: products of matrices stay `np.dot`.
    """

    stream: bool = True
    fuse: bool = False
    blas: bool = False


@dataclass(frozen=True)
class Kept:
    """A statement, or a call within one, that stayed as it is: its line in the reference, its text, and why."""

    line: int
    source: str
    reason: str


class Names:
    """Fresh identifiers."""

    def __init__(self, taken: set[str]) -> None:
        self.taken = taken

    def fresh(self, hint: str) -> str:
        hint = re.sub(r"\W", "_", hint).strip("_") or "t"
        if hint[0].isdigit():
            hint = f"t{hint}"
        name, number = hint, 2
        while name in self.taken:
            name, number = f"{hint}_{number}", number + 1
        self.taken.add(name)
        return name

    def loop(self, depth: int) -> str:
        """A loop variable for a loop inside `depth` others of the same nest."""
        letter = LETTERS[depth] if depth < len(LETTERS) else f"i{depth}"
        name, number = letter, 2
        while name in self.taken:
            name, number = f"{letter}{number}", number + 1
        self.taken.add(name)
        return name


@dataclass
class Context:
    """Everything that translating a function's expressions and statements needs; one for each function and style."""

    function: ast.FunctionDef
    seen: Instance
    style: Style
    constants: Mapping[str, Any]
    call_helper: Callable[[Context, ast.Call, list[Value]], Value]
    helpers: frozenset[str] = frozenset()
    classes: Mapping[str, str] = field(default_factory=dict)
    names: Names = field(default_factory=lambda: Names(set()))
    environment: dict[str, Value] = field(default_factory=dict)
    block: list[Item] = field(default_factory=list)
    header: list[Item] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    ranges: dict[str, Range] = field(default_factory=dict)
    definitions: dict[str, Affine] = field(default_factory=dict)
    destinations: dict[str, str] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    depth: int = 0

    def __post_init__(self) -> None:
        self.assigned: Counter[str] = assigned_in(self.function.body)
        self.mutated = mutated_in(self.function.body)
        self.uses = uses_of(self.function)
        self.parameters = parameters_of(self.function)
        self.names.taken |= set(bound_names(self.function)) | set(self.constants) | set(self.helpers)
        self.names.taken |= {"np", "math", "prange", "kernel", "range", "len", "abs", "min", "max", "int", "float", "bool",
                             "complex", "round", "sum", "enumerate", "zip", "divmod", "pow", *self.outputs}
        self.shape_names: dict[str, str] = {}
        self.used_constants: set[str] = set()
        self._own: set[str] = set()
        self._spellings: dict[str, set[str]] = {}
        self._stored: list[Array] = []
        self._dry = 0

    # -- names ------------------------------------------------------------------------------------------------

    def dry_name(self) -> str:
        self._dry += 1
        return f"_dry{self._dry}"

    def is_own(self, name: str) -> bool:
        """Whether the array is one that the lift allocated, which no name of the reference reaches."""
        return name in self._own

    def spellings(self, name: str) -> set[str]:
        """Variables by which the current statement reads the array `name`."""
        return self._spellings.get(name, set())

    def note_spelling(self, array: str, variable: str) -> None:
        self._spellings.setdefault(array, set()).add(variable)

    def stable(self, name: str) -> bool:
        """Whether a name keeps its value once it has it."""
        return self.assigned[name] <= (0 if name in self.parameters else 1)

    def start_statement(self) -> None:
        for array in self._stored:
            array.stored = None
        self._stored.clear()
        self._spellings.clear()

    # -- sizes ------------------------------------------------------------------------------------------------

    def spell(self, value: Affine) -> ast.expr:
        """The text of an extent or index; extents of parameters are read once, at the top."""
        return value.replace(self._spelled).node()

    def _spelled(self, atom: str) -> Affine | None:
        known = self.shape_names.get(atom)
        if known is not None:
            return Affine.atom(known)
        match = SHAPE.match(atom)
        if match and match[1] in self.parameters and self.stable(match[1]):
            name = self.names.fresh(_extent_name(match[1], int(match[2]), self._rank(match[1])))
            self.shape_names[atom] = name
            self.header.append(f"{name} = {atom}")
            return Affine.atom(name)
        return None

    def _rank(self, name: str) -> int:
        position = self.parameters.index(name)
        kind = self.seen.arguments[position] if position < len(self.seen.arguments) else ()
        return kind[2] if kind and kind[0] == "array" else 0

    def normal(self, value: Affine) -> Affine:
        """The value with known definitions and equalities put in, so that equal sizes become equal."""
        for _ in range(6):
            replaced = value.replace(self._meaning)
            if replaced == value:
                break
            value = replaced
        return value

    def _meaning(self, atom: str) -> Affine | None:
        if atom in self.definitions:
            return self.definitions[atom]
        representative = self.classes.get(atom, atom)
        return None if representative == atom else Affine.atom(representative)

    def nonnegative(self, atom: str) -> bool:
        return SHAPE.match(atom) is not None or atom in self.classes.values()

    def proves_nonnegative(self, value: Affine) -> bool:
        return at_least_zero(value, self.ranges, self.normal, self.nonnegative)

    # -- emission ---------------------------------------------------------------------------------------------

    def emit(self, item: Item) -> None:
        self.block.append(item)

    def straight(self) -> Nest:
        """A nest without loops, for the elements and temporaries of scalar code."""
        return Nest(self)

    def bind(self, scalar: Scalar, hint: str) -> Scalar:
        """A name that is assigned the scalar here."""
        if scalar.trivial and not (isinstance(scalar.node, ast.Name) and not self.stable(scalar.node.id)):
            return scalar
        name = self.names.fresh(hint)
        self.emit(assign(name, scalar.node))
        return Scalar(syntax.name(name), scalar.dtype, scalar.weak, scalar.wide)

    def allocate(self, name: str, dtype: np.dtype, extents: tuple[Affine, ...], maybe_one: tuple[bool, ...] = (),
                 maker: str = "empty", own: bool = False) -> Named:
        """Emit the allocation of a new array; returns its variable."""
        check_supported(dtype)
        self.emit(assign(name, allocation(self, maker, dtype, extents)))
        if own:
            self._own.add(name)
        return Named(dtype=dtype, extents=extents, maybe_one=maybe_one, name=name, hint=name)

    def store(self, array: Array, hint: str = "") -> Named:
        """The array in memory, computed at this point of the block if it is not there yet."""
        if array.stored is not None:
            return array.stored
        if isinstance(array, Named):
            return array
        named = self.compute(self.names.fresh(hint or array.hint), array, own=True)
        array.stored = named
        self._stored.append(array)
        return named

    def store_copy(self, array: Array) -> Named:
        """A copy in memory of an array that is in memory already."""
        name = self.names.fresh(f"{array.hint}_copy")
        named = self.allocate(name, array.dtype, array.extents, array.maybe_one, own=True)
        fill(self, Target.new(named), array)
        return named

    def compute(self, name: str, array: Array, own: bool = False) -> Named:
        """Allocate `name` and emit the loops that compute the array into it."""
        if isinstance(array, Filled) and array.stored is None:
            if array.maker in ("empty", "zeros", "ones"):
                return self.allocate(name, array.dtype, array.extents, array.maybe_one, array.maker, own)
        maker = getattr(array, "write", None)
        if maker is not None and array.stored is None:
            return maker(self, name, own)
        extents = tuple(self.freeze(e, f"{name}_n{d}") for d, e in enumerate(array.extents))
        named = self.allocate(name, array.dtype, extents, array.maybe_one, own=own)
        fill(self, Target.new(named), array)
        return named

    def freeze(self, extent: Affine, hint: str) -> Affine:
        """The extent with anything but names and numbers in it read once, here."""
        return extent.replace(lambda atom: self._frozen(atom, hint))

    def _frozen(self, atom: str, hint: str) -> Affine | None:
        if SHAPE.match(atom) or atom.isidentifier():
            return None
        scalar = Scalar(syntax.parse(atom), np.dtype(np.int64), weak=True)
        return Affine.of(self.bind(scalar, hint).node)

    # -- observation ------------------------------------------------------------------------------------------

    def observed(self, node: ast.AST) -> Seen | None:
        return self.seen.expressions.get(identity(node))

    def overlaps(self, statement: ast.stmt) -> frozenset[str] | None:
        """Variables seen to share memory with what the statement writes into; None if it was never reached."""
        key = identity(statement)
        if key not in self.seen.stores:
            return None
        return frozenset(self.seen.overlaps.get(key, ()))

    def snapshot(self) -> tuple[Any, ...]:
        return (set(self.names.taken), dict(self.environment), list(self.kept), dict(self.definitions), set(self._own))

    def restore(self, saved: tuple[Any, ...]) -> None:
        taken, environment, kept, definitions, own = saved
        headers = set(self.shape_names.values())
        self.names.taken = set(taken) | headers
        self.environment, self.kept = dict(environment), list(kept)
        self.definitions, self._own = dict(definitions), set(own)


def allocation(context: Context, maker: str, dtype: np.dtype, extents: tuple[Affine, ...]) -> ast.expr:
    sizes = [context.spell(e) for e in extents]
    shape = sizes[0] if len(sizes) == 1 else syntax.sequence(sizes)
    return syntax.numpy_call(maker, shape, syntax.numpy(dtype_name(dtype)))


def _extent_name(array: str, dimension: int, rank: int) -> str:
    if rank == 1:
        return f"{array}_len"
    if rank == 2:
        return f"{array}_{('rows', 'cols')[dimension]}"
    return f"{array}_dim{dimension}"


def independent_copy(array: Array) -> Array:
    """A copy of a lazy array for use in another statement, without what the copy's source was stored as."""
    return copy.copy(array)


def shape_atom(name: str, dimension: int) -> Affine:
    return Affine.atom(f"{name}.shape[{dimension}]")
