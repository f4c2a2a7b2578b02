"""Time per element of a function in a compiled loop, beside NumPy's and the C library's in a Numba loop, alternating in one run."""
from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from time import perf_counter_ns
from types import MappingProxyType
from typing import Any

import numba
import numpy as np

from ....kernels.vecmath import VecFunction
from ....workers.leases import Leases
from .compiled import LOOP, NAMES, signature

ELEMENTS = 4096
ROUNDS = 41
ROUND_NS = 300_000
SPEED_RANGES: Mapping[str, tuple[float, float]] = MappingProxyType({
    **dict.fromkeys(("log", "log2", "log10", "rsqrt", "pow"), (0.1, 10.0)), "log1p": (-0.9, 10.0),
    **dict.fromkeys(("asin", "acos"), (-1.0, 1.0)),
})
"""Where the timed arguments lie; between -5 and 5 for the others."""
_LIBM: Mapping[str, str] = MappingProxyType({
    **{name: f"np.{name}(x)" for name in ("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "sinh",
                                          "cosh", "tanh", "cbrt")},
    "atan": "np.arctan(x)", "asin": "np.arcsin(x)", "acos": "np.arccos(x)", "atan2": "np.arctan2(x, y)", "pow": "x**y",
    "sigmoid": "ONE / (ONE + np.exp(-x))", "rsqrt": "ONE / np.sqrt(x)", "erf": "math.erf(x)",
})
"""What a person writes in a Numba loop."""


@dataclass(frozen=True)
class Speed:
    """ns: of one element. over_numpy, over_libm: how many times faster, the median of paired ratios; over_numpy is None
    where NumPy has no such function."""

    ns: float
    over_numpy: float | None
    over_libm: float


def measure_speed(function: VecFunction, loop: Any) -> Speed:
    """Times `loop`, the compiled function, on arrays that the first-level cache holds, with one core leased for it."""
    low, high = SPEED_RANGES.get(function.name, (-5.0, 5.0))
    rng = np.random.default_rng(0)
    arguments = tuple(rng.uniform(low, high, ELEMENTS).astype(function.dtype) for _ in range(function.arity))
    out = np.empty_like(arguments[0])
    rivals: dict[str, Callable[[], object]] = {"ours": lambda: loop(out, *arguments)}
    libm = _libm(function)
    rivals["libm"] = lambda: libm(out, *arguments)
    whole = _numpy(function)
    if whole is not None:
        rivals["numpy"] = lambda: whole(out, *arguments)
    with Leases().timing(1) as cores:
        allowed = os.sched_getaffinity(0)
        os.sched_setaffinity(0, cores)
        try:
            rounds = _rounds(rivals)
        finally:
            os.sched_setaffinity(0, allowed)
    over = {name: median(times[name] / times["ours"] for times in rounds) for name in rivals}
    return Speed(median(times["ours"] for times in rounds) / ELEMENTS, over.get("numpy"), over["libm"])


def _rounds(rivals: Mapping[str, Callable[[], object]]) -> list[dict[str, float]]:
    """Nanoseconds of one call of each, in each round; every other round in the opposite order."""
    repeats = {name: max(1, int(ROUND_NS / _nanoseconds(call, 3))) for name, call in rivals.items()}
    order = list(rivals)
    rounds = []
    for _ in range(ROUNDS):
        rounds.append({name: _nanoseconds(rivals[name], repeats[name]) for name in order})
        order.reverse()
    return rounds


def _nanoseconds(call: Callable[[], object], repeats: int) -> float:
    started = perf_counter_ns()
    for _ in range(repeats):
        call()
    return max(1, perf_counter_ns() - started) / repeats


def _libm(function: VecFunction) -> Any:
    names: dict[str, Any] = {"np": np, "math": math, "ONE": np.dtype(function.dtype).type(1)}
    arguments = ", ".join(NAMES[: function.arity])
    exec(f"def scalar({arguments}):\n    return {_LIBM[function.name]}\n", names)
    names["scalar"] = numba.njit(error_model="numpy")(names["scalar"])
    elements = ", ".join(f"{name}[i]" for name in NAMES[: function.arity])
    exec(LOOP.format(arguments=arguments, helper="scalar", elements=elements), names)
    return numba.njit(signature(function), error_model="numpy")(names["loop"])


def _numpy(function: VecFunction) -> Callable[..., object] | None:
    match function.name:
        case "erf":
            return None
        case "sigmoid":
            return lambda out, x: np.divide(1, 1 + np.exp(-x), out=out)
        case "rsqrt":
            return lambda out, x: np.divide(1, np.sqrt(x), out=out)
        case "atan2":
            return lambda out, x, y: np.arctan2(x, y, out=out)
        case "pow":
            return lambda out, x, y: np.power(x, y, out=out)
    whole = getattr(np, {"atan": "arctan", "asin": "arcsin", "acos": "arccos"}.get(function.name, function.name))
    return lambda out, x: whole(x, out=out)
