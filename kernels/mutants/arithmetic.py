"""Damaged arithmetic: terms dropped, operands exchanged, other operators, functions left out."""
from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from .text import Edit, Operator, Text, called, range_of, swapped

_OTHER: Mapping[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}
_EXTREMES = ("min", "max", "minimum", "maximum", "fmin", "fmax", "clip")
_OPPOSITE = {"min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum", "fmin": "fmax", "fmax": "fmin"}
_FUNCTIONS = ("exp", "exp2", "expm1", "log", "log2", "log1p", "sqrt", "cbrt", "sin", "cos", "tan", "tanh", "arctan", "atan", "square",
              "sinh", "cosh", "reciprocal", "negative", "conj", "conjugate", "rint", "round")
_ABSOLUTE = ("abs", "absolute", "fabs")
_ROUNDINGS = {"floor": "ceil", "ceil": "floor", "trunc": "ceil"}


def term_dropped(text: Text) -> Iterator[Edit]:
    """One term of a sum or difference, one factor of a product or quotient."""
    for node in text.nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div | ast.Mod | ast.Pow):
            yield swapped(node, node.left)
            if isinstance(node.op, ast.Add | ast.Mult):
                yield swapped(node, node.right)


def operands_swapped(text: Text) -> Iterator[Edit]:
    """Of `-`, `/`, `//`, `%` and `**`, which are not commutative."""
    for node in text.nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub | ast.Div | ast.FloorDiv | ast.Mod | ast.Pow):
            if ast.dump(node.left) != ast.dump(node.right):
                yield swapped(node, ast.BinOp(node.right, node.op, node.left))


def operator_exchanged(text: Text) -> Iterator[Edit]:
    """`-` for `+`, `+` for `*`, `*` for `/`, and so on; `=` for `+=`."""
    for node in text.nodes:
        if isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in _OTHER:
            operator = _OTHER[type(node.op)]()
            if isinstance(node, ast.BinOp):
                yield swapped(node, ast.BinOp(node.left, operator, node.right))
            else:
                yield swapped(node, ast.AugAssign(node.target, operator, node.value))
                yield swapped(node, ast.Assign([node.target], node.value))


def extreme_dropped(text: Text) -> Iterator[Edit]:
    """`min` and `max` outside of loop bounds: one argument in place of both, or the opposite of the two."""
    in_bounds = {id(node) for loop in text.loops for node in ast.walk(range_of(loop))}
    for node in text.nodes:
        name = called(node)
        if name not in _EXTREMES or id(node) in in_bounds or len(node.args) < 2 or node.keywords:
            continue
        for kept in node.args[:1] if name == "clip" else node.args:
            yield swapped(node, kept)
        if name in _OPPOSITE:
            yield swapped(node, ast.Call(_renamed(node.func, _OPPOSITE[name]), node.args, []))


def function_dropped(text: Text) -> Iterator[Edit]:
    """The argument in place of a function of it."""
    for node in text.nodes:
        if called(node) in _FUNCTIONS and len(node.args) == 1 and not node.keywords:
            yield swapped(node, node.args[0])


def absolute_dropped(text: Text) -> Iterator[Edit]:
    """`x` for `abs(x)`."""
    for node in text.nodes:
        if called(node) in _ABSOLUTE and len(node.args) == 1:
            yield swapped(node, node.args[0])


def rounding_changed(text: Text) -> Iterator[Edit]:
    """Integer division that rounds up, `//` for `/`, `ceil` for `floor`, and a cast to integer that rounds down."""
    for node in text.nodes:
        match node:
            case ast.BinOp(left=left, op=ast.FloorDiv(), right=right):
                up = ast.BinOp(ast.UnaryOp(ast.USub(), left), ast.FloorDiv(), right)
                yield swapped(node, ast.UnaryOp(ast.USub(), up))
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                yield swapped(node, ast.BinOp(left, ast.FloorDiv(), right))
            case ast.Call() if called(node) in _ROUNDINGS and len(node.args) == 1:
                yield swapped(node, ast.Call(_renamed(node.func, _ROUNDINGS[called(node)]), node.args, []))
            case ast.Call(args=[argument]) if called(node) in ("int", "int64", "int32") and not text.type_of(argument).is_integer:
                floor = ast.Call(ast.Attribute(ast.Name("np", ast.Load()), "floor", ast.Load()), [argument], [])
                yield swapped(node, ast.Call(node.func, [floor], []))


def _renamed(function: ast.expr, name: str) -> ast.expr:
    return ast.Attribute(function.value, name, ast.Load()) if isinstance(function, ast.Attribute) else ast.Name(name, ast.Load())


OPERATORS: Mapping[str, Operator] = {
    "term dropped": term_dropped,
    "operands swapped": operands_swapped,
    "operator exchanged": operator_exchanged,
    "min or max dropped": extreme_dropped,
    "function dropped": function_dropped,
    "abs dropped": absolute_dropped,
    "rounding changed": rounding_changed,
}
