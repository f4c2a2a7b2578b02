"""Python's own functions of numbers and arrays, and those of the module math."""
from __future__ import annotations

import ast

import numpy as np

from . import syntax
from .affine import Affine
from .calls import Lifted, arguments, call
from .dtypes import BOOL, FLOAT64, INT64, cast, either
from .errors import CannotLift
from .expressions import Expressions
from .reductions import reduced
from .values import Pack, Value, integer, number, scalar


@call("int", "float", "complex", "bool", prefix="")
def _python_number(e: Expressions, node: ast.Call) -> Lifted:
    name = syntax.text(node.func)
    if name == "complex" and len(node.args) == 2 and not node.keywords:
        parts = [e.value(a) for a in node.args]
        if any(p.ndim or p.dtype.kind not in "iuf" for p in parts):
            raise CannotLift("complex() of other things than two real numbers")
        return scalar(f"complex({', '.join(p.text for p in parts)})", np.dtype(complex), weak=True)
    if len(node.args) != 1 or node.keywords:
        raise CannotLift(f"{name}() with these arguments")
    value = e.value(node.args[0])
    dtype = np.dtype(name)
    if value.ndim or value.dtype.kind == "c" and name != "complex":
        raise CannotLift(f"{name}() of an array")
    text = value.text
    if value.dtype != dtype:
        text = f"({text} != 0)" if name == "bool" else f"np.complex128({text})" if name == "complex" else f"{name}({text})"
    return scalar(text, dtype, weak=True)


@call("len", prefix="")
def _length(e: Expressions, node: ast.Call) -> Lifted:
    (x,) = arguments(node, "x")
    value = e.any_value(x)  # type: ignore[arg-type]
    if isinstance(value, Pack):
        return number(len(value.items))
    if not value.ndim:
        raise CannotLift("len() of a number")
    return integer(value.extents[0].length)


@call("round", prefix="")
def _rounded(e: Expressions, node: ast.Call) -> Lifted:
    value = e.value(node.args[0])
    if len(node.args) != 1 or node.keywords or value.ndim or value.dtype != FLOAT64:
        raise CannotLift("round() of other things than one float")
    return scalar(f"round({value.text})", INT64, weak=True)


@call("min", "max", prefix="")
def _smallest(e: Expressions, node: ast.Call) -> Lifted:
    name = syntax.text(node.func)
    if node.keywords or not node.args:
        raise CannotLift(f"{name}() with these arguments")
    only = e.any_value(node.args[0])
    if len(node.args) == 1 and isinstance(only, Value):
        return _of_vector(e, node, name, only)
    values = list(only.items) if len(node.args) == 1 and isinstance(only, Pack) else [only, *map(e.value, node.args[1:])]
    if any(isinstance(v, Pack) for v in values) or len(values) < 2:
        raise CannotLift(f"{name}() of these arguments")
    dtype = None if any(v.ndim for v in values) else either(*values)
    if dtype is None:
        raise CannotLift(f"{name}() of numbers of several types")
    return scalar(f"{name}({', '.join(cast(v.text, v, dtype) if v.dtype != dtype else v.text for v in values)})", dtype, all(v.weak for v in values))


def _of_vector(e: Expressions, node: ast.Call, name: str, value: Value) -> Value:
    """min() or max() of a vector's elements: the first of those that no other beats."""
    if value.ndim != 1 or value.dtype.kind not in "iuf":
        raise CannotLift(f"{name}() of other things than a vector")
    best = e.name_for(node, "best")
    e.emit(f"{best} = {value.element((Affine(0),))}")
    with e.nest(value.extents) as index:
        text = e.bind(value.element(index), "element")
        with e.block(f"if {text} {'<' if name == 'min' else '>'} {best}:"):
            e.emit(f"{best} = {text}")
    return Value(value.dtype, (), lambda _: best, name=best)


@call("sum", prefix="")
def _sum(e: Expressions, node: ast.Call) -> Lifted:
    """The sum of an array's rows; narrow integers, which Python would let overflow, are left to it."""
    if len(node.args) != 1 or node.keywords:
        raise CannotLift("sum() with these arguments")
    value = e.value(node.args[0])
    if value.ndim == 0 or value.dtype.kind not in "fc" and value.dtype != INT64:
        raise CannotLift("sum() of other things than an array of floats or np.int64")
    return reduced(e, node, "sum", value, 0, False)


@call("pow", prefix="")
def _pow(e: Expressions, node: ast.Call) -> Lifted:
    base, exponent = arguments(node, "base exp", 2)
    return e.arithmetic(np.power, e.value(base), e.value(exponent))  # type: ignore[arg-type]


@call("divmod", prefix="")
@call("divmod")
def _divmod(e: Expressions, node: ast.Call) -> Lifted:
    x, y = arguments(node, "x1 x2", 2)
    a, b = (e.cheap(e.value(n)) for n in (x, y))  # type: ignore[arg-type]
    parts = (e.arithmetic(np.floor_divide, a, b), e.arithmetic(np.remainder, a, b))
    if syntax.text(node.func) == "np.divmod":
        parts = tuple(p.lazily(weak=False) for p in parts)  # type: ignore[assignment]
    return Pack(parts, f"({parts[0].text}, {parts[1].text})" if parts[0].ndim == 0 else "?")


@call("item", method=True)
def _item(e: Expressions, node: ast.Call) -> Lifted:
    """A number of NumPy's as Python's own."""
    (x,) = arguments(node, "a")
    value = e.value(x)  # type: ignore[arg-type]
    own = {"b": BOOL, "i": INT64, "u": INT64, "f": FLOAT64}.get(value.dtype.kind)
    if value.ndim or own is None or value.dtype == np.uint64:
        raise CannotLift("`.item()` of other than a real number")
    return value.lazily(dtype=own, weak=True, element=lambda index: cast(value.element(index), value, own))


MATH = ("sqrt exp log sin cos tan tanh sinh cosh asin acos atan asinh acosh atanh log2 log10 log1p expm1 fabs erf erfc gamma lgamma degrees "
        "radians").split()
WHOLE, TRUTHS = ("floor", "ceil", "trunc"), ("isnan", "isinf", "isfinite")


@call(*MATH, *WHOLE, *TRUTHS, "atan2", "hypot", "pow", "copysign", prefix="math.")
def _of_math(e: Expressions, node: ast.Call) -> Lifted:
    values = [e.value(a) for a in node.args]
    if node.keywords or any(v.ndim or v.dtype.kind not in "iuf" for v in values):
        raise CannotLift(f"{syntax.text(node.func)} of these arguments")
    texts = [v.text if v.dtype == FLOAT64 else cast(v.text, v, FLOAT64) for v in values]
    name = node.func.attr  # type: ignore[attr-defined]
    dtype = BOOL if name in TRUTHS else INT64 if name in WHOLE else FLOAT64
    return scalar(f"{syntax.text(node.func)}({', '.join(texts)})", dtype, weak=True, cost=10)
