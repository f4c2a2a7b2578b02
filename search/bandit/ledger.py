"""Ledger: what each operator proposed and was worth, kept from the evaluations alone, so that replay rebuilds it."""
from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ...kernels.candidate import Candidate
from ...workers.evaluation import Evaluation, Verdict
from ..result import counts

WAITING = "wait"
MOST_ANCESTORS = 3
LEAST_COST, LEAST_SECONDS = 0.1, 0.01
MOST_REMEMBERED = 20_000


@dataclass
class Account:
    """One operator's. gain: log speedup over the best so far; seconds: of workers, their waits apart.

    proposed: candidates that nobody had proposed before; evaluated: those of them that budgets count.
    """

    proposed: int = 0
    evaluated: int = 0
    verified: int = 0
    improved: int = 0
    gain: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True)
class Credit:
    """What one evaluation was worth to an operator. seconds: 0 where the gain is passed on to one of an ancestor.

    A candidate costs at least LEAST_COST of the average one, whatever workers spent on it: else an operator whose
    candidates are all refused at the gate, or a model that writes nonsense, would never be charged.
    """

    name: str
    gain: float
    seconds: float


@dataclass
class _Step:
    """How a candidate was made. paid: whether it was credited with a gain, directly or for a descendant."""

    name: str
    parents: tuple[str, ...]
    paid: bool


class Ledger:
    """One account an operator. The gain of a new best is what it adds to the log speedup of the best before it on that
    machine type, which begins at the anchor's, 0.

    Few steps gain at once what they make possible: the gain of a candidate is shared with the operators that made its
    ancestors, each half as much as its child, up to one that was paid already (L. Davis, "Adapting operator
    probabilities in genetic algorithms", ICGA 1989).
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.accounts: dict[str, Account] = {name: Account() for name in names}
        self._best: dict[str, float] = {}
        self._steps: OrderedDict[str, _Step] = OrderedDict()

    def proposed(self, candidate: Candidate) -> None:
        """A candidate that is new to the run."""
        name = self._maker(candidate)
        if name:
            self.accounts[name].proposed += 1

    def judged(self, candidate: Candidate, evaluation: Evaluation) -> list[Credit]:
        """What the evaluation is worth, to the candidate's own operator first; empty where it says nothing of it."""
        name, gain = self._maker(candidate), self._gain(evaluation)
        self._remember(candidate, name, gain > 0.0)
        if name is None or evaluation.verdict is Verdict.LOST:
            return []
        seconds = sum(seconds for stage, seconds in evaluation.stage_seconds.items() if stage != WAITING)
        account = self.accounts[name]
        account.evaluated += counts(evaluation)
        account.verified += evaluation.verdict is Verdict.VERIFIED
        account.improved += gain > 0.0
        account.seconds += seconds
        cost = max(seconds, LEAST_COST * self._average_seconds(), LEAST_SECONDS)
        credits = [Credit(name, 0.0, cost)] if gain <= 0.0 else self._shared(candidate, gain, cost)
        for credit in credits:
            self.accounts[credit.name].gain += credit.gain
        return credits

    def as_json(self, shares: Mapping[str, float]) -> dict[str, dict[str, Any]]:
        """The journal's state "operators". shares: by operator, how probable it is to be asked next."""
        return {name: {**asdict(account), "share": shares.get(name, 0.0)} for name, account in self.accounts.items()}

    def _maker(self, candidate: Candidate) -> str | None:
        """The operator that made it, None for a seed: "rewrite" of "rewrite:tile", "llm:NAME" of itself."""
        name = candidate.lineage.operator
        while name and name not in self.accounts:
            name = name.rpartition(":")[0]
        return name or None

    def _gain(self, evaluation: Evaluation) -> float:
        if evaluation.verdict is not Verdict.VERIFIED or evaluation.faster is None or not evaluation.faster.speedup > 0.0:
            return 0.0
        fitness, before = math.log(evaluation.faster.speedup), self._best.get(evaluation.machine, 0.0)
        self._best[evaluation.machine] = max(fitness, before)
        return max(0.0, fitness - before)

    def _average_seconds(self) -> float:
        judged = sum(account.evaluated for account in self.accounts.values())
        return sum(account.seconds for account in self.accounts.values()) / max(1, judged)

    def _shared(self, candidate: Candidate, gain: float, cost: float) -> list[Credit]:
        """The gain, halved from child to parent; the parts together are the whole."""
        names, at = [self._maker(candidate) or ""], candidate.lineage.parents
        while at and len(names) <= MOST_ANCESTORS:
            step = self._steps.get(at[0])
            if step is None or step.paid or not step.name:
                break
            step.paid = True
            names.append(step.name)
            at = step.parents
        parts = [0.5**place for place in range(len(names))]
        return [Credit(name, gain * part / sum(parts), 0.0 if place else cost)
                for place, (name, part) in enumerate(zip(names, parts))]

    def _remember(self, candidate: Candidate, name: str | None, paid: bool) -> None:
        self._steps[candidate.identity] = _Step(name or "", candidate.lineage.parents, paid)
        if len(self._steps) > MOST_REMEMBERED:
            self._steps.popitem(last=False)
