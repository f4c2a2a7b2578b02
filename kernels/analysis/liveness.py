"""Scalars across iterations: what is live after a statement, what a loop carries, and which of it is a reduction."""
from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from .model import Undecided
from .names import loaded, own_jumps, stored, walk

Names = frozenset[str]
NONE: Names = frozenset()


@dataclass(frozen=True)
class Reduction:
    """A scalar that a loop only ever updates by one associative operation. operator: "+", "-", "*", "max", "min", or "np.maximum"
    and "np.minimum", which Numba does not take for reductions in a parallel loop."""

    name: str
    operator: str
    statements: tuple[ast.stmt, ...]


class Liveness:
    """Names whose value may still be read, by statement of a function's body. Raises Undecided on foreign statements.

    before: the names that the body may read before it binds them.
    """

    def __init__(self, body: list[ast.stmt]) -> None:
        self._after: dict[int, Names] = {}
        self._known: dict[int, tuple[Names, Names]] = {}        # by statement: what it reads and binds; loops come back to it
        self.before = self._block(body, NONE, NONE, NONE)

    def after(self, statement: ast.stmt) -> Names:
        """Names that may be read after `statement` before they are bound again."""
        return self._after.get(id(statement), NONE)

    def _block(self, statements: list[ast.stmt], out: Names, at_break: Names, at_continue: Names) -> Names:
        for statement in reversed(statements):
            self._after[id(statement)] = self._after.get(id(statement), NONE) | out
            out = self._before(statement, out, at_break, at_continue)
        return out

    def _before(self, statement: ast.stmt, out: Names, at_break: Names, at_continue: Names) -> Names:
        match statement:
            case ast.Assign(targets=targets, value=value):
                read, bound = self._names(statement, (value, *targets), targets)
                return (out - bound) | read
            case ast.AugAssign() | ast.Expr():
                return out | self._names(statement, (statement,))[0]
            case ast.If(test=test, body=body, orelse=orelse):
                return (self._block(body, out, at_break, at_continue) | self._block(orelse, out, at_break, at_continue)
                        | self._names(statement, (test,))[0])
            case ast.For(target=target, iter=iterated, body=body, orelse=[]):
                read, bound = self._names(statement, (iterated,), (target,))
                return self._loop(body, out, bound, NONE) | read
            case ast.While(test=test, body=body, orelse=[]):
                return self._loop(body, out, NONE, self._names(statement, (test,))[0])
            case ast.Return():
                return self._names(statement, (statement,))[0]
            case ast.Break():
                return at_break
            case ast.Continue():
                return at_continue
            case ast.Pass():
                return out
        raise Undecided(f"line {statement.lineno}: {type(statement).__name__}")

    def _names(self, statement: ast.stmt, read: Sequence[ast.AST], bound: Sequence[ast.AST] = ()) -> tuple[Names, Names]:
        """The names that these parts of the statement read, and bind."""
        if id(statement) not in self._known:
            self._known[id(statement)] = frozenset(loaded(read)), frozenset(stored(bound))
        return self._known[id(statement)]

    def _loop(self, body: list[ast.stmt], out: Names, targets: Names, test: Names) -> Names:
        head = out | test
        while True:
            wider = head | (self._block(body, head, out, head) - targets)
            if wider == head:
                return head
            head = wider


def exposed(body: list[ast.stmt]) -> Names:
    """Names that an iteration with this body may read before it has bound them itself."""
    return Liveness(body).before


@dataclass(frozen=True)
class LoopScalars:
    """Names that a loop's body binds.

    private: bound in each iteration before they are read. carried: the value of an earlier iteration may be read.
    reductions: those of the carried ones that are reductions. live_out: bound in the loop (its variable included) and
    perhaps read after it.
    """

    private: Names
    carried: Names
    reductions: tuple[Reduction, ...]
    live_out: Names

    @property
    def blocking(self) -> Names:
        """Carried names that are no reductions."""
        return self.carried - {r.name for r in self.reductions}


def scalars_of(loop: ast.For | ast.While, liveness: Liveness) -> LoopScalars:
    """How the body of `loop` uses the names that it binds. Raises Undecided."""
    targets = frozenset(stored([loop.target])) if isinstance(loop, ast.For) else NONE
    bound = frozenset(stored(loop.body))
    read_first = exposed(loop.body) - targets
    if isinstance(loop, ast.While):
        read_first |= loaded([loop.test])
    carried = bound & read_first
    reductions = tuple(r for name in sorted(carried) if (r := reduction(name, loop.body)) is not None)
    return LoopScalars(bound - carried, carried, reductions, (bound | targets) & liveness.after(loop))


def reduction(name: str, body: list[ast.stmt]) -> Reduction | None:
    """The reduction that `body` performs on `name`, if every occurrence of the name belongs to it."""
    updates = [u for statement in body for node in walk(statement)
               if isinstance(node, ast.stmt) and (u := _update(name, node))]
    operators = {operator for operator, _ in updates}
    occurrences = sum(isinstance(n, ast.Name) and n.id == name for statement in body for n in walk(statement))
    expected = sum(1 if isinstance(s, ast.AugAssign) else 2 for _, s in updates)
    if len(operators) != 1 or occurrences != expected or "return" in own_jumps(body):
        return None
    return Reduction(name, operators.pop(), tuple(s for _, s in updates))


EXTREMES = ("max", "min", "np.maximum", "np.minimum")
_OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}


def _update(name: str, statement: ast.stmt) -> tuple[str, ast.stmt] | None:
    match statement:
        case ast.AugAssign(target=ast.Name(id=target), op=operator, value=value):
            if target == name and type(operator) in _OPERATORS and name not in loaded([value]):
                return _OPERATORS[type(operator)], statement
        case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
            match value:
                case ast.BinOp(left=ast.Name(id=first), op=operator, right=rest):
                    if first == name and type(operator) in _OPERATORS and name not in loaded([rest]):
                        return _OPERATORS[type(operator)], statement
                case ast.BinOp(left=rest, op=ast.Add() | ast.Mult() as operator, right=ast.Name(id=last)):
                    if last == name and name not in loaded([rest]):
                        return _OPERATORS[type(operator)], statement
                case ast.Call(func=function, args=[one, two], keywords=[]) if (operator := ast.unparse(function)) in EXTREMES:
                    names = [isinstance(a, ast.Name) and a.id == name for a in (one, two)]
                    if names.count(True) == 1 and name not in loaded([two if names[0] else one]):
                        return operator, statement
    return None


def update_value(update: ast.stmt, name: str) -> ast.expr:
    """The expression that a reduction's update combines with `name`."""
    if isinstance(update, ast.AugAssign):
        return update.value
    value = update.value  # type: ignore[attr-defined]
    parts = [value.left, value.right] if isinstance(value, ast.BinOp) else value.args
    return parts[1] if isinstance(parts[0], ast.Name) and parts[0].id == name else parts[0]
