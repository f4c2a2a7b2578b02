"""Functions of the module `math` on long doubles."""
from __future__ import annotations

from typing import Any

import numpy as np

from .text import Unrepeatable

_SPELLED = {"acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan", "atan2": "arctan2",
            "atanh": "arctanh", "pow": "power"}
_IN_NUMPY = set("exp exp2 expm1 log log2 log10 log1p sqrt cbrt sin cos tan sinh cosh tanh arccos arccosh arcsin arcsinh arctan "
                "arctan2 arctanh power fabs hypot copysign fmod ldexp floor ceil trunc degrees radians".split())
_IN_MPMATH = {"erf": "erf", "erfc": "erfc", "gamma": "gamma", "lgamma": "loggamma"}
DIGITS = 40


def in_long_double(name: str, arguments: tuple[Any, ...]) -> Any:
    """math.name(*arguments) as a long double. Raises Unrepeatable for a function that is not known here."""
    spelled = _SPELLED.get(name, name)
    if spelled == "log" and len(arguments) == 2:
        return np.log(arguments[0]) / np.log(arguments[1])
    if spelled in _IN_NUMPY:
        return getattr(np, spelled)(*arguments)
    if name in _IN_MPMATH:
        import mpmath  # it takes a tenth of a second to load

        with mpmath.workdps(DIGITS):
            return from_mpmath(getattr(mpmath, _IN_MPMATH[name])(to_mpmath(arguments[0])).real)
    raise Unrepeatable(f"math.{name} is known in double precision only")


def to_mpmath(value: Any) -> Any:
    """A float of NumPy or Python as mpmath's, without a rounding."""
    import mpmath

    high = float(value)
    if not np.isfinite(high):
        return mpmath.mpf(high)
    return mpmath.mpf(high) + mpmath.mpf(float(value - high))


def from_mpmath(value: Any) -> np.longdouble:
    """The nearest long double, or almost."""
    import mpmath

    high = float(value)
    if not np.isfinite(high):
        return np.longdouble(high)
    return np.longdouble(high) + np.longdouble(float(mpmath.mpf(value) - high))
