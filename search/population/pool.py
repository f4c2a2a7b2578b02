"""Pool: the plain population, which keeps the fastest candidates and few of a kind."""
from __future__ import annotations

import bisect
import math
import random
from dataclasses import dataclass, field

from ...kernels.candidate import Candidate
from ...workers.evaluation import Evaluation, Verdict
from . import Elite

PARENT_DECAY = 0.8
SCREEN_SLACK = math.log(4.0)


@dataclass
class Counters:
    """offered: verified candidates; kept: of these, those that became elites; bests: times a new best was found."""

    offered: int = 0
    kept: int = 0
    bests: int = 0


@dataclass
class Pool:
    """The `capacity` fittest candidates of each machine type, of one skeleton at most `per_skeleton`.

    Without the second limit the variants of one kernel's tunables would soon fill it.
    """

    capacity: int = 24
    per_skeleton: int = 2
    counters: Counters = field(default_factory=Counters)
    _kept: dict[str, list[Elite]] = field(default_factory=dict, repr=False)
    _machine: str = ""

    def __post_init__(self) -> None:
        if self.capacity < 1 or self.per_skeleton < 1:
            raise ValueError("a pool keeps at least one candidate, and one of each skeleton")

    @property
    def machines(self) -> tuple[str, ...]:
        """The machine types that have elites."""
        return tuple(self._kept)

    def add(self, candidate: Candidate, evaluation: Evaluation) -> bool:
        """Keep the candidate if it is verified, measured and among the fittest; returns whether it was kept.

        A candidate that is kept already takes its newest measurement.
        """
        if evaluation.verdict is not Verdict.VERIFIED or evaluation.faster is None or not evaluation.faster.speedup > 0:
            return False
        self.counters.offered += 1
        self._machine = evaluation.machine
        best = self.best()
        elite = Elite(candidate, evaluation, math.log(evaluation.faster.speedup))
        others = [e for e in self._kept.get(evaluation.machine, []) if e.candidate.identity != candidate.identity]
        bisect.insort(others, elite, key=lambda e: -e.fitness)
        self._kept[evaluation.machine] = kept = self._trimmed(others)
        if not any(e is elite for e in kept):
            return False
        self.counters.kept += 1
        self.counters.bests += best is None or elite.fitness > best.fitness
        return True

    def best(self, machine: str | None = None) -> Elite | None:
        return next(iter(self.elites(machine)), None)

    def elites(self, machine: str | None = None) -> tuple[Elite, ...]:
        return tuple(self._kept.get(self._machine if machine is None else machine, ()))

    def parent(self, rng: random.Random, machine: str | None = None) -> Elite | None:
        """An elite, each rank chosen PARENT_DECAY times as often as the one before it."""
        elites = self.elites(machine)
        return rng.choices(elites, [PARENT_DECAY**rank for rank in range(len(elites))])[0] if elites else None

    def bar(self, machine: str | None = None) -> float:
        """The weakest elite's fitness once the pool is full; until then a quarter of the best one's speed."""
        elites = self.elites(machine)
        if not elites:
            return -math.inf
        return elites[-1].fitness if len(elites) >= self.capacity else elites[0].fitness - SCREEN_SLACK

    def _trimmed(self, ranked: list[Elite]) -> list[Elite]:
        kept: list[Elite] = []
        of_skeleton: dict[str, int] = {}
        for elite in ranked:
            skeleton = elite.candidate.skeleton
            of_skeleton[skeleton] = of_skeleton.get(skeleton, 0) + 1
            if of_skeleton[skeleton] <= self.per_skeleton and len(kept) < self.capacity:
                kept.append(elite)
        return kept
