"""Functions of NumPy that act on each element: those that Numba has under the same name, and conversions."""
from __future__ import annotations

import ast

import numpy as np

from . import syntax
from .calls import Lifted, arguments, call, dtype_of
from .dtypes import BOOL, cast, loop_dtypes
from .errors import CannotLift
from .expressions import SIGNS, Expressions
from .ufuncs import ufunc
from .values import Value

FLOAT_FUNCTIONS = ("exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh "
                   "sqrt cbrt deg2rad rad2deg radians degrees rint floor ceil trunc").split()
CHEAP = frozenset({"floor", "ceil", "trunc", "rint", "deg2rad", "rad2deg", "radians", "degrees"})


@ufunc(*FLOAT_FUNCTIONS)
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


@ufunc("arctan2", "hypot", "copysign", "fmod", "logaddexp", "logaddexp2", "nextafter", "ldexp", "gcd", "lcm", "fmin", "fmax", "minimum", "maximum")
def _binary_function(e: Expressions, node: ast.Call) -> Lifted:
    x, y = arguments(node, "x y", 2)
    name = syntax.text(node.func)[3:]
    a, b = e.value(x), e.value(y)  # type: ignore[arg-type]
    function = getattr(np, name)
    if loop_dtypes(function, a, b)[-1].kind == "c":
        raise CannotLift(f"np.{name} of complex numbers")
    if name == "fmod" and loop_dtypes(function, a, b)[-1].kind in "iu":
        return _strong(e.ufunc(function, (a, b), lambda s, t: _remainder(e, s, t), 6))
    if name in ("minimum", "maximum") and a.weak and b.weak and a.dtype != b.dtype:
        raise CannotLift("numbers of two types")
    return _strong(e.ufunc(function, (a, b), lambda s, t: f"np.{name}({s}, {t})", 2 if name in ("minimum", "maximum") else 10))


def _remainder(e: Expressions, text: str, by: str) -> str:
    """The remainder with the sign of `text`; Numba's np.fmod of integers gives it the other's sign."""
    bound = e.bind(text, "element")
    return f"(abs({bound}) % abs({by}) if {bound} >= 0 else -(abs({bound}) % abs({by})))"


OPERATORS = {"add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.true_divide,
             "true_divide": np.true_divide, "floor_divide": np.floor_divide, "mod": np.remainder, "remainder": np.remainder,
             "power": np.power, "bitwise_and": np.bitwise_and, "bitwise_or": np.bitwise_or, "bitwise_xor": np.bitwise_xor,
             "left_shift": np.left_shift, "right_shift": np.right_shift, "less": np.less, "less_equal": np.less_equal,
             "greater": np.greater, "greater_equal": np.greater_equal, "equal": np.equal, "not_equal": np.not_equal}
assert set(OPERATORS.values()) == set(SIGNS)


@ufunc(*OPERATORS)
def _operator(e: Expressions, node: ast.Call) -> Lifted:
    x, y = arguments(node, "x y", 2)
    return _strong(e.arithmetic(OPERATORS[syntax.text(node.func)[3:]], e.value(x), e.value(y)))  # type: ignore[arg-type]


@ufunc("logical_and", "logical_or", "logical_xor")
def _logical(e: Expressions, node: ast.Call) -> Lifted:
    x, y = arguments(node, "x y", 2)
    a, b = e.value(x), e.value(y)  # type: ignore[arg-type]
    word = {"np.logical_and": "and", "np.logical_or": "or", "np.logical_xor": "!="}[syntax.text(node.func)]
    return e.elementwise((a, b), BOOL, lambda t: f"({cast(t[0], a, BOOL)} {word} {cast(t[1], b, BOOL)})")


@ufunc("logical_not")
def _logical_not(e: Expressions, node: ast.Call) -> Lifted:
    (x,) = arguments(node, "x")
    a = e.value(x)  # type: ignore[arg-type]
    return e.elementwise((a,), BOOL, lambda t: f"(not {cast(t[0], a, BOOL)})")


@ufunc("negative", "invert", "bitwise_not", "positive")
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


def squared(e: Expressions, text: str) -> str:
    bound = e.bind(text)
    return f"({bound} * {bound})"


@call("abs", prefix="")
@ufunc("abs", "absolute", "fabs")
def _absolute(e: Expressions, node: ast.Call) -> Lifted:
    (x,) = arguments(node, "x")
    a = e.value(x)  # type: ignore[arg-type]
    if a.dtype == BOOL:
        if a.weak or syntax.text(node.func) == "np.fabs":
            raise CannotLift("the absolute value of Python's booleans")
        return e.elementwise((a,), BOOL, lambda x: x[0], 0)
    fabs = syntax.text(node.func) == "np.fabs"
    if a.dtype.kind == "c" and a.ndim:
        return _strong(e.ufunc(np.absolute, (a,), lambda t: _modulus(e, t, a.dtype), 10))
    found = e.ufunc(np.fabs if fabs else np.absolute, (a,), lambda t: f"abs({t})", 10 if a.dtype.kind == "c" else 1)
    return found if syntax.text(node.func) == "abs" else _strong(found)


def _modulus(e: Expressions, text: str, dtype: np.dtype) -> str:
    """The root of the square of a complex number's length, where that neither overflows nor loses digits: Numba's own `abs`
    calls hypot, which takes several times as long."""
    least, most = ("1e-30", "1e30") if dtype == np.complex64 else ("1e-280", "1e280")
    number = e.bind(text, "z")
    square = e.bind(f"{number}.real * {number}.real + {number}.imag * {number}.imag", "square")
    return f"(np.sqrt({square}) if {least} < {square} < {most} else abs({number}))"


@ufunc("conj", "conjugate")
def _conjugate(e: Expressions, node: ast.Call) -> Lifted:
    (x,) = arguments(node, "x")
    a = e.value(x)  # type: ignore[arg-type]
    return a.lazily() if a.dtype.kind != "c" else e.elementwise((a,), a.dtype, lambda t: f"np.conj({t[0]})")


Expressions.methods.update({"conj": _conjugate, "conjugate": _conjugate})  # type: ignore[dict-item]


@call("real", "imag")
def _part(e: Expressions, node: ast.Call) -> Lifted:
    (x,) = arguments(node, "x")
    return e.part(e.value(x), syntax.text(node.func)[3:])  # type: ignore[arg-type]


@call("where")
def _where(e: Expressions, node: ast.Call) -> Lifted:
    condition, x, y = arguments(node, "condition x y", 3)
    return _strong(e.where(e.value(condition), e.value(x), e.value(y)))  # type: ignore[arg-type]


@call("astype", method=True)
def _astype(e: Expressions, node: ast.Call) -> Lifted:
    x, dtype, copied = arguments(node, "a dtype copy", 2)
    value = e.value(x)  # type: ignore[arg-type]
    wanted = dtype_of(e, dtype)
    if copied is not None and not e.static(copied) and value.dtype == wanted:
        return value
    if value.dtype.kind == "c" and wanted.kind == "c" or value.dtype.kind != "c" or wanted.kind != "c":
        return e.elementwise((value,), wanted, lambda t: cast(t[0], value, wanted), 1 if value.dtype != wanted else 0)
    raise CannotLift("this conversion has no loop form")


@call(*"float64 float32 int64 int32 int16 int8 uint8 uint16 uint32 uint64 complex128 complex64 bool_ intp".split())
def _numpy_scalar(e: Expressions, node: ast.Call) -> Lifted:
    (x,) = arguments(node, "x")
    value = e.value(x)  # type: ignore[arg-type]
    dtype = dtype_of(e, node.func)
    return e.elementwise((value,), dtype, lambda t: cast(t[0], value, dtype), 0)


def _strong(value: Value) -> Value:
    """What a ufunc returns, which is never Python's own number."""
    return value.lazily(weak=False)
