"""By machine type: a population of its own for each, as measurements of different types are never compared."""
from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ...kernels.candidate import Candidate
from ...workers.evaluation import Evaluation, Verdict
from . import Elite


class Policy(Protocol):
    """Which elites of one machine type are kept, and which become parents.

    Whatever else it drops, a policy never drops its fittest for another elite's sake, and its state follows from
    the calls of `keep` alone.
    """

    def keep(self, elite: Elite) -> bool:
        """Offer an elite; returns whether it is kept. One that is held already takes this, its newest measurement."""

    def holds(self, identity: str) -> bool:
        """Whether a candidate is among the elites."""

    def elites(self) -> Sequence[Elite]:
        """Each candidate that is kept once, the fittest first."""

    def parent(self, rng: random.Random) -> Elite | None:
        """An elite to derive from, None while there is none."""

    def bar(self) -> float:
        """The fitness below which a screen may stop a candidate; never above the best."""

    def islands(self) -> Sequence[Sequence[Elite]]:
        """The elites of each island, the fittest first; a single one where the policy knows no islands."""

    @property
    def migrations(self) -> int:
        """How many elites were taken into another island so far."""


@dataclass
class Counters:
    """offered: verified candidates; kept: of these, those that became elites; bests: times a new best was found."""

    offered: int = 0
    kept: int = 0
    bests: int = 0


class ByMachine:
    """A population: one policy for each machine type. name: how it is called in settings. make: a policy for a type."""

    def __init__(self, name: str, make: Callable[[str], Policy]) -> None:
        self.name = name
        self.counters = Counters()
        self._make = make
        self._policies: dict[str, Policy] = {}
        self._machine = ""

    @property
    def machines(self) -> tuple[str, ...]:
        """The machine types that have elites."""
        return tuple(self._policies)

    def add(self, candidate: Candidate, evaluation: Evaluation) -> bool:
        """Keep the candidate if it is verified, measured and wanted; returns whether it was kept."""
        if evaluation.verdict is not Verdict.VERIFIED or evaluation.faster is None or not evaluation.faster.speedup > 0:
            return False
        self.counters.offered += 1
        self._machine = evaluation.machine
        if evaluation.machine not in self._policies:
            self._policies[evaluation.machine] = self._make(evaluation.machine)
        before = self.best()
        elite = Elite(candidate, evaluation, math.log(evaluation.faster.speedup))
        kept = self._policies[evaluation.machine].keep(elite)
        self.counters.kept += kept
        self.counters.bests += kept and (before is None or elite.fitness > before.fitness)
        return kept

    def best(self, machine: str | None = None) -> Elite | None:
        return next(iter(self.elites(machine)), None)

    def elites(self, machine: str | None = None) -> Sequence[Elite]:
        policy = self._of(machine)
        return policy.elites() if policy else ()

    def parent(self, rng: random.Random, machine: str | None = None) -> Elite | None:
        policy = self._of(machine)
        return policy.parent(rng) if policy else None

    def bar(self, machine: str | None = None) -> float:
        policy = self._of(machine)
        return policy.bar() if policy else -math.inf

    def summary(self) -> dict[str, Any]:
        policy = self._of(None)
        islands = policy.islands() if policy else [()]
        return {
            "policy": self.name,
            "elites": len(self.elites()),
            "niches": len({elite.niche for elite in self.elites()}),
            "islands": [{"elites": len(elites), "best": elites[0].speedup if elites else None} for elites in islands],
            "migrations": policy.migrations if policy else 0,
        }

    def _of(self, machine: str | None) -> Policy | None:
        return self._policies.get(self._machine if machine is None else machine)
