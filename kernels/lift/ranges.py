"""Ranges that a variable holds or a condition chooses, as bounds: `xs = range(w) if even else range(w - 1, -1, -1)`, then `for x in xs`."""
from __future__ import annotations

import ast
import copy

from . import syntax
from .names import assigned_in, bound_names, fresh_name, reads_of

BOUNDS = ("start", "stop", "step")


def with_bounds(function: ast.FunctionDef) -> None:
    """Works in place, on ranges of which nothing is asked but to go through them."""
    writer = _WithBounds(function)
    writer.generic_visit(function)
    ast.fix_missing_locations(function)


class _WithBounds(ast.NodeTransformer):
    def __init__(self, function: ast.FunctionDef) -> None:
        self.taken = set(bound_names(function))
        loops = [n.iter.id for n in ast.walk(function) if isinstance(n, ast.For) and isinstance(n.iter, ast.Name)]
        bindings = assigned_in(function.body)
        self.known: dict[str, list[str]] = {}
        for node in ast.walk(function):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if bindings[name] == 1 and _is_range(value) \
                        and reads_of(function, name) == loops.count(name):
                    self.known[name] = self._fresh(name)

    def _fresh(self, name: str) -> list[str]:
        return [fresh_name(self.taken, f"{name}_{bound}") for bound in BOUNDS]

    def visit_Assign(self, node: ast.Assign) -> ast.stmt | list[ast.stmt]:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)]) if name in self.known:
                return [ast.copy_location(made, node) for made in _bounds(node.value, self.known[name])]
        return node

    def visit_For(self, node: ast.For) -> list[ast.stmt]:
        self.generic_visit(node)
        made: list[ast.stmt] = []
        if isinstance(node.iter, ast.IfExp) and _is_range(node.iter):
            names = self._fresh("turn")
            made = [ast.copy_location(each, node) for each in _bounds(node.iter, names)]
        elif isinstance(node.iter, ast.Name) and node.iter.id in self.known:
            names = self.known[node.iter.id]
        else:
            return [node]
        node.iter = syntax.builtin_call("range", *map(syntax.name, names))
        return [*made, node]


def _is_range(value: ast.expr) -> bool:
    match value:
        case ast.IfExp(body=one, orelse=other):
            return _is_range(one) and _is_range(other)
        case ast.Call(func=ast.Name(id="range"), args=[_, *_] as ends, keywords=[]):
            return not any(isinstance(end, ast.Starred) for end in ends)
    return False


def _bounds(value: ast.expr, names: list[str]) -> list[ast.stmt]:
    """Statements that give the variables the range's bounds."""
    if isinstance(value, ast.IfExp):
        return [ast.If(value.test, _bounds(value.body, names), _bounds(value.orelse, names))]
    ends = copy.deepcopy(value.args)  # type: ignore[attr-defined]
    whole = [ast.Constant(0), *ends, ast.Constant(1)] if len(ends) == 1 else [*ends, ast.Constant(1)][:3]
    return [ast.Assign([ast.Name(name, ast.Store())], end) for name, end in zip(names, whole)]
