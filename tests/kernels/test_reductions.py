"""Reductions of parallel loops in the form that Numba takes."""
import numpy as np
import pytest
from kernwright.kernels.candidate import Candidate, JitOptions
from kernwright.kernels.signature import Argument, Output, Signature
from kernwright.kernels.transforms import parallel
from kernwright.workers.build import build

SIGNATURE = Signature((Argument("a", "array", "float64", 1),), (Output("scalar", "float64", 0, ()),))
LOOP = "def kernel(a):\n    total = {start}\n    for i in range(a.shape[0]):\n{body}    return total * 1.0\n"
TWICE = "        total {op}= a[i]\n        b = a[i] * 0.5 + 1.0\n        total {op}= b\n"
EITHER = "        if a[i] > 1.0:\n            total {op}= a[i]\n        total {op}= 0.5\n"


@pytest.mark.parametrize("start", ["1.0", "np.float32(2.0)", "3"])
@pytest.mark.parametrize("operator", "+-*")
@pytest.mark.parametrize("body", [TWICE, EITHER])
def test_a_scalar_that_an_iteration_updates_twice_is_reduced_in_parallel(start, operator, body):
    text = LOOP.format(start=start, body=body.format(op=operator))
    made = next(parallel.propose(Candidate(text, JitOptions()), SIGNATURE), None)
    if made is None:                                    # a scalar of which the dtype changes on its way
        assert start != "1.0"
        return
    a = np.linspace(0.5, 1.5, 7)
    scope = {"np": np}
    exec(text, scope)  # noqa: S102 - our own text
    built = build(made.candidate, SIGNATURE, ("a",), (a,), opt=1)
    assert built.link(np.empty)(a) == pytest.approx(scope["kernel"](a), rel=1e-6)


def test_a_scalar_that_is_updated_once_stays_as_it_is():
    text = LOOP.format(start="0.0", body="        total += a[i]\n")
    assert "total_part" not in next(parallel.propose(Candidate(text, JitOptions()), SIGNATURE)).candidate.text
