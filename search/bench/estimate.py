"""Estimates: figures with their 95 % intervals."""
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...workers.intervals import signed_rank

RESAMPLES = 4000
FEWEST_BLOCKS = 5


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval; low and high are None where there is too little to tell."""

    value: float
    low: float | None
    high: float | None


def interval(estimate: Estimate, form: str) -> str:
    """` [low, high]` in the number format `form`, or nothing where there is no interval."""
    return "" if estimate.low is None or estimate.high is None else f" [{estimate.low:{form}}, {estimate.high:{form}}]"


def typical(values: Sequence[float]) -> Estimate:
    """The median of positive values, by Hodges and Lehmann on their logarithms."""
    return Estimate(*signed_rank([math.log(value) for value in values]))


def ratio_of_sums(parts: np.ndarray, wholes: np.ndarray) -> Estimate:
    """sum(parts) / sum(wholes) over the blocks of a run, with a percentile bootstrap over the blocks."""
    value = float(parts.sum() / wholes.sum())
    if len(parts) < FEWEST_BLOCKS:
        return Estimate(value, None, None)
    drawn = np.random.default_rng(0).integers(len(parts), size=(RESAMPLES, len(parts)))
    low, high = np.quantile(parts[drawn].sum(axis=1) / wholes[drawn].sum(axis=1), (0.025, 0.975))
    return Estimate(value, float(low), float(high))


def share_interval(found: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share of which `found` of `of` draws were seen (E. B. Wilson, JASA 22, 1927). Raises ValueError for of < 1."""
    if of < 1:
        raise ValueError("a share needs at least one draw")
    z = 1.959964
    share, weight = found / of, z * z / of
    middle = (share + weight / 2) / (1 + weight)
    half = math.sqrt(share * (1 - share) * weight + weight * weight / 4) / (1 + weight)
    return max(0.0, middle - half), min(1.0, middle + half)
