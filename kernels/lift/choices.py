"""Optional steps on arrays, `if capped: x = f(x)`, as one assignment, so that the loops before and after stay together."""
from __future__ import annotations

import ast
from typing import TypeVar

from .names import assigned_in, parameters_of
from .seen import Instance, identity

Node = TypeVar("Node", bound=ast.AST)


def join_branches(function: ast.FunctionDef, seen: Instance) -> bool:
    """Writes `if c: x = f(x)` as `x = f(x) if c else x`, and an `else` that assigns the same variable likewise.

    Works in place, on arrays only, and where x is sure to have a value; says whether anything was changed. The new
    nodes keep the identities under which their parts were watched.
    """
    return _block(function.body, set(parameters_of(function)), seen)


def _block(statements: list[ast.stmt], bound: set[str], seen: Instance) -> bool:
    """bound: the variables that have a value before the first statement."""
    changed, bound = False, set(bound)
    for position, statement in enumerate(statements):
        for field in ("body", "orelse"):
            inner = getattr(statement, field, None)
            if isinstance(inner, list) and inner and not isinstance(statement, ast.FunctionDef):
                changed |= _block(inner, bound, seen)
        if isinstance(statement, ast.If):
            joined = _joined(statement, bound, seen)
            if joined is not None:
                statements[position] = statement = joined
                changed = True
        if isinstance(statement, ast.Assign):
            bound |= set(assigned_in([statement]))
    return changed


def _joined(node: ast.If, bound: set[str], seen: Instance) -> ast.Assign | None:
    then = _only_assignment(node.body)
    if then is None or (seen.type_of(then.value) or ("",))[0] != "array":
        return None
    target = then.targets[0]
    assert isinstance(target, ast.Name)
    if node.orelse:
        other = _only_assignment(node.orelse)
        if other is None or other.targets[0].id != target.id:  # type: ignore[attr-defined]
            return None
        otherwise = other.value
    else:
        reads = [n for n in ast.walk(then.value) if isinstance(n, ast.Name) and n.id == target.id]
        if target.id not in bound or not reads:
            return None
        otherwise = _watched(ast.copy_location(ast.Name(target.id, ast.Load()), node), reads[0])
    choice = _watched(ast.copy_location(ast.IfExp(node.test, then.value, otherwise), node), then.value)
    return _watched(ast.copy_location(ast.Assign([target], choice), node), then)


def _only_assignment(statements: list[ast.stmt]) -> ast.Assign | None:
    """The one statement, where it assigns to one variable."""
    match statements:
        case [ast.Assign(targets=[ast.Name()]) as statement]:
            return statement
    return None


def _watched(node: Node, like: ast.AST) -> Node:
    node.kernwright_id = identity(like)  # type: ignore[attr-defined]
    return node
