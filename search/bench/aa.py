"""The A/A test: a kernel timed against itself, which must come out at 1."""
from __future__ import annotations

import datetime
import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ...kernels.candidate import Candidate
from ...kernels.spec import KernelSpec, SpecError
from ...workers.evaluate import Judge
from ...workers.evaluation import Ratio
from ...workers.failure import RunFailed
from ...workers.inspection import Inspection
from ...workers.job import Assignment, JudgeSettings
from ...workers.machine import machine_type
from ...workers.session import ChildSession
from ...workers.slots import TIMED
from ...workers.timing import measure
from ..launch import examine
from ..settings import RunSettings
from .estimate import share_interval
from .medians import Median

AA_ROUNDS = 15


@dataclass(frozen=True)
class SelfRatios:
    """Repeated timings of a kernel against itself, with 95 % intervals of all that is estimated. contain_one: of how many the
    interval contains 1; coverage: the share of these that more timings would show (Wilson's interval). measured: the day, ISO."""

    kernel: str
    repeats: int
    median_ratio: float
    median_interval: tuple[float, float]
    contain_one: int
    coverage: tuple[float, float]
    widest: float
    ratios: tuple[tuple[float, float, float], ...]
    machine: str
    threads: int
    measured: str


def time_against_itself(spec: KernelSpec, settings: RunSettings, threads: int, repeats: int, builds: bool,
                        report: Callable[[int, Ratio], None]) -> SelfRatios:
    """The A/A test: a fresh process each time, and, where `builds`, other builds that wait for their turn meanwhile.

    Raises SpecError where the kernel has no seed that builds.
    """
    inspection = examine(spec, settings, threads)
    judge_settings = JudgeSettings(threads, build_seconds=settings.build_seconds, run_seconds=settings.run_seconds)
    assignment = Assignment(spec, inspection.observation.signature, judge_settings)
    ratios: list[Ratio] = []
    with Judge(assignment) as judge:
        kernel = _seed(judge, inspection)
        with _building(assignment, kernel) if builds else _nothing():
            for number in range(repeats):
                ratios.append(_self_ratio(judge, kernel))
                report(number, ratios[-1])
    middle, contain = Median.of([ratio.speedup for ratio in ratios]), sum(r.low <= 1.0 <= r.high for r in ratios)
    return SelfRatios(
        spec.name, repeats, middle.value, (middle.low, middle.high), contain, share_interval(contain, repeats),
        max(r.high / r.low for r in ratios), tuple((r.speedup, r.low, r.high) for r in ratios),
        machine_type().key, threads, datetime.date.today().isoformat(),
    )


def _self_ratio(judge: Judge, kernel: Candidate) -> Ratio:
    slots, settings = judge.slots, judge.assignment.settings
    case = judge.oracle.case("benchmark", 0)
    with judge.leases.timing(settings.threads) as cores:
        slots.cache_rival(kernel, case, cores[:1])
        with slots.fork("time against itself", cores) as child:
            slots.attach_timed(child, case)
            for slot in ("one", "other"):
                slots.build(child, slot, kernel, trusted=True)
            with ChildSession(child, TIMED, cores, slots.mixed_pools(kernel), settings.run_seconds) as session:
                return measure(session, candidate="one", rival="other", rival_name=kernel.identity, rounds=AA_ROUNDS)


def _seed(judge: Judge, inspection: Inspection) -> Candidate:
    plain = (inspection.plain,) if inspection.plain else ()
    for seed in (*reversed(inspection.seeds), *plain):
        try:
            with judge.slots.fork("try seed") as child:
                judge.slots.attach(child, judge.oracle.case("tiny", 0))
                judge.slots.build(child, "seed", seed)
            return seed
        except RunFailed:
            continue
    raise SpecError(f"no seed of {judge.assignment.spec.name} can be built, so there is nothing to time")


@contextmanager
def _nothing() -> Iterator[None]:
    yield


@contextmanager
def _building(assignment: Assignment, kernel: Candidate) -> Iterator[None]:
    """While open, a process for each core builds `kernel` again and again, each build under its lease."""
    context = multiprocessing.get_context("spawn")
    builders = [context.Process(target=_build_for_ever, args=(assignment, kernel), daemon=True) for _ in range(2)]
    for builder in builders:
        builder.start()
    try:
        yield
    finally:
        for builder in builders:
            builder.terminate()
            builder.join()


def _build_for_ever(assignment: Assignment, kernel: Candidate) -> None:
    with Judge(assignment) as judge:
        case = judge.oracle.case("tiny", 0)
        while True:
            with judge.leases.build() as core, judge.slots.fork("build", [core]) as child:
                judge.slots.attach(child, case)
                judge.slots.build(child, "kernel", kernel)
