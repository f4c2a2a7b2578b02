"""Functions of plain Python and of `math` that compute with numbers."""
from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable
from typing import Any

from ..interpret import machine
from .costs import cost, power
from .errors import NotCounted
from .operators import COMPARE, KINDS, binary
from .tally import current


def _sum(values: Any, start: Any = 0) -> Any:
    for value in values:
        # The whole number 0 that a sum begins with is no operand.
        start = value if type(start) is int and start == 0 else binary("Add", start, value)
    return start


def _extreme(function: Callable[..., Any]) -> Callable[..., Any]:
    def found(*arguments: Any, **options: Any) -> Any:
        values = list(arguments[0]) if len(arguments) == 1 else list(arguments)
        kind = next((KINDS[type(value)] for value in values if type(value) in KINDS), None)
        if kind is not None:
            current().count(kind[0], COMPARE, len(values) - 1)
        return function(values, **options)

    return found


def _mathematics(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    price = cost(_AS_UFUNC.get(name, name), (False,))

    def called(*arguments: Any) -> Any:
        if price is None:
            raise NotCounted(f"what math.{name} costs is not known")
        current().count("float64", price, 1)
        try:
            return function(*arguments)
        except (ValueError, OverflowError, ZeroDivisionError):
            if current().compiled:
                return math.nan  # compiled code raises nothing
            raise

    return called


_AS_UFUNC = {"fabs": "absolute"}
FREE_OF_MATH = "floor ceil trunc isnan isinf isfinite copysign gcd lcm comb perm factorial isqrt frexp ldexp modf isclose nextafter ulp".split()


def _to_int(value: Any = 0, *base: Any) -> Any:
    return machine.to_int(value) if current().compiled and not base else int(value, *base)


def _divmod(a: Any, b: Any) -> Any:
    return binary("FloorDiv", a, b), binary("Mod", a, b)


def _power(a: Any, b: Any, *modulus: Any) -> Any:
    return pow(a, b, *modulus) if modulus else binary("Pow", a, b)


def _absolute(value: Any) -> Any:
    if KINDS.get(type(value), ("", False))[1]:
        current().count(KINDS[type(value)][0], cost("absolute", (True,)) or {}, 1)
    return abs(value)


def _math_power(a: float, b: float) -> float:
    current().count("float64", power(b, False), 1)
    return math.pow(a, b)


def _hypot(*values: Any) -> float:
    current().count("float64", {"multiply": len(values), "add": max(0, len(values) - 1), "sqrt": 1}, 1)
    return math.hypot(*values)


COUNTED: dict[Any, Callable[..., Any]] = {
    sum: _sum, max: _extreme(max), min: _extreme(min), divmod: _divmod, pow: _power, int: _to_int, abs: _absolute,
    **{getattr(math, name): _mathematics(name, getattr(math, name)) for name in dir(math)
       if callable(getattr(math, name)) and not name.startswith("_") and name not in FREE_OF_MATH},
    math.hypot: _hypot, math.pow: _math_power,
    **{getattr(operator, name): functools.partial(binary, node) for name, node in (
        ("add", "Add"), ("sub", "Sub"), ("mul", "Mult"), ("truediv", "Div"), ("floordiv", "FloorDiv"), ("mod", "Mod"),
        ("pow", "Pow"), ("matmul", "MatMult"))},
}
