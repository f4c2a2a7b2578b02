"""A function of vecmath, compiled in a loop as a champion would hold it."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from ....kernels.vecmath import JIT_OPTIONS, VecFunction, with_needs

LOOP = """
def loop(out, {arguments}):
    for i in range(out.size):
        out[i] = {helper}({elements})
"""
NAMES = ("x", "y")


def signature(function: VecFunction) -> str:
    """The types of `compiled(function)`."""
    return f"void({', '.join([f'{function.dtype}[::1]'] * (1 + function.arity))})"


def compiled(function: VecFunction, fused: bool = True) -> Any:
    """loop(out, x) or loop(out, x, y) over contiguous arrays of the function's dtype, compiled for these alone.

    fused: whether multiplications and additions may be fused, as they are in a champion where the machine can.
    """
    options = dict(JIT_OPTIONS) if fused else {**JIT_OPTIONS, "fastmath": False}
    names: dict[str, Any] = {"np": np}
    for helper in with_needs([function]):
        exec(helper.text, names)
        names[helper.helper] = numba.njit(**options)(names[helper.helper])
    arguments = NAMES[: function.arity]
    exec(LOOP.format(arguments=", ".join(arguments), helper=function.helper, elements=", ".join(f"{x}[i]" for x in arguments)), names)
    return numba.njit(signature(function), error_model="numpy")(names["loop"])


def values(loop: Callable[..., None], *arguments: np.ndarray) -> np.ndarray:
    """The function's values at arrays of arguments."""
    out = np.empty_like(arguments[0])
    loop(out, *arguments)
    return out


@numba.njit(error_model="numpy")
def worst_single(results, expected):  # type: ignore[no-untyped-def]
    """The largest error of float32 results against float64 values, and its index: `errors.errors`, an element at a time."""
    top = 2.0**128
    largest, at = -1.0, 0
    for i in range(results.size):
        given, wanted = np.float64(results[i]), expected[i]
        if given == wanted or (np.isnan(given) and np.isnan(wanted)):
            found = 0.0
        elif np.isnan(given) or np.isnan(wanted):
            found = np.inf
        else:
            given, wanted = min(max(given, -top), top), min(max(wanted, -top), top)
            # The exponent of the exact result, at most that of the largest number and at least that of subnormal ones.
            exponent = min(max((np.float64(wanted).view(np.int64) >> 52) & 2047, 1023 - 126), 1023 + 127)
            found = abs(given - wanted) / np.int64((exponent - 23) << 52).view(np.float64)
        if found > largest:
            largest, at = found, i
    return largest, at
