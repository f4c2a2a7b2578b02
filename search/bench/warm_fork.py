"""What the warm process saves: compiling and running a candidate once in a child forked from it, and in a fresh interpreter."""
from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from ...kernels.candidate import Candidate
from ...kernels.spec import KernelSpec
from ...workers.evaluate import Judge
from ...workers.failure import RunFailed, ask
from ...workers.job import Assignment, JudgeSettings
from ..launch import examine, seeds_of
from ..schema import RunError
from ..settings import RunSettings
from .estimate import Estimate, interval, typical

SLOT = "once"


@dataclass(frozen=True)
class WarmFork:
    """fresh_ms, fork_ms: compile and run once, from the start of the process to its end. saves: fresh over forked."""

    kernel: str
    repeats: int
    fresh_ms: Estimate
    fork_ms: Estimate
    saves: Estimate


def measure_warm_fork(spec: KernelSpec, settings: RunSettings, threads: int, repeats: int) -> WarmFork:
    """Both ways in turn, `repeats` times. Raises SpecError, RunError."""
    inspection = examine(spec, settings, threads)
    assignment = Assignment(spec, inspection.observation.signature, JudgeSettings(threads))
    with Judge(assignment) as judge:
        kernel = _seed(judge, seeds_of(inspection))
        pairs = [(_fresh(assignment, kernel), _forked(judge, kernel)) for _ in range(repeats)]
    return WarmFork(spec.name, repeats, typical([fresh for fresh, _ in pairs]), typical([forked for _, forked in pairs]),
                    typical([fresh / forked for fresh, forked in pairs]))


def describe_forks(found: WarmFork) -> list[str]:
    """The line that a person reads."""
    return [f"compile and run once, {found.repeats} times each: a fresh interpreter {found.fresh_ms.value:.0f} ms{interval(found.fresh_ms, '.0f')}, "
            f"a fork of the warm process {found.fork_ms.value:.0f} ms{interval(found.fork_ms, '.0f')}: "
            f"{found.saves.value:.1f} times as fast{interval(found.saves, '.1f')}"]


def _seed(judge: Judge, seeds: Sequence[Candidate]) -> Candidate:
    """The last seed that runs; afterwards the warm process is warm."""
    for seed in reversed(seeds):
        try:
            _forked(judge, seed)
        except RunFailed:
            continue
        return seed
    raise RunError(f"no seed of {judge.assignment.spec.name} can be built, so there is nothing to time")


def _fresh(assignment: Assignment, kernel: Candidate) -> float:
    """Milliseconds in a fresh interpreter."""
    given = json.dumps({
        "spec": asdict(assignment.spec), "candidate": kernel.as_json(), "signature": assignment.signature.as_json(),
        "parameters": list(assignment.spec.open().parameters),
    })
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", f"{__package__}.fresh"], input=given, text=True, capture_output=True)
    if done.returncode:
        raise RunError(f"a fresh interpreter does not run {assignment.spec.name}: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
    return 1e3 * (time.perf_counter() - started)


def _forked(judge: Judge, kernel: Candidate) -> float:
    """Milliseconds in a sandboxed child of the warm process."""
    case = judge.oracle.case("tiny", 0)
    started = time.perf_counter()
    with judge.slots.fork("run once") as child:
        judge.slots.attach(child, case)
        judge.slots.build(child, SLOT, kernel)
        ask(child, {"do": "run", "slot": SLOT, "args": "timed", "perturb": None, "threads": None})
    return 1e3 * (time.perf_counter() - started)

