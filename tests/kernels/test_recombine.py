"""Crossover of two candidates: what every way of it keeps to, and what each brings together."""
import itertools
import math

import numba
import numpy as np
import pytest
from kernwright.kernels.candidate import Candidate, JitOptions, Lineage
from kernwright.kernels.dialect.gate import complaint
from kernwright.kernels.recombine import KINDS, Pair, recombined
from kernwright.kernels.recombine.convention import in_convention
from kernwright.kernels.signature import Argument, Output, Signature
from kernwright.kernels.transforms import propose_all

MATRIX = Signature((Argument("a", "array", "float64", 2),), (Output("array", "float64", 2, ("a.shape[0]", "a.shape[1]")),))
VECTOR = Signature((Argument("v", "array", "int64", 1, written=True), Argument("n", "int", "int64")), ())
STAGES = Candidate("""def kernel(a):
    centred = np.empty((a.shape[0], a.shape[1]))
    for i in range(a.shape[0]):
        mean = 0.0
        for j in range(a.shape[1]):
            mean += a[i, j]
        mean = mean / a.shape[1]
        for j in range(a.shape[1]):
            centred[i, j] = a[i, j] - mean
    scale = np.zeros(a.shape[1])
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            scale[j] += centred[i, j] * centred[i, j]
    out = np.empty((a.shape[0], a.shape[1]))
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            out[i, j] = centred[i, j] / math.sqrt(scale[j] + 1.0)
    return out
""", JitOptions(error_model="numpy"))
SIEVE = Candidate("""def kernel(v, n):
    for i in range(n):
        v[i] = v[i] * 3 % 97
    for step in range(2):
        for i in range(1, n):
            v[i] += v[i - 1] & 7
        for i in range(n):
            v[i] -= i * step
    for i in range(n):
        v[i] = v[i] * v[i] + 5
""")
SMOOTH = Candidate("""WIDTH = 4  # tune: 2 4 8

def weight(x):
    return 1.0 / (1.0 + x * x)

def blend(x, y):
    return x * weight(y) + y * weight(x)

def kernel(a):
    out = np.empty((a.shape[0], a.shape[1]))
    for i in prange(a.shape[0]):
        for j in range(a.shape[1]):
            total = 0.0
            for k in range(max(0, j - WIDTH), j + 1):
                total += blend(a[i, k], a[i, j])
            out[i, j] = total
    return out
""", JitOptions(True, ("contract",), "numpy"))
OTHER_SMOOTH = Candidate("""WIDTH = 8  # tune: 2 4 8
ONE = 1.0

def square(x):
    return x * x

def weight(x):
    return ONE / (ONE + square(x))

def kernel(a):
    out = np.empty((a.shape[0], a.shape[1]))
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            total = 0.0
            for k in range(max(0, j - WIDTH), j + 1):
                total += a[i, k] * weight(a[i, j]) + a[i, j] * weight(a[i, k])
            out[i, j] = total
    return out
""", JitOptions(False, (), "python"))


def arguments(signature):
    rng = np.random.default_rng(7)
    return (rng.standard_normal((9, 11)),) if signature is MATRIX else (rng.integers(0, 50, 23), 23)


def outcome(candidate, signature, compiled=False):
    """What the kernel returns and leaves in its arguments."""
    scope = {"np": np, "math": math, "prange": numba.prange if compiled else range}
    exec(candidate.text, scope)  # noqa: S102 - a text of these tests, or made of them
    if compiled:
        for name in [n for n, f in scope.items() if callable(f) and getattr(f, "__module__", None) is None or n == "kernel"]:
            scope[name] = numba.njit(scope[name])
    given = arguments(signature)
    outputs = [np.full((9, 11), np.nan)] if candidate.convention == "writes" else []
    result = scope["kernel"](*given, *outputs)
    return [*(outputs or ([] if result is None else [result])), *given]


def same(candidate, base, signature, compiled=False):
    return all(np.allclose(x, y) for x, y in zip(outcome(candidate, signature, compiled), outcome(base, signature)))


def children(first, second, signature, base=None, kinds=tuple(KINDS)):
    return [made for kind in kinds for made in recombined(kind, Pair(first, second, base, signature))]


def variants(base, signature):
    return [rewrite.candidate for rewrite in propose_all(base, signature, max_threads=2)]



ROWS = variants(STAGES, MATRIX)


@pytest.mark.parametrize(("base", "signature"), [(STAGES, MATRIX), (SIEVE, VECTOR)])
def test_changes_of_two_rewrites_are_joined_and_compute_the_same(base, signature):
    made = [variant for variant in (ROWS if base is STAGES else variants(base, signature)) if variant.text != base.text]
    joined = 0
    for first, second in itertools.permutations(made[1:5] + made[5::4], 2):
        for child in children(first, second, signature, base, ["merge"]):
            joined += 1
            assert not complaint(child.candidate), child.candidate.text
            assert child.candidate.text not in (first.text, second.text)
            if joined % 7 == 0:
                assert same(child.candidate, base, signature), f"{first.lineage.note}\n{second.lineage.note}\n{child.candidate.text}"
    assert joined >= 6


@pytest.mark.parametrize("kind", KINDS)
def test_every_way_gives_candidates_that_pass_the_gate_and_leaves_the_parents_as_they_were(kind):
    family = [STAGES, *ROWS[::9], SMOOTH, OTHER_SMOOTH, SMOOTH.with_tunables({"WIDTH": 2})]
    texts = [candidate.text for candidate in family]
    found = 0
    for first, second in itertools.permutations(family, 2):
        base = STAGES if "centred" in first.text and "centred" in second.text else None
        once, again = (recombined(kind, Pair(first, second, base, MATRIX)) for _ in range(2))
        assert [m.candidate for m in once] == [m.candidate for m in again]
        for made in once:
            found += 1
            assert made.kind == kind and made.note and not complaint(made.candidate)
            assert made.candidate.identity != first.identity
    assert found and [candidate.text for candidate in family] == texts


def test_what_cannot_be_read_gives_nothing():
    broken = Candidate("def kernel(a:\n")
    for kind in KINDS:
        assert recombined(kind, Pair(SMOOTH, broken, STAGES, MATRIX)) == recombined(kind, Pair(broken, SMOOTH, STAGES, MATRIX)) == []


def test_a_helper_comes_with_what_it_needs_and_the_result_compiles():
    made, = children(SMOOTH, OTHER_SMOOTH, MATRIX, kinds=["helpers"])
    text = made.candidate.text
    assert "ONE = 1.0" in text and "def square" in text and "def blend" in text and "ONE / (ONE + square(x))" in text
    assert "WIDTH = 4  # tune: 2 4 8" in text and made.candidate.options == SMOOTH.options
    assert same(made.candidate, SMOOTH, MATRIX, compiled=True)


@pytest.mark.parametrize("change", [
    ("def weight(x):\n    return ONE", "def weight(x, y):\n    return ONE"), ("ONE / (ONE + square(x))", "(ONE, square(x))"),
    ("ONE", "WIDTH"), ("square", "total"), ("ONE", "blend"),
])
def test_a_helper_that_does_not_fit_stays_away(change):
    other = Candidate(OTHER_SMOOTH.text.replace(*change))
    assert children(SMOOTH, other, MATRIX, kinds=["helpers"]) == [] or change == ("ONE", "WIDTH")


def test_values_of_tunables_are_taken_where_names_and_choices_agree():
    made, = children(SMOOTH, OTHER_SMOOTH, MATRIX, kinds=["tunables"])
    assert made.candidate.text == SMOOTH.text.replace("WIDTH = 4", "WIDTH = 8") and made.note == "WIDTH = 8"
    elsewhere = Candidate(OTHER_SMOOTH.text.replace("tune: 2 4 8", "tune: 4 8 16"))
    assert children(SMOOTH, elsewhere, MATRIX, kinds=["tunables"]) == []


def test_a_nest_of_one_and_a_nest_of_the_other_with_their_tunables_and_options():
    first = Candidate(STAGES.text.replace("def kernel", "TILE = 8  # tune: 4 8\n\ndef kernel").replace(
        "        for j in range(a.shape[1]):\n            scale[j] += centred[i, j] * centred[i, j]",
        "        step = TILE\n        for t in range(0, a.shape[1], step):\n"
        "            for j in range(t, min(t + step, a.shape[1])):\n                scale[j] += centred[i, j] * centred[i, j]"),
        JitOptions(error_model="numpy", fastmath=("contract",)))
    second = Candidate(STAGES.text.replace("def kernel", "TILE = 4  # tune: 2 4\n\ndef kernel").replace(
        "    out = np.empty((a.shape[0], a.shape[1]))\n    for i in range(a.shape[0]):",
        "    out = np.empty((a.shape[0], a.shape[1]))\n    step = TILE\n    root = np.sqrt(scale + step - TILE + 1.0)\n    for i in prange(a.shape[0]):",
        ).replace("math.sqrt(scale[j] + 1.0)", "root[j]"), JitOptions(True, error_model="numpy", threads=2))
    made, = children(first, second, MATRIX, STAGES, ["merge"])
    text = made.candidate.text
    assert "TILE = 8  # tune: 4 8" in text and "TILE_2 = 4  # tune: 2 4" in text and "for t in range(0" in text and "root[j]" in text
    assert "step = TILE\n" in text and "step_2 = TILE_2" in text and "prange" in text
    assert made.candidate.options == JitOptions(True, ("contract",), "numpy", 2)
    assert [t.name for t in made.candidate.tunables] == ["TILE", "TILE_2"]
    assert same(made.candidate, STAGES, MATRIX, compiled=True)


def test_changes_at_different_depths_of_one_nest_are_joined_and_conflicts_give_nothing():
    nest = "def kernel(a):\n    out = np.zeros((a.shape[0], a.shape[1]))\n    for i in range(a.shape[0]):\n        x = a[i, 0]\n        " \
           "for j in range(a.shape[1]):\n            out[i, j] = a[i, j] * x\n    return out\n"
    base = Candidate(nest)
    header, body = (Candidate(nest.replace(*change)) for change in (("i in range", "i in prange"), ("a[i, j] * x", "x * a[i, j]")))
    made, = children(header, body, MATRIX, base, ["merge"])
    assert "prange" in made.candidate.text and "x * a[i, j]" in made.candidate.text
    other = Candidate(nest.replace("a[i, j] * x", "a[i, j] * 1.0 * x"))
    assert children(body, other, MATRIX, base, ["merge"]) == [] == children(body, base, MATRIX, base, ["merge"])
    gone = Candidate(nest.replace("        x = a[i, 0]\n", "").replace("* x", "* a[i, 0]"))
    uses = Candidate(nest.replace("    return out", "    out[0, 0] = x\n    return out"))
    assert children(gone, uses, MATRIX, base, ["merge"]) == [], "the one removes what the other reads"


def test_a_kernel_in_the_other_convention_computes_the_same():
    writes = in_convention(STAGES, "writes", MATRIX)
    assert writes.convention == "writes" and "return" not in writes.text and not complaint(writes)
    back = in_convention(writes, "returns", MATRIX)
    assert "return" in back.text and not complaint(back)
    assert same(writes, STAGES, MATRIX) and same(back, STAGES, MATRIX)
    assert in_convention(SIEVE, "writes", VECTOR) is None


def test_a_merge_across_conventions_takes_the_ancestor_in_that_of_its_children():
    writes = in_convention(STAGES, "writes", MATRIX)
    made = variants(writes, MATRIX)
    first, second = (made[start::9] for start in (1, 4))
    made = [m for one, two in itertools.product(first, second) for m in children(one, two, MATRIX, STAGES, ["merge"])]
    assert made and all(m.candidate.convention == "writes" and same(m.candidate, STAGES, MATRIX) for m in made[::3])


def test_lineages_are_left_to_the_operator():
    child = children(SMOOTH, OTHER_SMOOTH, MATRIX)[0].candidate
    assert child.lineage == SMOOTH.lineage == Lineage()
