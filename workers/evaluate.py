"""The cascade: one candidate through gate, build, smoke, verification, screen and measurement, cheapest first.

Verification comes before the screen, against the usual order, so that nothing unverified is ever timed and a candidate
waits for the timing lease once (figures in docs/decisions.md).
"""
from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..kernels.analysis.narrowing import narrowing
from ..kernels.analysis.unwritten import unwritten_reads
from ..kernels.candidate import FINITE_ONLY, Candidate, CandidateError
from ..kernels.lift.plain import complaint_beside
from .evaluation import Evaluation, Ratio, Rung, Verdict
from .failure import FAILURES, meaning
from .job import Assignment, Job
from .leases import Leases
from .machine import machine_type
from .oracle import Oracle
from .sandbox.client import Child
from .session import ChildSession
from .slots import TIMED, Slots
from .timing import screen
from .verify.access import clear
from .verify.check import Check
from .verify.differential import PlannedCase, differential, plan
from .verify.readonly import check_readonly
from .verify.runner import ChildRunner
from .verify.timed import check_timed

SMOKE_CASES = 2
REFERENCE = "reference"


class Judge:
    """Judges the candidates of one run, one after the other. Owns a warm process; `close()` ends it."""

    def __init__(self, assignment: Assignment, node: str = "") -> None:
        self.assignment = assignment
        self.node = node
        self.machine = machine_type().key
        self.slots = Slots(assignment)
        self.oracle = Oracle(assignment.spec.open(), assignment.signature)
        self.leases = Leases()
        self._timed: dict[tuple[str, str, int], Ratio] = {}

    def __enter__(self) -> Judge:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends everything this judge started."""
        self.slots.close()

    def evaluate(self, job: Job) -> Evaluation:
        """The job's Evaluation. Whatever the candidate does is a verdict."""
        record = _Record(job.candidate)
        try:
            self._climb(job, record)
        except _Ended:
            pass
        except FAILURES as failure:
            record.verdict, record.message = meaning(failure)
        return record.evaluation(self.machine, self.node)

    def _climb(self, job: Job, record: _Record) -> None:
        candidate = job.candidate
        with record.rung(Rung.GATE):
            if refused := complaint_beside(candidate, self.oracle.spec) or self._assumes_finite(candidate):
                record.end(Verdict.REFUSED, refused)
        cases = plan(self.oracle, job.seed)
        with record.waiting(), self.leases.build() as core:
            record.working()
            with record.rung(Rung.SMOKE):
                self._smoke(candidate, cases[:SMOKE_CASES], core, record)
            case = self.oracle.case("benchmark", cases[-1].seed)
            child = self.slots.fork(f"judge {candidate.identity}", [core])
            record.defences = child.defences
        with child:
            with record.waiting(), self.leases.build() as core:
                record.working()
                child.pin([core])
                with record.rung(Rung.BUILD):
                    self.slots.attach_timed(child, case)
                    record.facts.update(self.slots.build(child, "candidate", candidate))
                with record.rung(Rung.VERIFY):
                    check = differential(ChildRunner(child, "candidate", self.assignment.settings.run_seconds), self.oracle, cases)
                    record.answer(check, "differential")
                    record.answer(check_readonly(child, "candidate", self.oracle, cases[-1], self.assignment.settings.run_seconds), "readonly")
                    record.equivalent = True
                    if not job.timed:
                        record.end(Verdict.VERIFIED, "")
                self.slots.cache_rival(job.anchor, case, [core])
            self._time(job, child, cases[-1], record)

    def _assumes_finite(self, candidate: Candidate) -> str:
        flags = [flag for flag in candidate.options.fastmath if flag in FINITE_ONLY]
        if not flags or self.oracle.spec.declaration.finite:
            return ""
        return f"the fastmath flags {' and '.join(flags)} are for kernels that declare finite=True: they break tests for nan and inf"

    def _smoke(self, candidate: Candidate, cases: Any, core: int, record: _Record) -> None:
        """Bounds-checked, serial and unoptimised, on small inputs; then the access log, where there is a `prange`.

        What a proven rewrite made of a candidate that was compiled with bounds checks is not compiled so again: its
        accesses are logged at the tiny size, which checks bounds as well and takes a tenth of the time.
        """
        signature = self.oracle.signature
        if found := unwritten_reads(candidate, signature) or narrowing(candidate, signature, self.assignment.spec.text):
            record.end(Verdict.WRONG, "; ".join(found[:3]))
        derived = _is_derived(candidate)
        seconds = self.assignment.settings.run_seconds
        tiny = self.oracle.case(cases[0].size, cases[0].seed)
        with self.slots.fork(f"smoke {candidate.identity}", [core]) as child:
            record.defences = child.defences
            if not derived:
                self.slots.attach(child, tiny)
                self.slots.build(child, "smoke", candidate, boundscheck=True, opt=0)
                record.answer(differential(ChildRunner(child, "smoke", seconds), self.oracle, cases), "smoke")
            if derived or candidate.options.parallel:
                check = clear(child, candidate, self.oracle, tiny, seconds)
                if candidate.options.parallel:
                    record.legal_in_parallel = False if check.verdict is Verdict.RACE else None
                record.answer(check, "access")
            record.legal_in_parallel = True

    def _time(self, job: Job, child: Child, benchmark: PlannedCase, record: _Record) -> None:
        candidate, anchor = job.candidate, job.anchor
        rival = anchor.identity if anchor else REFERENCE
        settings = self.assignment.settings
        code = str(record.facts.get("code_hash", "")), rival, candidate.options.threads or settings.threads
        known = self._timed.get(code) if code[0] and not job.afresh else None
        if known is not None:
            record.facts["timing_shared"] = True
            record.succeed(known)
            return
        with record.waiting(), self.leases.timing(settings.threads) as cores:
            record.working()
            with record.rung(Rung.MEASURE):
                child.pin(cores)
                self.slots.build_rival(child, "rival", anchor)
                mixed = self.slots.mixed_pools(candidate, anchor)
                with ChildSession(child, TIMED, cores, mixed, settings.run_seconds) as session:
                    screening = screen(session, candidate="candidate", rival="rival", bar=job.bar, rival_name=rival,
                                       rounds=settings.rounds, seconds=settings.timing_seconds, measuring=True)
                if screening.decision != "slower":
                    record.answer(check_timed(child, "candidate", self.oracle, benchmark, settings.run_seconds), "timed")
        ratio = screening.ratio
        record.facts["crowded"] = round(screening.crowded, 3)
        if screening.decision == "slower":
            record.faster, record.at = ratio, Rung.SCREEN
            record.end(Verdict.TOO_SLOW, f"{ratio.speedup:.3f} times the anchor's speed, below the bar of {job.bar:.3f}")
        if code[0]:
            self._timed[code] = ratio
        record.succeed(ratio)


def _is_derived(candidate: Candidate) -> bool:
    """Whether only operations that keep bounds made it from its parent: a rewrite, or other options."""
    operator = candidate.lineage.operator.partition(":")[0]
    return operator == "rewrite" or (operator == "tune" and not candidate.tunables)


def _identity(candidate: Candidate) -> str:
    """The candidate's identity, "" where its text cannot be parsed: it has none, and was refused."""
    try:
        return candidate.identity
    except CandidateError:
        return ""


class _Ended(Exception):
    """The candidate's way through the cascade is over; the record says how."""


class _Record:
    """What is known so far of one candidate."""

    def __init__(self, candidate: Candidate) -> None:
        self.candidate = candidate
        self.verdict = Verdict.LOST
        self.at = Rung.GATE
        self.message = ""
        self.equivalent: bool | None = None
        self.legal_in_parallel: bool | None = None
        self.faster: Ratio | None = None
        self.defences: tuple[str, ...] = ()
        self.facts: dict[str, Any] = {}
        self.seconds: dict[str, float] = {}
        self._wait_started: float | None = None

    @contextmanager
    def rung(self, rung: Rung) -> Iterator[None]:
        self.at = rung
        started = time.perf_counter()
        try:
            yield
        finally:
            self._add(str(rung), time.perf_counter() - started)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Around the taking of a lease; `working` ends the wait."""
        self._wait_started = time.perf_counter()
        yield

    def working(self) -> None:
        if self._wait_started is not None:
            self._add("wait", time.perf_counter() - self._wait_started)
            self._wait_started = None

    def _add(self, name: str, seconds: float) -> None:
        self.seconds[name] = round(self.seconds.get(name, 0.0) + seconds, 6)

    def answer(self, check: Check, name: str) -> None:
        """Takes a check's facts, and ends where it found something."""
        self.facts[name] = dict(check.facts)
        if not check.passed:
            if check.verdict is not Verdict.RACE:
                self.equivalent = False
            self.end(check.verdict, check.message)

    def end(self, verdict: Verdict, message: str) -> None:
        self.verdict, self.message = verdict, message
        raise _Ended

    def succeed(self, ratio: Ratio) -> None:
        self.verdict, self.message, self.faster = Verdict.VERIFIED, "", ratio
        self.at = Rung.MEASURE

    def evaluation(self, machine: str, node: str) -> Evaluation:
        return Evaluation(
            _identity(self.candidate), self.verdict, self.at, self.message, self.equivalent, self.legal_in_parallel,
            self.faster, self.seconds, self.defences, machine, node, self.facts,
        )
