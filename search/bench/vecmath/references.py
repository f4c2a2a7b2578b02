"""What vecmath's functions are compared with: NumPy in a wider format, and mpmath where even that might not do.

The wider format of float32 is float64, and of float64 np.longdouble: at least 11 bits more, of which the functions of a C
library lose one or two. That leaves an uncertainty below 0.01 ULP.
"""
from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import mpmath
import numba
import numpy as np

WIDER: Mapping[str, type[np.floating[Any]]] = MappingProxyType({"float32": np.float64, "float64": np.longdouble})
DIGITS = 60
ERF_IS_1 = 7


def _erf(x: np.ndarray) -> np.ndarray:
    return _erf_double(x) if x.dtype == np.float64 else _erf_long(x)


@numba.vectorize
def _erf_double(x: float) -> float:
    return math.erf(x)


def _erf_long(x: np.ndarray) -> np.ndarray:
    """2 / sqrt(pi) exp(-x**2) sum of 2**n x**(2 n + 1) / (1 3 5 ... (2 n + 1)): all terms of one sign, so that none cancels."""
    result = np.where(np.isnan(x), x, np.sign(x))
    size = np.abs(x)
    for low, high in pairwise((0, 0.5, 1, 2, 4, ERF_IS_1)):
        some = (size >= low) & (size < high) & (x != 0)
        part = x[some]
        square = part * part
        total = term = part
        n = 1
        while term.size and np.max(term / total) > np.finfo(x.dtype).eps / 16:
            term = term * (2 * square / (2 * n + 1))
            total = total + term
            n += 1
        result[some] = 2 / np.sqrt(4 * np.arctan(np.ones((), x.dtype))) * np.exp(-square) * total
    return np.where(x == 0, x, result)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def _rsqrt(x: np.ndarray) -> np.ndarray:
    return 1 / np.sqrt(x)


REFERENCES: Mapping[str, Callable[..., np.ndarray]] = MappingProxyType({
    "exp": np.exp, "exp2": np.exp2, "expm1": np.expm1, "log": np.log, "log2": np.log2, "log10": np.log10, "log1p": np.log1p,
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "sigmoid": _sigmoid,
    "atan": np.arctan, "atan2": np.arctan2, "asin": np.arcsin, "acos": np.arccos,
    "pow": np.power, "cbrt": np.cbrt, "rsqrt": _rsqrt, "erf": _erf,
})
"""Each function by its name, over arrays of any floating dtype."""

EXACT: Mapping[str, Callable[..., Any]] = MappingProxyType({
    "exp": mpmath.exp, "exp2": lambda x: mpmath.mpf(2) ** x, "expm1": mpmath.expm1, "log": mpmath.log,
    "log2": lambda x: mpmath.log(x) / mpmath.log(2), "log10": mpmath.log10, "log1p": mpmath.log1p,
    "sin": mpmath.sin, "cos": mpmath.cos, "tan": mpmath.tan, "sinh": mpmath.sinh, "cosh": mpmath.cosh, "tanh": mpmath.tanh,
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)), "atan": mpmath.atan, "atan2": mpmath.atan2, "asin": mpmath.asin,
    "acos": mpmath.acos, "pow": mpmath.power, "cbrt": lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)),
    "rsqrt": lambda x: 1 / mpmath.sqrt(x), "erf": mpmath.erf,
})
"""The same in mpmath, for finite real arguments and results."""


def reference(name: str, *arguments: np.ndarray) -> np.ndarray:
    """The values in the wider format. Raises RuntimeError where this machine's np.longdouble is float64."""
    wider = WIDER[arguments[0].dtype.name]
    if np.finfo(wider).nmant < np.finfo(arguments[0].dtype).nmant + 11:
        raise RuntimeError("np.longdouble is no wider than float64 on this machine, so errors of float64 cannot be measured")
    with np.errstate(all="ignore"):
        return REFERENCES[name](*(argument.astype(wider) for argument in arguments))


def exact(name: str, *arguments: float) -> Any:
    """The value at one point as an mpmath number of 60 digits."""
    with mpmath.workdps(DIGITS):
        return +EXACT[name](*(mpmath.mpf(float(argument)) for argument in arguments))
