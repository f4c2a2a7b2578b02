"""`bench overhead`: how a journal and a watch over the driver become shares of the workers' time."""
import subprocess
import sys
import time

import numpy as np
import pytest
from kernwright.kernels.candidate import Candidate
from kernwright.search.bench.estimate import ratio_of_sums, typical
from kernwright.search.bench.overhead import account, growth
from kernwright.search.bench.process_watch import ProcessWatch, Sample
from kernwright.search.journal import SEARCH, SEED_VS_REFERENCE, Judged
from kernwright.search.schema import RunError
from kernwright.workers.evaluation import Evaluation, Rung, Verdict

MIB = 2**20
START = 1000.0


def row(ordinal, purpose=SEARCH, pid=1, busy=1.0, idle=0.0, number=None, **stages):
    candidate = Candidate(f"def kernel(a, out):\n    out[0] = a[0] + {ordinal if number is None else number}.0\n", convention="writes")
    evaluation = Evaluation(candidate.identity, Verdict.VERIFIED, Rung.MEASURE, stage_seconds=stages,
                            facts={"slot": {"pid": pid, "busy_s": busy, "idle_s": idle}})
    return Judged(ordinal, candidate, evaluation, purpose, 0.0)


def run_of(count, busy, idle, cpu_per_second, mib_per_evaluation=0.0):
    """Two workers, each of which works `busy` seconds and waits `idle`; (rows, recorded, samples)."""
    rows = [row(0, SEED_VS_REFERENCE, number=-1), row(1, number=-1, busy=50.0)]
    recorded = {0: START - 1, 1: START}
    for n in range(count):
        first = n < 2
        rows.append(row(n + 2, pid=n % 2, busy=busy, idle=7.0 if first else idle, smoke=busy / 4, wait=busy / 2))
        recorded[n + 2] = START + (n // 2 + 1) * (busy + idle) - idle
    end = max(recorded.values())
    whens = np.arange(START - 20, end + 20, 0.5)
    done = np.searchsorted(sorted(recorded.values()), whens)
    samples = [Sample(t, cpu_per_second * (t - START + 20), int((300 + mib_per_evaluation * n) * MIB), 0.25 * (t - START + 20))
               for t, n in zip(whens, done)]
    return rows, recorded, samples


def test_driver_and_idle_time_are_shares_of_the_workers_time():
    found = account("k", *run_of(200, busy=1.9, idle=0.1, cpu_per_second=0.06), threads=2)
    assert found.evaluations == 200 and found.workers == 2
    assert found.idle.value == pytest.approx(0.05, rel=0.02)
    assert found.driver_cpu.value == pytest.approx(0.03, rel=0.02)
    assert found.share.value == pytest.approx(found.idle.value + found.driver_cpu.value)
    assert found.share.low <= found.share.value <= found.share.high
    assert found.ray_cpu == pytest.approx(0.125, rel=0.02)
    assert found.core_wait == pytest.approx(0.475, rel=0.02)
    assert found.rungs["smoke"] == pytest.approx(0.2375, rel=0.02) and found.rungs["other"] == pytest.approx(0.2375, rel=0.02)
    assert found.evaluations_a_second == pytest.approx(1.0, rel=0.02)


def test_the_wait_for_the_last_seed_is_told_apart_and_seeds_are_not_counted():
    found = account("k", *run_of(40, busy=1.0, idle=0.0, cpu_per_second=0.01), threads=1)
    assert found.barrier_s == 14.0 and found.idle.value == 0.0
    assert found.worker_s == pytest.approx(40.0), "the seed's 50 seconds are none of the search's"


def test_memory_that_grows_is_told_from_memory_that_does_not():
    *_, samples = run = run_of(300, 1.0, 0.0, 0.01, mib_per_evaluation=0.02)
    found = account("k", *run, threads=1)
    assert found.rss_growth.value == pytest.approx(20, rel=0.05) and found.rss_growth.low > 0
    assert found.rss_mib == pytest.approx(306, abs=1)
    assert account("k", *run_of(300, 1.0, 0.0, 0.01), threads=1).rss_growth.value == 0
    assert growth(samples[:5], np.array([START])) is None


def test_a_run_without_evaluations_is_a_clear_error():
    with pytest.raises(RunError, match="too few evaluations"):
        account("k", [row(0)], {0: START}, [], threads=1)


def test_estimates():
    assert typical([2.0] * 10).value == pytest.approx(2.0)
    assert ratio_of_sums(np.array([1.0, 2.0]), np.array([10.0, 20.0])).low is None
    steady = ratio_of_sums(np.full(10, 1.0), np.full(10, 20.0))
    assert (steady.value, steady.low, steady.high) == pytest.approx((0.05, 0.05, 0.05))


def test_a_watch_sees_cpu_and_memory_of_a_process_and_ends_with_it():
    program = "import time\nheld = bytearray(64 << 20)\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
    process = subprocess.Popen([sys.executable, "-c", program])
    began = time.time()
    with ProcessWatch(process.pid, 0.05) as watch:
        process.wait()
    assert process.returncode == 0
    assert watch.samples[-1].cpu_s >= 0.2 and max(sample.rss_bytes for sample in watch.samples) >= 64 << 20
    assert began - 1 < watch.samples[0].when < time.time()
    assert [s.cpu_s for s in watch.samples] == sorted(s.cpu_s for s in watch.samples)
