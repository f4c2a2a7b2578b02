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
from .on_demand import JudgeOnDemand
from .trace import Step, Trace, champions

SECONDS = 4.0


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

    def speedup(self, step: Step, again: bool = False) -> float:
        """How many times faster than the yardstick; 0 for what cannot be timed any more. again: a second measurement."""
        if step.candidate.identity == self._candidate.identity:
            return 1.0
        found = self._kept.value(f"{step.code}{' again' if again else ''}", lambda: self._timed(step.candidate))
        return 0.0 if found is None else Ratio.from_json(found).speedup

    def best(self, traces: Sequence[Trace]) -> float:
        """The best known: whichever champion comes first here, by its figure from another measurement, since the best of
        many figures is too good. 1.0 where there is none."""
        known = champions(traces)
        return self.speedup(max(known, key=self.speedup), again=True) if known else 1.0

    def _timed(self, candidate: Candidate) -> dict[str, object] | None:
        try:
            ratio = court.paired(self._judge, Known("candidate", candidate), Known("yardstick", self._candidate), self._draw, SECONDS)
        except FAILURES:
            return None
        return asdict(replace(ratio, samples=()))
