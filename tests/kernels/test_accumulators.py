"""Several accumulators for a reduction, where the reduced scalar has a value whatever happened before."""
import pytest
from kernwright.kernels.candidate import Candidate
from kernwright.kernels.signature import Argument, Output, Signature
from kernwright.kernels.transforms import propose_with

SIGNATURE = Signature((Argument("d", "array", "float64", 1), Argument("n", "int", "int64")), (Output("float", "float64"),))
REST = "    for i in range(n):\n        y = y + d[i]\n    if n > 0:\n        return y\n    return 1.0\n"


def rewrites(head):
    candidate = Candidate(f"def kernel(d, n):\n{head}{REST}")
    return propose_with("accumulators", candidate, SIGNATURE, max_threads=2, finite=True)


@pytest.mark.parametrize("head", ["    y = 0.0\n", "    if n > 3:\n        y = 0.0\n    else:\n        y = d[0]\n"])
def test_a_scalar_that_is_bound_on_every_path_is_split(head):
    assert len(rewrites(head)) == 3


@pytest.mark.parametrize("head", ["", "    if n > 3:\n        y = 0.0\n", "    for i in range(n):\n        y = d[i]\n"])
def test_one_that_may_be_unbound_is_left_alone_as_the_loop_may_run_not_once(head):
    assert not rewrites(head)
