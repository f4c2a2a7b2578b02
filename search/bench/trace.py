"""Trace: what one run's search saw, evaluation by evaluation, and how soon it came near the best."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...kernels.candidate import Candidate
from ...workers.evaluation import Verdict
from ..journal import Journal
from ..result import best_seed, counts, judged_once

WITHIN = 0.05
"""How much slower than the best known a kernel may be to count as found."""
_SLACK, _NEAR = 0.1, 0.97


@dataclass(frozen=True)
class Step:
    """One evaluation. speedup: over the run's anchor as the search measured it; None where it was not verified."""

    candidate: Candidate
    code: str
    speedup: float | None


@dataclass(frozen=True)
class Trace:
    """The evaluations that the budget counts, in their order. anchor, seed, champion: what the run's figures are relative to, its best
    seed and its champion, None where there is none.
    wall_s: of the whole run, the champion's examination included."""

    steps: tuple[Step, ...]
    anchor: Step | None
    seed: Step | None
    champion: Step | None
    wall_s: float

    @property
    def seeds(self) -> int:
        """How many of the evaluations were seeds."""
        return sum(step.candidate.lineage.operator == "seed" for step in self.steps)

    @classmethod
    def of(cls, journal: Journal, wall_s: float) -> Trace:
        """From a run's journal."""
        steps = []
        for row in judged_once(journal):
            verified = row.evaluation.verdict is Verdict.VERIFIED and row.evaluation.faster is not None
            if counts(row.evaluation):
                steps.append(Step(row.candidate, code_of(row.candidate, row.evaluation.facts.get("code_hash")),
                                  row.evaluation.faster.speedup if verified else None))
        by_identity = {step.candidate.identity: step for step in steps}
        return cls(tuple(steps), by_identity.get(journal.state("anchor")), by_identity.get(best_seed(journal)), by_identity.get(journal.state("champion")), wall_s)


def code_of(candidate: Candidate, code_hash: str | None) -> str:
    """A name that candidates of equal machine code and threads share: one timing serves all of them."""
    return f"{code_hash or candidate.identity} {candidate.options.threads or 'all'}"


def first_within(trace: Trace, scale: float, best: float, timed: Callable[[Step], float]) -> int | None:
    """How many evaluations it took until a kernel within WITHIN of `best` was found; None where none was.

    scale: the speedup of the run's anchor over what `best` and `timed` are relative to. What the search measured of many
    candidates flatters the luckiest, so `timed` decides, a fresh measurement; it is asked, in the order of the search, for
    the champion and whatever was about the best so far and came near enough to be it.
    """
    goal, so_far = (1 - WITHIN) * best, 0.0
    for number, step in enumerate(trace.steps, 1):
        figure = (step.speedup or 0.0) * scale
        promising = figure >= (1 - _SLACK) * goal and figure >= _NEAR * so_far
        so_far = max(so_far, figure)
        champion = trace.champion is not None and step.candidate.identity == trace.champion.candidate.identity
        if (promising or champion) and timed(step) >= goal:
            return number
    return None


def area(trace: Trace, scale: float, best: float, final: float | None, evaluations: int) -> float:
    """Mean over all evaluations of the budget of the best so far relative to `best`, from 0 (nothing) to 1 (at once).

    By the search's own figures, but never more than `final`, the champion's fresh one (None: no cap). A search that
    ended early keeps what it had.
    """
    cap = min(1.0, final / best) if final is not None else 1.0
    so_far, total = 0.0, 0.0
    for at in range(evaluations):
        if at < len(trace.steps):
            so_far = max(so_far, (trace.steps[at].speedup or 0.0) * scale / best)
        total += min(so_far, cap)
    return total / evaluations


def champions(traces: Sequence[Trace]) -> list[Step]:
    """The distinct champions and best seeds of runs, by machine code: one of them is the best known."""
    found = {step.code: step for trace in traces for step in (trace.champion, trace.seed) if step is not None}
    return list(found.values())
