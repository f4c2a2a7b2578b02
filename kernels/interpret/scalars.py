"""Races between variables: what the iterations of a `prange` loop do to the plain names of the function around it.

Found on the tree, whatever the inputs: a name that an iteration reads before it assigns it carries a value from one
iteration to the next, unless all that is done to it is one of the reductions that Numba recognises.
"""
from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from .liveness import Liveness

Place = tuple[int, int]
_SUM, _PRODUCT, _MAX, _MIN = "sum", "product", "max", "min"
_KINDS: Mapping[type[ast.operator], str] = {ast.Add: _SUM, ast.Sub: _SUM, ast.Mult: _PRODUCT, ast.Div: _PRODUCT}


@dataclass(frozen=True)
class ParallelLoop:
    """An outermost prange loop. races: what is wrong with its variables, as text. reductions: names that it reduces.
    unset: names that no code before it has assigned, and which an iteration might read before it assigns them."""

    line: int
    races: tuple[str, ...]
    reductions: frozenset[str]
    unset: frozenset[str]


def parallel_loops(tree: ast.Module) -> dict[Place, ParallelLoop]:
    """Every outermost prange loop of the text by the line and column of its `for`."""
    found = {}
    for function in tree.body:
        if isinstance(function, ast.FunctionDef):
            live = Liveness(function)
            for loop, earlier in _outermost(function):
                found[loop.lineno, loop.col_offset] = _examined(loop, earlier, live.after(loop))
    return found


def is_prange(node: ast.AST) -> bool:
    """Whether this is `for ... in prange(...)`."""
    return (isinstance(node, ast.For) and isinstance(node.iter, ast.Call) and isinstance(node.iter.func, ast.Name)
            and node.iter.func.id == "prange")


def _outermost(function: ast.FunctionDef) -> Iterator[tuple[ast.For, frozenset[str]]]:
    """The loops with the names that serial code may have assigned before each."""
    parameters = {argument.arg for argument in function.args.args}

    def walk(body: Iterable[ast.stmt], before: set[str]) -> Iterator[tuple[ast.For, frozenset[str]]]:
        for statement in body:
            if is_prange(statement):
                yield statement, frozenset(before)
            elif isinstance(statement, ast.For | ast.While):
                before |= _assigned_serially(statement)  # by an earlier turn of it
                yield from walk(statement.body, before)
            elif isinstance(statement, ast.If):
                for branch in (statement.body, statement.orelse):
                    yield from walk(branch, before)
            else:
                before |= _assigned(statement)

    yield from walk(function.body, parameters)


def _assigned(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _assigned_serially(node: ast.AST) -> set[str]:
    """The same without what prange loops assign in it, which is private to their iterations."""
    names = {node.id} if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else set()
    for child in ast.iter_child_nodes(node):
        if not is_prange(child):
            names |= _assigned_serially(child)
    return names


def _examined(loop: ast.For, earlier: frozenset[str], live_after: frozenset[str]) -> ParallelLoop:
    index = loop.target.id if isinstance(loop.target, ast.Name) else ""
    assigned = set().union(*(_assigned(statement) for statement in loop.body))
    exposed = Liveness.exposed(loop.body)
    races, reductions = [], set()
    for name in sorted(assigned - {index}):
        stores = [n for statement in loop.body for n in ast.walk(statement)
                  if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store)]
        carried = name in exposed and name in earlier
        if not carried and name not in live_after:
            continue
        why = _why_no_reduction(name, loop.body)
        if why is None:
            reductions.add(name)
            continue
        line = min(n.lineno for n in stores)
        if carried:
            races.append(f"line {line}: iterations of the prange loop in line {loop.lineno} share the variable {name}: {why}")
        else:
            races.append(f"line {line}: the value of {name} after the prange loop in line {loop.lineno}, which assigns it, "
                         "is that of no particular iteration")
    if index in live_after:
        races.append(f"line {loop.lineno}: the prange index {index} is read after its loop, where it has no defined value")
    unset = frozenset((exposed & assigned) - earlier - reductions - {index})
    return ParallelLoop(loop.lineno, tuple(races), frozenset(reductions), unset)


def _why_no_reduction(name: str, body: list[ast.stmt]) -> str | None:
    """None where everything that the body does to `name` is one kind of reduction that Numba recognises."""
    kinds, own, loads, stores = set(), 0, 0, 0
    for node in (n for statement in body for n in ast.walk(statement)):
        if isinstance(node, ast.Name) and node.id == name:
            loads += isinstance(node.ctx, ast.Load)
            stores += isinstance(node.ctx, ast.Store)
        if isinstance(node, ast.AugAssign | ast.Assign):
            found = _reduction(name, node)
            if found is not None:
                kinds.add(found)
                own += 1
                loads += isinstance(node, ast.AugAssign)
    if own < stores:
        return ("an iteration reads what another assigned; make it private (assign it first in the body), or reduce it by "
                f"{name} += x, -= x, *= x, {name} = max({name}, x) or min({name}, x)")
    if len(kinds) > 1:
        return f"it is reduced in several ways at once ({', '.join(sorted(kinds))})"
    if loads > own:
        return "it is a reduction, but an iteration reads it elsewhere, too, while it is incomplete"
    return None


def _reduction(name: str, node: ast.AugAssign | ast.Assign) -> str | None:
    """The kind of reduction of `name` that this statement is, None if it is none."""
    if isinstance(node, ast.AugAssign):
        is_it = isinstance(node.target, ast.Name) and node.target.id == name
        return _KINDS.get(type(node.op)) if is_it else None
    if len(node.targets) != 1 or not (isinstance(node.targets[0], ast.Name) and node.targets[0].id == name):
        return None
    value = node.value
    if isinstance(value, ast.BinOp):
        commutes = isinstance(value.op, ast.Add | ast.Mult)
        if _is(value.left, name) or commutes and _is(value.right, name):
            return _KINDS.get(type(value.op))
        return None
    if isinstance(value, ast.Call) and len(value.args) == 2 and not value.keywords:
        if any(_is(argument, name) for argument in value.args):
            return _extremum(value.func)
    return None


def _extremum(function: ast.expr) -> str | None:
    if isinstance(function, ast.Name):
        return {"max": _MAX, "min": _MIN}.get(function.id)
    return None


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
