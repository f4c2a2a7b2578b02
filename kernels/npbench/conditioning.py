"""Conditioning: how much greater a small change of the inputs is in the results, and the tolerance of what makes too much of it."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..spec import OpenSpec
from .inputs import Inputs
from .sizes import VERIFY, Size
from .trial import Budget, How, Trial, attempt

BENCHMARK = Budget(2.0, 2**25)
SEEDS = (0, 1, 2)
CHAOTIC = 1e5
"""Of double precision: from here on the roundings of another order of operations may show more than the default tolerance
grants to any of them."""
SUITES_OWN = 1e-5
"""The relative error up to which NPBench itself accepts a result where a description says nothing else."""


def tolerance_for(spec: OpenSpec, inputs: Inputs, sizes: Mapping[str, Size]) -> dict[str, float] | None:
    """The declared tolerance of a reference in double precision that amplifies a change CHAOTIC times (bodies that attract
    each other for many steps do); None for every other: the default is stricter and enough."""
    runs = [*((sizes["verify"], VERIFY, seed) for seed in SEEDS), (sizes["benchmark"], BENCHMARK, SEEDS[0])]
    seen = [amplification(spec, inputs, *run) for run in runs]
    if max(each if np.isfinite(each) else 0.0 for each in seen) < CHAOTIC:
        return None
    results = attempt(spec, inputs, sizes["verify"], SEEDS[0], VERIFY).results
    if any(value.dtype.kind in "fc" and value.real.dtype != np.float64 for value in results):
        return None
    typical = [float(np.median(np.abs(value))) for value in results if value.dtype.kind in "fc"]
    return {"rtol": SUITES_OWN, "atol": float(f"{SUITES_OWN * min(typical, default=0.0):.2g}")}


def amplification(spec: OpenSpec, inputs: Inputs, size: Size, budget: Budget, seed: int) -> float:
    """How many times the relative change of a float result is that of the inputs, the greatest of all results; 0 where
    that cannot be told, infinite where the changed inputs are not borne."""
    noises: list[float] = []
    rng = np.random.default_rng(seed)
    plain = attempt(spec, inputs, size, seed, budget, lambda value: _noted(value, noises))
    noise = max(noises, default=0.0)
    if plain.how is not How.WORKS or not noise:
        return 0.0
    return _greatest_change(plain, attempt(spec, inputs, size, seed, budget, lambda value: _disturbed(value, noise, rng))) / noise


def _greatest_change(plain: Trial, other: Trial) -> float:
    if other.how is How.TOO_LONG:
        return 0.0
    if other.how is not How.WORKS or len(other.results) != len(plain.results):
        return np.inf
    return max([_change(a, b) for a, b in zip(plain.results, other.results) if a.dtype.kind in "fc"], default=0.0)


def _noted(value: Any, noises: list[float]) -> Any:
    noises.append(_noise(value))
    return value


def _noise(value: Any) -> float:
    """The root of the epsilon of a float array, as small as rounding but seen in the results; 0 for what is none."""
    return float(np.sqrt(np.finfo(value.dtype).eps)) if isinstance(value, np.ndarray) and value.dtype.kind in "fc" else 0.0


def _disturbed(value: Any, noise: float, rng: np.random.Generator) -> Any:
    if not _noise(value):
        return value
    return (value * (1.0 + noise * rng.uniform(-1.0, 1.0, value.shape))).astype(value.dtype)


def _change(a: np.ndarray, b: np.ndarray) -> float:
    """Relative to the largest value of the result."""
    if a.shape != b.shape:
        return np.inf
    with np.errstate(all="ignore"):
        scale = float(np.max(np.abs(a)))
        return float(np.max(np.abs(a - b))) / scale if scale else 0.0
