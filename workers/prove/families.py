"""Families: the champion beside the reference on inputs that no generator draws, found and shrunk by Hypothesis."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...kernels.candidate import Candidate
from ..evaluate import Judge
from ..evaluation import Verdict
from ..failure import RunFailed
from ..oracle import Case
from ..sandbox.client import Child
from ..verify.check import Check
from ..verify.differential import POISON, Outcome
from ..verify.families import FAMILIES
from ..verify.families.domain import Domain
from ..verify.families.drive import Drive, Worn
from ..verify.families.family import Family, Field, Listed
from ..verify.families.layouts import guard_covers
from ..verify.runner import ChildRunner

METHOD = ("run beside the reference on unusual sizes and on inputs derived from the generator's (other orders, ties, zeros, "
          "extremes, nan and inf where the reference defines them), drawn and shrunk by Hypothesis")
ASSUMPTIONS = (
    "where rounding, or the range of its numbers, decides what the reference gives, no kernel is held to it",
    "an element that an infinity goes into may come out as nan, which an equal formula may make of it",
)
_SEEDS = 6
_SHOWN = 10
_LARGEST_SHARE = 0.1
_REFERENCE_SECONDS = 5.0
_MOST_DEATHS = 12
_SURVIVED = (Verdict.RAISED, Verdict.WRONG, Verdict.OUT_OF_BOUNDS)


def families(
    judge: Judge, candidate: Candidate, seed: int, seconds: float, chosen: Sequence[Family | Listed] = FAMILIES
) -> Check:
    """Whether `candidate` agrees with the reference on the inputs of all `chosen` families; WRONG, or what its run ended in,
    with the smallest input found. Raises RunFailed where it cannot be built."""
    rng = np.random.default_rng([seed, 2])
    seeds = tuple(int(number) for number in rng.integers(1, 2**62, _SEEDS))
    with judge.leases.build() as core, _Reference(judge, core) as reference, _Subject(judge, candidate, core) as subject:
        subject.prepare()
        domain = Domain(judge.oracle, reference)
        field = Field(domain, seeds, candidate, _LARGEST_SHARE * seconds)
        found = Drive(subject, field, int(rng.integers(2**62)), seconds, chosen).check()
    guard = guard_covers([a.layout for a in judge.oracle.signature.arguments if a.kind == "array"])
    facts = {**found.facts, "method": METHOD, "guard": f"{guard}; so do empty arrays", "seed": seed,
             "assumptions": list(ASSUMPTIONS)}
    if domain.unforeseen:
        facts["left_out"] = sorted(set(domain.unforeseen))[:_SHOWN]
    tried = f"agrees on {found.facts.get('inputs', 0)} inputs" if found.passed else "differs"
    return Check(found.verdict, found.message, {**facts, "answer": tried})


class _Forked:
    """A child with one kernel built in it, forked at its first run and again after its death. Context manager."""

    def __init__(self, judge: Judge, core: int) -> None:
        self._judge = judge
        self._core = core
        self._child: Child | None = None
        self._deaths = 0

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child = None

    def prepare(self) -> Child:
        """The child, with the kernel built in it. Raises RunFailed, and Worn where it died too often."""
        if self._deaths >= _MOST_DEATHS:
            raise Worn
        if self._child is None:
            self._child = self._fork()
        return self._child

    def _fork(self) -> Child:
        raise NotImplementedError

    def _run(self, case: Case, poison: int, seconds: float) -> Outcome:
        child = self.prepare()
        try:
            return ChildRunner(child, "kernel", seconds).run(case, poison)
        except RunFailed as failure:
            if failure.verdict not in _SURVIVED:
                self._deaths += 1
                self._end()
            raise


class _Reference(_Forked):
    """The reference, where it may loop or take all memory without harm."""

    def run(self, arguments: tuple[Any, ...], like: Case) -> tuple[Any, ...] | None:
        """As `Probe.run`."""
        case = Case(like.size, like.seed, "", arguments, like.expected, like.expected_arguments, like.depths, True)
        try:
            outcome = self._run(case, POISON[0], _REFERENCE_SECONDS)
        except (RunFailed, Worn):
            return None
        return (*outcome.outputs, *outcome.arguments)

    def _fork(self) -> Child:
        child = self._judge.slots.fork("families reference", [self._core])
        self._judge.slots.build_rival(child, "kernel", None)
        return child


class _Subject(_Forked):
    """The candidate, compiled once and loaded again after a crash."""

    def __init__(self, judge: Judge, candidate: Candidate, core: int) -> None:
        super().__init__(judge, core)
        self._candidate = candidate

    def run(self, case: Case, poison: int) -> Outcome:
        """As `Subject.run`."""
        return self._run(case, poison, self._judge.assignment.settings.run_seconds)

    def _fork(self) -> Child:
        slots = self._judge.slots
        case = self._judge.oracle.case("tiny", 0)
        # It is only compiled here, not run; so what it leaves in the cache is the compiler's, and can be trusted.
        slots.cache_rival(self._candidate, case, [self._core])
        child = slots.fork(f"families {self._candidate.identity}", [self._core])
        slots.attach(child, case)
        slots.build(child, "kernel", self._candidate, trusted=True)
        return child
