"""Forked: the reference, a candidate, or its text, in a child of its own, which is forked again when it dies."""
from __future__ import annotations

from typing import Any

from ...kernels.candidate import Candidate
from ..evaluate import Judge
from ..evaluation import Verdict
from ..failure import RunFailed
from ..oracle import Case
from ..sandbox.client import Child
from ..verify.access import check_access
from ..verify.check import Check
from ..verify.differential import POISON, Outcome
from ..verify.families.drive import Worn
from ..verify.runner import ChildRunner

_REFERENCE_SECONDS = 5.0
_MOST_DEATHS = 12
_SURVIVED = (Verdict.RAISED, Verdict.WRONG, Verdict.OUT_OF_BOUNDS)
"""Verdicts on a run after which its child goes on."""


class Forked:
    """A child for one kernel, forked at its first run and again after its death. Context manager."""

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
        """The child, with what it needs. Raises RunFailed, and Worn where it died too often."""
        if self._deaths >= _MOST_DEATHS:
            raise Worn
        if self._child is None:
            self._child = self._fork()
        return self._child

    def _fork(self) -> Child:
        raise NotImplementedError

    def _died(self) -> None:
        self._deaths += 1
        self._end()

    def _run(self, case: Case, poison: int, seconds: float) -> Outcome:
        child = self.prepare()
        try:
            return ChildRunner(child, "kernel", seconds).run(case, poison)
        except RunFailed as failure:
            if failure.verdict not in _SURVIVED:
                self._died()
            raise


class Reference(Forked):
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


class Subject(Forked):
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


class Logged(Forked):
    """The candidate's text, interpreted over arrays that log its accesses."""

    def __init__(self, judge: Judge, candidate: Candidate, core: int) -> None:
        super().__init__(judge, core)
        self._candidate = candidate

    def check(self, case: Case) -> Check:
        """As `check_access`. Raises Worn where the child died too often."""
        assignment = self._judge.assignment
        found = check_access(self.prepare(), self._candidate, case, assignment.signature, assignment.settings.run_seconds)
        if found.verdict not in (Verdict.VERIFIED, Verdict.REFUSED, Verdict.RACE, *_SURVIVED):
            self._died()
        return found

    def _fork(self) -> Child:
        return self._judge.slots.fork(f"accesses {self._candidate.identity}", [self._core])
