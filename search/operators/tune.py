"""The tuning operator: other tunables and jit options for elites, as the tuner suggests."""
from __future__ import annotations

import random

from ...kernels.candidate import Candidate
from ...workers.evaluation import Evaluation
from ..population import Population
from ..tuner import Tuner

PARENT_DRAWS = 4


class TuneOperator:
    """Draws parents from the population, fitter ones more often, until the tuner has an untried variant of one. Those with tunables come
    first: options alone the rewrites change as well."""

    name = "tune"

    def __init__(self, tuner: Tuner) -> None:
        self._tuner = tuner

    def propose(self, population: Population, rng: random.Random) -> Candidate | None:
        """A variant of an elite; None if the spaces around all elites are exhausted."""
        drawn = [elite for elite in (population.parent(rng) for _ in range(PARENT_DRAWS)) if elite is not None]
        for elite in sorted((*drawn, *population.elites()), key=lambda elite: not elite.candidate.tunables):
            variant = self._tuner.propose(elite.candidate, elite.evaluation.machine)
            if variant is not None:
                return variant
        return None

    def learn(self, candidate: Candidate, evaluation: Evaluation) -> None:
        self._tuner.learn(candidate, evaluation)
