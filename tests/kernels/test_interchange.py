"""Loops that change places although scalars and views stand between them."""
import numpy as np
import pytest
from kernwright.kernels.candidate import Candidate
from kernwright.kernels.signature import Argument, Signature
from kernwright.kernels.transforms import propose_with
from kernwright.kernels.transforms.interchange import contiguous_inward, independent_outward

SIGNATURE = Signature((Argument("a", "array", "float64", 2), Argument("y", "array", "float64", 2, written=True), Argument("w", "array", "float64", 1)), ())
INTERCHANGED = {
    "scalar": """
    for d in range(3):
        c = w[d] * 0.5
        e = c * c
        for i in range(a.shape[0] - 3):
            for j in range(a.shape[1]):
                y[i, j] += e * a[i + d, j]""",
    "view": """
    for d in range(3):
        part = a[d:, :]
        for i in range(a.shape[0] - 3):
            for j in range(a.shape[1]):
                y[i, j] = y[i, j] * 0.5 + part[i, j]""",
}
LEFT = {
    "reads what the loop writes": """
    for d in range(3):
        c = y[d, d]
        for i in range(a.shape[0] - 3):
            for j in range(a.shape[1]):
                y[i, j] += c * a[i + d, j]""",
    "sum that goes on": """
    c = 0.0
    for d in range(3):
        c = c + w[d]
        for i in range(a.shape[0] - 3):
            for j in range(a.shape[1]):
                y[i, j] += c * a[i + d, j]""",
    "read later": """
    c = 0.0
    for d in range(3):
        c = w[d]
        for i in range(a.shape[0] - 3):
            for j in range(a.shape[1]):
                y[i, j] += c * a[i + d, j]
    y[0, 0] = c""",
    "bounds that it sets": """
    for d in range(3):
        n = a.shape[0] - d - 3
        for i in range(n):
            for j in range(a.shape[1]):
                y[i, j] += a[i + d, j]""",
    "changed within": """
    for d in range(3):
        c = w[d]
        for i in range(a.shape[0] - 3):
            c = c * 0.5
            for j in range(a.shape[1]):
                y[i, j] += c * a[i + d, j]""",
    "array of its own": """
    for d in range(3):
        t = np.zeros(a.shape[1])
        for i in range(a.shape[0] - 3):
            for j in range(a.shape[1]):
                t[j] += a[i, j]
                y[i, j] += t[j]""",
    "rows that follow from each other": """
    for d in range(3):
        c = w[d]
        for i in range(1, a.shape[0] - 3):
            for j in range(a.shape[1]):
                y[i, j] += c * y[i + 1, j]""",
}


def rewrites(body):
    made = propose_with("interchange", Candidate(f"def kernel(a, y, w):{body}"), SIGNATURE, max_threads=2, finite=True)
    return [each for each in made if each.note.startswith("loops d and i")]


def results(text):
    rng = np.random.default_rng(3)
    arguments = rng.standard_normal((9, 5)), rng.standard_normal((9, 5)), rng.standard_normal(6)
    scope = {"np": np, "math": None, "prange": range}
    exec(text, scope)
    scope["kernel"](*arguments)
    return arguments[1]


@pytest.mark.parametrize("name", INTERCHANGED)
def test_what_stands_between_goes_along(name):
    (made,) = rewrites(INTERCHANGED[name])
    assert made.candidate.text.index("for i in") < made.candidate.text.index("for d in")
    np.testing.assert_array_equal(results(made.candidate.text), results(f"def kernel(a, y, w):{INTERCHANGED[name]}"))


@pytest.mark.parametrize("name", LEFT)
def test_what_would_then_be_another_value_keeps_the_loops_in_place(name):
    assert not rewrites(LEFT[name])


def test_rows_leave_what_goes_over_all_of_them_again_and_again():
    made = independent_outward(Candidate(f"def kernel(a, y, w):{INTERCHANGED['scalar']}"), SIGNATURE)
    assert made is not None and independent_outward(made.candidate, SIGNATURE) is None


def test_the_innermost_loop_stays_as_it_vectorises():
    text = "def kernel(a, y, w):\n    for t in range(1, 9):\n        for i in range(a.shape[1]):\n            y[t, i] = y[t - 1, i] + a[t, i]"
    assert independent_outward(Candidate(text), SIGNATURE) is None


NESTS = {
    "a sum along columns": ("""
    for k in range(a.shape[0]):
        t = w[0] * 2.0
        for i in range(a.shape[1]):
            y[0, i] += t * a[i, k]""", True),
    "columns of both": ("""
    for j in range(a.shape[1]):
        for i in range(a.shape[0]):
            y[i, j] = a[i, j] + 1.0""", True),
    "rows already": ("""
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            y[i, j] = a[i, j] + 1.0""", False),
    "a sum of a row's neighbours, which is as good": ("""
    for d in range(3):
        for j in range(a.shape[1] - 3):
            y[0, j] += a[0, j + d]""", False),
    "a recurrence, which would be innermost": ("""
    for j in range(1, a.shape[1]):
        for i in range(a.shape[0]):
            y[i, j] = y[i, j - 1] * 0.5 + a[i, j]""", False),
    "a call that would be repeated": ("""
    for k in range(a.shape[0]):
        t = np.exp(w[0])
        for i in range(a.shape[1]):
            y[0, i] += t * a[i, k]""", False),
    "an order that counts": ("""
    for j in range(1, a.shape[1]):
        for i in range(a.shape[0] - 1):
            y[i, j] = y[i + 1, j - 1]""", False),
}


@pytest.mark.parametrize("body, moves", NESTS.values(), ids=NESTS.keys())
def test_the_innermost_loop_goes_along_rows_where_it_can_do_so_in_any_order(body, moves):
    candidate = Candidate(f"def kernel(a, y, w):{body}\n")
    made = contiguous_inward(candidate, SIGNATURE)
    assert (made is not None) is moves
    if made is not None:
        a, w = np.random.default_rng(0).standard_normal((5, 5)), np.array([0.5])
        results = []
        for text in (candidate.text, made.candidate.text):
            space = {"np": np}
            exec(text, space)
            y = np.zeros((5, 5))
            space["kernel"](a, y, w)
            results.append(y)
        np.testing.assert_array_equal(*results)
        assert contiguous_inward(made.candidate, SIGNATURE) is None
