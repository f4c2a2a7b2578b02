"""Adaptive: probability matching on each operator's gain per worker second, with a memory that fades.

Source: probability matching with a floor as in D. Thierens, "An adaptive pursuit strategy for allocating operator
probabilities", GECCO 2005 (its equation 2); the fading sums are those of discounted UCB (Garivier and Moulines, ALT 2011).
Pursuit of the single best operator, and discounted Thompson sampling, brought less in simulations of runs of 60 and of
300 evaluations, where few candidates gain anything.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from .priors import prior_shares

HALF_LIFE = 60.0
PRIOR_CANDIDATES = 10.0
SHARPNESS = 1.5
FLOOR, MOST_FLOORS = 0.05, 0.5


class Adaptive:
    """Shares follow (gain / seconds) ** SHARPNESS, where the memory of both halves every HALF_LIFE candidates.

    Each operator begins as if PRIOR_CANDIDATES of its candidates had been judged, which gained as much as all did on
    average, times its prior share. So the scale of gains and the cost of a candidate, which differ widely between
    kernels, are taken from the run itself, and while nothing gains anything the less tried operators come forward.
    No operator falls below FLOOR (all floors together at most MOST_FLOORS).
    """

    name = "adaptive"

    def __init__(self) -> None:
        self._gain: defaultdict[str, float] = defaultdict(float)
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._judged = 0.0

    def shares(self, names: Sequence[str]) -> Mapping[str, float]:
        rates = {name: self._rate(name, prior * len(names)) ** SHARPNESS for name, prior in prior_shares(names).items()}
        floor = min(FLOOR, MOST_FLOORS / len(names))
        free = (1.0 - floor * len(names)) / sum(rates.values())
        return {name: floor + free * rate for name, rate in rates.items()}

    def credit(self, name: str, gain: float, seconds: float) -> None:
        if seconds > 0.0:
            fade = 0.5 ** (1.0 / HALF_LIFE)
            self._judged = fade * self._judged + 1.0
            for memory in (self._gain, self._seconds):
                for known in memory:
                    memory[known] *= fade
        self._gain[name] += gain
        self._seconds[name] += seconds

    def _rate(self, name: str, prior: float) -> float:
        """The operator's gain per second in units of the average rate. prior: what it is expected to be."""
        total = sum(self._gain.values())
        # So faint a memory that the quotient is 0 is none.
        average = total / sum(self._seconds.values()) if total > 0.0 else 0.0
        average = average or 1.0
        weight = PRIOR_CANDIDATES * self._average_cost()
        return (self._gain[name] / average + weight * prior) / (self._seconds[name] + weight)

    def _average_cost(self) -> float:
        """Worker seconds of a candidate, as far as they are remembered."""
        total = sum(self._seconds.values())
        return total / self._judged if total > 0.0 else 1.0
