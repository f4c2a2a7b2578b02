"""Populations: which evaluated candidates are kept, and which become parents."""
from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from ...kernels.candidate import Candidate
from ...workers.evaluation import Evaluation
from .niche import Niche, niche_of


@dataclass(frozen=True)
class Elite:
    """A kept candidate with its measurement. fitness: natural logarithm of its speedup over the run's anchor."""

    candidate: Candidate
    evaluation: Evaluation
    fitness: float

    @property
    def speedup(self) -> float:
        """Over the run's anchor."""
        return math.exp(self.fitness)

    @cached_property
    def niche(self) -> Niche:
        """How it works, apart from how fast it is."""
        return niche_of(self.candidate, self.evaluation)


class Population(Protocol):
    """What the campaign and the operators need of a population.

    Measurements of different machine types are never compared. `machine` None means the type that reported last. What a
    population holds depends on nothing but what was added, in its order: a resumed run adds again what its journal holds.
    """

    def add(self, candidate: Candidate, evaluation: Evaluation) -> bool:
        """Offer an evaluated candidate; returns whether it was kept."""

    def best(self, machine: str | None = None) -> Elite | None:
        """The fittest elite, None while there is none."""

    def elites(self, machine: str | None = None) -> Sequence[Elite]:
        """All elites, the fittest first."""

    def parent(self, rng: random.Random, machine: str | None = None) -> Elite | None:
        """An elite to derive from, fitter ones more often; None while there is none."""

    def bar(self, machine: str | None = None) -> float:
        """The fitness below which a screen may stop a candidate; -inf while nothing is known."""

    def summary(self) -> Mapping[str, Any]:
        """JSON on the machine type that reported last: `policy`; `elites`, how many; `niches` (in how many they are); `islands` (of
        each the number of `elites` and the `best` speedup over the anchor, None where it is empty); `migrations`."""


def best_speedup(population: Population) -> float | None:
    """Of its best elite, over the run's anchor; None while there is none."""
    best = population.best()
    return None if best is None else best.speedup
