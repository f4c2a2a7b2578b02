"""Functions that select, round and divide: along the values of their arguments, exactly for the residues."""
from __future__ import annotations

from typing import Any

from .functions import arctan2, number, real
from .number import ONE, ZERO, exact, floor, raised, rint, trunc
from .pair import Pair

# --- signs and selections

def sign(x: Any) -> Any:
    x = real(x)
    if x.value.is_nan():
        return x
    return exact((x > 0) - (x < 0))


def absolute(x: Any) -> Any:
    return abs(number(x))


def negative(x: Any) -> Any:
    return -number(x)


def positive(x: Any) -> Any:
    return number(x)


def copysign(x: Any, y: Any) -> Any:
    size = abs(real(x))
    return -size if real(y) < 0 else size


def maximum(a: Any, b: Any) -> Any:
    a, b = real(a), real(b)
    if is_nan(a) or is_nan(b):
        return a if is_nan(a) else b
    return a if a >= b else b


def minimum(a: Any, b: Any) -> Any:
    a, b = real(a), real(b)
    if is_nan(a) or is_nan(b):
        return a if is_nan(a) else b
    return a if a <= b else b


def fmax(a: Any, b: Any) -> Any:
    a, b = real(a), real(b)
    return b if is_nan(a) else a if is_nan(b) else maximum(a, b)


def fmin(a: Any, b: Any) -> Any:
    a, b = real(a), real(b)
    return b if is_nan(a) else a if is_nan(b) else minimum(a, b)


def heaviside(x: Any, at_zero: Any) -> Any:
    x = real(x)
    return x if is_nan(x) else ZERO if x < 0 else ONE if x > 0 else number(at_zero)


def is_nan(x: Any) -> bool:
    x = number(x)
    return is_nan(x.real) or is_nan(x.imag) if type(x) is Pair else x.value.is_nan()


def is_inf(x: Any) -> bool:
    x = number(x)
    return is_inf(x.real) or is_inf(x.imag) if type(x) is Pair else x.value.is_infinite()


def is_finite(x: Any) -> bool:
    x = number(x)
    return is_finite(x.real) and is_finite(x.imag) if type(x) is Pair else x.value.is_finite()


def signbit(x: Any) -> bool:
    return bool(real(x) < 0)


# --- rounding and division

def floor_divide(a: Any, b: Any) -> Any:
    return floor(real(a) / real(b))


def remainder(a: Any, b: Any) -> Any:
    return real(a) % real(b)


def fmod(a: Any, b: Any) -> Any:
    a, b = real(a), real(b)
    return a - b * trunc(a / b)


def divmod_(a: Any, b: Any) -> Any:
    return floor_divide(a, b), remainder(a, b)


def modf(x: Any) -> Any:
    x = real(x)
    whole = trunc(x)
    return x - whole, whole


def rounded(x: Any, decimals: int = 0) -> Any:
    x = number(x)
    if type(x) is Pair:
        return Pair(rounded(x.real, decimals), rounded(x.imag, decimals))
    scale = raised(exact(10), abs(int(decimals)))
    return rint(x) if not decimals else rint(x * scale) / scale if decimals > 0 else rint(x / scale) * scale


def conjugate(x: Any) -> Any:
    return number(x).conjugate()


def angle(x: Any) -> Any:
    x = number(x)
    return arctan2(x.imag, x.real)
