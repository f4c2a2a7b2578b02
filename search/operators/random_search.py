"""Random search, a baseline: one random step from any kernel that was found correct, however slow it is."""
from __future__ import annotations

import random

from ...kernels.candidate import Candidate
from ...workers.evaluation import Evaluation, Verdict
from ..population import Population
from .random_steps import RandomSteps

TRIES = 50
_CORRECT = frozenset({Verdict.VERIFIED, Verdict.TOO_SLOW})


class RandomSearch:
    """Mutation without selection: every correct kernel so far is as likely a parent as any other."""

    name = "random"

    def __init__(self, steps: RandomSteps) -> None:
        self._steps = steps
        self._parents: dict[str, Candidate] = {}
        self._seen: set[str] = set()

    def propose(self, population: Population, rng: random.Random) -> Candidate | None:
        """A variant that was not seen before; None where TRIES draws found none."""
        parents = list(self._parents.values())
        for _ in range(TRIES if parents else 0):
            made = self._steps.walk(self.name, rng.choice(parents), 1, rng)
            if made is not None and made.identity not in self._seen:
                self._seen.add(made.identity)
                return made
        return None

    def learn(self, candidate: Candidate, evaluation: Evaluation) -> None:
        self._seen.add(candidate.identity)
        if evaluation.verdict in _CORRECT:
            self._parents.setdefault(candidate.identity, candidate)
