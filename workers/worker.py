"""The Ray actor that judges candidates on one CPU slot of one node."""
from __future__ import annotations

import ray

from .confirm import confirm
from .confirmation import Confirmation
from .evaluate import Judge
from .evaluation import Evaluation
from .job import Assignment, ConfirmJob, Job


@ray.remote
class Worker:
    """Owns one judge (and with it one warm process). Its name tells the Ray dashboard kernel and number."""

    def __init__(self, assignment: Assignment) -> None:
        self._name = assignment.spec.name
        self._judge = Judge(assignment, node=ray.get_runtime_context().get_node_id()[:12])

    def __repr__(self) -> str:
        return f"Worker({self._name})"

    def evaluate(self, job: Job) -> Evaluation:
        """The candidate's Evaluation; failures of the candidate are verdicts, never exceptions."""
        return self._judge.evaluate(job)

    def confirm(self, job: ConfirmJob) -> Confirmation:
        """The champion's last examination."""
        return confirm(self._judge, job)
