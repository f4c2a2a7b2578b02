"""Drive: Hypothesis runs a candidate through the families and shrinks what fails to a small input."""
from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Protocol, TypeVar

import numpy as np

from ....kernels.spec import SpecError
from ...evaluation import Verdict
from ...failure import RunFailed
from ...oracle import Case
from ..check import Check
from ..differential import POISON, Outcome, compare_case, disagreement, excused
from . import FAMILIES
from .family import Chance, Family, Field, Listed
from .show import shown

T = TypeVar("T")
MOST_EXAMPLES = 60
FEWEST_EXAMPLES = 8
PATIENCE = 3
_TRIALS = 12
SHRINK_SECONDS = 8.0


class Subject(Protocol):
    """The candidate at test, run on a case; built anew where a run ended its process."""

    def run(self, case: Case, poison: int) -> Outcome:
        """As `Runner.run`. Raises RunFailed, and Worn where its process ended so often that it is not started again."""


@dataclass
class Drive:
    """One examination of a candidate by all families.

    seconds: about how long it may take, shrinking aside; on a busy machine some times longer, as each family tries a few
    inputs at least.
    """

    subject: Subject
    field: Field
    seed: int
    seconds: float
    families: Sequence[Family | Listed] = FAMILIES
    tried: dict[str, int] = field(default_factory=dict)
    _latest: float = 0.0
    _failed: dict[str, Check] = field(default_factory=dict)

    def check(self) -> Check:
        """WRONG, or what the candidate's run ended in, with the smallest input found; else VERIFIED. facts: by family how
        many inputs were tried."""
        import hypothesis  # noqa: F401 - takes a second that is not the families'

        start = perf_counter()
        end, last = start + self.seconds, start + PATIENCE * self.seconds
        weight = sum(family.weight for family in self.families)
        for family in self.families:
            now = perf_counter()
            share = family.weight / weight
            until, self._latest = (now + max(0.0, limit - now) * share for limit in (end, last))
            if isinstance(family, Listed):
                found = self._each(family, until)
            else:
                found = self._drawn(family, until) if self._applies(family) else None
            weight -= family.weight
            if found is not None:
                return Check(found.verdict, found.message, {**found.facts, "family": family.name, "tried": dict(self.tried)})
        return Check(Verdict.VERIFIED, "", {"tried": dict(self.tried), "inputs": sum(self.tried.values())})

    def _each(self, family: Listed, deadline: float) -> Check | None:
        for number, case in enumerate(family.cases(self.field)):
            self.tried[family.name] = number + 1
            found = self._verdict(case)
            if found is not None:
                return found
            if perf_counter() > (deadline if number >= FEWEST_EXAMPLES * family.weight else max(deadline, self._latest)):
                return None
        return None

    def _applies(self, family: Family) -> bool:
        """Whether the family has anything to offer here, by some trials: Hypothesis would take its time to find out."""
        rng = np.random.default_rng(self.seed % 2**32)
        return any(family.case(Chance(rng), self.field) is not None for _ in range(_TRIALS))

    def _drawn(self, family: Family, deadline: float) -> Check | None:
        import hypothesis
        from hypothesis import strategies

        failures: list[Check] = []
        tried: set[str] = set()
        limit = [deadline]

        def over() -> bool:
            now = perf_counter()
            return now > (limit[0] if failures or len(tried) >= FEWEST_EXAMPLES else max(limit[0], self._latest))

        def examine(data: Any) -> None:
            if not failures and over():
                return
            case = family.case(Drawn(data, strategies), self.field)
            if case is None:
                hypothesis.reject()
            key = _key(case)
            if over() and key not in self._failed:
                return
            if key in tried and key not in self._failed:
                return
            tried.add(key)
            found = self._failed.get(key) or self._verdict(case)
            if found is not None:
                if not failures:
                    limit[0] = perf_counter() + SHRINK_SECONDS
                self._failed[key] = found
                failures.append(found)
                raise _Found

        settings = hypothesis.settings(
            database=None, deadline=None, max_examples=round(MOST_EXAMPLES * family.weight), derandomize=False, print_blob=False,
            report_multiple_bugs=False, suppress_health_check=list(hypothesis.HealthCheck),
            phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink), verbosity=hypothesis.Verbosity.quiet,
        )
        test = hypothesis.seed(self.seed)(settings(hypothesis.given(strategies.data())(examine)))
        try:
            test()
        except _Found:
            return failures[-1]
        except hypothesis.errors.Unsatisfiable:
            pass
        except hypothesis.errors.Flaky:
            # It failed, and at a repetition did not: a race, or a run that was killed too often to be repeated.
            return failures[0] if failures else None
        finally:
            if tried:
                self.tried[family.name] = len(tried)
        return None

    def _verdict(self, case: Case) -> Check | None:
        oracle = self.field.domain.oracle
        facts = {"size": dict(case.size), "seed": case.seed}
        given = shown(self.field.domain.names, case.arguments)
        try:
            outcome = self.subject.run(case, POISON[len(self.tried) % len(POISON)])
        except Worn:
            return None
        except RunFailed as failure:
            if excused(failure, case):
                return None
            return Check(failure.verdict, f"{case.label}: {failure.message}; with {given}", facts)
        try:
            found = disagreement(outcome, case, oracle, compare_case(outcome, case, oracle))
        except SpecError:
            return None
        if found is None:
            return None
        return Check(Verdict.WRONG, f"{case.label}: {found[0]}; with {given}", facts)


@dataclass(frozen=True)
class Drawn:
    """Choices that Hypothesis makes and shrinks."""

    data: Any
    strategies: Any

    def below(self, count: int) -> int:
        return int(self.data.draw(self.strategies.integers(0, count - 1))) if count > 1 else 0

    def of(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))]


class Worn(Exception):
    """The candidate's process ended too often; what further inputs would show is left open."""


class _Found(Exception):
    """The candidate fails on this input."""


def _key(case: Case) -> str:
    """Tells cases apart by what goes in."""
    digest = hashlib.sha256(case.label.encode())
    for value in case.arguments:
        digest.update(np.ascontiguousarray(value).data if isinstance(value, np.ndarray) else repr(value).encode())
    return digest.hexdigest()
