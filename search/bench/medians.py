"""Medians of few values, some of which may be infinite: runs that did not get there."""
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

ERROR = 0.05


@dataclass(frozen=True)
class Median:
    """low and high: order statistics that hold the median with a probability of 95 % at least, whatever the
    distribution; the smallest and the largest value where there are fewer than six, which hold it in 1 - 2^(1-n)."""

    value: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Median:
        """Raises ValueError where there is no value."""
        if not values:
            raise ValueError("a median needs at least one value")
        ranked, count = sorted(values), len(values)
        middle = (ranked[(count - 1) // 2] + ranked[count // 2]) / 2
        cut = _cut(count)
        return cls(middle, ranked[cut], ranked[count - 1 - cut], count)

    def as_json(self) -> dict[str, float | int | None]:
        """Infinite is None, as JSON has no such number."""
        return {"median": _finite(self.value), "low": _finite(self.low), "high": _finite(self.high), "count": self.count}


def geometric_mean(values: Sequence[float]) -> float | None:
    """None where there is no value."""
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def _cut(count: int) -> int:
    """How many values to leave out at either end."""
    cut, tail = 0, 1  # tail: of all 2^count ways to lie about the median, those with `cut` values or fewer on one side
    while 2 * tail <= ERROR * 2**count:
        cut += 1
        tail += comb(count, cut)
    return max(0, cut - 1)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
