"""Damaged decisions: other comparisons, negated conditions, `and` for `or`."""
from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from .text import Edit, Operator, Text, swapped

_NEIGHBOURS: Mapping[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.GtE), ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq, ast.LtE), ast.NotEq: (ast.Eq, ast.Lt),
}


def comparison_changed(text: Text) -> Iterator[Edit]:
    """`<` for `<=` and the like, and the comparison turned round."""
    for node in text.nodes:
        if isinstance(node, ast.Compare):
            for position, operator in enumerate(node.ops):
                for other in _NEIGHBOURS.get(type(operator), ()):
                    changed = [*node.ops[:position], other(), *node.ops[position + 1:]]
                    yield swapped(node, ast.Compare(node.left, changed, node.comparators))


def condition_negated(text: Text) -> Iterator[Edit]:
    """Conditions of `if`, `while` and conditional expressions, negated."""
    for node in text.nodes:
        if isinstance(node, ast.If | ast.While | ast.IfExp):
            yield swapped(node.test, ast.UnaryOp(ast.Not(), node.test))


def and_for_or(text: Text) -> Iterator[Edit]:
    """`and` for `or`, `or` for `and`, `|` for `&`."""
    for node in text.nodes:
        match node:
            case ast.BoolOp(op=operator, values=values):
                yield swapped(node, ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), values))
            case ast.BinOp(left=left, op=ast.BitAnd() | ast.BitOr() as operator, right=right):
                yield swapped(node, ast.BinOp(left, ast.BitOr() if isinstance(operator, ast.BitAnd) else ast.BitAnd(), right))


OPERATORS: Mapping[str, Operator] = {
    "comparison changed": comparison_changed,
    "condition negated": condition_negated,
    "and for or": and_for_or,
}
