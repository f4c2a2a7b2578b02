"""Transient views: calls such as `a.reshape(2, -1)` whose result, which may share memory with `a` or not, is read for the last time
before anything is written, so that it makes no difference whether it does."""
from __future__ import annotations

import ast

from ..analysis.names import all_blocks
from .names import assigned_in, mutated_in
from .seen import identity

VIEWS = frozenset({"reshape", "ravel"})
_SHOWING = frozenset({"reshape", "ravel", "transpose", "swapaxes", "squeeze", "view", "asarray", "atleast_1d", "atleast_2d", "broadcast_to"})


def transient_views(function: ast.FunctionDef) -> frozenset[int]:
    """Identities of the calls. Not those whose result gets another name, or is handed to a function of the author's."""
    found: set[int] = set()
    bindings = assigned_in(function.body)
    for block in all_blocks(function):
        for place, statement in enumerate(block):
            if not isinstance(statement, ast.Assign | ast.Return) or statement.value is None or mutated_in([statement]):
                continue
            shown = set(_shown(statement.value))
            for node in ast.walk(statement.value):
                if isinstance(node, ast.Call) and _is_view(node) and (node not in shown or isinstance(statement, ast.Return) or _dies(
                        function, block, place, bindings[_target(statement)])):
                    found.add(identity(node))
    return frozenset(found)


def _is_view(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and node.func.attr in VIEWS


def _target(statement: ast.Assign) -> str:
    target = statement.targets[0]
    return target.id if len(statement.targets) == 1 and isinstance(target, ast.Name) else ""


def _shown(node: ast.expr) -> list[ast.expr]:
    """The parts of an expression whose memory its result may show."""
    match node:
        case ast.Name():
            return [node]
        case ast.Subscript(value=value) | ast.Attribute(value=value):
            return [node, *_shown(value)]
        case ast.Call(func=ast.Attribute(value=value, attr=name), args=arguments) if name in _SHOWING:
            inner = arguments[0] if isinstance(value, ast.Name) and value.id == "np" and arguments else value
            return [node, *_shown(inner)]
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return [part for item in items for part in _shown(item)]
        case ast.IfExp(body=body, orelse=orelse):
            return [*_shown(body), *_shown(orelse)]
    return []


def _dies(function: ast.FunctionDef, block: list[ast.stmt], place: int, bound: int) -> bool:
    """Whether the variable that the statement assigns is read only in its block, after it, and before anything is written."""
    name = _target(block[place])  # type: ignore[arg-type]
    if not name or bound != 1:
        return False
    total = _reads(function, name)
    for statement in block[place + 1:]:
        if total == 0:
            break
        reads = _reads(statement, name)
        if mutated_in([statement]) or reads and not _only_read(statement, name):
            return False
        total -= reads
    return total == 0


def _reads(tree: ast.AST, name: str) -> int:
    return sum(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load) for n in ast.walk(tree))


def _only_read(statement: ast.stmt, name: str) -> bool:
    """Whether the statement gives what the variable holds no other name, and hands it to no function of the author's."""
    for node in ast.walk(statement):
        match node:
            case ast.Assign(value=value) if any(isinstance(part, ast.Name) and part.id == name for part in _shown(value)):
                return False
            case ast.For(iter=value) if any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(value)):
                return False
            case ast.Call(func=ast.Name(), args=arguments) if any(isinstance(n, ast.Name) and n.id == name for a in arguments for n in ast.walk(a)):
                if node.func.id not in ("len", "abs", "sum", "min", "max", "float", "int"):  # type: ignore[attr-defined]
                    return False
    return True
