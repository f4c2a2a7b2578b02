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


FAR = """def kernel(x, y, s):
    t = np.empty(x.shape[0], dtype=np.float64)
    total = 0.0
    for i in range(x.shape[0]):
        t[i] = x[i] * 2.0
        total += x[i]
    {between}
    for i in range(x.shape[0]):
        y[i] = t[i] + s
    return total
"""


@pytest.mark.parametrize("between, legal", [
    ("u = np.empty(9, dtype=np.float64)\n    for k in range(9):\n        u[k] = s", True),
    ("for i in range(3):\n        c = i * s", True),
    ("total = total / x.shape[0]", True),
    ("total = -total\n    c = s * 2.0\n    d = c + total", True),
    ("u = x\n    v = t", True),
    ("t = x", False),
    ("for k in range(3):\n        t[k] = 0.0", False),
    ("for k in range(3):\n        x[k] = 0.0", False),
    ("for k in range(3):\n        y[k] = total", False),
    ("for k in range(3):\n        total = total * s", False),
    ("s = total / x.shape[0]", False),
], ids=str)
def test_loops_farther_away_are_fused_where_what_is_between_can_leave(between, legal):
    made = [r.candidate.text for r in fuse.propose(Candidate(FAR.format(between=between)), Signature(ARGUMENTS, ()))]
    assert any("t[i] = x[i] * 2.0\n        total += x[i]\n        y[i]" in text for text in made) is legal


@pytest.mark.parametrize("first, second, one", [
    ("t[i] = x[i]", "y[i] = t[i]", True), ("x[i] = 0.5", "y[i] = t[i]", False), ("t[i] = x[i]", "x[i] = 2.0", True),
])
def test_two_tests_of_the_same_become_one(first, second, one):
    text = TEXT.replace("        t[i] = x[i] * 2.0", f"        if x[i] > s:\n            {first}").replace(
        "        y[i] = t[i] + c", f"        if x[i] > s:\n            {second}")
    made = [r.candidate.text for r in fuse.propose(Candidate(text.format(between="c = 1.0", bound="x")), EQUAL)]
    assert len(made) == 1 and (made[0].count("if ") == 1) is one


NAMED_OTHERWISE = """def kernel(x, y, s):
    t = np.empty((x.shape[0], 3), dtype=np.float64)
    for i in range(x.shape[0]):
        for j in range(3):
            t[i, j] = x[i] * j
    for j in range(x.shape[0]):
        {first}
        for i in range(3):
            y[j] += t[j, i]
    {after}
"""


@pytest.mark.parametrize("first, after, legal", [
    ("y[j] = s", "y[0] = s", True), ("y[j] = i", "y[0] = s", False), ("y[j] = s", "y[0] = i", False), ("y[j] = s", "y[0] = j", False),
])
def test_loops_whose_variables_are_each_other_s_inner_ones_are_fused(first, after, legal):
    made = list(fuse.propose(Candidate(NAMED_OTHERWISE.format(first=first, after=after)), EQUAL))
    texts = [rewrite.candidate.text for rewrite in made if "fused (lines 3 and 6)" in rewrite.note]
    assert len(texts) == legal
    assert not legal or "for j in range(3):\n            y[i] += t[i, j]" in texts[0]


TIED = """def kernel(x, y, s):
    t = np.empty(x.shape[0], dtype=np.float64)
    for i in range(1, x.shape[0]):
        t[i] = {first}
    for i in range(1, x.shape[0]):
        y[i] = t[{read}]
"""


@pytest.mark.parametrize("first, read, fuses", [("x[i] * s", "i", True), ("x[i] * s", "i - 1", False), ("t[i - 1] * s", "i - 1", True)])
def test_streamlining_leaves_loops_apart_that_fusion_would_keep_from_running_in_parallel(first, read, fuses):
    candidate = Candidate(TIED.format(first=first, read=read))
    assert len(list(fuse.propose(candidate, EQUAL))) == 1
    assert len(list(fuse.propose(candidate, EQUAL, keep_independent=True))) == fuses
