"""The proof "parallel": proven for every size, or logged at sizes; and what the text does not show, orders and threads do."""
import pytest
from kernwright.kernels.candidate import Candidate, JitOptions
from kernwright.kernels.observe import observe
from kernwright.kernels.spec import KernelSpec
from kernwright.workers.evaluate import Judge
from kernwright.workers.evaluation import Verdict
from kernwright.workers.job import Assignment, JudgeSettings
from kernwright.workers.prove.parallel import parallel
from kernwright.workers.prove.registry import PROOFS

SPEC = KernelSpec("row_sums", '''
import numpy as np
import kernwright

def make_inputs(size, rng):
    return (rng.standard_normal((size["n"], size["m"])), rng.permutation(size["n"]))

@kernwright.kernel(inputs=make_inputs, sizes={"tiny": {"n": 6, "m": 5}, "verify": {"n": 23, "m": 31}, "benchmark": {"n": 3000, "m": 20}})
def row_sums(a, order):
    out = np.empty(a.shape[0])
    out[order] = a.sum(axis=1)
    return out
''', "row_sums")
PROVEN = """
def kernel(a, order, out):
    n = a.shape[0]
    place = np.empty(n, np.int64)
    for i in prange(n):
        place[i] = order[i]
    for i in range(n):
        total = 0.0
        for j in range(a.shape[1]):
            total += a[i, j]
        out[place[i]] = total
"""
LOGGED = """
def kernel(a, order, out):
    for i in prange(a.shape[0]):
        total = 0.0
        for j in range(a.shape[1]):
            total += a[i, j]
        out[order[i]] = total
"""
RACY_BEYOND_THE_LOGGED_SIZES = """
def kernel(a, order, out):
    n = a.shape[0]
    count = np.zeros(n + 1)
    for i in prange(n):
        total = 0.0
        for j in range(a.shape[1]):
            total += a[i, j]
        if n == 3000:
            slow = 0.0
            for j in range(50 * a.shape[1]):
                slow += math.sin(slow + j)
            count[i + 1] = count[i] + 1.0
            total += count[i + 1] - (i + 1) + slow * 1e-300
        out[order[i]] = total
"""
LEAKS = """
def kernel(a, order, out):
    last = 0.0
    for i in prange(a.shape[0]):
        total = 0.0
        for j in range(a.shape[1]):
            total += a[i, j]
        out[order[i]] = total
        if total > 1e300:
            out[order[i]] = last
        last = total
"""
RACY_BEYOND_A_VALUE = LOGGED.replace("    for i in prange", "    large = np.zeros(1)\n    for i in prange", 1) + """\
        if total > 1e4:
            large[0] = total
"""
TIES = KernelSpec("collected", '''
import numpy as np
import kernwright

def make_inputs(size, rng):
    n = size["n"]
    return rng.standard_normal(n), rng.integers(0, 4 * n * n, n), np.zeros(4 * n * n)

@kernwright.kernel(inputs=make_inputs, sizes={"tiny": {"n": 3}, "verify": {"n": 5}, "benchmark": {"n": 50}})
def collected(x, place, total):
    np.add.at(total, place, x)
''', "collected")
RACY_WHERE_INDICES_MEET = """
def kernel(x, place, total):
    for i in prange(x.shape[0]):
        total[place[i]] += x[i]
"""


def writes(text, **options):
    return Candidate(text, JitOptions(**{"parallel": True, **options}), "writes")


def judge_of(spec):
    signature = observe(spec.open(), 0, 30.0).signature
    return Judge(Assignment(spec, signature, JudgeSettings(threads=2, build_seconds=40, run_seconds=3, rounds=7)))


@pytest.fixture(scope="module")
def judge():
    with judge_of(SPEC) as judge:
        yield judge


def test_it_is_registered():
    assert PROOFS["parallel"] is parallel


def test_a_serial_candidate_is_called_serial(judge):
    found = parallel(judge, writes(PROVEN, parallel=False), 7, 1.0)
    assert found.passed and found.facts["answer"] == "serial" and found.facts["method"]


def test_affine_loops_are_proven_and_still_run_in_other_orders_and_by_threads(judge):
    found = parallel(judge, writes(PROVEN), 7, 4.0)
    assert found.passed, found.message
    assert found.facts["answer"] == "proven" and found.facts["assumptions"]
    assert found.facts["orders"] == ["reversed", "shuffled", "shuffled otherwise"] and found.facts["sizes"]
    assert found.facts["threads"]["threads"] == [1, 2] and found.facts["threads"]["runs"] >= 2


def test_a_scatter_is_logged_at_sizes_and_its_loop_says_why(judge):
    found = parallel(judge, writes(LOGGED), 7, 1.0)
    assert found.passed, found.message
    assert found.facts["answer"] == "logged" and found.facts["sizes"][0].startswith("size tiny")
    assert "proven" not in found.facts["method"]
    assert "out[order[i]]" in found.facts["loops"][0]["reason"]


def test_a_race_at_one_large_size_only_is_not_proven_and_found(judge):
    found = parallel(judge, writes(RACY_BEYOND_THE_LOGGED_SIZES), 7, 2.0)
    assert found.verdict is Verdict.RACE, found


def test_a_race_that_only_a_rare_value_brings_about_is_found(judge):
    found = parallel(judge, writes(RACY_BEYOND_A_VALUE), 7, 4.0)
    assert found.verdict is Verdict.RACE and "large[0]" in found.message and found.facts["answer"] == "race", found.message


@pytest.mark.slow
def test_a_race_between_indices_that_hardly_ever_meet_is_found():
    with judge_of(TIES) as judge:
        found = parallel(judge, Candidate(RACY_WHERE_INDICES_MEET, JitOptions(parallel=True)), 7, 1.0)
    assert found.verdict is Verdict.RACE and "total[" in found.message, found.message


def test_a_value_that_leaks_between_iterations_is_a_race(judge):
    found = parallel(judge, writes(LEAKS), 7, 1.0)
    assert found.verdict is Verdict.RACE and "last" in found.message
