"""What an operation on one element costs: additions, multiplications, divisions, roots, elementary functions, comparisons."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

Cost = Mapping[str, int]
NOTHING: Cost = {}
GENERIC_POWER: Cost = {"elementary": 2}


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_REAL: dict[str, Cost] = {
    **dict.fromkeys(_words("add subtract"), {"add": 1}),
    **dict.fromkeys(_words("multiply square deg2rad rad2deg degrees radians"), {"multiply": 1}),
    **dict.fromkeys(_words("divide true_divide floor_divide remainder fmod mod divmod reciprocal"), {"divide": 1}),
    "sqrt": {"sqrt": 1},
    "hypot": {"multiply": 2, "add": 1, "sqrt": 1},
    **dict.fromkeys(_words(
        "exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan arctan2 sinh cosh tanh arcsinh arccosh arctanh "
        "asin acos atan atan2 asinh acosh atanh cbrt erf erfc expit gamma lgamma gammaln sinc i0"), {"elementary": 1}),
    **dict.fromkeys(_words("logaddexp logaddexp2"), {"elementary": 2, "add": 2}),
    **dict.fromkeys(_words("power float_power pow"), GENERIC_POWER),
    **dict.fromkeys(_words(
        "maximum minimum fmax fmin greater greater_equal less less_equal equal not_equal heaviside"), {"compare": 1}),
    "clip": {"compare": 2},
    **dict.fromkeys(_words(
        "negative positive absolute fabs sign copysign floor ceil trunc rint conjugate conj isnan isfinite isinf signbit "
        "nextafter spacing ldexp frexp modf logical_and logical_or logical_xor logical_not isnat bitwise_and bitwise_or "
        "bitwise_xor invert bitwise_count left_shift right_shift gcd lcm _ones_like"), NOTHING),
}
_COMPLEX: dict[str, Cost] = {
    "square": {"multiply": 4, "add": 2},
    "absolute": {"multiply": 2, "add": 1, "sqrt": 1},
    "sqrt": {"multiply": 2, "add": 2, "sqrt": 2},
    "reciprocal": {"multiply": 2, "add": 1, "divide": 2},
    "power": {"elementary": 4, "multiply": 4},
    "float_power": {"elementary": 4, "multiply": 4},
}


@cache
def cost(name: str, complexes: tuple[bool, ...]) -> Cost | None:
    """What NumPy's universal function `name` costs an element; None where that is not known here.

    complexes: of each operand, whether it is complex. A complex product takes 4 multiplications and 2 additions, one with a real
    factor 2 multiplications; a complex quotient 6, 3 and 2 divisions.
    """
    real = _REAL.get(name)
    if real is None or not any(complexes):
        return real
    both = all(complexes)
    if name in ("add", "subtract"):
        return {"add": 2 if both else 1}
    if name == "multiply":
        return {"multiply": 4, "add": 2} if both else {"multiply": 2}
    if name in ("divide", "true_divide"):
        if both:
            return {"multiply": 6, "add": 3, "divide": 2}
        return {"divide": 2} if complexes[0] else {"multiply": 4, "add": 1, "divide": 2}
    if name in _COMPLEX:
        return _COMPLEX[name]
    if "elementary" in real:  # by Euler's formula, two functions and their products
        return {"elementary": 2 * real["elementary"], "multiply": 2}
    return real


def power(exponent: Any, is_complex: bool) -> Cost:
    """What x**exponent costs: multiplications for a whole number, and a root for a half; else a logarithm and an exponential."""
    generic = cost("power", (is_complex, is_complex)) or GENERIC_POWER
    try:
        doubled = float(2 * exponent)
    except (TypeError, ValueError, OverflowError):
        return generic
    if not doubled.is_integer() or abs(doubled) > 128:
        return generic
    whole, half = divmod(abs(int(doubled)), 2)
    products = max(0, whole.bit_length() - 1 + bin(whole).count("1") - 1) + (1 if half and whole else 0)
    found: dict[str, int] = {}
    _add(found, cost("multiply", (is_complex, is_complex)), products)
    _add(found, cost("sqrt", (is_complex,)), half)
    _add(found, cost("reciprocal", (is_complex,)), int(doubled < 0))
    return found


def times(price: Cost, count: int) -> Cost:
    return {kind: n * count for kind, n in price.items()}


def together(*prices: Cost) -> Cost:
    found: dict[str, int] = {}
    for price in prices:
        _add(found, price, 1)
    return found


def _add(found: dict[str, int], price: Cost | None, count: int) -> None:
    for kind, n in (price or {}).items():
        if n * count:
            found[kind] = found.get(kind, 0) + n * count


_PRECISION = {np.dtype(np.float32): ("float32", False), np.dtype(np.complex64): ("float32", True),
              np.dtype(np.float64): ("float64", False), np.dtype(np.complex128): ("float64", True)}


def precision_of(dtypes: Sequence[np.dtype]) -> str | None:
    """The widest precision among these dtypes; None where all are integers or booleans."""
    found = [_PRECISION[dtype][0] for dtype in dtypes if dtype in _PRECISION]
    return max(found, default=None)  # "float64" sorts after "float32"


def is_complex(dtype: np.dtype) -> bool:
    return dtype.kind == "c"
