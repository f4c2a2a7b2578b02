"""The bench over kernels: a run of each, then champion, best seed and other compilers timed anew beside the reference."""
from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...kernels.candidate import Candidate
from ...workers.evaluate import REFERENCE
from ...workers.evaluation import Ratio, Verdict
from ...workers.failure import FAILURES, meaning
from ...workers.inspection import Inspection
from ...workers.job import Assignment, JudgeSettings
from ...workers.machine import machine_type
from ...workers.rivals import NotBuilt, Rival, court
from ...workers.rivals.known import Known
from ...workers.rivals.njit import Njit
from ...workers.rivals.pythran import Pythran
from ..journal import Journal, journal_url
from ..schema import RunError
from ..settings import RunSettings
from ..target import resolve
from .kept import Kept
from .on_demand import JudgeOnDemand
from .runs import DidNotEnd, PlannedRun, carry_out
from .standing import CHAMPION, COMPILERS, NJIT, NOT_AVAILABLE, PARALLEL, PYTHRAN, SEED, WRONG, Row, Standing

FILE = "rivals.json"
SECONDS = 12.0
LONGEST_REASON = 160
_OTHER_RESULTS = frozenset({Verdict.WRONG, Verdict.RACE, Verdict.OUT_OF_BOUNDS})


def bench_library(kernels: Sequence[str], evaluations: int, seed: int, directory: Path, seconds: float = SECONDS,
                  report: Callable[[Row], None] = lambda row: None) -> list[Row]:
    """A Row for each of `kernels`, as the command line names them; `report` gets each when it is known.

    What `directory` holds of an earlier call is not done again. seconds: about how long one pair is timed. Raises
    SpecError, RunError.
    """
    rows = []
    for planned in plan(kernels, evaluations, seed, directory):
        try:
            result = carry_out(planned)
            row = measure(planned.directory, result["evaluations"], seconds)
        except DidNotEnd as error:
            row = Row(resolve(planned.kernel).name, False, failure=str(error))
        rows.append(row)
        report(row)
    return rows


def plan(kernels: Sequence[str], evaluations: int, seed: int, directory: Path) -> list[PlannedRun]:
    """A run for each kernel, in a directory called like it. Raises SpecError, RunError where two have one name."""
    named: dict[str, PlannedRun] = {}
    for kernel in kernels:
        name = resolve(kernel).name
        if name in named:
            raise RunError(f"two kernels are called {name}: {named[name].kernel} and {kernel}; give them one at a time, each its --out")
        named[name] = PlannedRun(kernel, directory / name, evaluations, seed)
    return list(named.values())


def measure(directory: Path, evaluations: int, seconds: float) -> Row:
    """The row of the run in `directory`, which has ended. Raises RunError."""
    with Journal.open(journal_url(directory), write=False) as journal:
        confirmed = journal.state("champion")
        champion = None if confirmed is None else journal.candidate(confirmed)
        anchor = journal.state("anchor")
        seed = None if anchor is None else journal.candidate(anchor)
        inspection = Inspection.from_json(journal.state("inspection"))
        settings = RunSettings(**journal.run.settings)
        spec = journal.run.spec
    judge = JudgeSettings(settings.threads or 1, int(settings.memory_gib * 2**30), settings.build_seconds, settings.run_seconds)
    context = {"machine": machine_type().key, "threads": judge.threads, "champion": confirmed, "seed": anchor, "seconds": seconds}
    kept = Kept(directory / FILE, context)
    measured = str(kept.value("measured", lambda: datetime.date.today().isoformat()))
    with _Field(Assignment(spec, inspection.observation.signature, judge), champion, seed, settings.seed, seconds) as field:
        standings = {name: Standing.from_json(kept.value(name, lambda name=name: asdict(field.standing(name)))) for name in field.names}
        ratios = {name: standing.ratio for name, standing in standings.items() if standing.ratio}

        def beside(name: str) -> Ratio | None:
            if CHAMPION not in ratios or name not in ratios or (name == SEED and anchor == confirmed):
                return None
            return Ratio.from_json(kept.value(f"{CHAMPION} beside {name}", lambda: asdict(field.ratio(CHAMPION, name))))

        rivals = sorted((name for name in COMPILERS if name in ratios), key=lambda name: -ratios[name].speedup)
        best = rivals[0] if rivals else ""
        return Row(spec.name, champion is not None, evaluations, standings, best, beside(SEED), beside(best),
                   machine_type().key, judge.threads, measured)


class _Field(JudgeOnDemand):
    """All that contend for one kernel."""

    def __init__(self, assignment: Assignment, champion: Candidate | None, seed: Candidate | None, draw: int, seconds: float) -> None:
        super().__init__(assignment)
        self._draw, self._seconds = draw + 1, seconds  # not the inputs that the search began with
        known = {SEED: seed, CHAMPION: champion}
        self._rivals: dict[str, Rival] = {
            **{name: Known(name, candidate) for name, candidate in known.items() if candidate is not None},
            NJIT: Njit(NJIT), PARALLEL: Njit(PARALLEL, parallel=True, fastmath=True), PYTHRAN: Pythran(),
        }
        self.names = tuple(self._rivals)

    def standing(self, name: str) -> Standing:
        """Checked, then timed against the reference."""
        rival = self._rivals[name]
        try:
            check = court.check(self._judge, rival, self._draw)
            if not check.passed:
                outcome = WRONG if check.verdict in _OTHER_RESULTS else NOT_AVAILABLE
                return Standing(name, None, outcome, _short(f"{check.verdict}: {check.message}" if outcome != WRONG else check.message))
            return Standing(name, court.paired(self._judge, rival, Known(REFERENCE), self._draw, self._seconds))
        except NotBuilt as reason:
            return Standing(name, None, NOT_AVAILABLE, _short(str(reason)))
        except FAILURES as failure:
            verdict, message = meaning(failure)
            return Standing(name, None, NOT_AVAILABLE, _short(f"{verdict}: {message}"))

    def ratio(self, name: str, other: str) -> Ratio:
        """Two contenders that were timed, beside each other. Raises RunError where one fails now."""
        try:
            return court.paired(self._judge, self._rivals[name], self._rivals[other], self._draw, self._seconds)
        except (NotBuilt, *FAILURES) as failure:
            raise RunError(f"{name} cannot be timed beside {other}: {failure}") from None


def _short(reason: str) -> str:
    line = " ".join(reason.split())
    return line if len(line) <= LONGEST_REASON else f"{line[:LONGEST_REASON - 2]} …"


def as_json(rows: Sequence[Row], seed: int, mean: float | None) -> dict[str, Any]:
    """The bench as JSON; mean: geometric mean over the references."""
    return {"seed": seed, "kernels": [row.as_json() for row in rows], "stands": sum(row.stands for row in rows), "of": len(rows),
            "geometric_mean": mean}
