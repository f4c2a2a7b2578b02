"""Transient views: expressions such as `a.reshape(2, -1)` or `z.real` whose result, which may share memory with `a` or not, is read
for the last time before anything is written, so that it makes no difference whether it does."""
from __future__ import annotations

import ast

from ..analysis.names import all_blocks
from . import syntax
from .names import HARMLESS, assigned_in, made_anew, mutated_in, reads_of
from .seen import identity

VIEWS = frozenset({"reshape", "ravel", "broadcast_to", "broadcast_arrays", "sliding_window_view", "real", "imag", "diagonal"})
_READERS = HARMLESS | {"sum"}
_SHOWING = VIEWS | {"transpose", "swapaxes", "squeeze", "view", "asarray", "atleast_1d", "atleast_2d"}


def transient_views(function: ast.FunctionDef) -> frozenset[int]:
    """Identities of the calls and attributes. Not those whose result a variable keeps while something is written, which a loop
    goes over, or which are handed to a function of the author's."""
    found: set[int] = set()
    bindings = assigned_in(function.body)
    for block in all_blocks(function):
        for place, statement in enumerate(block):
            kept = _kept(statement)
            if kept and isinstance(statement, ast.Assign) and _dies(function, block, place, bindings[_target(statement)]):
                kept = set()
            for node in _own_expressions(statement):
                kept |= {inner for call in ast.walk(node) if isinstance(call, ast.Call) and _is_of_the_author(call)
                         for argument in call.args for inner in ast.walk(argument)}
            found |= {identity(node) for own in _own_expressions(statement) for node in ast.walk(own) if _is_view(node) and node not in kept}
    return frozenset(found)


def _own_expressions(statement: ast.stmt) -> list[ast.expr]:
    """Not those of statements within it."""
    return [child for child in ast.iter_child_nodes(statement) if isinstance(child, ast.expr)]


def _kept(statement: ast.stmt) -> set[ast.AST]:
    """The parts of a statement whose memory a variable shows afterwards, or a loop goes over."""
    match statement:
        case ast.Assign(targets=targets, value=value) if any(isinstance(target, ast.Name | ast.Tuple) for target in targets):
            return set(_shown(value))
        case ast.For(iter=value):
            return set(ast.walk(value))
    return set()


def _is_of_the_author(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id not in _READERS


def _is_view(node: ast.AST) -> bool:
    called = node.func if isinstance(node, ast.Call) else node
    return isinstance(called, ast.Attribute) and called.attr in VIEWS


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
            inner = arguments[0] if syntax.text(value).startswith("np") and arguments else value
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
    total = reads_of(function, name)
    for statement in block[place + 1:]:
        if total == 0:
            break
        reads = reads_of(statement, name)
        written = mutated_in([statement])
        if written:
            written -= made_anew(function) - _behind(function, block[place].value)  # type: ignore[attr-defined]
        if written or reads and not _only_read(statement, name):
            return False
        total -= reads
    return total == 0


def _behind(function: ast.FunctionDef, value: ast.expr) -> set[str]:
    """The variables whose memory a value may show, by whatever other variables."""
    found: set[str] = set()
    pending = list(syntax.names_in(value))
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += [other for node in ast.walk(function) if isinstance(node, ast.Assign | ast.For | ast.AugAssign)
                        and name in assigned_in([node]) for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)
                        for other in syntax.names_in(part)]
    return found


def _only_read(statement: ast.stmt, name: str) -> bool:
    """Whether the statement gives what the variable holds no other name, and hands it to no function of the author's."""
    for node in ast.walk(statement):
        match node:
            case ast.Assign(value=value) if any(isinstance(part, ast.Name) and part.id == name for part in _shown(value)):
                return False
            case ast.For(iter=value) if any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(value)):
                return False
            case ast.Call(args=arguments) if _is_of_the_author(node) and any(
                    isinstance(n, ast.Name) and n.id == name for a in arguments for n in ast.walk(a)):
                return False
    return True
