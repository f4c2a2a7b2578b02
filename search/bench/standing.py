"""Standing: how a kernel's champion and its rivals fare, each timed against the reference in processes of its own."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ...workers.evaluation import Ratio
from ..result import not_slower

CHAMPION, SEED = "champion", "best seed"
NJIT, PARALLEL, PYTHRAN = "@njit", "@njit(parallel, fastmath)", "Pythran"
COMPILERS = (NJIT, PARALLEL, PYTHRAN)
WRONG, NOT_AVAILABLE = "wrong", "n/a"


@dataclass(frozen=True)
class Standing:
    """One contender. ratio: how many times faster than the reference; None where it was not timed: then `outcome` is
    "wrong" (it computes something else) or "n/a", and `reason` says in a line why."""

    name: str
    ratio: Ratio | None = None
    outcome: str = ""
    reason: str = ""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Standing:
        return cls(data["name"], data["ratio"] and Ratio.from_json(data["ratio"]), data["outcome"], data["reason"])


@dataclass(frozen=True)
class Row:
    """One kernel. champion: whether the run ended with a verified one. standings: of every contender, by name.

    over_seed, over_rival: the champion timed beside the best seed, and beside the fastest of COMPILERS, both directly;
    None where it is the same kernel, or where there is none. rival: that compiler's name, "" where none could be timed.
    failure: why there was no run, else "". measured: the day, ISO format.
    """

    kernel: str
    champion: bool
    evaluations: int = 0
    standings: Mapping[str, Standing] = field(default_factory=dict)
    rival: str = ""
    over_seed: Ratio | None = None
    over_rival: Ratio | None = None
    machine: str = ""
    threads: int = 0
    measured: str = ""
    failure: str = ""

    @property
    def stands(self) -> bool:
        """Verified, timed, and not slower than the best seed nor the best rival: each interval reaches 1."""
        return self.speedup is not None and not_slower(self.over_seed) and not_slower(self.over_rival)

    @property
    def speedup(self) -> Ratio | None:
        """The champion's ratio over the reference, None where there is no champion or it could not be timed."""
        return self.standings[CHAMPION].ratio if self.champion and CHAMPION in self.standings else None

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "standings": {name: asdict(standing) for name, standing in self.standings.items()},
                "stands": self.stands}
