"""The bench over kernels: a run of each, then champion, best seed and other compilers timed anew beside the reference."""
from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...workers.evaluation import Ratio
from ...workers.inspection import Inspection
from ...workers.job import Assignment, JudgeSettings
from ...workers.machine import machine_type
from ...workers.rivals.njit import Njit
from ...workers.rivals.pythran import Pythran
from ..journal import Journal, journal_url
from ..result import best_seed
from ..schema import RunError
from ..settings import RunSettings
from ..target import resolve
from .field import Field, known
from .kept import Kept
from .runs import DidNotEnd, PlannedRun, carry_out
from .standing import CHAMPION, COMPILERS, NJIT, PARALLEL, PYTHRAN, SEED, Row, Standing

FILE = "rivals.json"
SECONDS = 12.0


def bench_library(kernels: Sequence[str], evaluations: int, seed: int, directory: Path, seconds: float = SECONDS,
                  report: Callable[[Row], None] = lambda row: None, preset: str | None = None) -> list[Row]:
    """A Row for each of `kernels`, as the command line names them; `report` gets each when it is known.

    What `directory` holds of an earlier call is not done again. seconds: about how long one pair is timed. Raises
    SpecError, RunError.
    """
    rows = []
    for planned in plan(kernels, evaluations, seed, directory, preset):
        try:
            result = carry_out(planned)
            row = measure(planned.directory, result["evaluations"], seconds)
        except DidNotEnd as error:
            row = Row(resolve(planned.kernel, planned.preset).name, False, failure=str(error))
        rows.append(row)
        report(row)
    return rows


def plan(kernels: Sequence[str], evaluations: int, seed: int, directory: Path, preset: str | None = None) -> list[PlannedRun]:
    """A run for each kernel, in a directory called like it. Raises SpecError, RunError where two have one name."""
    named: dict[str, PlannedRun] = {}
    for kernel in kernels:
        name = resolve(kernel, preset).name
        if name in named:
            raise RunError(f"two kernels are called {name}: {named[name].kernel} and {kernel}; give them one at a time, each its --out")
        named[name] = PlannedRun(kernel, directory / name, evaluations, seed, preset=preset)
    return list(named.values())


def measure(directory: Path, evaluations: int, seconds: float) -> Row:
    """The row of the run in `directory`, which has ended. Raises RunError."""
    with Journal.open(journal_url(directory), write=False) as journal:
        confirmed = journal.state("champion")
        champion = None if confirmed is None else journal.candidate(confirmed)
        fastest = best_seed(journal)
        seed = None if fastest is None else journal.candidate(fastest)
        inspection = Inspection.from_json(journal.state("inspection"))
        settings = RunSettings(**journal.run.settings)
        spec = journal.run.spec
    judge = JudgeSettings(settings.threads or 1, int(settings.memory_gib * 2**30), settings.build_seconds, settings.run_seconds)
    context = {"machine": machine_type().key, "threads": judge.threads, "champion": confirmed, "seed": fastest, "seconds": seconds}
    kept = Kept(directory / FILE, context)
    measured = str(kept.value("measured", lambda: datetime.date.today().isoformat()))
    rivals = {**known({SEED: seed, CHAMPION: champion}), NJIT: Njit(NJIT), PARALLEL: Njit(PARALLEL, parallel=True, fastmath=True),
              PYTHRAN: Pythran()}
    with Field(Assignment(spec, inspection.observation.signature, judge), rivals, settings.seed, seconds) as field:
        standings = {name: Standing.from_json(kept.value(name, lambda name=name: asdict(field.standing(name)))) for name in field.names}
        ratios = {name: standing.ratio for name, standing in standings.items() if standing.ratio}

        def beside(name: str) -> Ratio | None:
            if CHAMPION not in ratios or name not in ratios or (name == SEED and fastest == confirmed):
                return None
            return Ratio.from_json(kept.value(f"{CHAMPION} beside {name}", lambda: asdict(field.ratio(CHAMPION, name))))

        rivals = sorted((name for name in COMPILERS if name in ratios), key=lambda name: -ratios[name].speedup)
        best = rivals[0] if rivals else ""
        return Row(spec.name, champion is not None, evaluations, standings, best, beside(SEED), beside(best),
                   machine_type().key, judge.threads, measured)


def as_json(rows: Sequence[Row], seed: int, mean: float | None) -> dict[str, Any]:
    """The bench as JSON; mean: geometric mean over the references."""
    return {"seed": seed, "kernels": [row.as_json() for row in rows], "stands": sum(row.stands for row in rows), "of": len(rows),
            "geometric_mean": mean}
