"""The metrics of a real fleet, read over HTTP from its node's metrics port, as Prometheus would."""
import os
import re
import signal
import time
import urllib.request
from pathlib import Path

import pytest
import ray
from kernwright.kernels.candidate import Candidate
from kernwright.kernels.observe import observe
from kernwright.workers.cluster import connect
from kernwright.workers.fleet import Fleet
from kernwright.workers.job import Assignment, Job, JudgeSettings
from shift_kernel import SPEC, TEXT

pytestmark = pytest.mark.slow
SAMPLE = re.compile(r"^(ray_kernwright_\w+)\{(.*)\} (\S+)$", re.M)
OURS = {"kernel", "run", "verdict", "rung", "state", "le"}


@pytest.fixture
def cluster(monkeypatch, tmp_path):
    monkeypatch.setenv("KERNWRIGHT_LEASES", str(tmp_path / "leases"))  # nothing here asks how fast a kernel is
    monkeypatch.setenv("RAY_metrics_report_interval_ms", "1000")
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    cluster = connect(None, cores=1, dashboard=False)
    try:
        yield cluster
    finally:
        cluster.close()


@pytest.fixture
def assignment():
    return Assignment(SPEC, observe(SPEC.open(), 0, 30.0).signature, JudgeSettings(threads=1, build_seconds=30, run_seconds=5, rounds=6))


def candidate(added):
    return Candidate(TEXT.format(added), convention="writes")


def judge(fleet, jobs):
    """Evaluations of all `jobs`."""
    for job in jobs:
        fleet.submit(job)
    found = []
    while len(found) < len(jobs):
        found += fleet.completed(0.5)
    return found


def scrape():
    """{(name, own tags in order): value} at the metrics port of the only node."""
    port = ray.nodes()[0]["MetricsExportPort"]
    text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read().decode()
    found = {}
    for name, tags, value in SAMPLE.findall(text):
        pairs = sorted(re.findall(r'(\w+)="([^"]*)"', tags))
        assert {"kernel", "run"} <= {tag for tag, _ in pairs}, f"{name} lacks a tag: {tags}"
        found[name, *(value for tag, value in pairs if tag in OURS)] = float(value)
    return found


def scraped(holds, seconds=40):
    """The figures once `holds` is true of them, as they travel by way of the node's agent; the last ones otherwise."""
    end = time.monotonic() + seconds
    figures = {}
    while time.monotonic() < end:
        figures = scrape()
        if holds(figures):
            break
        time.sleep(0.5)
    return figures


def metrics_agents():
    """Ids of the processes that hand metrics on, of our own Ray session."""
    mark = f"KERNWRIGHT_RUN_MARK={os.environ['KERNWRIGHT_RUN_MARK']}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if b"dashboard/agent.py" in (entry / "cmdline").read_bytes() and mark in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def test_the_metrics_port_shows_what_the_fleet_did(cluster, assignment):
    anchor = candidate("1.0")
    jobs = [Job(candidate(added), "search", anchor, 0.0, 1) for added in ("1.0 + 2.0 * 0.0", "2.0", "3.0")]
    said = []
    with Fleet(assignment, said.append, "f00d") as fleet:
        found = judge(fleet, jobs)
        fleet.metrics.follow(lambda: 1.25)
        mine = ("shift", "f00d")
        ended = ("ray_kernwright_evaluations_total", *mine)
        figures = scraped(lambda now: not fleet.completed(0.0) and now.get((*ended, "wrong")) == 2 and now.get((*ended, "verified")) == 1
                          and ("ray_kernwright_best_speedup", *mine) in now)
        assert figures[(*ended, "verified")] == 1 and figures[(*ended, "wrong")] == 2
        assert figures[("ray_kernwright_best_speedup", *mine)] == 1.25
        assert figures[("ray_kernwright_workers", *mine)] == 1
        assert [figures[("ray_kernwright_jobs", *mine, state)] for state in ("running", "queued", "waiting")] == [0, 0, 0]
        for rung in ("gate", "build", "smoke", "verify", "measure"):
            spent = [e.stage_seconds[rung] for e in found if rung in e.stage_seconds]
            assert figures[("ray_kernwright_stage_seconds_total", *mine, rung)] == pytest.approx(sum(spent), abs=1e-4)
            assert figures[("ray_kernwright_stage_duration_seconds_count", *mine, rung)] == len(spent)
        waits = sum(e.stage_seconds.get("wait", 0.0) for e in found)
        assert figures[("ray_kernwright_core_wait_seconds_total", *mine)] == pytest.approx(waits, abs=1e-4)
        busy = sum(e.facts["slot"]["busy_s"] for e in found)
        assert figures[("ray_kernwright_worker_busy_seconds_total", *mine)] == pytest.approx(busy, abs=1e-4)
        idle = [e.facts["slot"]["idle_s"] for e in found]
        assert idle.count(None) == 1 and figures[("ray_kernwright_worker_idle_seconds_total", *mine)] > 0

        os.kill(found[0].facts["slot"]["pid"], signal.SIGKILL)
        judge(fleet, [Job(candidate("7.0"), "search", anchor, 0.0, 7)])
        lost = ("ray_kernwright_workers_lost_total", *mine)
        assert scraped(lambda now: now.get(lost) == 1)[lost] == 1
    assert any("is lost" in line for line in said)
    assert not any("metrics" in line for line in said)


def test_a_run_goes_on_when_the_metrics_agent_answers_no_more(cluster, assignment):
    said = []
    anchor = candidate("1.0")
    with Fleet(assignment, said.append, "f00d") as fleet:
        judge(fleet, [Job(candidate("2.0"), "search", anchor, 0.0, 2)])
        agents = metrics_agents()
        assert agents
        for agent in agents:  # stopped, not killed: a node of Ray ends together with its agent
            os.kill(agent, signal.SIGSTOP)
        found = judge(fleet, [Job(candidate(f"{n}.0"), "search", anchor, 0.0, n) for n in range(3, 5)])
        assert len(found) == 2
        for agent in agents:
            os.kill(agent, signal.SIGCONT)
    assert sum("metrics" in line for line in said) <= 1
