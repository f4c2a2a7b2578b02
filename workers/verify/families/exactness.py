"""Exactness: which elements of an operation's result are no rounding of it.

An operation is repeated in a wider type. What differs there was rounded. What agrees may have been rounded in both types
alike, where an operand is too small to show in the sum (`1 + 1e-33`, `exp(1e-33)`): so a sum is exact where its error is
none (D. Knuth, "The art of computer programming", volume 2, 4.2.2, theorem B), and a transcendental function at the few
points where its value is rational (Lindemann and Weierstrass).
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

WIDER = {"f": np.float64, "d": np.longdouble, "F": np.complex128, "D": np.clongdouble}
DIVISIONS = frozenset({"divide", "true_divide"})
_SUMS = {"add": 1, "subtract": -1}
_EXACT_AT_ZERO = frozenset("exp expm1 sin cos tan sinh cosh tanh arcsin arctan arcsinh arctanh log1p".split())
_EXACT_AT_ONE = frozenset("log arccos arccosh".split())
_NEVER_EXACT = frozenset("logaddexp logaddexp2 arctan2 deg2rad rad2deg radians degrees".split())
_EXPONENTS = {"exp2": 0, "power": 1, "float_power": 1}
"""Powers, and which operand is the exponent: a whole one can give an exact result, a fraction that vanishes cannot."""
_AWAY_FROM_ONE = 1e-6


def exact(ufunc: np.ufunc, method: str, inputs: Sequence[Any], options: dict[str, Any]) -> Callable[[np.ndarray], Any]:
    """Given the operation's result: for each of its elements whether it is exact. A quotient is exact only by a power of
    two, as a product with the reciprocal must count as the same. A zero in both types, as of an underflow, counts as exact."""
    wide = tuple(_widened(value) for value in inputs)
    try:
        with np.errstate(all="ignore"):
            other = getattr(ufunc, method)(*wide, **options)
    except (TypeError, ValueError):
        return lambda result: False
    if isinstance(other, tuple):
        return lambda result: False
    with np.errstate(all="ignore"):
        possible = _possible(ufunc.__name__, inputs, wide, other) if method == "__call__" else True
    return lambda result: (other == result) & (possible | (other == 0))


def _possible(name: str, inputs: Sequence[Any], wide: Sequence[Any], result: Any) -> Any:
    """Where the result can be exact. wide, result: operands and result in the wider type."""
    first = np.asarray(inputs[0])
    if name in DIVISIONS:
        divisor = np.asarray(inputs[1])
        tame = (np.frexp(np.abs(divisor))[0] == 0.5) if divisor.dtype.kind != "c" else np.zeros(divisor.shape, bool)
        return tame | (first == 0)
    if name in _SUMS:
        return _lost_nothing(np.asarray(wide[0]), _SUMS[name] * np.asarray(wide[1]), np.asarray(result))
    if name in _EXACT_AT_ZERO:
        return first == 0
    if name in _EXACT_AT_ONE:
        return first == 1
    if name in _NEVER_EXACT:
        return np.zeros(np.shape(result), bool)
    if name in _EXPONENTS:
        exponent = np.asarray(inputs[_EXPONENTS[name]])
        return (exponent == np.rint(exponent)) | (first == 0) | (first == 1) | (np.abs(result - 1) > _AWAY_FROM_ONE)
    if name == "hypot":
        return (first == 0) | (np.asarray(inputs[1]) == 0) | (np.spacing(result) < np.minimum(*np.abs(np.broadcast_arrays(*wide))))
    return True


def _lost_nothing(a: np.ndarray, b: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Where total = a + b without an error, given that it is the rounded sum; for complex numbers in both parts."""
    back = total - a
    error = (a - (total - back)) + (b - back)
    return (error == 0) | ~np.isfinite(total)


def _widened(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic) and value.dtype.char in WIDER:
        return np.asarray(value).astype(WIDER[value.dtype.char])
    return np.longdouble(value) if type(value) is float else value
