"""A reference that uses what no candidate may, such as sets and lists: Numba is tried on it, and on nothing made of it."""
from dataclasses import replace

import pytest
from kernwright.kernels import transforms
from kernwright.kernels.lift.plain import complaint_beside, reference_as_candidate
from kernwright.kernels.observe import observe
from kernwright.kernels.spec import KernelSpec
from kernwright.workers.evaluate import Judge
from kernwright.workers.evaluation import Verdict
from kernwright.workers.job import Assignment, Job, JudgeSettings

SPEC = KernelSpec("distinct", '''
import kernwright

def make_inputs(size, rng):
    return (rng.integers(0, 9, size["n"]),)

@kernwright.kernel(inputs=make_inputs, sizes={"tiny": {"n": 6}, "verify": {"n": 61}, "benchmark": {"n": 3000}})
def distinct(x, scale=2):
    seen, order = set(), [0] * 3
    for value in x:
        if value not in seen:
            seen.add(value)
            order.append(value * scale)
    return len(seen), sum(order)
''', "distinct")


@pytest.fixture(scope="module")
def own():
    opened = SPEC.open()
    candidate, refused = reference_as_candidate(opened)
    assert "line 9" in refused
    return opened, candidate


def test_the_text_of_the_reference_passes_and_any_other_is_refused(own):
    opened, candidate = own
    assert complaint_beside(candidate, opened) == ""
    assert "set" in complaint_beside(replace(candidate, text=candidate.text.replace("sum(order)", "sum(order) + 0")), opened)
    assert complaint_beside(replace(candidate, convention="writes"), opened)


def test_no_rewrite_is_made_of_it(own):
    opened, candidate = own
    found = transforms.propose_all(candidate, observe(opened, 0).signature, max_threads=2)
    assert {rewrite.transform for rewrite in found} <= {"options"}


def test_it_is_judged_as_any_candidate(own):
    opened, candidate = own
    with Judge(Assignment(SPEC, observe(opened, 0).signature, JudgeSettings(1))) as judge:
        evaluation = judge.evaluate(Job(candidate, 5, timed=False))
        wrong = replace(candidate, text=candidate.text.replace("order.append(", "order.append(1 + "))
        assert judge.evaluate(Job(wrong, 5, timed=False)).verdict is Verdict.REFUSED
    assert evaluation.verdict is Verdict.VERIFIED, evaluation.message
