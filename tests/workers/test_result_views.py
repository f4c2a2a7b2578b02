"""A reference that returns views into its arguments: kernels hand over arrays of their own, and are verified as such."""
import numpy as np
import pytest
from kernwright.kernels.lift import lift
from kernwright.kernels.lift.plain import reference_as_candidate
from kernwright.kernels.observe import observe
from kernwright.kernels.spec import KernelSpec
from kernwright.kernels.wrapper import wrapper_source
from kernwright.workers.evaluate import Judge
from kernwright.workers.evaluation import Verdict
from kernwright.workers.job import Assignment, Job, JudgeSettings

SPEC = KernelSpec("parts", '''
import kernwright

def make_inputs(size, rng):
    return rng.random(size["n"]), 2, rng.random((size["n"], size["n"]))

@kernwright.kernel(inputs=make_inputs, sizes={"tiny": {"n": 6}, "verify": {"n": 61}, "benchmark": {"n": 300}})
def parts(a, k, b):
    a *= 2
    d = b.T
    return a[k::k], d, b[0].reshape(-1, 1), (b * 2)[1:], a
''', "parts")


@pytest.fixture(scope="module")
def parts():
    opened = SPEC.open()
    return opened, observe(opened, 0).signature


def test_the_signature_says_of_which_argument_a_result_is_a_view(parts):
    assert [(o.part_of, o.alias) for o in parts[1].outputs] == [("a", None), ("b", None), ("b", None), (None, None), (None, "a")]


def test_lifted_and_compiled_as_it_is_it_is_verified(parts):
    opened, signature = parts
    plain, refused = reference_as_candidate(opened)
    assert refused == ""
    with Judge(Assignment(SPEC, signature, JudgeSettings(1))) as judge:
        for candidate in (*lift(opened, signature).candidates, plain):
            evaluation = judge.evaluate(Job(candidate, 5, timed=False))
            assert evaluation.verdict is Verdict.VERIFIED, evaluation.message


def test_the_wrapper_copies_a_view_and_nothing_else(parts):
    opened, signature = parts
    plain, _ = reference_as_candidate(opened)
    scope = {"kernel": opened.reference, "empty": np.empty}
    exec(wrapper_source(plain, signature, opened.parameters), scope)  # noqa: S102 - our own text
    a, k, b = opened.make_inputs("tiny", 0)
    results = scope["call"](a, k, b)
    assert not any(np.may_share_memory(result, argument) for result in results[:4] for argument in (a, b))
    assert results[4] is a
