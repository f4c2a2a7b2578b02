"""Damaged numbers: other constants, other starts of reductions, lower precision."""
from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from .text import Edit, Operator, Text, called, is_constant, number_of, swapped

NUDGE = 2e-7
"""Relative; within every tolerance of float32, and twice its epsilon."""
_NARROW = {"float64": "float32", "int64": "int32", "complex128": "complex64", "uint64": "uint32"}
_EXTREMES = ("min", "max", "minimum", "maximum", "fmin", "fmax")


def integer_off_by_one(text: Text) -> Iterator[Edit]:
    """Integer literals, one more and one less; `a.shape[0]` and axes are another operator's."""
    for node in _literals(text):
        if isinstance(node.value, int):
            yield swapped(node, ast.Constant(node.value + 1), _around(text, node))
            if node.value > 0:
                yield swapped(node, ast.Constant(node.value - 1), _around(text, node))


def constant_nudged(text: Text) -> Iterator[Edit]:
    """Float literals off by a relative 2e-7."""
    for node in _literals(text):
        if isinstance(node.value, float) and node.value:
            yield swapped(node, ast.Constant(node.value * (1 + NUDGE)), _around(text, node))


def sign_changed(text: Text) -> Iterator[Edit]:
    """Literals of the other sign."""
    for node in _literals(text):
        if not isinstance(node.value, complex) and node.value:
            yield swapped(node, ast.UnaryOp(ast.USub(), node), _around(text, node))


def wrong_start(text: Text) -> Iterator[Edit]:
    """A reduction that begins with another number: sums with 1, products with 0, largest and smallest with 0."""
    for statement in text.nodes:
        if not isinstance(statement, ast.Assign) or len(statement.targets) != 1 or not is_constant(statement.value):
            continue
        target = statement.targets[0]
        updates = _updates(text, statement, _base(target))
        if "sum" in updates:
            yield swapped(statement, ast.Assign([target], _filled(statement.value, 1)))
        if "product" in updates or "extreme" in updates:
            yield swapped(statement, ast.Assign([target], _filled(statement.value, 0)))


def rounded_to_single(text: Text) -> Iterator[Edit]:
    """A double-precision value rounded to single precision on its way."""
    for node in text.nodes:
        if isinstance(node, ast.BinOp | ast.Call) or (isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load)):
            if text.type_of(node).dtype == "float64" and text.type_of(node).is_scalar and called(node) not in ("float64", "float32"):
                yield swapped(node, _cast("float32", node))


def accumulator_narrowed(text: Text) -> Iterator[Edit]:
    """A sum that is kept in half the digits, except a count: 32 bits hold that of all that fits into memory."""
    for node in text.nodes:
        if isinstance(node, ast.AugAssign) and not isinstance(number_of(node.value), int):
            found = text.type_of(node.target)
            if found.is_scalar and found.dtype in _NARROW:
                total = ast.BinOp(_as_load(node.target), node.op, node.value)
                yield swapped(node, ast.Assign([node.target], _cast(_NARROW[found.dtype], total)))


def array_narrowed(text: Text) -> Iterator[Edit]:
    """An array of half the digits; integers mostly count, or point to something that fits into memory."""
    for node in text.nodes:
        if isinstance(node, ast.Call) and called(node) in ("empty", "zeros", "ones", "full", "empty_like", "zeros_like", "astype"):
            for given in [*node.args[1:], *(k.value for k in node.keywords if k.arg == "dtype")]:
                if isinstance(given, ast.Attribute) and given.attr in ("float64", "complex128"):
                    yield swapped(given, ast.Attribute(given.value, _NARROW[given.attr], ast.Load()), f"in {ast.unparse(node)}")


def _literals(text: Text) -> Iterator[ast.Constant]:
    """Number literals of the bodies and of module constants that are no tunables, without those that name an axis."""
    tunables = {tunable.name for tunable in text.candidate.tunables}
    for statement in text.tree.body:
        if isinstance(statement, ast.Assign) and statement.targets[0].id not in tunables:  # type: ignore[attr-defined]
            yield from (node for node in ast.walk(statement.value) if number_of(node) is not None and isinstance(node, ast.Constant))
    for node in text.nodes:
        if isinstance(node, ast.Constant) and number_of(node) is not None:
            holder = text.parents[id(node)]
            if isinstance(holder, ast.UnaryOp):
                holder = text.parents[id(holder)]
            axis = isinstance(holder, ast.keyword) or (
                isinstance(holder, ast.Subscript) and isinstance(holder.value, ast.Attribute) and holder.value.attr == "shape")
            if not axis:
                yield node


def _around(text: Text, node: ast.AST) -> str:
    """The text of the statement's part that holds a literal, as the literal alone says little."""
    holder = text.parents.get(id(node))
    return f"in {ast.unparse(holder)}" if isinstance(holder, ast.expr) else ""


def _base(target: ast.expr) -> str:
    while isinstance(target, ast.Subscript):
        target = target.value
    return target.id if isinstance(target, ast.Name) else ""


def _updates(text: Text, start: ast.Assign, name: str) -> set[str]:
    """How the function goes on from `start` to update `name`: "sum", "product", "extreme"."""
    found: set[str] = set()
    if not name:
        return found
    for node in ast.walk(text.function_of(start)):
        if isinstance(node, ast.AugAssign) and _base(node.target) == name:
            found.add("product" if isinstance(node.op, ast.Mult | ast.Div) else "sum")
        elif isinstance(node, ast.Assign) and node is not start and _base(node.targets[0]) == name:
            target = ast.unparse(node.targets[0])
            if called(node.value) in _EXTREMES and any(ast.unparse(a) == target for a in node.value.args):
                found.add("extreme")
            elif isinstance(node.value, ast.BinOp) and target in (ast.unparse(node.value.left), ast.unparse(node.value.right)):
                found.add("product" if isinstance(node.value.op, ast.Mult) else "sum")
    return found


def _filled(value: ast.expr, number: int) -> ast.expr:
    """`number` written as `value` is: within the same cast, as float where that is one."""
    if isinstance(value, ast.Call) and called(value) in ("float32", "float64", "int64", "int32", "complex", "complex128"):
        return ast.Call(value.func, [_filled(value.args[0], number), *value.args[1:]], [])
    whole = isinstance(number_of(value), int)
    return ast.Constant(number if whole else float(number))


def _cast(dtype: str, node: ast.expr) -> ast.Call:
    return ast.Call(ast.Attribute(ast.Name("np", ast.Load()), dtype, ast.Load()), [node], [])


def _as_load(target: ast.expr) -> ast.expr:
    return ast.parse(ast.unparse(target), mode="eval").body


OPERATORS: Mapping[str, Operator] = {
    "integer off by one": integer_off_by_one,
    "constant nudged": constant_nudged,
    "sign changed": sign_changed,
    "wrong start": wrong_start,
    "rounded to single": rounded_to_single,
    "accumulator narrowed": accumulator_narrowed,
    "array narrowed": array_narrowed,
}
