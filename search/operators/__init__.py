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
