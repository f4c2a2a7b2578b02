"""The proof "precision": compiled champions beside the reference's own rounding errors, their own flags included."""
from kernwright.kernels.candidate import Candidate, JitOptions
from kernwright.kernels.observe import observe
from kernwright.kernels.spec import KernelSpec
from kernwright.workers.evaluate import Judge
from kernwright.workers.evaluation import Verdict
from kernwright.workers.job import Assignment, JudgeSettings
from kernwright.workers.prove.precision import precision
from kernwright.workers.prove.registry import PROOFS

FAST = JitOptions(fastmath=("contract", "nsz", "reassoc"))
SUM = """
import numpy as np
import kernwright

def make_inputs(size, rng):
    return (rng.random(size["n"]),)

@kernwright.kernel(inputs=make_inputs, sizes={"tiny": {"n": 6}, "verify": {"n": 997}, "benchmark": {"n": 30_000}}OTHER)
def total(a):
"""
PAIRWISE = "    return np.sum(a)\n"
COLUMNS = """
import numpy as np
import kernwright

def make_inputs(size, rng):
    return (rng.random((size["n"], 32)),)

@kernwright.kernel(inputs=make_inputs, sizes={"tiny": {"n": 6}, "verify": {"n": 97}, "benchmark": {"n": 3000}}OTHER)
def total(a):
    s = np.zeros(a.shape[1])
    c = np.zeros(a.shape[1])
    for i in range(a.shape[0]):
        y = a[i] - c
        t = s + y
        c = (t - s) - y
        s = t
    return s
"""
BY_COLUMN = """
def kernel(a):
    s = np.zeros(a.shape[1])
    c = np.zeros(a.shape[1])
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            y = a[i, j] - c[j]
            t = s[j] + y
            c[j] = (t - s[j]) - y
            s[j] = t
    return s
"""
LOOP = "def kernel(a):\n    s = 0.0\n    for i in range(a.shape[0]):\n        s += a[i]\n    return s\n"
SINGLE = "def kernel(a):\n    s = 0.0\n    for i in range(a.shape[0]):\n        s += np.float64(np.float32(a[i]))\n    return s\n"
COUNT = SUM.replace("rng.random(size[\"n\"])", "rng.integers(0, 9, size[\"n\"])") + PAIRWISE


def checked(text, candidate, seconds=90.0, **options):
    spec = KernelSpec("total", text.replace("OTHER", "".join(f", {name}={value!r}" for name, value in options.items())), "total")
    signature = observe(spec.open(), 0, 30.0).signature
    with Judge(Assignment(spec, signature, JudgeSettings(build_seconds=40, run_seconds=5))) as judge:
        return precision(judge, candidate, 7, seconds)


def test_it_is_registered():
    assert PROOFS["precision"] is precision


def test_a_plain_loop_in_place_of_numpys_sum_stays_within_bounds():
    found = checked(SUM + PAIRWISE, Candidate(LOOP))
    assert found.passed and found.facts["answer"] == "within bounds", found
    assert {size["size"].split(" ")[0] for size in found.facts["sizes"]} >= {"tiny", "verify", "benchmark"}
    assert found.facts["method"] and 1 < found.facts["worst_ulp"] < 1000 and found.facts["reference_worst_ulp"] < 20


def test_flags_that_add_in_another_order_are_allowed_where_the_reference_does():
    found = checked(SUM + PAIRWISE, Candidate(LOOP, FAST))
    assert found.passed and found.facts["rms_ratio"] < 1, found


def test_compensation_is_kept_without_flags_and_missed_where_reassoc_takes_it_away():
    assert checked(COLUMNS, Candidate(BY_COLUMN)).passed
    found = checked(COLUMNS, Candidate(BY_COLUMN, JitOptions(fastmath=("reassoc", "nsz"))))
    assert found.verdict is Verdict.WRONG and "times" in found.message, found


def test_single_precision_inside_a_double_kernel_is_refused():
    found = checked(SUM + PAIRWISE, Candidate(SINGLE))
    assert found.verdict is Verdict.WRONG and "ULP" in found.message and found.facts["answer"] == "less accurate", found


def test_under_a_declared_tolerance_the_errors_are_only_reported():
    found = checked(SUM + PAIRWISE, Candidate(SINGLE), tolerance={"rtol": 1e-6})
    assert found.passed and found.facts["answer"] == "declared tolerance" and found.facts["worst_ulp"] > 1e4, found


def test_whole_numbers_and_what_numpy_knows_in_double_precision_only_are_not_applicable():
    whole = checked(COUNT, Candidate("def kernel(a):\n    s = 0\n    for i in range(a.shape[0]):\n        s += a[i]\n    return s\n"))
    assert whole.passed and whole.facts["answer"] == "not applicable" and "whole numbers" in whole.facts["reason"], whole
    found = checked(SUM + "    return np.interp(0.5, a, a)\n", Candidate("def kernel(a):\n    return np.interp(0.5, a, a)\n"))
    assert found.passed and found.facts["answer"] == "not applicable" and "interp" in found.facts["reason"], found
