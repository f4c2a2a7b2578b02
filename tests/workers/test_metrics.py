"""The figures that a run reports, without Ray: what is counted, and that nothing which goes wrong reaches the run."""
from collections import defaultdict

import pytest
from kernwright.workers.evaluation import Evaluation, Rung, Verdict
from kernwright.workers.metrics import METRICS, Kind, Metrics

STAGES = {"gate": 0.002, "smoke": 0.25, "build": 0.5, "verify": 0.125, "wait": 4.0}


class Board:
    """Stands in for Ray: sums counters, keeps a gauge's last value and all of a histogram's."""

    def __init__(self):
        self.values = defaultdict(float)
        self.observed = defaultdict(list)

    def recorder(self, metric):
        def record(value, tags):
            assert set(tags) == {"kernel", "run", *metric.tags} and all(isinstance(tag, str) for tag in tags.values())
            key = metric.name, *(tags[tag] for tag in metric.tags)
            if metric.kind is Kind.COUNTER:
                assert value > 0, "Ray refuses a counter's step of nothing"
                self.values[key] += value
            elif metric.kind is Kind.GAUGE:
                self.values[key] = value
            else:
                self.observed[key].append(value)

        return record


@pytest.fixture
def board():
    return Board()


@pytest.fixture
def metrics(board):
    return Metrics("smooth", "f00d", pytest.fail, board.recorder)


def evaluation(verdict=Verdict.VERIFIED, stages=STAGES, **facts):
    return Evaluation("abc", verdict, Rung.MEASURE, stage_seconds=stages, facts=facts)


def test_evaluations_are_counted_by_verdict(metrics, board):
    for verdict in (Verdict.VERIFIED, Verdict.WRONG, Verdict.VERIFIED):
        metrics.evaluated(evaluation(verdict))
    assert board.values["kernwright_evaluations", "verified"] == 2
    assert board.values["kernwright_evaluations", "wrong"] == 1


def test_stage_seconds_add_up_by_rung_with_waits_apart(metrics, board):
    for _ in range(3):
        metrics.evaluated(evaluation())
    assert board.values["kernwright_stage_seconds", "build"] == 1.5
    assert board.values["kernwright_core_wait_seconds",] == 12.0
    assert board.observed["kernwright_stage_duration_seconds", "smoke"] == [0.25] * 3
    assert not any("wait" in key[1:] for key in (*board.values, *board.observed))


def test_a_worker_s_busy_and_idle_time_are_counted_where_they_are_known(metrics, board):
    metrics.evaluated(evaluation(slot={"busy_s": 2.0, "idle_s": None}))
    metrics.evaluated(evaluation(slot={"busy_s": 3.0, "idle_s": 0.5}))
    metrics.evaluated(evaluation(Verdict.LOST, {}))
    assert board.values["kernwright_worker_busy_seconds",] == 5.0
    assert board.values["kernwright_worker_idle_seconds",] == 0.5


def test_the_fleet_s_state_and_the_best_speedup_are_gauges(metrics, board):
    metrics.fleet(workers=2, running=2, queued=2, waiting=1)
    metrics.fleet(workers=1, running=1, queued=0, waiting=3)
    metrics.lost_worker()
    assert ("kernwright_best_speedup",) not in board.values
    metrics.follow(lambda: 1.25)
    metrics.fleet(workers=1, running=1, queued=0, waiting=3)
    assert board.values["kernwright_workers",] == 1
    assert [board.values["kernwright_jobs", state] for state in ("running", "queued", "waiting")] == [1, 0, 3]
    assert board.values["kernwright_workers_lost",] == 1
    assert board.values["kernwright_best_speedup",] == 1.25


def test_names_are_ones_that_prometheus_takes_and_none_hides_another():
    names = [metric.name for metric in METRICS]
    assert all(name.startswith("kernwright_") and name.replace("_", "").isalpha() for name in names)
    shown = [name + suffix for metric in METRICS for name in (metric.name,) for suffix in
             {Kind.COUNTER: ("_total",), Kind.GAUGE: ("",), Kind.HISTOGRAM: ("_bucket", "_count", "_sum")}[metric.kind]]
    assert len(set(shown)) == len(shown)


@pytest.mark.parametrize("breaks", ["making", "recording"])
def test_metrics_that_fail_are_told_of_once_and_raise_nothing(breaks):
    said = []

    def recorder(metric):
        if breaks == "making":
            raise RuntimeError("no agent")

        def record(value, tags):
            raise ConnectionError("no agent")

        return record

    metrics = Metrics("smooth", "f00d", said.append, recorder)
    for _ in range(5):
        metrics.evaluated(evaluation())
        metrics.fleet(2, 2, 2, 0)
        metrics.lost_worker()
    assert len(said) == 1 and "no agent" in said[0]
