"""The bench over strategies: each searches the same kernels with the same budget from several seeds."""
from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...workers.inspection import Inspection
from ...workers.job import Assignment, JudgeSettings
from ...workers.machine import machine_type
from ..journal import Journal, journal_url
from ..schema import RunError
from ..settings import RunSettings
from ..target import resolve
from .comparison import Contest, Found, Score
from .retiming import Yardstick
from .runs import PlannedRun, carry_out
from .strategies import Strategy, written
from .trace import Trace, area, first_within

RETIMED, CONFIGS = "retimed.json", "strategies"
CONFIRM_SECONDS = 10.0


def bench_search(
    kernels: Sequence[str], strategies: Sequence[Strategy], seeds: Sequence[int], evaluations: int, directory: Path,
    confirm_seconds: float = CONFIRM_SECONDS, report: Callable[[str], None] = lambda line: None, recall: bool = False,
) -> list[Contest]:
    """A Contest for each of `kernels`, as the command line names them; `report` gets a line as each run has ended.

    confirm_seconds: about how long a run examines its champion; its figure comes from a retiming here. Runs that
    `directory` holds are not done again. All strategies take their turns seed by seed, so that a machine that changes
    slowly favours none. recall: what one run has judged, later ones do not judge again. Raises SpecError, RunError,
    SettingsError.
    """
    further = {"confirm_seconds": confirm_seconds, "dashboard": False, **({"recall": str(directory)} if recall else {})}
    configs = {strategy.name: written(strategy, further, directory / CONFIGS) for strategy in strategies}
    names = _names(kernels)
    runs = {
        (kernel, strategy.name, seed): PlannedRun(kernel, directory / names[kernel] / strategy.name / f"seed-{seed}", evaluations, seed,
                                                  configs[strategy.name])
        for seed in seeds for kernel in kernels for strategy in strategies
    }
    results = {}
    for number, (key, planned) in enumerate(runs.items(), 1):
        results[key] = carry_out(planned)
        report(f"{number:4d} of {len(runs)}: {names[key[0]]:18} {key[1]:16} seed {key[2]}: {results[key]['sentence']}")
    return [
        _contest(kernel, {s.name: {seed: _Ended(runs[kernel, s.name, seed], results[kernel, s.name, seed]) for seed in seeds}
                          for s in strategies}, strategies, evaluations, directory / names[kernel])
        for kernel in kernels
    ]


class _Ended:
    """A run that has ended: what its journal holds."""

    def __init__(self, planned: PlannedRun, result: Mapping[str, Any]) -> None:
        self.evaluations = int(result["evaluations"])
        with Journal.open(journal_url(planned.directory), write=False) as journal:
            self.trace = Trace.of(journal, float(result["wall_s"]))
            self.settings = RunSettings(**journal.run.settings)
            self.signature = Inspection.from_json(journal.state("inspection")).observation.signature
            self.spec = journal.run.spec

    @property
    def assignment(self) -> Assignment:
        settings = self.settings
        return Assignment(self.spec, self.signature, JudgeSettings(
            settings.threads or 1, int(settings.memory_gib * 2**30), settings.build_seconds, settings.run_seconds))


def _contest(kernel: str, ended: Mapping[str, Mapping[int, _Ended]], strategies: Sequence[Strategy], evaluations: int,
             directory: Path) -> Contest:
    every = [run for runs in ended.values() for run in runs.values()]
    first = every[0]
    yardstick = next((run.trace.seed.candidate for run in every if run.trace.seed), None)
    if yardstick is None:
        raise RunError(f"no run verified anything of {kernel}, so there is nothing to compare")
    with Yardstick(directory / RETIMED, first.assignment, yardstick, first.settings.seed + 1) as scale:
        best = scale.best([run.trace for run in every])
        scores = tuple(Score(strategy, tuple(_found(seed, run, scale, best, evaluations) for seed, run in ended[strategy.name].items()))
                       for strategy in strategies)
    return Contest(first.spec.name, evaluations, best, scores, machine_type().key, first.settings.threads or 1,
                   datetime.date.today().isoformat(), first.trace.seeds)


def _found(seed: int, run: _Ended, scale: Yardstick, best: float, evaluations: int) -> Found:
    trace = run.trace
    of_anchor = scale.speedup(trace.anchor) if trace.anchor else 0.0
    final = scale.speedup(trace.champion) if trace.champion else None
    return Found(
        seed, first_within(trace, of_anchor, best, scale.speedup), area(trace, of_anchor, best, final, evaluations),
        None if final is None else final / best, run.evaluations, trace.wall_s,
    )


def _names(kernels: Sequence[str]) -> dict[str, str]:
    """A directory's name for each kernel. Raises SpecError, RunError where two have the same."""
    names = {kernel: resolve(kernel).name for kernel in kernels}
    if len(set(names.values())) < len(kernels):
        raise RunError("two of the kernels have the same name; compare them one at a time, each with its own --out")
    return names
