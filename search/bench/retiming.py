"""Retiming: candidates of many runs of one kernel on one scale, each timed anew beside the same yardstick."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from ...kernels.candidate import Candidate
from ...workers.evaluation import Ratio
from ...workers.failure import FAILURES
from ...workers.job import Assignment
from ...workers.machine import machine_type
from ...workers.rivals import court
from ...workers.rivals.known import Known
from .kept import Kept
from .medians import geometric_mean
from .on_demand import JudgeOnDemand
from .trace import Step, Trace, champions

SECONDS = 4.0
LEADING = 3


class Yardstick(JudgeOnDemand):
    """A candidate by which others are measured. Figures are kept in `file`, one for each machine code.

    draw: seed of the inputs.
    """

    def __init__(self, file: Path, assignment: Assignment, candidate: Candidate, draw: int) -> None:
        super().__init__(assignment)
        self._candidate = candidate
        self._draw = draw
        self._kept = Kept(file, {"machine": machine_type().key, "yardstick": candidate.identity,
                                 "threads": assignment.settings.threads, "draw": draw})

    def speedup(self, step: Step) -> float:
        """How many times faster than the yardstick, by all that was measured of it; 0 for what cannot be timed any more."""
        if step.candidate.identity == self._candidate.identity:
            return 1.0
        found = [self._kept.value(step.code, lambda: self._timed(step.candidate)), self._kept.get(self._again(step))]
        figures = [Ratio.from_json(each).speedup for each in found if each is not None]
        return geometric_mean(figures) or 0.0

    def best(self, traces: Sequence[Trace]) -> float:
        """The best known: of the champions that come first here, the fastest when each is measured once more, since the best of
        many figures is too good. 1.0 where there is none."""
        leading = sorted(champions(traces), key=self.speedup)[-LEADING:]
        for step in leading:
            self._kept.value(self._again(step), lambda step=step: self._timed(step.candidate))
        return max(map(self.speedup, leading), default=1.0)

    @staticmethod
    def _again(step: Step) -> str:
        return f"{step.code} again"

    def _timed(self, candidate: Candidate) -> dict[str, object] | None:
        try:
            ratio = court.paired(self._judge, Known("candidate", candidate), Known("yardstick", self._candidate), self._draw, SECONDS)
        except FAILURES:
            return None
        return asdict(replace(ratio, samples=()))
