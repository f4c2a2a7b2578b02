"""Variables that begin as None: a number from the beginning, and a truth value that says whether it was set."""
from __future__ import annotations

import ast
from collections.abc import Sequence

import numpy as np

from . import syntax
from .dtypes import literal
from .names import bound_names, fresh_name, plainly_bound
from .seen import Instance, Type


def begins_unset(functions: Sequence[ast.FunctionDef]) -> bool:
    """Whether there may be anything to do."""
    return any(_unset(function) for function in functions)


def with_numbers(function: ast.FunctionDef, instances: Sequence[Instance]) -> None:
    """Works in place, on variables that are None or numbers of one dtype, as `instances` saw them."""
    taken = set(bound_names(function))
    for name in sorted(_unset(function)):
        types: set[Type] = set().union(*(i.bindings.get(name, set()) for i in instances)) - {("none",)}
        if len(types) == 1 and (seen := types.pop())[0] == "scalar":
            begin = syntax.parse(literal(0, np.dtype(seen[1])))
            function.body = _Known(name, fresh_name(taken, f"{name}_is_set"), begin).block(function.body)
            ast.fix_missing_locations(function)


def _unset(function: ast.FunctionDef) -> set[str]:
    """Variables that plain assignments bind and nothing else, None among what they bind, and that no inner function reads."""
    return {name for name, values in plainly_bound(function).items() if any(map(_is_none, values))}


class _Known(ast.NodeTransformer):
    def __init__(self, name: str, known: str, begin: ast.expr) -> None:
        self.name, self.known, self.begin = name, known, begin

    def block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        result: list[ast.stmt] = []
        for statement in statements:
            made = self.visit(statement)
            result += made if isinstance(made, list) else [made]
        return result

    def visit_Assign(self, node: ast.Assign) -> ast.stmt | list[ast.stmt]:
        self.generic_visit(node)
        match node:
            case ast.Assign(targets=[ast.Name(id=self.name)], value=value):
                unset = _is_none(value)
                node.value = self.begin if unset else value
                known = ast.Assign([ast.Name(self.known, ast.Store())], ast.Constant(not unset))
                return [node, ast.copy_location(known, node)]
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Compare(left=ast.Name(id=self.name), ops=[ast.Is() | ast.Eq()], comparators=[other]) if _is_none(other):
                return ast.copy_location(ast.UnaryOp(ast.Not(), syntax.name(self.known)), node)
            case ast.Compare(left=ast.Name(id=self.name), ops=[ast.IsNot() | ast.NotEq()], comparators=[other]) if _is_none(other):
                return ast.copy_location(syntax.name(self.known), node)
        return node


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
