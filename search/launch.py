"""Launch: from a kernel and settings to a campaign on a cluster, and from its end to the files that it leaves."""
from __future__ import annotations

import signal
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from ..kernels.candidate import Candidate
from ..kernels.lift.styles import PLAIN
from ..kernels.spec import KernelSpec
from ..workers.inspection import Inspection, inspect_spec
from ..workers.job import Assignment, JudgeSettings
from ..workers.machine import available_bytes, machine_type
from ..workers.sandbox.client import WarmProcess
from . import warm_start
from .bandit import POLICIES
from .journal import Journal, RunRecord, journal_url
from .llm.budget import Budget
from .llm.profile import Key, Profile, load_profile, take_keys
from .outcome import Outcome, write_outcome
from .population import best_speedup
from .progress import Progress
from .roofline import keep_roofline
from .schema import RunError
from .settings import RunSettings
from .summary import print_summary

INTERRUPTED = 130
INSPECT_MEMORY_SHARE = 0.7
FEWEST_SEEDS = 3
_VERSIONS = ("kernwright", "numba", "llvmlite", "numpy", "ray", "optuna", "scipy")


def start(spec: KernelSpec, settings: RunSettings, given: Sequence[Path] = ()) -> int:
    """Runs a new campaign; the exit status. given: champions, other kernels' files and runs' directories to begin with.

    Raises SpecError, RunError, ProfileError, ClusterError or FleetError.
    """
    threads = settings.threads or len(machine_type().physical_cores)
    profiles = [load_profile(name) for name in settings.llm]
    keys = take_keys(profiles)
    directory = settings.out or Path("runs") / f"{spec.name}-{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:4]}"
    _refuse_occupied(directory)
    named = warm_start.read_given(given, spec.function)
    begun = time.monotonic()
    with ExitStack() as stack:
        stack.enter_context(_termination_interrupts())
        progress = stack.enter_context(Progress(spec.name, settings.evaluations, _seconds(settings)))
        progress.stage("reference")
        inspection = examine(spec, settings, threads)
        warm = _warm(named, spec, settings, threads, inspection, directory.parent)
        if warm:
            progress.note(warm_start.announcement(warm))
        _create_directory(directory)
        frozen = settings.model_copy(update={"threads": threads})
        record = RunRecord(uuid.uuid4().hex[:16], spec.name, spec, frozen.model_dump(mode="json"), machine_type().key,
                           {name: metadata.version(name) for name in _VERSIONS}, time.time())
        journal = stack.enter_context(Journal.create(journal_url(directory), record))
        journal.set_state("warm", warm_start.as_state(warm))
        journal.set_state("inspection", inspection.as_json())
        journal.set_state("kept", [asdict(kept) for kept in inspection.kept])
        journal.set_state("njit", inspection.plain.identity if inspection.plain else None)
        outcome = _drive(journal, directory, frozen, inspection, profiles, keys, progress, begun)
    print_summary(outcome)
    return outcome.exit_code


def resume(directory: Path, address: str | None) -> int:
    """Goes on with a run that was interrupted; the exit status. Raises what `start` raises."""
    if not directory.is_dir():
        raise RunError(f"{directory} is no run: there is no such directory")
    begun = time.monotonic()
    with ExitStack() as stack:
        stack.enter_context(_termination_interrupts())
        journal = stack.enter_context(Journal.open(journal_url(directory)))
        settings = RunSettings(**journal.run.settings)
        if address:
            settings = settings.model_copy(update={"address": address})
        profiles = [load_profile(name) for name in settings.llm]
        keys = take_keys(profiles)
        stored = journal.state("inspection")
        if stored is None:
            raise RunError(f"{directory} was stopped before its reference was examined; start it anew")
        progress = stack.enter_context(Progress(journal.run.kernel, settings.evaluations, _seconds(settings)))
        outcome = _drive(journal, directory, settings, Inspection.from_json(stored), profiles, keys, progress, begun)
    print_summary(outcome)
    return outcome.exit_code


def examine(spec: KernelSpec, settings: RunSettings, threads: int) -> Inspection:
    """Runs and lifts the reference in a child of its own. Raises SpecError."""
    with WarmProcess(threads) as warm:
        memory = int(INSPECT_MEMORY_SHARE * available_bytes())
        return inspect_spec(warm, spec, settings.seed, memory, settings.reference_seconds)


def _drive(
    journal: Journal, directory: Path, settings: RunSettings, inspection: Inspection, profiles: Sequence[Profile],
    keys: Sequence[Key], progress: Progress, begun: float,
) -> Outcome:
    # Ray and Optuna take a second to load, which a mistyped kernel should not wait for.
    from ..workers.cluster import connect
    from ..workers.fleet import Fleet
    from .bandit.panel import Panel
    from .campaign import Campaign, Limits
    from .operators.chosen import Place, chosen_operators
    from .population.policies import make_population
    from .recall import RecallingFleet, recalled

    spec, signature = journal.run.spec, inspection.observation.signature
    opened = spec.open()
    threads, finite, exact = settings.threads or 1, opened.declaration.finite, opened.tolerance.kind == "exact"
    earlier = journal.elapsed()
    warm = warm_start.from_state(journal.state("warm"))
    journal.set_state("status", "running")
    if not seeds_of(inspection) and not warm and not profiles:
        progress.note(_no_beginning(inspection))
    elif journal.state("confirmation") is None:
        try:
            with ExitStack() as stack:
                progress.stage("cluster")
                cluster = connect(settings.address, cores=len(machine_type().cores), dashboard=settings.dashboard)
                stack.callback(cluster.close)
                stack.enter_context(_termination_interrupts())  # once more: Ray has put a handler of its own
                if cluster.dashboard:
                    progress.note(f"Ray dashboard: {cluster.dashboard}")
                judge = JudgeSettings(threads, int(settings.memory_gib * 2**30), settings.build_seconds, settings.run_seconds,
                                      settings.rounds)
                fleet = stack.enter_context(Fleet(Assignment(spec, signature, judge), progress.note, journal.run.id))
                models = _models(journal, settings, inspection, profiles, keys, threads, progress.note)
                for model in models:
                    stack.callback(model.close)
                place = Place(settings.seed, signature, threads, finite, journal.candidate, exact)
                operators = chosen_operators(settings.operators, place)
                panel = Panel(operators, models, POLICIES[settings.bandit]())
                population = make_population(settings.population, settings.seed, settings.pool_capacity, settings.elites_per_skeleton)
                fleet.metrics.follow(lambda: best_speedup(population))
                judges = fleet if settings.recall is None else RecallingFleet(fleet, recalled(settings.recall, journal.run))
                campaign = Campaign(
                    journal, judges, population, panel,
                    seeds_of(inspection, settings.evaluations), inspection.plain, Limits(settings.evaluations, _seconds(settings), settings.confirm_seconds), settings.seed,
                    progress, begun, warm=warm, first_seeds=settings.first_seeds,
                )
                try:
                    campaign.run()
                finally:
                    journal.set_state("tool_calls", (journal.state("tool_calls") or 0) + fleet.tasks)
        except KeyboardInterrupt:
            journal.set_state("status", "interrupted")
            journal.set_state("wall_s", earlier + time.monotonic() - begun)
            progress.note(f"interrupted; `kernwright resume {directory}` goes on from here")
            return replace(write_outcome(journal, directory), exit_code=INTERRUPTED)
    keep_roofline(journal)
    journal.set_state("status", "finished")
    journal.set_state("wall_s", earlier + time.monotonic() - begun)
    progress.stage("report")
    return write_outcome(journal, directory)


def seeds_of(inspection: Inspection, evaluations: int | None = None) -> list[Candidate]:
    """The candidates that a campaign begins with: the reference as it is, where Numba may take it, and its lifts, the most
    promising first. A short run, of so many `evaluations`, takes the first of them, so that half of it is left for the search."""
    seeds = [inspection.plain] if inspection.plain else []
    lifted = sorted(inspection.seeds, key=lambda seed: seed.lineage.note == PLAIN.note)
    distinct = list({seed.identity: seed for seed in (*seeds, *lifted)}.values())
    return distinct if evaluations is None else distinct[:max(FEWEST_SEEDS, evaluations // 2)]


def _warm(
    named: Sequence[warm_start.Given], spec: KernelSpec, settings: RunSettings, threads: int, inspection: Inspection, parent: Path,
) -> list[Candidate]:
    """What earlier work left to begin with. Raises RunError where something named does not fit the reference."""
    earlier = warm_start.earlier_runs(parent, spec.content_hash) if settings.warm_start else ()
    place = warm_start.Place(inspection.observation.signature, spec.open().declaration.finite, machine_type().key, threads)
    return warm_start.gather(named, earlier, place, seeds_of(inspection, settings.evaluations), settings.evaluations)


def _no_beginning(inspection: Inspection) -> str:
    """Why there is nothing to search from."""
    lines = [f"line {kept.line} ({kept.reason})" for kept in inspection.kept] or [str(inspection.plain_refused)]
    return f"nothing to begin the search with: rewrite {'; '.join(lines[:3])}, or give --llm PROFILE"


def _models(
    journal: Journal, settings: RunSettings, inspection: Inspection, profiles: Sequence[Profile], keys: Sequence[Key],
    threads: int, warn: Callable[[str], None],
) -> list[Any]:
    if not profiles:
        return []
    from .operators.llm import LlmOperator

    budget = Budget(settings.llm_calls, settings.llm_tokens)
    budget.restore(journal.calls())
    opened = journal.run.spec.open()
    return [
        LlmOperator(profile, key, budget, opened, inspection.observation.signature, threads,
                    lambda call: journal.add_call(call, journal.elapsed()), warn)
        for profile, key in zip(profiles, keys)
    ]


def _seconds(settings: RunSettings) -> float | None:
    return None if settings.minutes is None else 60.0 * settings.minutes


def _refuse_occupied(directory: Path) -> None:
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise RunError(f"{directory} is not empty; name a new directory, or `kernwright resume {directory}`")


def _create_directory(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{directory} cannot be created: {error.strerror}") from None


@contextmanager
def _termination_interrupts() -> Iterator[None]:
    """While open, SIGTERM (a cluster that stops a job) ends a run as Ctrl-C does."""

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        sys.stdout.flush()
