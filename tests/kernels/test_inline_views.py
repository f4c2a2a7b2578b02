"""Views are written out where their elements alone are used, and nothing that they are made of changes meanwhile."""
import numpy as np
import pytest
from kernwright.kernels.candidate import Candidate
from kernwright.kernels.signature import Argument, Signature
from kernwright.kernels.transforms import propose_with

SIGNATURE = Signature((Argument("a", "array", "float64", 2), Argument("y", "array", "float64", 2, written=True), Argument("k", "int", "int64")), ())
WRITTEN_OUT = {
    "both ends": """
    for d in range(3):
        part = a[d:d + 5, 1:4]
        for i in range(5):
            for j in range(3):
                y[i, j] += part[i, j]""",
    "row and column": """
    for i in range(a.shape[0]):
        row = a[i, 1:]
        for j in range(a.shape[1] - 1):
            y[i, j] = row[j] * 2""",
    "written through": """
    inner = y[1:, 2:]
    for i in range(y.shape[0] - 1):
        for j in range(y.shape[1] - 2):
            inner[i, j] = a[i, j]
            inner[i, j] += 1.0""",
    "leading alone, counted from the end": """
    part = a[2:]
    for i in range(a.shape[0] - 2):
        y[i, 0] = part[i, -1]""",
    "within a window": """
    for r in range(-1, 2):
        part = a[1 + r:, :]
        for i in range(4):
            y[i, 0] += part[i, 0]""",
}
LEFT = {
    "may begin before 0": """
    part = a[k:, :]
    for i in range(2):
        y[i, 0] = part[i, 0]""",
    "step": """
    part = a[::2, :]
    for i in range(3):
        y[i, 0] = part[i, 0]""",
    "counted from the slice's end": """
    part = a[1:4, :]
    for i in range(2):
        y[i, 0] = part[-1, i]""",
    "used whole": """
    part = a[1:, :]
    y[0, 0] = part.sum()
    y[1, 0] = part[0, 0]""",
    "start that changes": """
    s = 1
    part = a[s:, :]
    s = 2
    y[0, 0] = part[0, 0] + s""",
    "bound twice": """
    part = a[1:, :]
    if k > 3:
        part = a[2:, :]
    y[0, 0] = part[0, 0]""",
    "array that changes": """
    b = a.copy()
    part = b[1:, :]
    b = a * 2
    y[0, 0] = part[0, 0] + b[0, 0]""",
    "used in another block": """
    if k > 0:
        part = a[1:, :]
    else:
        y[0, 0] = 3.0
    if k > 0:
        y[0, 1] = part[0, 0]""",
}


def rewrites(body):
    return propose_with("inline_views", Candidate(f"def kernel(a, y, k):{body}"), SIGNATURE, max_threads=2, finite=True)


def results(text):
    rng = np.random.default_rng(3)
    arguments = rng.standard_normal((8, 6)), rng.standard_normal((8, 6)), 1
    scope = {"np": np, "math": None, "prange": range}
    exec(text, scope)
    scope["kernel"](*arguments)
    return arguments[1]


@pytest.mark.parametrize("name", WRITTEN_OUT)
def test_elements_are_read_and_written_in_the_array_itself(name):
    (made,) = rewrites(WRITTEN_OUT[name])
    assert not any(f"{view} =" in made.candidate.text for view in ("part", "row", "inner"))
    np.testing.assert_array_equal(results(made.candidate.text), results(f"def kernel(a, y, k):{WRITTEN_OUT[name]}"))


@pytest.mark.parametrize("name", LEFT)
def test_what_would_then_be_another_element_stays_a_view(name):
    assert not rewrites(LEFT[name])
