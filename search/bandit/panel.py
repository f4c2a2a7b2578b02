"""Panel: all operators of a run under one bandit. Which of them makes the next candidate is drawn by its shares."""
from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from ...kernels.candidate import Candidate
from ...workers.evaluation import Evaluation
from ..operators import Operator, PatientOperator
from ..population import Population
from . import Bandit, choose
from .ledger import Ledger


class Panel:
    """Whatever one operator lacks the next is asked for, so that a candidate comes as long as any operator has one.

    operators: those that answer at once. patient: those whose candidates arrive when they like (language models): they
    are listened to at every turn, and take part in the draw while something of theirs has arrived. As long as one has
    made fewer of the candidates than its share, what has arrived of it comes first: it was paid for, and while it was
    on its way others were drawn.
    """

    def __init__(self, operators: Sequence[Operator], patient: Sequence[PatientOperator], bandit: Bandit) -> None:
        self._prompt = {operator.name: operator for operator in operators}
        self._patient = {operator.name: operator for operator in patient}
        self._all: dict[str, Operator] = {**self._prompt, **self._patient}
        self._bandit = bandit
        self._ledger = Ledger(self._all)
        self._at_first = self.shares()
        self._dry: set[str] = set()

    @property
    def pending(self) -> bool:
        """Whether something may still come of a patient operator by waiting."""
        return any(operator.pending for operator in self._patient.values())

    def poll(self, population: Population, rng: random.Random) -> None:
        """Answers come in, requests go out; as many as an operator is worth, but never none.

        Requests cost no worker's time, but tokens: an operator whose share has fallen to a half of what it began with
        may have half as many on the way. Where no other operator has anything, it has the whole share.
        """
        awake = [name for name in self._all if name not in self._dry]
        for name, operator in self._patient.items():
            share = self._bandit.shares(awake)[name]
            operator.poll(population, rng, min(1.0, share / self._at_first[name]))

    def propose(self, population: Population, rng: random.Random) -> Candidate | None:
        """A candidate of whoever is drawn, or of another one; None if no operator has any now. Does not wait."""
        for name in self._behind():
            candidate = self._patient[name].propose(population, rng)
            if candidate is not None:
                return candidate
        ready = [name for name in self._all if name not in self._patient or self._patient[name].ready]
        # What had nothing is asked last until something is learned: it may yet draw better.
        for group in ([n for n in ready if n not in self._dry], [n for n in ready if n in self._dry]):
            while group:
                name = choose(self._bandit, group, rng)
                group.remove(name)
                candidate = self._all[name].propose(population, rng)
                if candidate is not None:
                    self._dry.discard(name)
                    return candidate
                if name in self._prompt:
                    self._dry.add(name)
        return None

    def _behind(self) -> list[str]:
        """Patient operators that have something ready, and made fewer candidates than their share."""
        ready = [name for name, operator in self._patient.items() if operator.ready]
        if not ready:
            return []
        made = {name: account.proposed for name, account in self._ledger.accounts.items()}
        shares, total = self.shares(), sum(made.values())
        return [name for name in ready if made[name] <= shares[name] * total]

    def proposed(self, candidate: Candidate) -> None:
        """The candidate is new to the run, and is going to be judged."""
        self._ledger.proposed(candidate)

    def learn(self, candidate: Candidate, evaluation: Evaluation) -> None:
        """Everyone learns from every evaluation, in the journal's order; the bandit from what it gained and cost."""
        self._dry.clear()
        for credit in self._ledger.judged(candidate, evaluation):
            self._bandit.credit(credit.name, credit.gain, credit.seconds)
        for operator in self._all.values():
            operator.learn(candidate, evaluation)

    def shares(self) -> Mapping[str, float]:
        """How probable each operator is to be drawn next; together 1, empty where there is none."""
        return self._bandit.shares(list(self._all)) if self._all else {}

    def as_json(self) -> dict[str, dict[str, Any]]:
        """What the journal keeps as the state "operators"."""
        return self._ledger.as_json(self.shares())
