"""Populations: which evaluated candidates are kept, and which become parents."""
from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ...kernels.candidate import Candidate
from ...workers.evaluation import Evaluation


@dataclass(frozen=True)
class Elite:
    """A kept candidate with its measurement. fitness: natural logarithm of its speedup over the run's anchor."""

    candidate: Candidate
    evaluation: Evaluation
    fitness: float


class Population(Protocol):
    """What the campaign and the operators need of a population.

    Measurements of different machine types are never compared. `machine` None means the type that reported last.
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
