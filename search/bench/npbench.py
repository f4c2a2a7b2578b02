"""The bench over a suite in the NPBench layout: what of each program lifts, and its best lifted seed beside NumPy."""
from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import asdict, astuple
from pathlib import Path
from typing import Any

from ...kernels.candidate import Candidate
from ...kernels.lift.share import Share, share
from ...kernels.npbench.description import names as names_of
from ...kernels.npbench.description import read, suggestion
from ...kernels.npbench.suite import PRESET
from ...kernels.spec import KernelSpec, SpecError
from ...workers.evaluation import Evaluation, Verdict
from ...workers.inspection import Inspection
from ...workers.job import Assignment, JudgeSettings
from ...workers.machine import machine_type
from ...workers.rivals.njit import Njit
from ...workers.rivals.pythran import Pythran
from ..journal import Journal, journal_url
from ..launch import examine, seeds_of
from ..schema import RunError
from ..settings import RunSettings, load_settings
from ..standing import NEVER_RAN, REFERENCE
from ..target import SUITE, resolve
from .field import Field, known, short
from .kept import Kept
from .programs import CONTENDERS, LIFTED, Program
from .runs import DidNotEnd, PlannedRun, carry_out
from .standing import CHAMPION, NJIT, PYTHRAN, Standing


def bench_npbench(suite: Path, names: Sequence[str], preset: str | None, evaluations: int, seed: int, directory: Path,
                  seconds: float, report: Callable[[Program], None] = lambda program: None) -> list[Program]:
    """A Program for each of `names`, or of all that the suite has; `report` gets each when it is known.

    evaluations: of a run of each program; 0: its seeds are judged, and nothing is searched. seconds: about how long one
    pair is timed. What `directory` holds of an earlier call is not done again. Raises SpecError for names that the suite
    does not have and a preset that none of them has, RunError.
    """
    chosen = _chosen(suite, names, preset or PRESET)
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{directory} cannot be created: {error.strerror}") from None
    programs = []
    for name in chosen:
        planned = PlannedRun(f"{SUITE}{suite}:{name}", directory / name, evaluations, seed, preset=preset)
        try:
            program = _measured(name, planned, directory, seconds)
        except (SpecError, DidNotEnd) as error:
            program = Program(name, failure=str(error))
        programs.append(program)
        report(program)
    return programs


def _chosen(suite: Path, names: Sequence[str], preset: str) -> list[str]:
    known_names = names_of(suite)
    for name in names:
        if name not in known_names:
            raise SpecError(f"{suite} describes no benchmark {name!r}; {suggestion(name, known_names)}")
    chosen, presets = list(dict.fromkeys(names or known_names)), set()
    for name in chosen:
        try:
            presets |= set(read(suite, name).parameters)
        except SpecError:
            continue                        # said in the program's own row
    if presets and preset not in presets:
        raise SpecError(f"there is no preset {preset!r}; {suggestion(preset, presets)}")
    return chosen


def _measured(name: str, planned: PlannedRun, directory: Path, seconds: float) -> Program:
    """Raises SpecError, DidNotEnd, RunError."""
    spec = resolve(planned.kernel, planned.preset)
    settings = load_settings(None, {"seed": planned.seed})
    threads = settings.threads or len(machine_type().physical_cores)
    verified, champion = _run(planned) if planned.evaluations else (None, None)
    kept = Kept(directory / f"{name}.json", {
        "machine": machine_type().key, "threads": threads, "spec": spec.content_hash, "seed": planned.seed, "seconds": seconds,
        "evaluations": planned.evaluations, "champion": champion and champion.identity,
    })
    measured = str(kept.value("measured", lambda: datetime.date.today().isoformat()))
    inspection = Inspection.from_json(kept.value("inspection", lambda: examine(spec, settings, threads).as_json()))
    rivals = {**known({CHAMPION: champion}), NJIT: Njit(NJIT), PYTHRAN: Pythran()}
    with Field(_assignment(spec, inspection, settings, threads), rivals, planned.seed, seconds) as field:
        judged = kept.value("seeds", lambda: [_judged(field.evaluate(candidate)) for candidate in seeds_of(inspection)])
        best = _best(inspection.seeds, judged)
        for contender, rival in known({LIFTED: best}).items():
            field.admit(contender, rival)
        standings = {contender: Standing.from_json(kept.value(contender, lambda contender=contender: asdict(field.standing(contender))))
                     for contender in CONTENDERS if contender in field.names}
    passed = [each for each in judged if each["verdict"] == Verdict.VERIFIED]
    if verified is None:
        verified = bool(passed) or all(each["verdict"] in NEVER_RAN for each in judged)
    return Program(
        name, Share(*kept.value("share", lambda: astuple(share(spec.open(), inspection.kept, best is not None)))),
        inspection.kept, len(inspection.seeds), verified, verified and not (champion if planned.evaluations else passed), standings,
        planned.evaluations, tuple(dict.fromkeys(short(f"{each['verdict']}: {each['message']}") for each in judged if each not in passed)),
        machine_type().key, threads, measured,
    )


def _run(planned: PlannedRun) -> tuple[bool, Candidate | None]:
    """Whether the planned run, which is carried out first, ended verified, and its champion; None where it handed over the
    reference. Raises DidNotEnd, RunError."""
    result = carry_out(planned)
    with Journal.open(journal_url(planned.directory), write=False) as journal:
        given = result["champion"] not in (None, REFERENCE)
        return result["verdict"] == Verdict.VERIFIED, journal.candidate(journal.state("champion")) if given else None


def _assignment(spec: KernelSpec, inspection: Inspection, settings: RunSettings, threads: int) -> Assignment:
    judge = JudgeSettings(threads, int(settings.memory_gib * 2**30), settings.build_seconds, settings.run_seconds)
    return Assignment(spec, inspection.observation.signature, judge)


def _judged(evaluation: Evaluation) -> dict[str, Any]:
    """What is kept of a seed's evaluation; speedup: over NumPy, by the search's own short timing."""
    return {"candidate": evaluation.candidate, "verdict": str(evaluation.verdict), "message": evaluation.message,
            "speedup": evaluation.faster.speedup if evaluation.faster else None}


def _best(lifted: Sequence[Candidate], judged: Sequence[dict[str, Any]]) -> Candidate | None:
    """The fastest verified one of the lifted seeds; None where none is. Its figure is taken anew, as the best of several
    noisy ones is too good."""
    figures = {each["candidate"]: each["speedup"] for each in judged if each["verdict"] == Verdict.VERIFIED and each["speedup"]}
    return max((each for each in lifted if each.identity in figures), key=lambda each: figures[each.identity], default=None)
