"""The proof "families" over compiled champions, in sandboxed children."""
import json

import pytest
from kernwright.kernels.candidate import Candidate, JitOptions
from kernwright.kernels.lift import lift
from kernwright.kernels.observe import observe
from kernwright.kernels.spec import KernelSpec
from kernwright.workers.evaluate import Judge
from kernwright.workers.evaluation import Verdict
from kernwright.workers.job import Assignment, JudgeSettings
from kernwright.workers.prove.families import families as prove
from kernwright.workers.verify.families import FAMILIES, magnitudes, sizes, specials, values

SPEC = KernelSpec("shares", '''
import numpy as np
import kernwright

def make_inputs(size, rng):
    return (rng.standard_normal((size["n"], size["m"])),)

@kernwright.kernel(inputs=make_inputs, sizes={"tiny": {"n": 4, "m": 5}, "verify": {"n": 13, "m": 11}, "benchmark": {"n": 60, "m": 40}})
def shares(a):
    top = np.max(a, axis=1, keepdims=True)
    e = np.exp(a - top)
    return e / np.sum(e, axis=1, keepdims=True)
''', "shares")
ONLINE = """
def kernel(a, out):
    for i in range(a.shape[0]):
        top = -np.inf
        total = 0.0
        for j in range(a.shape[1]):
            higher = max(top, a[i, j])
            total = total * math.exp(top - higher) + math.exp(a[i, j] - higher)
            top = higher
        for j in range(a.shape[1]):
            out[i, j] = math.exp(a[i, j] - top) / total
"""
PLAIN = ONLINE.replace("higher = max(top, a[i, j])", "higher = 0.0")


SOME = [f for f in FAMILIES if f.name in {"sizes", "large", "nan", "constant", "a large size"}]


def writes(text, **options):
    return Candidate(text, JitOptions(**options), "writes")


@pytest.fixture(scope="module")
def judge():
    signature = observe(SPEC.open(), 0, 5.0).signature
    with Judge(Assignment(SPEC, signature, JudgeSettings(threads=2, build_seconds=30, run_seconds=0.5))) as judge:
        yield judge


def test_right_kernels_stand_it_and_the_facts_say_what_was_tried(judge):
    check = prove(judge, writes(ONLINE, error_model="numpy", fastmath=("contract", "nsz", "reassoc")), 7, 2.0, SOME)
    assert check.passed, check.message
    assert check.facts["answer"] == f"agrees on {check.facts['inputs']} inputs" and check.facts["inputs"] > 20
    assert {"sizes", "large", "nan"} <= set(check.facts["tried"]) <= {family.name for family in SOME}  # a busy machine tries less
    assert check.facts["method"] and check.facts["assumptions"] and "go to the reference" in check.facts["guard"]
    json.dumps(check.as_json(), allow_nan=False)


def test_the_lift_stands_it(judge):
    check = prove(judge, lift(SPEC.open(), judge.oracle.signature, 0).candidates[-1], 1, 1.0, [*specials.FAMILIES, sizes.Sized()])
    assert check.passed, check.message


def test_a_removed_maximum_is_found_and_shrunk_to_a_small_input(judge):
    check = prove(judge, writes(PLAIN, error_model="numpy"), 3, 3.0, magnitudes.FAMILIES)
    assert check.verdict is Verdict.WRONG and "; with a = [[" in check.message, check.message
    size = check.facts["size"]
    assert size["n"] * size["m"] <= 4, size
    assert check.facts["answer"] == "differs" and check.facts["family"] == "large"


@pytest.mark.parametrize("fault, verdict, chosen", [
    ("if a[i, 0] != a[i, 0]:\n            out[i + 2**40, 0] = 1.0", Verdict.CRASHED, specials.FAMILIES[:1]),
    ("while a[i, 0] == 0.0:\n            out[i, 0] = 1.0", Verdict.TIMED_OUT, values.FAMILIES[3:6]),
    ("if a[i, 0] > 1e9:\n            raise ValueError", Verdict.RAISED, magnitudes.FAMILIES),
], ids=["crashes", "never ends", "raises"])
def test_a_kernel_that_dies_of_an_input_has_its_verdict_and_the_input(judge, fault, verdict, chosen):
    text = ONLINE.replace("        top = -np.inf", f"        {fault}\n        top = -np.inf")
    check = prove(judge, writes(text, error_model="numpy"), 1, 1.5, chosen)
    assert check.verdict is verdict and "with a = [[" in check.message, check.message


def test_a_kernel_that_takes_two_columns_for_granted(judge):
    text = ONLINE.replace("    for i", "    if a.shape[1] == 1:\n        return\n    for i", 1)
    check = prove(judge, writes(text), 1, 1.0, [sizes.Sized()])
    assert check.verdict is Verdict.WRONG and check.facts["family"] == "sizes"
