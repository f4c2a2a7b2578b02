"""Metrics: what a run shows at the metrics ports of its Ray nodes, as `ray_kernwright_...`, for Prometheus and Grafana.

docs/dashboard.md lists them for people. All carry the tags `kernel` and `run`; they come from the driver's process.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from .evaluation import Evaluation

WAIT = "wait"  # the key of lease waits in Evaluation.stage_seconds
SLOT = "slot"  # the key in Evaluation.facts under which a worker says how long it worked, and waited before that
SECONDS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
Record = Callable[[float, dict[str, str]], None]


class Kind(StrEnum):
    COUNTER = "counter"      # shown with the suffix `_total`
    GAUGE = "gauge"
    HISTOGRAM = "histogram"  # shown as `_bucket`, `_count` and `_sum`


@dataclass(frozen=True)
class Metric:
    """One metric. tags: its own, beside `kernel` and `run`."""

    kind: Kind
    name: str
    description: str
    tags: tuple[str, ...] = ()


EVALUATIONS = Metric(Kind.COUNTER, "kernwright_evaluations", "Candidates judged, by verdict", ("verdict",))
BEST_SPEEDUP = Metric(Kind.GAUGE, "kernwright_best_speedup", "The best verified candidate's speed over the best first seed's")
JOBS = Metric(Kind.GAUGE, "kernwright_jobs", "Jobs that run on a worker, are queued at one, or wait for one", ("state",))
WORKERS = Metric(Kind.GAUGE, "kernwright_workers", "Workers of the fleet")
WORKERS_LOST = Metric(Kind.COUNTER, "kernwright_workers_lost", "Workers that died, or did not answer")
STAGE = Metric(Kind.HISTOGRAM, "kernwright_stage_duration_seconds", "Wall time of one rung of one evaluation, waits apart", ("rung",))
# Ray makes a histogram's sum from the middles of its buckets, hence the true sums beside it.
STAGE_SECONDS = Metric(Kind.COUNTER, "kernwright_stage_seconds", "Worker time in each rung, waits apart", ("rung",))
WAIT_SECONDS = Metric(Kind.COUNTER, "kernwright_core_wait_seconds", "Worker time spent waiting for the lease of a core")
BUSY_SECONDS = Metric(Kind.COUNTER, "kernwright_worker_busy_seconds", "Worker time in evaluations, waits for cores included")
IDLE_SECONDS = Metric(Kind.COUNTER, "kernwright_worker_idle_seconds", "Worker time between two evaluations")
METRICS = (EVALUATIONS, BEST_SPEEDUP, JOBS, WORKERS, WORKERS_LOST, STAGE, STAGE_SECONDS, WAIT_SECONDS, BUSY_SECONDS, IDLE_SECONDS)


def ray_recorder(metric: Metric) -> Record:
    """Hands values to Ray, which sends them to its node's agent in threads of its own."""
    from ray.util import metrics

    tags = ("kernel", "run", *metric.tags)
    if metric.kind is Kind.COUNTER:
        return metrics.Counter(metric.name, metric.description, tags).inc
    if metric.kind is Kind.GAUGE:
        return metrics.Gauge(metric.name, metric.description, tags).set
    return metrics.Histogram(metric.name, metric.description, list(SECONDS), tags).observe


class Metrics:
    """Reports a run's figures. Never waits and never raises: where reporting fails it says so once, and is silent then.

    warn: called with that one line. recorder: makes what takes a metric's values with their tags.
    """

    def __init__(self, kernel: str, run: str, warn: Callable[[str], None], recorder: Callable[[Metric], Record] = ray_recorder) -> None:
        self._tags = {"kernel": kernel, "run": run}
        self._warn = warn
        self._recorder = recorder
        self._records: dict[Metric, Record] = {}
        self._broken = False
        self._best: Callable[[], float | None] = lambda: None

    def evaluated(self, evaluation: Evaluation) -> None:
        """One more evaluation came back: its verdict, and where its time went."""
        self._record(EVALUATIONS, 1, verdict=str(evaluation.verdict))
        for rung, seconds in evaluation.stage_seconds.items():
            if rung == WAIT:
                self._count(WAIT_SECONDS, seconds)
            else:
                self._record(STAGE, seconds, rung=rung)
                self._count(STAGE_SECONDS, seconds, rung=rung)
        slot = evaluation.facts.get(SLOT) or {}
        self._count(BUSY_SECONDS, slot.get("busy_s"))
        self._count(IDLE_SECONDS, slot.get("idle_s"))

    def follow(self, best: Callable[[], float | None]) -> None:
        """From now on reports what `best` says: the best verified speedup over the best first seed, None while there is none."""
        self._best = best

    def fleet(self, workers: int, running: int, queued: int, waiting: int) -> None:
        """How many workers there are; and jobs that run on one, are queued at one behind those, or wait for one.

        To be called every few seconds, as Ray forgets a gauge that is not set again (after two report intervals, 20 s).
        """
        best = self._best()
        if best is not None:
            self._record(BEST_SPEEDUP, best)
        self._record(WORKERS, workers)
        for state, jobs in (("running", running), ("queued", queued), ("waiting", waiting)):
            self._record(JOBS, jobs, state=state)

    def lost_worker(self) -> None:
        """A worker died, or was given up."""
        self._count(WORKERS_LOST, 1)

    def _count(self, metric: Metric, value: float | None, **tags: str) -> None:
        """Adds to a counter, which takes nothing but what is greater than 0."""
        if value is not None and value > 0:
            self._record(metric, value, **tags)

    def _record(self, metric: Metric, value: float, **tags: str) -> None:
        if self._broken:
            return
        try:
            if metric not in self._records:
                self._records[metric] = self._recorder(metric)
            self._records[metric](value, {**self._tags, **tags})
        except Exception as error:  # noqa: BLE001 - whatever Ray raises, a run is worth more than its figures
            self._broken = True
            self._warn(f"no more metrics from here on: {type(error).__name__}: {error}")
