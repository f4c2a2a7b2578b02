"""Norms of vectors and matrices."""
from __future__ import annotations

import ast
from typing import Any

import numpy as np

from .calls import Lifted, arguments, axis_of, call
from .dtypes import BOOL, FLOAT64, cast, literal
from .elementwise import squared
from .errors import CannotLift
from .expressions import Expressions
from .reductions import axes_of, reduced
from .values import Value


@call("linalg.norm")
def _norm(e: Expressions, node: ast.Call) -> Lifted:
    x, order, axis, keep = arguments(node, "x ord axis keepdims")
    value, given, kept = e.value(x), e.static(axis), bool(e.static(keep))  # type: ignore[arg-type]
    if value.ndim == 0:
        raise CannotLift("the norm of a number")
    return norm(e, node, value, _order(e, order), given, kept)


@call("linalg.vector_norm")
def _vector_norm(e: Expressions, node: ast.Call) -> Lifted:
    x, axis, keep, order = arguments(node, "x axis keepdims ord")
    value = e.value(x)  # type: ignore[arg-type]
    return _of_vectors(e, node, _converted(e, value), 2 if order is None else _order(e, order), axes_of(e.static(axis), value.ndim), bool(e.static(keep)))


def _order(e: Expressions, node: ast.expr | None) -> Any:
    """The order as a number, "fro" or None: `np.inf` is known beforehand too."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_order(e, node.operand)
    if isinstance(node, ast.Attribute) and node.attr == "inf":
        return np.inf
    return e.static(node)


def norm(e: Expressions, node: ast.AST, value: Value, order: Any, axis: int | tuple[int, ...] | None, keep: bool) -> Value:
    """np.linalg.norm. Raises CannotLift for the orders that singular values define."""
    value = _converted(e, value)
    if axis is None and (order is None or order in (2, "fro") and value.ndim == {2: 1, "fro": 2}[order]):
        return _of_vectors(e, node, value, 2, tuple(range(value.ndim)), keep)
    axes = axes_of(axis, value.ndim)
    if len(axes) == 1 and order != "fro":
        return _of_vectors(e, node, value, 2 if order is None else order, axes, keep)
    if len(axes) != 2:
        raise CannotLift("this norm has no loop form")
    if order in (None, "fro"):
        return _of_vectors(e, node, value, 2, axes, keep)
    if order not in (1, -1, np.inf, -np.inf):
        raise CannotLift("a norm that is defined by singular values")
    inner, outer = axes if abs(order) == 1 else axes[::-1]
    sums = reduced(e, ast.Pass(), "sum", _absolute(e, value), inner, keep)
    left = outer if keep or outer < inner else outer - 1
    return reduced(e, node, "max" if order > 0 else "min", sums, axis_of(left, sums.ndim), keep)


def _converted(e: Expressions, value: Value) -> Value:
    """The value as floats."""
    if value.dtype.kind in "fc":
        return value
    whole = value
    return e.elementwise((whole,), FLOAT64, lambda t: cast(t[0], whole, FLOAT64), 0)


def _of_vectors(e: Expressions, node: ast.AST, value: Value, order: Any, axes: tuple[int, ...], keep: bool) -> Value:
    """(sum |x|^order)^(1/order) and its limits."""
    if isinstance(order, str) or order is None:
        raise CannotLift("this norm has no loop form")
    if order in (np.inf, -np.inf):
        return reduced(e, node, "max" if order > 0 else "min", _absolute(e, value), axes, keep)
    if order == 2:
        square = _square(e, value)
        return reduced(e, node, "sum", square, axes, keep, finish=lambda total: e.ufunc(np.sqrt, (total,), lambda t: f"np.sqrt({t})", 10))
    size = _absolute(e, value)
    dtype = size.dtype
    if order == 0:
        truth = e.elementwise((size,), dtype, lambda t: cast(f"({t[0]} != 0)", Value(BOOL, (), lambda _: ""), dtype))
        return reduced(e, node, "sum", truth, axes, keep)
    if order == 1:
        return reduced(e, node, "sum", size, axes, keep)
    power = e.elementwise((size,), dtype, lambda t: f"({t[0]} ** {literal(float(order), dtype)})", 20)
    return reduced(e, node, "sum", power, axes, keep,
                   finish=lambda total: e.elementwise((total,), dtype, lambda t: f"({t[0]} ** {literal(1.0 / order, dtype)})", 20))


def _absolute(e: Expressions, value: Value) -> Value:
    return e.ufunc(np.absolute, (value,), lambda t: f"abs({t})", 10 if value.dtype.kind == "c" else 1)


def _square(e: Expressions, value: Value) -> Value:
    if value.dtype.kind != "c":
        return e.elementwise((value,), value.dtype, lambda t: squared(e, t[0]))

    def element(texts: list[str]) -> str:
        bound = e.bind(texts[0])
        return f"({bound}.real * {bound}.real + {bound}.imag * {bound}.imag)"

    return e.elementwise((value,), np.dtype(np.float32 if value.dtype == np.complex64 else np.float64), element, 2)
