"""The fleet on a real Ray cluster of three nodes, one of which is killed under way."""
import collections
import time

import pytest
import ray
from kernwright.kernels.candidate import Candidate
from kernwright.kernels.observe import observe
from kernwright.workers.evaluation import Verdict
from kernwright.workers.fleet import Fleet, FleetError
from kernwright.workers.job import Assignment, ConfirmJob, Job, JudgeSettings
from shift_kernel import SPEC, TEXT


@pytest.fixture(scope="module")
def assignment():
    return Assignment(SPEC, observe(SPEC.open(), 0, 30.0).signature, JudgeSettings(threads=1, build_seconds=30, run_seconds=5, rounds=6))


@pytest.fixture
def cluster(monkeypatch):
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    others = [cluster.add_node(num_cpus=1) for _ in range(2)]
    cluster.wait_for_nodes()
    ray.init(address=cluster.address, log_to_driver=False, namespace="kernwright")
    try:
        yield cluster, others
    finally:
        ray.shutdown()
        cluster.shutdown()


@pytest.mark.parametrize("candidates", [60, pytest.param(150, marks=pytest.mark.slow)])
def test_each_candidate_is_counted_once_though_a_node_is_killed(cluster, assignment, candidates):
    ray_cluster, others = cluster
    said: list[str] = []
    anchor = Candidate(TEXT.format("1.0"), convention="writes")
    # One in fifty is right, and timed; the others fall early, so that so many take no longer than they must.
    added = [f"1.0 + {n} * 0.0" if n % 50 == 0 else f"{n}.0" for n in range(2, candidates + 2)]
    jobs = [Job(Candidate(TEXT.format(x), convention="writes"), "search", anchor, 0.0, n) for n, x in enumerate(added)]
    right = {job.candidate.identity for job, x in zip(jobs, added) if "*" in x}
    assert len({job.candidate.identity for job in jobs}) == candidates
    with Fleet(assignment, said.append) as fleet:
        assert fleet.nodes == 3
        waiting, counts, nodes, killed = list(jobs), collections.Counter(), collections.Counter(), False
        while sum(counts.values()) < candidates:
            while waiting and fleet.room():
                fleet.submit(waiting.pop())
            assert fleet.in_flight <= 2 * fleet.workers + 2
            for evaluation in fleet.completed(0.5):
                counts[evaluation.candidate] += 1
                nodes[evaluation.node] += 1
                expected = Verdict.VERIFIED if evaluation.candidate in right else Verdict.WRONG
                assert evaluation.verdict is expected, evaluation.message
            if not killed and sum(counts.values()) > candidates // 5:
                ray_cluster.remove_node(others[0])
                killed = True
        time.sleep(0.5)
        assert not fleet.completed(0.5) and fleet.in_flight == 0
        confirmation = fleet.confirm(ConfirmJob(anchor, anchor, None, 3, rounds=1, seconds=1.0, proof_seconds=1.0))
    assert set(counts.values()) == {1} and len(counts) == candidates
    assert len(nodes) == 3 and any("gone" in line for line in said)
    assert confirmation.verdict is Verdict.VERIFIED, confirmation.message


def test_a_cluster_without_a_free_cpu_is_a_clear_error(monkeypatch, assignment):
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    ray.init(address=cluster.address, log_to_driver=False, namespace="kernwright")
    try:
        with pytest.raises(FleetError, match="no node"):
            Fleet(assignment)
    finally:
        ray.shutdown()
        cluster.shutdown()
