"""Pieces: straight-line code that several functions of vecmath share, spliced into the text of each.

A helper of a candidate gives back one number; a piece gives back several, and leaves no call behind.
"""
from __future__ import annotations

import ast
import copy
import inspect
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Function = Callable[..., object]


@dataclass(frozen=True)
class Piece:
    """The body of a function that assigns variables and ends in `return a, b`: plain names, none of them a parameter."""

    name: str
    parameters: tuple[str, ...]
    body: tuple[ast.stmt, ...]
    returned: tuple[str, ...]

    def __call__(self, *_: object) -> tuple[float, ...]:
        raise TypeError(f"{self.name} is spliced into the text of functions, never called")


def piece(function: Function) -> Piece:
    """A Piece of the decorated function, which may use pieces that are defined before it."""
    node = spliced(function)
    *body, last = node.body[1:] if ast.get_docstring(node) else node.body
    assert isinstance(last, ast.Return) and last.value is not None
    return Piece(node.name, _parameters(node), tuple(body), _names(last.value))


def spliced(function: Function) -> ast.FunctionDef:
    """The definition of `function` without its decorators, each `a, b = piece(x, y)` replaced by the body of that piece.

    Arguments and targets are plain names, and no name is both. A variable of the piece that is one of `function`, too, is
    given another name.
    """
    (node,) = ast.parse(inspect.getsource(function)).body
    assert isinstance(node, ast.FunctionDef)
    node.decorator_list = []
    own = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)} | set(_parameters(node))
    body: list[ast.stmt] = []
    for statement in node.body:
        called = _piece_called(statement, function.__globals__)  # type: ignore[attr-defined]
        body += [statement] if called is None else _substituted(called, statement, own)
    node.body = body
    return node


def _piece_called(statement: ast.stmt, names: Mapping[str, object]) -> Piece | None:
    match statement:
        case ast.Assign(value=ast.Call(func=ast.Name(id=name))):
            found = names.get(name)
            return found if isinstance(found, Piece) else None
    return None


def _substituted(used: Piece, statement: ast.stmt, own: set[str]) -> list[ast.stmt]:
    assert isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call)
    targets = _names(statement.targets[0])
    arguments = tuple(name for argument in statement.value.args for name in _names(argument))
    assert not set(targets) & set(arguments)
    renamed = dict(zip(used.returned, targets, strict=True)) | dict(zip(used.parameters, arguments, strict=True))
    names = [node for part in used.body for node in ast.walk(part) if isinstance(node, ast.Name)]
    bound = {name.id for name in names if isinstance(name.ctx, ast.Store)}
    for name in sorted((bound - set(renamed)) & own):
        renamed[name] = next(fresh for count in itertools.count(1) if (fresh := f"{name}{count}") not in own)
    body = copy.deepcopy(list(used.body))
    for name in (name for part in body for name in ast.walk(part) if isinstance(name, ast.Name)):
        name.id = renamed.get(name.id, name.id)
    return body


def _parameters(node: ast.FunctionDef) -> tuple[str, ...]:
    return tuple(argument.arg for argument in node.args.args)


def _names(node: ast.expr) -> tuple[str, ...]:
    """The names in `a` or `a, b`. Raises ValueError where there is anything else."""
    elements = node.elts if isinstance(node, ast.Tuple) else [node]
    if not all(isinstance(element, ast.Name) for element in elements):
        raise ValueError(f"{ast.unparse(node)} is no plain name")
    return tuple(element.id for element in elements if isinstance(element, ast.Name))
