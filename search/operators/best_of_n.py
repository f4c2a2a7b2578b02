"""Best of N, a baseline: independent variations of the best seed, of which the fastest is kept, as samplers do."""
from __future__ import annotations

import random

from ...kernels.candidate import Candidate
from ...workers.evaluation import Evaluation, Verdict
from ..population import Population
from .random_steps import RandomSteps

TRIES = 50
LONGEST_WALK = 4


class BestOfN:
    """Each proposal begins at the best seed anew, and takes one to LONGEST_WALK random steps. Nothing is learned from them."""

    name = "best_of_n"

    def __init__(self, steps: RandomSteps) -> None:
        self._steps = steps
        self._seed: Candidate | None = None
        self._speedup = 0.0
        self._seen: set[str] = set()

    def propose(self, population: Population, rng: random.Random) -> Candidate | None:
        """A variation that was not seen before; None where TRIES draws found none, or no seed is verified."""
        for _ in range(TRIES if self._seed is not None else 0):
            made = self._steps.walk(self.name, self._seed, rng.randint(1, LONGEST_WALK), rng)
            if made is not None and made.identity not in self._seen:
                self._seen.add(made.identity)
                return made
        return None

    def learn(self, candidate: Candidate, evaluation: Evaluation) -> None:
        """Of the seeds, the fastest is remembered."""
        self._seen.add(candidate.identity)
        measured = evaluation.verdict is Verdict.VERIFIED and evaluation.faster is not None
        if candidate.lineage.operator == "seed" and measured and evaluation.faster.speedup > self._speedup:
            self._seed, self._speedup = candidate, evaluation.faster.speedup
