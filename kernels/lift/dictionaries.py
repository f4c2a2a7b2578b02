"""Dictionaries that are written out and never get or lose a key."""
from __future__ import annotations

import ast
from collections.abc import Mapping

from . import syntax
from .displays import Key, constant_key, keys_of
from .names import assigned_in, reads_of


def dictionaries(function: ast.FunctionDef) -> dict[str, tuple[Key, ...]]:
    """The keys of each variable that holds one dictionary, written out, which never gets or loses a key."""
    bindings, values = assigned_in(function.body), {}
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict() as value) if bindings[name] == 1 and keys_of(value):
                values[name] = keys_of(value)
    return {name: keys for name, keys in values.items() if _keeps_its_keys(function, name, keys, values)}


def _keeps_its_keys(function: ast.FunctionDef, name: str, keys: tuple[Key, ...], values: Mapping[str, tuple[Key, ...]]) -> bool:
    """Whether every use reads it, stores under one of its keys, or goes through it."""
    alike = {other for other in values if set(values[other]) <= set(keys)}
    among = {loop.target.id for loop in ast.walk(function) if isinstance(loop, ast.For) and isinstance(loop.target, ast.Name)
             and syntax.text(loop.iter).removesuffix(".keys()") in alike}
    among |= {loop.target.elts[0].id for loop in ast.walk(function)
              if isinstance(loop, ast.For) and isinstance(loop.target, ast.Tuple) and isinstance(loop.target.elts[0], ast.Name)
              and syntax.text(loop.iter).removesuffix(".items()") in alike}
    among -= {each for each, times in assigned_in(function.body).items() if times > sum(
        isinstance(loop, ast.For) and each in syntax.names_in(loop.target) for loop in ast.walk(function))}
    understood = 0
    for node in ast.walk(function):
        match node:
            case ast.Subscript(value=ast.Name(id=of), slice=index, ctx=ast.Load() | ast.Store()) if of == name:
                known = isinstance(node.ctx, ast.Load) or constant_key(index) in keys or isinstance(index, ast.Name) and index.id in among
                understood += known
            case ast.Attribute(value=ast.Name(id=of), attr="keys" | "values" | "items") if of == name:
                understood += 1
            case (ast.For() | ast.comprehension()) if syntax.text(node.iter) == name:
                understood += 1
            case ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=of)]) if of == name:
                understood += 1
    return understood == reads_of(function, name)
