"""Comparison: how strategies fared on one kernel and on all, as data."""
from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .medians import Median, geometric_mean
from .strategies import Role, Strategy
from .trace import WITHIN


@dataclass(frozen=True)
class Found:
    """What one run came to. reached: evaluations until it had a kernel within 5 % of the best known, None where it never
    did. area: mean of the best so far over the budget, relative to the best known. final: the champion's speed relative
    to it, None where nothing was verified. evaluations: spent, fewer than allowed where nothing new was left."""

    seed: int
    reached: int | None
    area: float
    final: float | None
    evaluations: int
    wall_s: float


@dataclass(frozen=True)
class Score:
    """A strategy's runs on one kernel."""

    strategy: Strategy
    runs: tuple[Found, ...]

    @property
    def reached(self) -> Median:
        """Evaluations to within 5 %; infinite where a run never got there."""
        return Median.of([math.inf if run.reached is None else run.reached for run in self.runs])

    @property
    def survived(self) -> int:
        """How many runs got there."""
        return sum(run.reached is not None for run in self.runs)

    @property
    def area(self) -> Median:
        return Median.of([run.area for run in self.runs])

    @property
    def final(self) -> Median:
        """A run that verified nothing counts as 0."""
        return Median.of([run.final or 0.0 for run in self.runs])

    @property
    def wall_s(self) -> Median:
        return Median.of([run.wall_s for run in self.runs])

    def as_json(self) -> dict[str, Any]:
        return {"strategy": self.strategy.name, "role": self.strategy.role, "reached": self.reached.as_json(), "survived": self.survived,
                "area": self.area.as_json(), "final": self.final.as_json(), "wall_s": self.wall_s.as_json(),
                "runs": [asdict(run) for run in self.runs]}


@dataclass(frozen=True)
class Contest:
    """All strategies on one kernel. best: the best known, over the yardstick (a seed of the kernel). evaluations: of each
    run's budget. seeds: so many of them every run begins with, at once or later. measured: the day, ISO format."""

    kernel: str
    evaluations: int
    best: float
    scores: tuple[Score, ...]
    machine: str
    threads: int
    measured: str
    seeds: int = 0

    def score(self, role: Role) -> list[Score]:
        return [score for score in self.scores if score.strategy.role == role]

    @property
    def trivial(self) -> bool:
        """Whether the best seed is itself within 5 % of the best known, so that there is nothing to find."""
        return (1 - WITHIN) * self.best <= 1.0

    @property
    def rival(self) -> Score | None:
        """The rival that reaches the best known soonest, by its median, then by its area; None without one."""
        return min(self.score("rival"), key=lambda score: (score.reached.value, -score.area.value), default=None)

    @property
    def against_rival(self) -> float | None:
        """The full search's median evaluations over the better rival's: 0.5 is half as many. Where only the full search gets
        there, over the budget, which no rival needs less than; infinite where only the rival does; None where neither does,
        or one of them took no part."""
        full, rival = next(iter(self.score("full")), None), self.rival
        if full is None or rival is None or (math.isinf(full.reached.value) and math.isinf(rival.reached.value)):
            return None
        if math.isinf(full.reached.value):
            return math.inf
        return full.reached.value / min(rival.reached.value, self.evaluations)

    def as_json(self) -> dict[str, Any]:
        ratio = self.against_rival
        return {"kernel": self.kernel, "evaluations": self.evaluations, "best": self.best, "machine": self.machine,
                "threads": self.threads, "measured": self.measured, "rival": self.rival.strategy.name if self.rival else None,
                "against_rival": None if ratio is None or math.isinf(ratio) else ratio, "only_rival": ratio == math.inf, "trivial": self.trivial,
                "strategies": [score.as_json() for score in self.scores]}


@dataclass(frozen=True)
class Total:
    """A strategy over all kernels. evaluations: geometric mean of the medians, a run that never got there counted as its
    whole budget. area: mean of the medians. reached: runs that got there, of `runs`."""

    strategy: Strategy
    evaluations: float
    area: float
    reached: int
    runs: int
    wall_s: float


def totals(contests: Sequence[Contest]) -> list[Total]:
    """One for each strategy, in the order of the first contest."""
    by_name: dict[str, list[tuple[Contest, Score]]] = {}
    for contest in contests:
        for score in contest.scores:
            by_name.setdefault(score.strategy.name, []).append((contest, score))
    return [_total(rows) for rows in by_name.values()]


def _total(rows: Sequence[tuple[Contest, Score]]) -> Total:
    medians = [Median.of([min(run.reached or math.inf, contest.evaluations) for run in score.runs]).value for contest, score in rows]
    return Total(
        rows[0][1].strategy, geometric_mean(medians) or 0.0, sum(score.area.value for _, score in rows) / len(rows),
        sum(score.survived for _, score in rows), sum(len(score.runs) for _, score in rows),
        sum(run.wall_s for _, score in rows for run in score.runs),
    )


def as_json(contests: Sequence[Contest], same: Mapping[str, str]) -> dict[str, Any]:
    """The bench as JSON. same: strategies left out, and which other each would only repeat."""
    return {"kernels": [contest.as_json() for contest in contests], "left_out": dict(same),
            "totals": [{**asdict(total), "strategy": total.strategy.name} for total in totals(contests)]}
