"""The proof "determinism": the same bits run after run, for each number of threads, under each threading layer, or by how much not."""
import subprocess
import sys

import pytest
from kernwright.kernels.candidate import Candidate, JitOptions
from kernwright.kernels.observe import observe
from kernwright.kernels.spec import KernelSpec
from kernwright.workers.evaluate import Judge
from kernwright.workers.evaluation import Verdict
from kernwright.workers.job import Assignment, JudgeSettings
from kernwright.workers.prove.determinism import counts, determinism
from kernwright.workers.prove.registry import PROOFS

SPEC = KernelSpec("total", '''
import numpy as np
import kernwright

def make_inputs(size, rng):
    return (rng.random(size["n"]),)

@kernwright.kernel(inputs=make_inputs, sizes={"tiny": {"n": 6}, "verify": {"n": 997}, "benchmark": {"n": 100_000}})
def total(a):
    return np.sum(a)
''', "total")
SERIAL = "def kernel(a):\n    s = 0.0\n    for i in range(a.shape[0]):\n        s += a[i]\n    return s\n"
REDUCTION = SERIAL.replace("range", "prange")
FIXED = """
def kernel(a):
    n = a.shape[0]
    parts = np.zeros(64)
    for k in prange(64):
        s = 0.0
        for i in range(k * n // 64, (k + 1) * n // 64):
            s += a[i]
        parts[k] = s
    total = 0.0
    for k in range(64):
        total += parts[k]
    return total
"""
RACY = """
def kernel(a):
    p = np.zeros(a.shape[0] + 1)
    for i in prange(a.shape[0]):
        p[i + 1] = p[i] + a[i]
    return p[a.shape[0]]
"""


@pytest.fixture(scope="module")
def judge():
    signature = observe(SPEC.open(), 0, 30.0).signature
    with Judge(Assignment(SPEC, signature, JudgeSettings(threads=2, build_seconds=40, run_seconds=5, rounds=7))) as judge:
        yield judge


def parallel(text):
    return Candidate(text, JitOptions(parallel=True))


def test_it_is_registered():
    assert PROOFS["determinism"] is determinism


def test_a_serial_kernel_gives_the_same_bits_in_two_processes(judge):
    found = determinism(judge, Candidate(SERIAL), 7, 1.0)
    assert found.passed and found.facts["answer"] == "same bits", found
    assert found.facts["threads"] == [1] and found.facts["runs"] >= 8 and "layers" not in found.facts


def test_one_whose_parts_do_not_depend_on_the_threads_gives_the_same_bits_under_each_layer(judge):
    found = determinism(judge, parallel(FIXED), 7, 2.0)
    assert found.passed and found.facts["answer"] == "same bits", found
    assert found.facts["threads"] == [1, 2]
    assert set(found.facts["layers"]) == {"workqueue", "omp", "tbb"} and found.facts["layers"]["workqueue"] == "available"
    assert all(known == "available" or known.startswith("unavailable: ") for known in found.facts["layers"].values())


def test_a_reduction_whose_order_depends_on_the_threads_passes_and_the_difference_is_reported(judge):
    found = determinism(judge, parallel(REDUCTION), 7, 2.0)
    assert found.passed and found.facts["answer"] == "bits differ", found
    assert 0 < found.facts["differ"]["numbers of threads"] < 1e4


def test_a_race_falls(judge):
    found = determinism(judge, parallel(RACY), 7, 4.0)
    assert found.verdict is Verdict.RACE and "threads" in found.message, found


def test_the_numbers_of_threads_are_all_small_ones_and_powers_of_two():
    assert counts(3) == (1, 2, 3) and counts(24) == (1, 2, 3, 4, 5, 6, 7, 8, 16, 24)


def test_the_judges_process_starts_no_threads_for_it():
    """In a process of its own: other tests of this one may have run parallel kernels before."""
    script = "\n".join([
        "import numba",
        "from kernwright.kernels.candidate import Candidate, JitOptions",
        "from kernwright.kernels.observe import observe",
        "from kernwright.kernels.spec import KernelSpec",
        "from kernwright.workers.evaluate import Judge",
        "from kernwright.workers.job import Assignment, JudgeSettings",
        "from kernwright.workers.prove.determinism import determinism",
        f"spec = KernelSpec({SPEC.name!r}, {SPEC.text!r}, {SPEC.function!r})",
        "settings = JudgeSettings(threads=2, build_seconds=40, run_seconds=5, rounds=7)",
        "with Judge(Assignment(spec, observe(spec.open(), 0, 30.0).signature, settings)) as judge:",
        f"    assert determinism(judge, Candidate({FIXED!r}, JitOptions(parallel=True)), 7, 1.0).passed",
        "print(numba.np.ufunc.parallel._is_initialized)"])
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert told.stdout.split() == ["False"], told.stderr
