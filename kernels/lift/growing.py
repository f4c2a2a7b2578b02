"""Sums that begin as a number and become arrays, or numbers of another dtype: `total = 0`, then `total = total + a[k]` in a loop."""
from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from ..analysis.names import all_blocks
from . import syntax
from .affine import ZERO
from .dtypes import literal, stored_as
from .errors import CannotLift
from .indexing import Target
from .lists import Lists
from .names import assigned_in, handed_on
from .seen import Type
from .values import Pack, Value, number
from .writer import allocation


@dataclass
class _Growing:
    """begin: the assignment of the number. loop: the one in the same block that makes an array of it, in `statement`.
    conditional: whether a turn may leave it as it is.
    bound: what is assigned from `begin` on, of which the array's size may not depend. line: the line that `begin` became."""

    begin: ast.Assign
    loop: ast.For
    statement: ast.Assign | ast.AugAssign
    bound: frozenset[str]
    conditional: bool
    line: list[str] = field(default_factory=list)
    array: Value | None = None


class Growing(Lists):
    """Makes an array of such a variable from the beginning, filled with its number. Where the loop has no turn, NumPy would
    leave the number: kernels are for arrays that are not empty."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.growing: dict[str, _Growing] = {}
        self.narrowing: dict[str, tuple[ast.Assign, Type]] = {}

    def prepare(self, function: ast.FunctionDef) -> None:
        super().prepare(function)
        found = dict(_found(function))
        self.growing = {name: known for name, known in found.items() if self._grown(name) is not None and not known.conditional}
        self.narrowing = {name: (known.begin, dtype) for name, known in found.items() if (dtype := self._narrowed(name, known)) is not None}

    def _grown(self, name: str) -> tuple[np.dtype, int] | None:
        """Dtype and rank of the arrays that the variable was seen to hold, beside numbers; None where they differ."""
        seen = self.seen.bindings.get(name, set())
        arrays = {t for t in seen if t[0] == "array"}
        if len(arrays) != 1 or any(t[0] not in ("array", "scalar") for t in seen) or len(seen) == 1:
            return None
        ((_, dtype, ndim),) = arrays
        return np.dtype(dtype), ndim

    def _narrowed(self, name: str, known: _Growing) -> Type | None:
        """The type of the number that `0` becomes by what is added to it, such as float32, or float64 where a turn may add nothing;
        None where no single one is seen."""
        later = {t for t in self.seen.bindings.get(name, set()) if not (t[0] == "scalar" and t[2])}
        if len(later) != 1:
            return None
        (dtype,) = later
        value, usual = known.begin.value.value, (np.int64,) if known.conditional else (np.int64, np.float64)  # type: ignore[attr-defined]
        exact = dtype[0] == "scalar" and np.dtype(dtype[1]) not in usual and np.array(value).astype(dtype[1]) == value
        return dtype if exact else None

    def variable(self, name: str, node: ast.expr) -> Value | Pack:
        if name in self.narrowing and name not in self.environment:
            return self.of_type(name, self.narrowing[name][1])
        return super().variable(name, node)

    def _bound_type(self, node: ast.stmt, name: str) -> Value | Pack:
        return self.of_type(name, self.narrowing[name][1]) if name in self.narrowing else super()._bound_type(node, name)

    def begins_growing(self, node: ast.Assign) -> bool:
        """Whether the assignment of a number begins such a variable; its line is written, and replaced once its size is known."""
        name = node.targets[0].id  # type: ignore[attr-defined]
        if name in self.narrowing and self.narrowing[name][0] is node:
            self.emit(f"{name} = {literal(node.value.value, np.dtype(self.narrowing[name][1][1]))}")  # type: ignore[attr-defined]
            self.forget({name})
            return True
        known = self.growing.get(name)
        if known is None or known.begin is not node:
            return False
        self.emit(syntax.text(node))  # type: ignore[arg-type]
        known.line = [self.lines[-1]]
        self.lines[-1] = known.line[0] = f"{known.line[0]} "     # a string of its own, to be found again
        self.forget({name})
        return True

    def grows(self, node: ast.Assign | ast.AugAssign) -> bool:
        """Whether the statement makes an array of a number; if so its loops are written. Raises CannotLift."""
        found = next(((name, known) for name, known in self.growing.items() if known.statement is node and known.line), None)
        if found is None:
            return False
        name, known = found
        if isinstance(node, ast.Assign) and name in handed_on(known.loop):
            raise CannotLift(f"`{name}` is a new array in each turn, and something may keep an earlier one")
        dtype, ndim = self._grown(name)  # type: ignore[misc]
        value = node.value
        if isinstance(node, ast.AugAssign):
            value = ast.copy_location(ast.BinOp(ast.Name(name, ast.Load()), node.op, node.value), node)
        lines = len(self.lines)
        self.environment[name] = number(known.begin.value.value)  # type: ignore[attr-defined]
        first = self.value(value)
        del self.lines[lines:]
        if first.ndim != ndim or any(extent.names & known.bound for extent in first.extents):
            raise CannotLift(f"the size of `{name}` is not known before the loop")
        array = self.array(name, dtype, first.extents, first.ones, contiguous=True)
        self.environment[name] = known.array = array
        self.store(Target(array, (ZERO,) * ndim), self.value(value))
        place = next(at for at, line in enumerate(self.lines) if line is known.line[0])
        self.lines[place] = "\n".join(self._filled_before(name, array, known.begin.value.value, known.line[0]))  # type: ignore[attr-defined]
        return True

    def leaves_loop(self, node: ast.For) -> None:
        super().leaves_loop(node)
        for name, known in self.growing.items():
            if known.loop is node and known.array is not None:
                self.environment[name] = known.array

    def _filled_before(self, name: str, array: Value, begin: complex, line: str) -> list[str]:
        """The lines that make the array, full of the number that it begins with, where that stood."""
        lines, indent, opened = self.lines, self.indent, self.open
        self.lines, self.indent, self.open = [], (len(line) - len(line.lstrip())) // 4, []
        self.emit(allocation(name, array.dtype, array.extents))
        with self.nest(array.extents) as index:
            self.emit(f"{array.element(index)} = {stored_as(number(begin).text, number(begin), array.dtype)}")
        made, self.lines, self.indent, self.open = self.lines, lines, indent, opened
        return made


def _found(function: ast.FunctionDef) -> Iterator[tuple[str, _Growing]]:
    counts = assigned_in(function.body)
    for block in all_blocks(function):
        for at, begin in enumerate(block):
            match begin:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=int() | float() | complex())) if counts[name] == 2:
                    later = next((s for s in block[at + 1:] if name in syntax.names_in(s)), None)
                    renewing = _within(later, name) if isinstance(later, ast.For) else None
                    if renewing is not None:
                        statement, conditional = renewing
                        yield name, _Growing(begin, later, statement, frozenset(assigned_in(block[at:block.index(later) + 1])), conditional)


def _within(loop: ast.For | ast.If, name: str) -> tuple[ast.Assign | ast.AugAssign, bool] | None:
    """The statement by which each turn of the loop, and of loops that are all of its body's, renews the variable first of all,
    and whether a condition decides about it."""
    if name in syntax.names_in(loop.iter if isinstance(loop, ast.For) else loop.test):
        return None
    first = next((s for s in loop.body if name in syntax.names_in(s)), None)
    match first:
        case ast.For():
            return _within(first, name)
        case ast.If(orelse=[]) if (inner := _within(first, name)) is not None:
            return inner[0], True
        case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name and name in syntax.names_in(value):
            return first, False
        case ast.AugAssign(target=ast.Name(id=target)) if target == name:
            return first, False
    return None
