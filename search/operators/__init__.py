"""Operators: each proposes candidates in its own way, and learns from what became of them."""
from __future__ import annotations

import random
from typing import Protocol

from ...kernels.candidate import Candidate
from ...workers.evaluation import Evaluation
from ..population import Population


class Operator(Protocol):
    """One way to make candidates. `name` stands in the lineage of what it makes, before any colon."""

    name: str

    def propose(self, population: Population, rng: random.Random) -> Candidate | None:
        """A candidate that this operator has not proposed before, or None if it has none now. Does not wait."""

    def learn(self, candidate: Candidate, evaluation: Evaluation) -> None:
        """Told of every evaluation, also of other operators' candidates."""


class PatientOperator(Operator, Protocol):
    """An operator whose candidates arrive when they like. Its `propose` hands out one that has arrived."""

    @property
    def pending(self) -> int:
        """What may still come, candidates that have arrived included; 0: nothing will, unless it asks again."""

    @property
    def ready(self) -> int:
        """Candidates that have arrived and were not handed out yet."""

    def poll(self, population: Population, rng: random.Random, appetite: float) -> None:
        """Take in what has arrived, and ask for more. Does not wait.

        appetite: which part (0 to 1) of what it may have on the way or ready it should have; at least one, always.
        """
