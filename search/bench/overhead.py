"""What orchestration costs: the driver's CPU time and the workers' idle time, as a share of the workers' time, in a real run."""
from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select

from ...workers.machine import machine_type
from ...workers.metrics import SLOT, WAIT
from .. import schema
from ..journal import DATABASE, SEARCH, SEED_VS_REFERENCE, Journal, Judged, journal_url
from ..schema import RunError
from .estimate import Estimate, interval, ratio_of_sums
from .process_watch import ProcessWatch, Sample

CHEAPEST = f"{Path(__file__).parent / 'cheapest.py'}:cheapest"
GOAL = 0.05
SETTINGS = "confirm_seconds = 6.0\nwarm_start = false\n"
BLOCKS, PARTS = 20, 12
WARM_UP_SHARE = 0.1
"""Of the evaluations: memory is not counted as growing while the driver loads what it needs."""
MIB = 2**20


@dataclass(frozen=True)
class Overhead:
    """Shares are of `worker_s`, the workers' time in the search: from the end of the seeds to the last evaluation.

    share: driver_cpu and idle together. idle: workers without a job, though room and budget were there. ray_cpu: Ray's own
    processes on this machine, which `share` leaves out. core_wait: waiting for the lease of cores, by design, as one timing
    runs at a time. rungs: the rest of the workers' time by rung, "other" what no rung claims. barrier_s: idle seconds
    between the seeds and the search, which must wait for all seeds.
    rss_mib: the driver's resident memory at the end. rss_growth: MiB for each 1,000 evaluations, None where there were too few.
    """

    kernel: str
    evaluations: int
    evaluations_a_second: float
    worker_s: float
    share: Estimate
    driver_cpu: Estimate
    idle: Estimate
    ray_cpu: float
    core_wait: float
    rungs: Mapping[str, float]
    barrier_s: float
    rss_mib: float
    rss_growth: Estimate | None
    workers: int
    threads: int
    machine: str
    date: str


def measure_overhead(kernel: str, evaluations: int, seed: int, threads: int, out: Path | None,
                     report: Callable[[str], None]) -> Overhead:
    """Runs `kernwright run` in a process of its own, and accounts for it. out: where to keep the run. Raises RunError."""
    with tempfile.TemporaryDirectory(prefix="kernwright-overhead-") as scratch:
        directory = out or Path(scratch) / "run"
        settings = Path(scratch) / "settings.toml"
        settings.write_text(SETTINGS)
        command = [sys.executable, "-m", "kernwright", "run", kernel, "--config", str(settings), "--evaluations", str(evaluations),
                   "--seed", str(seed), "--threads", str(threads), "--out", str(directory)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        said = ""
        with ProcessWatch(process.pid) as watch:
            for line in process.stdout or ():
                said = line.strip()
                report(said)
            process.wait()
        if process.returncode not in (0, 3):
            raise RunError(f"the run that was to be measured failed: {said}")
        with Journal.open(journal_url(directory), write=False) as journal:
            return account(journal.run.kernel, journal.evaluations(), _recorded(directory), watch.samples,
                           int(journal.run.settings["threads"]))


def describe(found: Overhead) -> list[str]:
    """The lines that a person reads."""
    rungs = ", ".join(f"{rung} {share:.1%}" for rung, share in sorted(found.rungs.items(), key=lambda item: -item[1]))
    grew = "too few evaluations to tell" if found.rss_growth is None else (
        f"{found.rss_growth.value:+.1f} MiB for each 1,000 evaluations{interval(found.rss_growth, '+.1f')}")
    return [
        f"{found.kernel}: {found.evaluations} evaluations, {found.evaluations_a_second:.2f} a second, {found.workers} worker(s), "
        f"{found.threads} thread(s); {found.machine}, {found.date}",
        f"orchestration: {found.share.value:.2%} of the workers' time{interval(found.share, '.2%')}, goal below {GOAL:.0%}; "
        f"driver's CPU {found.driver_cpu.value:.2%}{interval(found.driver_cpu, '.2%')}, "
        f"idle workers {found.idle.value:.2%}{interval(found.idle, '.2%')}",
        f"besides: waiting for cores {found.core_wait:.1%}, Ray's own processes {found.ray_cpu:.1%}, "
        f"between seeds and search {found.barrier_s:.1f} s",
        f"work: {rungs}",
        f"driver's memory: {found.rss_mib:.0f} MiB at the end, {grew}",
    ]


def account(kernel: str, judged: Sequence[Judged], recorded: Mapping[int, float], samples: Sequence[Sample], threads: int) -> Overhead:
    """What a run's journal and the watch over its driver say together. recorded: Unix times by ordinal. Raises RunError."""
    seeds = {row.candidate.identity for row in judged if row.purpose == SEED_VS_REFERENCE}
    rows = [row for row in judged if row.purpose == SEARCH and row.candidate.identity not in seeds and SLOT in row.evaluation.facts]
    first = _first_of_each_worker(rows)
    idle = np.array([0.0 if row.ordinal in first else row.evaluation.facts[SLOT]["idle_s"] or 0.0 for row in rows])
    busy = np.array([row.evaluation.facts[SLOT]["busy_s"] for row in rows])
    ended = np.array([recorded[row.ordinal] for row in rows])
    if len(rows) < 2 or not samples:
        raise RunError(f"{kernel}: too few evaluations ({len(rows)}) to tell what orchestration costs")
    begun = max((recorded[row.ordinal] for row in judged if row.candidate.identity in seeds), default=ended[0])
    blocks = [[ended[a] if a else begun, ended[b], slice(a + 1 if a else 0, b + 1)] for a, b in _blocks(len(rows))]
    whens = np.array([sample.when for sample in samples])
    cpu = np.array([sample.cpu_s for sample in samples])
    worker_s = np.array([busy[part].sum() + idle[part].sum() for _, _, part in blocks])
    idle_s = np.array([idle[part].sum() for _, _, part in blocks])
    cpu_s = np.array([np.interp(end, whens, cpu) - np.interp(start, whens, cpu) for start, end, _ in blocks])
    total = float(worker_s.sum())
    ray = np.interp([begun, ended[-1]], whens, [sample.ray_cpu_s for sample in samples])
    stages = _stages(rows)
    return Overhead(
        kernel, len(rows), len(rows) / max(1e-9, float(ended[-1] - begun)), total,
        ratio_of_sums(cpu_s + idle_s, worker_s), ratio_of_sums(cpu_s, worker_s), ratio_of_sums(idle_s, worker_s), float(ray[1] - ray[0]) / total,
        stages.pop(WAIT, 0.0) / total,
        {**{rung: seconds / total for rung, seconds in stages.items()},
         "other": float(busy.sum() - sum(sum(row.evaluation.stage_seconds.values()) for row in rows)) / total},
        sum(row.evaluation.facts[SLOT]["idle_s"] or 0.0 for row in rows if row.ordinal in first),
        float(np.interp(ended[-1], whens, [sample.rss_bytes for sample in samples])) / MIB, growth(samples, ended),
        len(first), threads, machine_type().key, time.strftime("%Y-%m-%d"),
    )


def growth(samples: Sequence[Sample], ended: np.ndarray) -> Estimate | None:
    """MiB of resident memory for each 1,000 evaluations, which ended at the Unix times `ended`; None for too few samples.

    From the medians of successive parts of the run, its first tenth left out: steps between these are the blocks that the
    interval rests on, so that it holds for memory that wanders as well.
    """
    done = np.searchsorted(ended, [sample.when for sample in samples], side="right")
    kept = np.array([(count / 1000, sample.rss_bytes / MIB) for count, sample in zip(done, samples)
                     if WARM_UP_SHARE * len(ended) <= count and sample.when <= ended[-1]])
    if len(kept) < 2 * PARTS or kept[0, 0] == kept[-1, 0]:
        return None
    medians = np.array([np.median(part, axis=0) for part in np.array_split(kept, PARTS)])
    steps = np.diff(medians, axis=0)
    return ratio_of_sums(steps[:, 1], steps[:, 0])


def _first_of_each_worker(rows: Sequence[Judged]) -> set[int]:
    """Ordinals of the evaluations before which a worker waited for the search to begin, not for its next job."""
    first: dict[tuple[str, int], int] = {}
    for row in rows:
        first.setdefault((row.evaluation.node, row.evaluation.facts[SLOT]["pid"]), row.ordinal)
    return set(first.values())


def _blocks(count: int) -> list[tuple[int, int]]:
    """(last of the block before, last of this one) for about BLOCKS parts of `count` rows."""
    edges = np.unique(np.linspace(0, count - 1, min(BLOCKS, count - 1) + 1).astype(int))
    return [(int(a), int(b)) for a, b in pairwise(edges)]


def _stages(rows: Sequence[Judged]) -> dict[str, float]:
    found: dict[str, float] = {}
    for row in rows:
        for name, seconds in row.evaluation.stage_seconds.items():
            found[name] = found.get(name, 0.0) + seconds
    return found


def _recorded(directory: Path) -> dict[int, float]:
    """When each evaluation of the run in `directory` was journaled, by ordinal, as Unix times."""
    engine = schema.connect(directory / DATABASE)
    try:
        with engine.begin() as connection:
            rows: Any = connection.execute(select(schema.evaluations.c.ordinal, schema.evaluations.c.recorded))
            return {row.ordinal: row.recorded for row in rows}
    finally:
        engine.dispose()
