"""The proof "identity": approximations fall unless the spec permits them; what it cannot decide it says; it always ends."""
import json

import pytest
from kernwright.kernels.candidate import Candidate, JitOptions
from kernwright.kernels.observe import observe
from kernwright.kernels.spec import KernelSpec, Tolerance
from kernwright.kernels.vecmath import FUNCTIONS
from kernwright.workers.evaluate import Judge
from kernwright.workers.evaluation import Verdict
from kernwright.workers.job import Assignment, JudgeSettings
from kernwright.workers.prove.identity import identity, judged

TEXT = '''
import numpy as np
import kernwright

def make_inputs(size, rng):
    return (3.0 * rng.standard_normal((size["n"], size["m"])), 0.75)

@kernwright.kernel(inputs=make_inputs, sizes={"tiny": {"n": 4, "m": 5}, "verify": {"n": 13, "m": 11}, "benchmark": {"n": 300, "m": 200}})
def attend(a, scale):
    weights = np.exp(scale * (a - a.max(axis=1, keepdims=True)))
    return weights / weights.sum(axis=1, keepdims=True)
'''
INTEGERS = '''
import numpy as np
import kernwright

def make_inputs(size, rng):
    return (rng.integers(0, 9, size["n"]),)

@kernwright.kernel(inputs=make_inputs, sizes={"tiny": {"n": 4}, "verify": {"n": 13}, "benchmark": {"n": 300}})
def attend(a):
    return np.cumsum(a)
'''
ONLINE = """
def kernel(a, scale, out):
    for i in prange(a.shape[0]):
        top = -np.inf
        total = 0.0
        for j in range(a.shape[1]):
            higher = max(top, a[i, j])
            total = total * math.exp(scale * (top - higher)) + math.exp(scale * (a[i, j] - higher))
            top = higher
        for j in range(a.shape[1]):
            out[i, j] = math.exp(scale * (a[i, j] - top)) / total
"""
DIFFERENT = {
    "answer": "different", "elements": 0, "by_digits": 0, "draws": 1, "functions": [], "conversions": [], "reading": "", "sizes": [],
    "difference": {"place": "the result[0, 0]", "reference": "1.0", "candidate": "1.0000002", "relative": "2e-07"},
    "size": {"n": 1, "m": 1}, "seed": 3,
}
CLOSE = ONLINE.replace("/ total", "/ total * 1.0000002")


def judge_of(text):
    spec = KernelSpec("attend", text, "attend")
    signature = observe(spec.open(), 0, 30.0).signature
    return Judge(Assignment(spec, signature, JudgeSettings(threads=2, build_seconds=40, run_seconds=3, rounds=7)))


@pytest.fixture(scope="module")
def judge():
    with judge_of(TEXT) as opened:
        yield opened


def writes(text):
    return Candidate(text, JitOptions(parallel="prange" in text), "writes")


def test_online_softmax_is_identical_and_its_facts_say_what_was_taken_as_exact(judge):
    check = identity(judge, writes(ONLINE), 1, 4.0)
    assert (check.verdict, check.facts["answer"]) == (Verdict.VERIFIED, "identical"), check
    assert check.facts["draws"] >= 2 and check.facts["elements"] >= 40 and "method" in check.facts and "2^61" in check.facts["bound"]
    assert any("rounding" in taken for taken in check.facts["taken_as_exact"])
    json.dumps(check.facts, allow_nan=False)


def test_a_scale_off_by_two_in_ten_million_falls_and_the_message_names_where(judge):
    check = identity(judge, writes(CLOSE), 1, 4.0)
    assert check.verdict is Verdict.WRONG and check.facts["answer"] == "different"
    for word in ("the result[0, 0]", "seed 1", "2e-07", "approximation", "tolerance="):
        assert word in check.message
    assert check.facts["size"] == {"n": 1, "m": 1}
    json.dumps(check.facts, allow_nan=False)


@pytest.mark.parametrize("declared", [{"ulp": 8}, {"rtol": 1e-6, "atol": 0.0}])
def test_a_spec_with_a_tolerance_of_its_own_permits_an_approximation(judge, declared):
    check = judged(DIFFERENT, Tolerance.parse(declared), judge.oracle)
    assert (check.verdict, check.facts["answer"], check.facts["approximation"]) == (Verdict.VERIFIED, "different", True)
    assert "2e-07" in check.facts["message"]


@pytest.mark.parametrize("declared", [None, "exact"])
def test_no_other_tolerance_permits_one(judge, declared):
    assert judged(DIFFERENT, Tolerance.parse(declared), judge.oracle).verdict is Verdict.WRONG


def test_where_no_real_number_enters_it_is_not_applicable():
    with judge_of(INTEGERS) as judge:
        check = identity(judge, Candidate("def kernel(a):\n    return np.cumsum(a)\n"), 1, 4.0)
    assert (check.verdict, check.facts["answer"]) == (Verdict.VERIFIED, "not applicable")
    assert "integers" in check.facts["reason"]


ENDS = {
    "an endless loop": "    while True:\n        out[0, 0] = 1.0\n",
    "an endless loop of whole arrays": "    while True:\n        out[:] = a * a\n",
    "a huge power": "    n = 3 ** 39\n    out[0, 0] = 1.0 / (a[0, 0] ** n - a[0, 0] ** n)\n    while n > 0:\n        n -= 1\n",
    "a huge integer": "    n = 3\n    for i in range(10 ** 9):\n        n = n * n\n    out[0, 0] = n\n",
    "a huge array": "    b = np.zeros((10 ** 5, 10 ** 5))\n    out[0, 0] = b[0, 0]\n",
    "endless recursion": "    helper(a)\n",
    "the bits of a float": "    out[0, 0] = np.int64(1).view(np.float64)\n",
}


@pytest.mark.parametrize("body", ENDS.values(), ids=ENDS.keys())
def test_what_cannot_be_decided_is_not_applicable_and_comes_to_an_end(judge, body):
    check = identity(judge, writes(f"def helper(a):\n    return helper(a)\n\ndef kernel(a, scale, out):\n{body}"), 1, 2.0)
    assert (check.verdict, check.facts["answer"]) == (Verdict.VERIFIED, "not applicable"), check
    assert check.facts["reason"]


def test_functions_of_vecmath_count_as_the_functions_that_they_are_and_the_answer_says_within_what():
    judge = judge_of(TEXT)
    helper = FUNCTIONS["exp", "float64"]
    text = helper.text + ONLINE.replace("math.exp", helper.helper)
    kernel = Candidate(text, JitOptions(parallel=True), "writes")
    check = identity(judge, kernel, 0, 20.0)
    assert check.verdict is Verdict.VERIFIED and check.facts["answer"] == "identical, with exp within 1 ULP", check
    assert any("0.8 ULP" in each for each in check.facts["taken_as_exact"])
    other = Candidate(text.replace("2.75572", "2.75573"), JitOptions(parallel=True), "writes")
    assert not identity(judge, other, 0, 20.0).facts["answer"].startswith("identical")


def test_a_function_of_vecmath_for_another_precision_is_no_function_that_it_stands_for():
    helper = FUNCTIONS["exp", "float32"]
    kernel = Candidate(helper.text + ONLINE.replace("math.exp", helper.helper), JitOptions(parallel=True), "writes")
    check = identity(judge_of(TEXT), kernel, 0, 20.0)
    assert check.facts["answer"] == "not applicable" and "not known to be float32" in check.facts["reason"]


def test_an_answer_says_up_to_which_arguments_a_function_of_vecmath_counts_as_exact(judge):
    report = {**DIFFERENT, "answer": "identical", "within_ulp": {"sin": 0.8}, "limits": {"sin": 2.0**24}}
    taken = judged(report, Tolerance(), judge.oracle).facts["taken_as_exact"]
    assert any("0.8 ULP for arguments up to 16777216 in size" in each for each in taken)
