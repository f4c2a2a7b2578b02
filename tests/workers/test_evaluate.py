"""The cascade, driven as the fleet drives it: each kind of candidate ends in its own verdict at its own rung."""
import pytest
from kernwright.kernels.candidate import Candidate, JitOptions
from kernwright.kernels.observe import observe
from kernwright.kernels.spec import KernelSpec
from kernwright.workers.confirm import confirm
from kernwright.workers.evaluate import Judge
from kernwright.workers.evaluation import Rung, Verdict
from kernwright.workers.job import Assignment, ConfirmJob, Job, JudgeSettings

SPEC = KernelSpec("row_sums", '''
import numpy as np
import kernwright

def make_inputs(size, rng):
    return (rng.standard_normal((size["n"], size["m"])),)

@kernwright.kernel(inputs=make_inputs, sizes={"tiny": {"n": 4, "m": 5}, "verify": {"n": 23, "m": 31}, "benchmark": {"n": 300, "m": 200}})
def row_sums(a):
    squares = a * a
    return squares.sum(axis=1)
''', "row_sums")
LOOPS = """
def kernel(a, out):
    for i in range(a.shape[0]):
        total = 0.0
        for j in range(a.shape[1]):
            total += a[i, j] * a[i, j]
        out[i] = total
"""
FAST = JitOptions(fastmath=("contract", "nsz", "reassoc"))
PARALLEL = JitOptions(parallel=True)


def writes(text, options=JitOptions()):
    return Candidate(text, options, "writes")


@pytest.fixture(scope="module")
def judge():
    signature = observe(SPEC.open(), 0, 30.0).signature
    with Judge(Assignment(SPEC, signature, JudgeSettings(threads=2, build_seconds=40, run_seconds=3, rounds=7))) as judge:
        yield judge


def evaluate(judge, candidate, bar=0.0, anchor=writes(LOOPS)):
    return judge.evaluate(Job(candidate, "search", anchor, bar, seed=5))


def test_a_good_candidate_is_verified_and_measured_and_its_defences_are_on_record(judge):
    evaluation = evaluate(judge, writes(LOOPS, FAST))
    assert (evaluation.verdict, evaluation.rung) == (Verdict.VERIFIED, Rung.MEASURE), evaluation.message
    assert evaluation.equivalent and evaluation.legal_in_parallel
    assert evaluation.faster.low <= evaluation.faster.speedup <= evaluation.faster.high
    assert "rlimit-cpu" in evaluation.defences and {"build", "verify", "measure"} <= set(evaluation.stage_seconds)


def test_without_an_anchor_the_rival_is_the_reference(judge):
    assert evaluate(judge, writes(LOOPS), anchor=None).faster.rival == "reference"


def test_a_parallel_candidate_without_a_race_is_legal(judge):
    evaluation = evaluate(judge, writes(LOOPS.replace("for i in range", "for i in prange"), PARALLEL))
    assert evaluation.verdict is Verdict.VERIFIED, evaluation.message
    assert evaluation.legal_in_parallel is True


def test_equal_machine_code_shares_a_timing_only_with_as_many_threads(judge):
    rows = LOOPS.replace("for i in range", "for i in prange")
    assert evaluate(judge, writes(rows, PARALLEL)).faster is not None
    assert evaluate(judge, writes(rows, JitOptions(parallel=True, threads=2))).facts.get("timing_shared")
    assert not evaluate(judge, writes(rows, JitOptions(parallel=True, threads=1))).facts.get("timing_shared")


BAD = {
    "outside the dialect": (writes("import os\ndef kernel(a, out):\n    pass\n"), Verdict.REFUSED, Rung.GATE),
    "no Numba": (writes("def kernel(a, out):\n    out[:] = np.ones(a)\n"), Verdict.BUILD_FAILED, Rung.SMOKE),
    "wrong everywhere": (writes(LOOPS.replace("a[i, j] * a[i, j]", "a[i, j]")), Verdict.WRONG, Rung.SMOKE),
    "out of bounds": (writes(LOOPS.replace("range(a.shape[1])", "range(a.shape[1] + 1)")), Verdict.OUT_OF_BOUNDS, Rung.SMOKE),
    "out of bounds behind a mask": (
        writes(LOOPS.replace("out[i] = total", "out[i] = total\n        if a[min(i + 1, a.shape[0]), 0] > 1e300:\n            out[i] = 0.0")),
        Verdict.OUT_OF_BOUNDS, Rung.SMOKE),
    "stale output": (
        writes(LOOPS.replace("        out[i] = total", "        if not out[i] > 0.0:\n            out[i] = total")), Verdict.WRONG, Rung.SMOKE),
    "only at the benchmark's size": (
        writes(LOOPS.replace("    for i", "    if a.shape[0] != 300:\n        return\n    for i")), Verdict.WRONG, Rung.SMOKE),
    "only at small sizes": (
        writes(LOOPS.replace("    for i", "    if a.shape[0] == 300:\n        return\n    for i")), Verdict.WRONG, Rung.VERIFY),
    "changes its argument": (writes(LOOPS + "    a[0, 0] = 1.0\n"), Verdict.WRONG, Rung.SMOKE),
    "raises": (writes(LOOPS + "    x = 1 // (a.shape[0] - 23)\n    out[0] += x * 0\n"), Verdict.RAISED, Rung.SMOKE),
    "endless": (writes("def kernel(a, out):\n    while True:\n        out[0] = 1.0\n"), Verdict.TIMED_OUT, Rung.SMOKE),
    "memory bomb": (writes("def kernel(a, out):\n    b = np.ones((a.shape[0] * 1000000, a.shape[1] * 1000))\n    out[:] = b[0, 0]\n"),
                    Verdict.OUT_OF_MEMORY, Rung.SMOKE),
    "another dtype": (
        Candidate("def kernel(a):\n    out = np.zeros(a.shape[0], np.float32)\n    return out\n"), Verdict.WRONG, Rung.SMOKE),
    "racy accumulation": (
        writes("def kernel(a, out):\n    out[:] = 0.0\n    for j in prange(a.shape[1]):\n        for i in range(a.shape[0]):\n"
               "            out[i] += a[i, j] * a[i, j]\n", PARALLEL), Verdict.RACE, Rung.SMOKE),
    "racy through a shared scratch": (
        writes("def kernel(a, out):\n    t = np.zeros(1)\n    for i in prange(a.shape[0]):\n        t[0] = 0.0\n"
               "        for j in range(a.shape[1]):\n            t[0] += a[i, j] * a[i, j]\n        out[i] = t[0]\n", PARALLEL),
        Verdict.RACE, Rung.SMOKE),
}


@pytest.mark.parametrize("candidate, verdict, rung", BAD.values(), ids=BAD.keys())
def test_a_bad_candidate_ends_in_its_verdict(judge, candidate, verdict, rung):
    evaluation = evaluate(judge, candidate)
    assert (evaluation.verdict, evaluation.rung) == (verdict, rung), evaluation.message
    assert evaluation.message and evaluation.faster is None


def test_one_far_below_the_bar_is_not_measured_in_full(judge):
    slow = LOOPS.replace("out[i] = total", "waste = 0.0\n        for k in range(50 * a.shape[1]):\n            waste += np.sin(a[i, 0] + k)\n"
                         "        out[i] = total if waste < 1e300 else waste")
    evaluation = evaluate(judge, writes(slow), bar=1.0)
    assert evaluation.verdict is Verdict.TOO_SLOW and evaluation.equivalent and evaluation.rung is Rung.SCREEN


def test_a_champion_is_confirmed_on_fresh_seeds_at_every_size(judge):
    found = confirm(judge, ConfirmJob(writes(LOOPS, FAST), writes(LOOPS), None, seed=11, rounds=1, seconds=3.0, proof_seconds=4.0))
    assert found.verdict is Verdict.VERIFIED, found.message
    assert found.over_reference.speedup > 0 and found.over_seed.low <= found.over_seed.high and found.over_njit is None
    assert [label.partition(" ")[0] for label in found.by_size] == ["tiny", "verify", "benchmark"]
    assert type(found).from_json(found.as_json()) == found


def test_a_champion_that_works_at_some_sizes_only_falls_in_the_confirmation(judge):
    narrow = LOOPS.replace("    for i", "    if a.shape[0] == 1:\n        return\n    for i")
    found = confirm(judge, ConfirmJob(writes(narrow), writes(LOOPS), None, seed=11, rounds=1, seconds=3.0, proof_seconds=4.0))
    assert found.verdict is Verdict.WRONG and found.equivalent is False and found.over_reference is None


def test_a_champion_that_leaves_its_arrays_at_the_smallest_sizes_falls_in_the_confirmation(judge):
    loose = LOOPS.replace("    for i", "    first = np.zeros(2)\n    for k in range(2):\n        first[k] = a[k, 0]\n    for i", 1)
    found = confirm(judge, ConfirmJob(writes(loose), writes(LOOPS), None, seed=11, timed=False))
    assert found.verdict is Verdict.OUT_OF_BOUNDS and "=1" in found.message, found.message
