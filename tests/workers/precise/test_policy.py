"""The policy on rounding errors: no way of writing a kernel that keeps its precision is refused, and each that loses it is."""
from functools import cache
from time import monotonic

import numpy as np
import pytest
from kernwright.workers.precise.exact import evaluate, float_results
from kernwright.workers.precise.policy import ELEMENT, judge
from precision_kernels import REFERENCES, RIGHT, WRONG, oracle

CASES = {"verify": 4, "benchmark": 4}


@cache
def known(reference, size):
    made = oracle(*REFERENCES[reference])
    found = []
    for seed in range(CASES[size]):
        case = made.case(size, seed)
        evaluation = evaluate(made, case, monotonic() + 60)
        index = next(index for index, value in enumerate(evaluation.results) if value is not None)
        found.append((case, evaluation.results[index], float_results(made, case)[index]))
    return found


def errors(reference, function, size):
    parts = []
    for case, exact, own in known(reference, size):
        with np.errstate(all="ignore"):
            got = np.asarray(function(*(np.copy(a) for a in case.arguments)))
        parts.append((case.label, exact, own, got))
    return judge(parts)


@pytest.mark.parametrize("name", RIGHT)
def test_a_kernel_that_keeps_the_precision_is_not_refused(name):
    for size in CASES:
        found = errors(*RIGHT[name], size)
        assert not found.refusal and found.decided > 0.9, (size, found)


@pytest.mark.parametrize("name", WRONG)
def test_a_kernel_that_loses_precision_is_refused(name):
    found = [errors(*WRONG[name], size) for size in CASES]
    assert any(each.refusal for each in found), found


@pytest.mark.parametrize("name", REFERENCES)
def test_a_reference_passes_for_itself(name):
    for size in CASES:
        found = judge([(case.label, exact, own, own) for case, exact, own in known(name, size)])
        assert not found.refusal and found.worst <= 1.0, found


def test_few_runs_are_no_ground_for_refusing_what_may_be_their_luck():
    case, exact, own = known("sum32", "benchmark")[0]
    far = own + np.float32(2 * ELEMENT) * np.float32(exact.unit) * 8
    assert not judge([("one", exact, own, far)]).refusal
    assert judge([("one", exact, own, own * np.float32(0.91))]).refusal
