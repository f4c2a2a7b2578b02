"""The tuning operator: other tunables and jit options for elites, as the tuner suggests."""
from __future__ import annotations

import math
import random

from ...kernels.candidate import Candidate
from ...workers.evaluation import Evaluation
from ..population import Population
from ..tuner import Tuner

PARENT_DRAWS = 4
FAR_BEHIND = math.log(1.5)


class TuneOperator:
    """Draws parents from the population, fitter ones more often, until the tuner has an untried variant of one. Those with tunables that
    are not far behind come first: options alone the rewrites change as well."""

    name = "tune"

    def __init__(self, tuner: Tuner) -> None:
        self._tuner = tuner

    def propose(self, population: Population, rng: random.Random) -> Candidate | None:
        """A variant of an elite; None if the spaces around all elites are exhausted."""
        drawn = [elite for elite in (population.parent(rng) for _ in range(PARENT_DRAWS)) if elite is not None]
        elites = population.elites()
        near = elites[0].fitness - FAR_BEHIND if elites else 0.0
        for elite in sorted((*drawn, *elites), key=lambda elite: (elite.fitness < near, not elite.candidate.tunables)):
            variant = self._tuner.propose(elite.candidate, elite.evaluation.machine)
            if variant is not None:
                return variant
        return None

    def learn(self, candidate: Candidate, evaluation: Evaluation) -> None:
        self._tuner.learn(candidate, evaluation)
