"""Programs: how each benchmark of a suite lifts, and how its best lifted seed and others fare beside NumPy."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import reduce
from operator import add
from typing import Any

from ...kernels.lift.kept import Kept
from ...kernels.lift.share import Share
from ...workers.evaluation import Ratio
from .medians import geometric_mean
from .standing import CHAMPION, NJIT, PYTHRAN, Standing

LIFTED = "best lifted seed"
CONTENDERS = (LIFTED, NJIT, PYTHRAN, CHAMPION)


@dataclass(frozen=True)
class Program:
    """One benchmark of a suite.

    share: array statements that lifted. kept: those that did not, and other statements that stayed. lifted: how many
    lifted seeds there are. verified: of a run, whether it ended so; without one, whether a seed passed the whole verification,
    or nothing computed anything else. as_it_is: whether it is verified because it is handed over as it was. standings: CONTENDERS by name, each timed beside the reference in processes of its own; none of
    the champion where there was no run. unverified: what a seed was refused for. failure: why nothing is known, else "".
    """

    name: str
    share: Share = Share(0, 0)
    kept: tuple[Kept, ...] = ()
    lifted: int = 0
    verified: bool = False
    as_it_is: bool = False
    standings: Mapping[str, Standing] = field(default_factory=dict)
    evaluations: int = 0
    unverified: tuple[str, ...] = ()
    machine: str = ""
    threads: int = 0
    measured: str = ""
    failure: str = ""

    def ratio(self, name: str) -> Ratio | None:
        """How many times as fast as NumPy, None where it was not timed."""
        return self.standings[name].ratio if name in self.standings else None

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "standings": {name: asdict(standing) for name, standing in self.standings.items()}}


@dataclass(frozen=True)
class Totals:
    """as_it_is: programs among the verified that are handed over as they were. means: geometric mean over NumPy by contender; whoever was not timed on a program counts as 1 there, as the program
    is then run as it was. timed: on how many programs each was. share: of all programs' array statements."""

    programs: int
    verified: int
    as_it_is: int
    share: Share
    means: Mapping[str, float]
    timed: Mapping[str, int]

    @classmethod
    def of(cls, programs: Sequence[Program]) -> Totals:
        timed = {name: sum(program.ratio(name) is not None for program in programs) for name in CONTENDERS}
        means = {name: geometric_mean([ratio.speedup if (ratio := program.ratio(name)) else 1.0 for program in programs])
                 for name in CONTENDERS if programs and timed[name]}
        return cls(len(programs), sum(program.verified for program in programs), sum(program.as_it_is for program in programs),
                   reduce(add, [program.share for program in programs], Share(0, 0)), means, timed)


def as_json(programs: Sequence[Program]) -> dict[str, Any]:
    """The bench as JSON."""
    totals = Totals.of(programs)
    return {"programs": [program.as_json() for program in programs], "totals": {**asdict(totals), "share": asdict(totals.share)}}
