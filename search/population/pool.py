"""Pool: the plain population, which keeps the fastest candidates and few of a kind."""
from __future__ import annotations

import bisect
import math
import random
from collections.abc import Sequence

from . import Elite
from .machines import ByMachine

CAPACITY, PER_SKELETON = 24, 2
PARENT_DECAY = 0.8
GREED = 1.0
"""A parent of half the best one's speed is drawn 2 ** GREED times less than its rank would have it: of 413 candidates whose
parent had at least 0.9 of the best one's speed 8 % were a new best, of 178 whose parent had less than 0.8 4.5 % (docs/decisions.md)."""
SCREEN_SLACK = math.log(4.0)


class Ranking:
    """The `capacity` fittest candidates of one machine type, of one skeleton at most `per_skeleton`.

    Without the second limit the variants of one kernel's tunables would soon fill it. Raises ValueError where a limit
    is less than one.
    """

    migrations = 0

    def __init__(self, capacity: int = CAPACITY, per_skeleton: int = PER_SKELETON) -> None:
        if capacity < 1 or per_skeleton < 1:
            raise ValueError("a population keeps at least one candidate, and one of each skeleton")
        self._capacity = capacity
        self._per_skeleton = per_skeleton
        self._ranked: list[Elite] = []

    def keep(self, elite: Elite) -> bool:
        self.drop(elite.candidate.identity)
        bisect.insort(self._ranked, elite, key=lambda e: -e.fitness)
        self._ranked = self._trimmed()
        return any(e is elite for e in self._ranked)

    def drop(self, identity: str) -> None:
        """Forget a candidate, if it is held."""
        self._ranked = [e for e in self._ranked if e.candidate.identity != identity]

    def holds(self, identity: str) -> bool:
        return any(e.candidate.identity == identity for e in self._ranked)

    def elites(self) -> Sequence[Elite]:
        return tuple(self._ranked)

    def parent(self, rng: random.Random) -> Elite | None:
        """An elite, by rank and speed."""
        return by_rank(self._ranked, rng)

    def bar(self) -> float:
        """The weakest elite's fitness once the ranking is full; until then a quarter of the best one's speed."""
        if not self._ranked:
            return -math.inf
        return self._ranked[-1].fitness if len(self._ranked) >= self._capacity else self._ranked[0].fitness - SCREEN_SLACK

    def islands(self) -> Sequence[Sequence[Elite]]:
        return [self.elites()]

    def _trimmed(self) -> list[Elite]:
        kept: list[Elite] = []
        of_skeleton: dict[str, int] = {}
        for elite in self._ranked:
            skeleton = elite.candidate.skeleton
            of_skeleton[skeleton] = of_skeleton.get(skeleton, 0) + 1
            if of_skeleton[skeleton] <= self._per_skeleton and len(kept) < self._capacity:
                kept.append(elite)
        return kept


class Pool(ByMachine):
    """A ranking for each machine type."""

    def __init__(self, capacity: int = CAPACITY, per_skeleton: int = PER_SKELETON) -> None:
        Ranking(capacity, per_skeleton)  # limits that cannot be are refused at once
        super().__init__("pool", lambda machine: Ranking(capacity, per_skeleton))


def by_rank(ranked: Sequence[Elite], rng: random.Random) -> Elite | None:
    """One of these, the fittest of which come first: each is drawn PARENT_DECAY times as often as the one before it where both are as
    fast, and less the slower it is (GREED)."""
    if not ranked:
        return None
    best = ranked[0].fitness
    return rng.choices(ranked, [PARENT_DECAY**rank * math.exp(GREED * (elite.fitness - best)) for rank, elite in enumerate(ranked)])[0]
