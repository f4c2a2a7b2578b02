"""Small constructors of expression trees, so that the lift never glues source text together."""
from __future__ import annotations

import ast
import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

OPERATORS: dict[str, type[ast.operator]] = {
    "+": ast.Add, "-": ast.Sub, "*": ast.Mult, "/": ast.Div, "//": ast.FloorDiv, "%": ast.Mod, "**": ast.Pow,
    "&": ast.BitAnd, "|": ast.BitOr, "^": ast.BitXor, "<<": ast.LShift, ">>": ast.RShift, "@": ast.MatMult,
}


def name(identifier: str) -> ast.Name:
    return ast.Name(identifier, ast.Load())


def attribute(value: ast.expr, attr: str) -> ast.Attribute:
    return ast.Attribute(value, attr, ast.Load())


def numpy(attr: str) -> ast.Attribute:
    """`np.<attr>`."""
    return attribute(name("np"), attr)


def call(function: ast.expr, *arguments: ast.expr) -> ast.Call:
    return ast.Call(function, list(arguments), [])


def numpy_call(attr: str, *arguments: ast.expr) -> ast.Call:
    return call(numpy(attr), *arguments)


def builtin_call(function: str, *arguments: ast.expr) -> ast.Call:
    return call(name(function), *arguments)


def binary(left: ast.expr, sign: str, right: ast.expr) -> ast.BinOp:
    return ast.BinOp(left, OPERATORS[sign](), right)


def negative(operand: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.USub(), operand)


def sequence(items: list[ast.expr]) -> ast.Tuple:
    return ast.Tuple(items, ast.Load())


def number(value: Any) -> ast.expr:
    """The expression that spells `value`: a bool, an int, a float (nan and inf too) or a complex number."""
    if isinstance(value, bool):
        return ast.Constant(value)
    if isinstance(value, complex):
        return builtin_call("complex", number(value.real), number(value.imag))
    if isinstance(value, float):
        if math.isnan(value):
            return numpy("nan")
        if math.isinf(value):
            return numpy("inf") if value > 0 else negative(numpy("inf"))
        if math.copysign(1.0, value) < 0:
            return negative(ast.Constant(-value))
        return ast.Constant(value)
    if value < 0:
        if value < -(2**63) + 1:
            return binary(negative(ast.Constant(2**63 - 1)), "-", ast.Constant(1))
        return negative(ast.Constant(-value))
    return ast.Constant(value)


def text(node: ast.expr) -> str:
    return ast.unparse(node)


@lru_cache(maxsize=4096)
def parse(source: str) -> ast.expr:
    """The tree of an expression; shared, so treat it as read-only."""
    return ast.parse(source, mode="eval").body


@lru_cache(maxsize=4096)
def names_in_text(source: str) -> frozenset[str]:
    return names_in(parse(source))


def names_in(node: ast.AST) -> frozenset[str]:
    """The identifiers that occur in a tree."""
    return frozenset(n.id for n in ast.walk(node) if isinstance(n, ast.Name))


def nest(places: Sequence[str], lengths: Sequence[str], line: str) -> list[str]:
    """The lines of loops around one line, each variable from 0 to its length."""
    heads = [f"{'    ' * depth}for {place} in range({length}):" for depth, (place, length) in enumerate(zip(places, lengths))]
    return [*heads, "    " * len(places) + line]


def placed(made: ast.stmt, node: ast.AST) -> ast.stmt:
    """A new statement, where `node` stands in the author's text."""
    return ast.fix_missing_locations(ast.copy_location(made, node))


def is_number(node: ast.expr) -> bool:
    """Whether a number is written out, with a sign or without."""
    return isinstance(node.operand if isinstance(node, ast.UnaryOp) else node, ast.Constant)
