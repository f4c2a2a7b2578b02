"""Functions of NumPy, math and Python that act on each element."""
from __future__ import annotations

import ast

import numpy as np

from . import syntax
from .affine import ONE
from .calls import Lifted, arguments, call
from .dtypes import BOOL, FLOAT64, INT64, cast, joined, loop_dtypes
from .errors import CannotLift
from .expressions import SIGNS, Expressions
from .values import Pack, Value, integer, number, scalar

FLOAT_FUNCTIONS = ("exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh "
                   "sqrt cbrt deg2rad rad2deg radians degrees rint floor ceil trunc").split()
CHEAP = frozenset({"floor", "ceil", "trunc", "rint", "deg2rad", "rad2deg", "radians", "degrees"})


@call(*FLOAT_FUNCTIONS)
def _float_function(e: Expressions, node: ast.Call) -> Lifted:
    (x,) = arguments(node, "x")
    name = syntax.text(node.func)[3:]
    value = e.value(x)  # type: ignore[arg-type]
    function = getattr(np, name)
    if name in ("floor", "ceil", "trunc") and value.dtype.kind in "biu":
        return value.lazily()
    dtypes = loop_dtypes(function, value)
    if dtypes[-1].kind == "c" and name in CHEAP | {"cbrt"}:
        raise CannotLift(f"np.{name} of complex numbers")
    return _strong(e.ufunc(function, (value,), lambda t: f"np.{name}({t})", 2 if name in CHEAP else 10))


@call("arctan2", "hypot", "copysign", "fmod", "logaddexp", "nextafter", "fmin", "fmax", "minimum", "maximum")
def _binary_function(e: Expressions, node: ast.Call) -> Lifted:
    x, y = arguments(node, "x y", 2)
    name = syntax.text(node.func)[3:]
    a, b = e.value(x), e.value(y)  # type: ignore[arg-type]
    function = getattr(np, name)
    if loop_dtypes(function, a, b)[-1].kind == "c":
        raise CannotLift(f"np.{name} of complex numbers")
    if name in ("minimum", "maximum") and a.weak and b.weak and a.dtype != b.dtype:
        raise CannotLift("numbers of two types")
    return _strong(e.ufunc(function, (a, b), lambda s, t: f"np.{name}({s}, {t})", 2 if name in ("minimum", "maximum") else 10))


OPERATORS = {"add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.true_divide,
             "true_divide": np.true_divide, "floor_divide": np.floor_divide, "mod": np.remainder, "remainder": np.remainder,
             "power": np.power, "bitwise_and": np.bitwise_and, "bitwise_or": np.bitwise_or, "bitwise_xor": np.bitwise_xor,
             "left_shift": np.left_shift, "right_shift": np.right_shift, "less": np.less, "less_equal": np.less_equal,
             "greater": np.greater, "greater_equal": np.greater_equal, "equal": np.equal, "not_equal": np.not_equal}
assert set(OPERATORS.values()) == set(SIGNS)


@call(*OPERATORS)
def _operator(e: Expressions, node: ast.Call) -> Lifted:
    x, y = arguments(node, "x y", 2)
    return _strong(e.arithmetic(OPERATORS[syntax.text(node.func)[3:]], e.value(x), e.value(y)))  # type: ignore[arg-type]


@call("logical_and", "logical_or", "logical_xor")
def _logical(e: Expressions, node: ast.Call) -> Lifted:
    x, y = arguments(node, "x y", 2)
    a, b = e.value(x), e.value(y)  # type: ignore[arg-type]
    word = {"np.logical_and": "and", "np.logical_or": "or", "np.logical_xor": "!="}[syntax.text(node.func)]
    return e.elementwise((a, b), BOOL, lambda t: f"({cast(t[0], a, BOOL)} {word} {cast(t[1], b, BOOL)})")


@call("logical_not")
def _logical_not(e: Expressions, node: ast.Call) -> Lifted:
    (x,) = arguments(node, "x")
    a = e.value(x)  # type: ignore[arg-type]
    return e.elementwise((a,), BOOL, lambda t: f"(not {cast(t[0], a, BOOL)})")


@call("negative", "invert", "bitwise_not", "positive")
def _unary(e: Expressions, node: ast.Call) -> Lifted:
    (x,) = arguments(node, "x")
    a = e.value(x)  # type: ignore[arg-type]
    name = syntax.text(node.func)[3:]
    if name == "positive":
        return a.lazily()
    if name != "negative" and a.dtype == BOOL:
        return e.elementwise((a,), BOOL, lambda t: f"(not {t[0]})")
    sign = "-" if name == "negative" else "~"
    return _strong(e.ufunc(np.negative if sign == "-" else np.invert, (a,), lambda t: f"({sign}{t})"))


@call("square", "reciprocal")
def _square(e: Expressions, node: ast.Call) -> Lifted:
    (x,) = arguments(node, "x")
    a = e.value(x)  # type: ignore[arg-type]
    if a.dtype.kind not in "fc":
        raise CannotLift("np.square and np.reciprocal of integers")
    if syntax.text(node.func) == "np.square":
        return _strong(e.ufunc(np.square, (a,), lambda t: _squared(e, t), 2))
    return _strong(e.ufunc(np.reciprocal, (a,), lambda t: f"({'1.0' if a.dtype == FLOAT64 else f'np.{a.dtype.name}(1.0)'} / {t})", 4))


def _squared(e: Expressions, text: str) -> str:
    bound = e.bind(text)
    return f"({bound} * {bound})"


@call("abs", prefix="")
@call("abs", "absolute", "fabs")
def _absolute(e: Expressions, node: ast.Call) -> Lifted:
    (x,) = arguments(node, "x")
    a = e.value(x)  # type: ignore[arg-type]
    if a.dtype == BOOL:
        raise CannotLift("the absolute value of booleans")
    fabs = syntax.text(node.func) == "np.fabs"
    found = e.ufunc(np.fabs if fabs else np.absolute, (a,), lambda t: f"abs({t})", 10 if a.dtype.kind == "c" else 1)
    return found if syntax.text(node.func) == "abs" else _strong(found)


@call("sign", "isnan", "isinf", "isfinite", "signbit")
def _test(e: Expressions, node: ast.Call) -> Lifted:
    (x,) = arguments(node, "x")
    a = e.value(x)  # type: ignore[arg-type]
    name = syntax.text(node.func)[3:]
    if a.dtype.kind != "f" and not (name == "sign" and a.dtype == INT64):
        raise CannotLift(f"np.{name} of {a.dtype}")
    return _strong(e.ufunc(getattr(np, name), (a,), lambda t: f"np.{name}({t})", 2))


@call("round", "around", method=True)
def _round(e: Expressions, node: ast.Call) -> Lifted:
    x, decimals = arguments(node, "a decimals")
    value = e.value(x)  # type: ignore[arg-type]
    if value.dtype.kind != "f" or e.static(decimals) not in (None, 0):
        raise CannotLift("np.round to decimals")
    return _strong(e.ufunc(np.rint, (value,), lambda t: f"np.rint({t})", 2))


@call(*(f"{name}.outer" for name in ("add", "subtract", "multiply", "minimum", "maximum")))
def _outer(e: Expressions, node: ast.Call) -> Lifted:
    x, y = arguments(node, "A B", 2)
    a, b = e.value(x), e.value(y)  # type: ignore[arg-type]
    if a.ndim != 1 or b.ndim != 1:
        raise CannotLift("an outer operation on other than two vectors")
    column = a.lazily(extents=(*a.extents, ONE), ones=(), element=lambda index: a.element(index[:1]))
    name = syntax.text(node.func).split(".")[1]
    if name in OPERATORS:
        return _strong(e.arithmetic(OPERATORS[name], column, b))
    return _strong(e.ufunc(getattr(np, name), (column, b), lambda s, t: f"np.{name}({s}, {t})", 2))


@call("conj", "conjugate", method=True)
def _conjugate(e: Expressions, node: ast.Call) -> Lifted:
    (x,) = arguments(node, "x")
    a = e.value(x)  # type: ignore[arg-type]
    return a.lazily() if a.dtype.kind != "c" else e.elementwise((a,), a.dtype, lambda t: f"np.conj({t[0]})")


@call("real", "imag")
def _part(e: Expressions, node: ast.Call) -> Lifted:
    (x,) = arguments(node, "x")
    return e.part(e.value(x), syntax.text(node.func)[3:])  # type: ignore[arg-type]


@call("where")
def _where(e: Expressions, node: ast.Call) -> Lifted:
    condition, x, y = arguments(node, "condition x y", 3)
    return _strong(e.where(e.value(condition), e.value(x), e.value(y)))  # type: ignore[arg-type]


@call("clip", method=True)
def _clip(e: Expressions, node: ast.Call) -> Lifted:
    for keyword in node.keywords:
        keyword.arg = {"a_min": "min", "a_max": "max"}.get(keyword.arg or "", keyword.arg)
    x, low, high = arguments(node, "a min max")
    value = e.value(x)  # type: ignore[arg-type]
    ends = [(e.value(n), function) for n, function in ((low, np.maximum), (high, np.minimum))
            if n is not None and not (isinstance(n, ast.Constant) and n.value is None)]
    dtype = joined(value, *(end for end, _ in ends))
    if dtype != value.dtype or dtype.kind not in "iuf":
        raise CannotLift("np.clip that changes the dtype")
    for end, function in ends:
        value = e.ufunc(function, (value, end), lambda s, t, n=function.__name__: f"np.{n}({s}, {t})", 2)
    return _strong(value)


@call("astype", method=True)
def _astype(e: Expressions, node: ast.Call) -> Lifted:
    x, dtype, _ = arguments(node, "a dtype copy", 2)
    value = e.value(x)  # type: ignore[arg-type]
    wanted = dtype_of(e, dtype)
    if value.dtype.kind == "c" and wanted.kind == "c" or value.dtype.kind != "c" or wanted.kind != "c":
        return e.elementwise((value,), wanted, lambda t: cast(t[0], value, wanted), 1 if value.dtype != wanted else 0)
    raise CannotLift("this conversion has no loop form")


def dtype_of(e: Expressions, node: ast.expr | None, default: np.dtype = FLOAT64) -> np.dtype:
    """The dtype that an argument names: `np.float32` or `a.dtype`. Raises CannotLift."""
    if node is None:
        return default
    text = syntax.text(node)
    if isinstance(node, ast.Attribute) and node.attr == "dtype":
        return e.value(node.value).dtype
    if text in ("float", "int", "bool", "complex"):
        return np.dtype(text)
    if text.startswith("np."):
        found = getattr(np, text[3:], None)
        if isinstance(found, type) and issubclass(found, np.generic):
            return np.dtype(found)
    raise CannotLift(f"the dtype `{text}` is not known beforehand")


@call(*"float64 float32 int64 int32 int16 int8 uint8 uint16 uint32 uint64 complex128 complex64 bool_ intp".split())
def _numpy_scalar(e: Expressions, node: ast.Call) -> Lifted:
    (x,) = arguments(node, "x")
    value = e.value(x)  # type: ignore[arg-type]
    dtype = dtype_of(e, node.func)
    return e.elementwise((value,), dtype, lambda t: cast(t[0], value, dtype), 0)


@call("int", "float", "complex", "bool", prefix="")
def _python_number(e: Expressions, node: ast.Call) -> Lifted:
    name = syntax.text(node.func)
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


@call("round", prefix="")
def _rounded(e: Expressions, node: ast.Call) -> Lifted:
    value = e.value(node.args[0])
    if len(node.args) != 1 or value.ndim or not (value.weak and value.dtype == FLOAT64):
        raise CannotLift("round() of other things than one Python float")
    return scalar(f"round({value.text})", INT64, weak=True)


@call("len", prefix="")
def _length(e: Expressions, node: ast.Call) -> Lifted:
    (x,) = arguments(node, "x")
    value = e.any_value(x)  # type: ignore[arg-type]
    if isinstance(value, Pack):
        return number(len(value.items))
    if not value.ndim:
        raise CannotLift("len() of a number")
    return integer(value.extents[0].length)


@call("min", "max", prefix="")
def _smallest(e: Expressions, node: ast.Call) -> Lifted:
    name = syntax.text(node.func)
    if len(node.args) < 2 or node.keywords:
        raise CannotLift(f"{name}() of one array")
    values = [e.value(a) for a in node.args]
    if any(v.ndim or v.dtype != values[0].dtype for v in values):
        raise CannotLift(f"{name}() of numbers of several types")
    return scalar(f"{name}({', '.join(v.text for v in values)})", values[0].dtype, all(v.weak for v in values))


MATH = "sqrt exp log sin cos tan tanh sinh cosh asin acos atan log2 log10 log1p expm1 fabs erf erfc gamma lgamma".split()


@call(*MATH, "atan2", "hypot", "pow", "floor", "ceil", prefix="math.")
def _of_math(e: Expressions, node: ast.Call) -> Lifted:
    values = [e.value(a) for a in node.args]
    if node.keywords or any(v.ndim or v.dtype.kind not in "iuf" for v in values):
        raise CannotLift(f"{syntax.text(node.func)} of these arguments")
    texts = [v.text if v.dtype == FLOAT64 else cast(v.text, v, FLOAT64) for v in values]
    whole = node.func.attr in ("floor", "ceil")  # type: ignore[attr-defined]
    return scalar(f"{syntax.text(node.func)}({', '.join(texts)})", INT64 if whole else FLOAT64, weak=True, cost=10)


def _strong(value: Value) -> Value:
    """What a ufunc returns, which is never Python's own number."""
    return value.lazily(weak=False)
