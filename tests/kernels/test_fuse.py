"""Fusion of neighbouring loops: what may stand between them, and which extents are equal."""
import pytest
from kernwright.kernels.candidate import Candidate
from kernwright.kernels.signature import Argument, Signature
from kernwright.kernels.transforms import fuse

ARGUMENTS = (Argument("x", "array", "float64", 1), Argument("y", "array", "float64", 1, written=True), Argument("s", "float", "float64"))
EQUAL = Signature(ARGUMENTS, (), relations=("y.shape[0] == x.shape[0]",))
TEXT = """def kernel(x, y, s):
    t = np.empty(x.shape[0], dtype=np.float64)
    for i in range(x.shape[0]):
        t[i] = x[i] * 2.0
    {between}
    for i in range({bound}.shape[0]):
        y[i] = t[i] + c
"""


def fused(between="c = 1.0", bound="x", signature=EQUAL):
    candidate = Candidate(TEXT.format(between=between, bound=bound))
    return [rewrite.candidate.text for rewrite in fuse.propose(candidate, signature)]


@pytest.mark.parametrize("between", [
    "c = 1.0", "c = s * 2.0", "c = -s + 0.5 * (s * s)", "c = np.sqrt(s) / 3", "c = np.float32(2.5)", "c = max(s, 1.0) ** 2",
    "u = np.empty(y.shape[0], dtype=np.float64)\n    c = len(x) * s",
])
def test_scalars_between_two_loops_move_in_front(between):
    text, = fused(between)
    assert text.count("for ") == 1 and text.index("c = ") < text.index("for ")


@pytest.mark.parametrize("between", [
    "c = t[0]", "c = x[0] * s", "c = np.sum(t)", "c = t.sum()", "c = s\n    y[0] = c", "c = i * 1.0",
])
def test_what_reads_elements_or_the_first_loop_s_names_does_not_move(between):
    assert not fused(between)


def test_extents_that_the_signature_calls_equal_are_one():
    assert len(fused(bound="y")) == 1
    assert not fused(bound="y", signature=Signature(ARGUMENTS, ()))
