"""Values of functions to all the digits that the current decimal context asks for."""
from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, getcontext
from functools import lru_cache
from typing import Any

_GUARD = 8
"""Digits computed beyond those kept."""
NAN, INFINITY = Decimal("nan"), Decimal("inf")
NATIVE: dict[str, Callable[[Decimal], Decimal]] = {"exp": Decimal.exp, "log": Decimal.ln, "sqrt": Decimal.sqrt}
_MPMATH = {
    "sin": "sin", "cos": "cos", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2",
    "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh", "cbrt": "cbrt", "erf": "erf", "gamma": "gamma",
    "lgamma": "loggamma", "power": "power",
}


def value(name: str, *arguments: Decimal) -> Decimal:
    """The function's value; nan outside its domain, and infinities where it has a pole or an infinite limit."""
    if len(arguments) == 1 and name in NATIVE:
        return NATIVE[name](arguments[0])
    if not all(argument.is_finite() for argument in arguments):
        return _at_infinity(name, arguments)
    mp = _mpmath()
    with mp.workdps(getcontext().prec + _GUARD):
        try:
            found = getattr(mp, _MPMATH[name])(*(mp.mpf(str(argument)) for argument in arguments))
        except (ValueError, ZeroDivisionError, OverflowError):
            return INFINITY if name in ("gamma", "lgamma") else NAN
        found = found.real if name == "lgamma" else found
        if isinstance(found, mp.mpc):
            return NAN
        return +Decimal(mp.nstr(found, getcontext().prec + _GUARD))


@lru_cache(maxsize=4)
def pi(digits: int) -> Decimal:
    """π to so many digits."""
    mp = _mpmath()
    with mp.workdps(digits + _GUARD):
        return Decimal(mp.nstr(+mp.pi, digits + _GUARD))


def _at_infinity(name: str, arguments: tuple[Decimal, ...]) -> Decimal:
    if len(arguments) == 1 and not arguments[0].is_nan():
        positive = arguments[0] > 0
        if name == "erf":
            return Decimal(1 if positive else -1)
        if name in ("arcsinh", "cbrt"):
            return arguments[0]
        if name in ("arccosh", "gamma", "lgamma") and positive:
            return INFINITY
        if name == "arctan":
            half = pi(getcontext().prec) / 2
            return half if positive else -half
    return NAN


def _mpmath() -> Any:
    import mpmath  # only for functions that the decimal module lacks

    return mpmath
