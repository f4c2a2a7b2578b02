"""Recall: verdicts of earlier runs of the same kernel, taken where they stand already instead of judging once more.

For the comparison of searches alone: what a search proposes depends on the verdicts, not on who judged first, so that
many searches cost little more than the candidates in which they differ, and all see the same figure of the same
candidate. (Auto-tuners do the same: "simulation mode" of Kernel Tuner, B. van Werkhoven, 2019.) A champion's last
examination is never recalled.
"""
from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ..kernels.candidate import Candidate
from ..workers.confirmation import Confirmation
from ..workers.evaluation import Evaluation, Verdict
from ..workers.fleet import IN_FLIGHT_PER_WORKER, Fleet
from ..workers.job import ConfirmJob, Job
from .journal import DATABASE, SEARCH, SEED_VS_REFERENCE, Journal, RunRecord, journal_url

RECALLED = "recalled"
_JUDGED_ALIKE = ("threads", "rounds", "memory_gib", "build_seconds", "run_seconds")

Question = tuple[str, str | None]
"""A candidate's identity, and its anchor's; None where the rival was the reference."""


def recalled(directory: Path, run: RunRecord) -> dict[Question, Evaluation]:
    """What the runs at and below `directory` found of the kernel of `run`, on machines of its type, with the same limits.

    What was lost with its worker is no verdict. Of several the first that was measured in full counts. Raises RunError
    for a damaged journal.
    """
    found: dict[Question, Evaluation] = {}
    for database in sorted(directory.rglob(DATABASE)):
        with Journal.open(journal_url(database.parent), write=False) as journal:
            if journal.run.id != run.id and _alike(journal.run, run):
                _gather(journal, found)
    return found


def _alike(one: RunRecord, other: RunRecord) -> bool:
    return (one.spec.content_hash == other.spec.content_hash and one.machine == other.machine and one.versions == other.versions
            and all(one.settings.get(name) == other.settings.get(name) for name in _JUDGED_ALIKE))


def _gather(journal: Journal, found: dict[Question, Evaluation]) -> None:
    anchor = journal.state("anchor")
    for purpose, rival in ((SEED_VS_REFERENCE, None), (SEARCH, anchor)):
        for row in journal.evaluations(purpose) if purpose == SEED_VS_REFERENCE or anchor else ():
            evaluation, question = row.evaluation, (row.candidate.identity, rival)
            known = found.get(question)
            better = known is None or (known.verdict is Verdict.TOO_SLOW and evaluation.verdict is Verdict.VERIFIED)
            if better and evaluation.verdict is not Verdict.LOST:
                found[question] = replace(evaluation, facts={**evaluation.facts, RECALLED: True})


class RecallingFleet:
    """A Fleet that is not asked what is known. Verdicts come in the order of the jobs, one at a time, so that a search
    knows no more about what is under way than if all of it were judged.
    """

    def __init__(self, fleet: Fleet, known: Mapping[Question, Evaluation]) -> None:
        self._fleet = fleet
        self._known = known
        self._order: deque[str] = deque()
        self._ready: dict[str, Evaluation] = {}

    @property
    def workers(self) -> int:
        return self._fleet.workers

    @property
    def in_flight(self) -> int:
        return len(self._order)

    def room(self) -> int:
        return max(0, IN_FLIGHT_PER_WORKER * self.workers - self.in_flight)

    def submit(self, job: Job) -> None:
        identity = job.candidate.identity
        known = None if job.afresh else self._known.get((identity, _identity(job.anchor)))
        self._order.append(identity)
        if known is None:
            self._fleet.submit(job)
        else:
            self._ready[identity] = known

    def completed(self, timeout: float) -> Sequence[Evaluation]:
        """The oldest job's verdict, if it is known within `timeout` seconds."""
        if self._order and self._order[0] not in self._ready:
            self._ready.update({evaluation.candidate: evaluation for evaluation in self._fleet.completed(timeout)})
        if self._order and self._order[0] in self._ready:
            return [self._ready.pop(self._order.popleft())]
        return []

    def confirm(self, job: ConfirmJob) -> Confirmation:
        return self._fleet.confirm(job)

    def abandon(self) -> None:
        self._order.clear()
        self._ready.clear()
        self._fleet.abandon()


def _identity(candidate: Candidate | None) -> str | None:
    return None if candidate is None else candidate.identity
