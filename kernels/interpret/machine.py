"""Scalars as compiled code computes them: integers of 64 bits that wrap around, nan and inf in place of exceptions."""
from __future__ import annotations

import math
import operator
import types
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..dialect import MATH_ALLOWED

_LOWEST = -(2**63)
_BITS = 2**64


def wrap(value: Any) -> Any:
    """A Python integer cut to 64 bits, signed; anything else as it is."""
    if type(value) is int and not _LOWEST <= value < -_LOWEST:
        return (value - _LOWEST) % _BITS + _LOWEST
    return value


def multiply(a: Any, b: Any) -> Any:
    if isinstance(a, tuple) or isinstance(b, tuple):
        raise TypeError("a tuple cannot be repeated")
    return wrap(a * b)


def shift_left(a: Any, b: Any) -> Any:
    if type(a) is int and type(b) is int:
        return wrap(a << (b % 64))
    return a << b


def power(a: Any, b: Any) -> Any:
    if type(a) is int and type(b) is int and b >= 0:
        return wrap(pow(a, b, _BITS)) if abs(a) > 1 else a**b
    try:
        return a**b
    except (ZeroDivisionError, OverflowError):
        return _by_numpy(np.power, a, b)


def builtin_power(a: Any, b: Any, *modulus: Any) -> Any:
    return pow(a, b, *modulus) if modulus else power(a, b)


def divide(a: Any, b: Any) -> Any:
    """a / b under the error model "numpy"."""
    try:
        return a / b
    except ZeroDivisionError:
        return _by_numpy(np.true_divide, a, b)


def floor_divide(a: Any, b: Any) -> Any:
    try:
        return a // b
    except ZeroDivisionError:
        return _by_numpy(np.floor_divide, a, b)


def remainder(a: Any, b: Any) -> Any:
    try:
        return a % b
    except ZeroDivisionError:
        return _by_numpy(np.remainder, a, b)


def to_int(value: Any = 0) -> int:
    """`int(value)`; nan and infinities become the lowest integer, as the processor converts them."""
    try:
        return wrap(int(value))
    except (ValueError, OverflowError):
        return _LOWEST


def mathematics() -> types.SimpleNamespace:
    """The `math` of compiled code: what raises in Python gives nan or inf there."""
    return types.SimpleNamespace(**{
        name: _total(getattr(math, name)) if callable(getattr(math, name)) else getattr(math, name)
        for name in MATH_ALLOWED if hasattr(math, name)
    } | {name: _rounded(getattr(math, name)) for name in ("floor", "ceil", "trunc")})


_ALIASES = {"pow": "power", "acos": "arccos", "asin": "arcsin", "acosh": "arccosh", "atanh": "arctanh"}


def _total(function: Callable[..., Any]) -> Callable[..., Any]:
    substitute = getattr(np, _ALIASES.get(function.__name__, function.__name__), None)

    def call(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except OverflowError:
            return math.inf if substitute is None else _by_numpy(substitute, *arguments)
        except ValueError:
            return math.nan if substitute is None else _by_numpy(substitute, *arguments)

    return call


def _rounded(function: Callable[[Any], Any]) -> Callable[[Any], int]:
    def call(value: Any) -> int:
        try:
            return wrap(function(value))
        except (ValueError, OverflowError):
            return _LOWEST

    return call


def _by_numpy(function: Callable[..., Any], *arguments: Any) -> Any:
    with np.errstate(all="ignore"):
        return function(*(np.float64(a) if isinstance(a, int | float) else a for a in arguments))


OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "Add": operator.add, "Sub": operator.sub, "Mult": multiply, "Div": divide,
    "FloorDiv": floor_divide, "Mod": remainder, "Pow": power, "LShift": shift_left,
    "RShift": operator.rshift, "BitAnd": operator.and_, "BitOr": operator.or_, "BitXor": operator.xor,
    "MatMult": operator.matmul,
}
"""What an operator does to two values, by the name of its node in the syntax tree."""
IN_PLACE: Mapping[str, Callable[[Any, Any], Any]] = {
    "Add": operator.iadd, "Sub": operator.isub, "Mult": operator.imul, "Div": operator.itruediv,
    "FloorDiv": operator.ifloordiv, "Mod": operator.imod, "Pow": operator.ipow, "LShift": operator.ilshift,
    "RShift": operator.irshift, "BitAnd": operator.iand, "BitOr": operator.ior, "BitXor": operator.ixor,
    "MatMult": operator.imatmul,
}
"""The same for a statement such as `a += b` where `a` is an array."""
