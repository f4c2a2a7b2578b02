"""The Ray actor that judges candidates on one CPU slot of one node."""
from __future__ import annotations

import os
import time
from dataclasses import replace

import ray

from .arenas import one_arena
from .confirm import confirm
from .confirmation import Confirmation
from .evaluate import Judge
from .evaluation import Evaluation
from .job import Assignment, ConfirmJob, Job
from .metrics import SLOT


@ray.remote
class Worker:
    """Owns one judge (and with it one warm process). Its name tells the Ray dashboard kernel and number."""

    def __init__(self, assignment: Assignment) -> None:
        one_arena()
        self._name = assignment.spec.name
        self._judge = Judge(assignment, node=ray.get_runtime_context().get_node_id()[:12])
        self._ended: float | None = None

    def __repr__(self) -> str:
        return f"Worker({self._name})"

    def evaluate(self, job: Job) -> Evaluation:
        """The candidate's Evaluation; failures of the candidate are verdicts, never exceptions.

        Its facts say how this worker spent its time: "slot": {"pid", "busy_s": in this evaluation, "idle_s": between the
        one before and this, None for the first}.
        """
        began = time.perf_counter()
        evaluation = self._judge.evaluate(job)
        before, self._ended = self._ended, time.perf_counter()
        slot = {"pid": os.getpid(), "busy_s": round(self._ended - began, 6), "idle_s": None if before is None else round(began - before, 6)}
        return replace(evaluation, facts={**evaluation.facts, SLOT: slot})

    def confirm(self, job: ConfirmJob) -> Confirmation:
        """The champion's last examination."""
        return confirm(self._judge, job)
