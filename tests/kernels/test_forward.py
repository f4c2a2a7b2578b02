"""What one iteration stores and the next read again stays in scalars, where nothing else may write it."""
import numpy as np
import pytest
from kernwright.kernels.candidate import Candidate
from kernwright.kernels.signature import Argument, Signature
from kernwright.kernels.transforms import propose_with

SIGNATURES = {
    "vector": Signature((Argument("x", "array", "float64", 1), Argument("y", "array", "float64", 1, written=True)), ()),
    "narrow": Signature((Argument("x", "array", "int32", 1), Argument("y", "array", "int32", 1, written=True)), ()),
    "matrix": Signature((Argument("x", "array", "float64", 2), Argument("y", "array", "float64", 2, written=True)), ()),
    "indexed": Signature((Argument("x", "array", "int64", 1), Argument("y", "array", "int64", 1, written=True)), ()),
}
FORWARDED = {
    "first order": ("vector", """
    for t in range(1, x.shape[0]):
        y[t] = x[t] + 0.5 * y[t - 1]"""),
    "running sum": ("vector", """
    for t in range(1, y.shape[0]):
        y[t] += y[t - 1]"""),
    "second order, above what it writes": ("vector", """
    for t in range(2, x.shape[0]):
        y[t] = x[t] + 0.5 * y[t - 1] - 0.25 * y[t - 2]"""),
    "third alone": ("vector", """
    for t in range(x.shape[0] - 3):
        y[t + 3] = x[t] - y[t]"""),
    "rounded to the array's integers": ("narrow", """
    for t in range(1, x.shape[0]):
        y[t] = (x[t] * 31 + y[t - 1] * 7) * 65537"""),
    "read under a condition": ("vector", """
    for t in range(1, x.shape[0]):
        if x[t] > 0.0:
            s = y[t - 1] + x[t]
        else:
            s = x[t]
        y[t] = s"""),
    "stored twice": ("matrix", """
    for i in range(1, y.shape[0]):
        for j in range(1, y.shape[1] - 1):
            y[i, j] = y[i, j] + y[i, j - 1] + y[i - 1, j + 1]
            y[i, j] = y[i, j] / 3.0"""),
    "triangle": ("matrix", """
    for i in range(1, min(y.shape[0], y.shape[1])):
        for j in range(i, y.shape[1]):
            y[i, j] = x[i, j] - y[i, j - 1] * 0.5"""),
}
LEFT = {
    "wraps around": ("vector", """
    for t in range(0, x.shape[0]):
        y[t] = x[t] + y[t - 1]"""),
    "another write in between": ("vector", """
    for t in range(1, x.shape[0] - 1):
        y[t] = x[t] + y[t - 1]
        if x[t] > 0.0:
            y[t] = 0.0"""),
    "a write that may be anywhere": ("indexed", """
    for t in range(1, x.shape[0]):
        y[t] = x[t] + y[t - 1]
        y[x[t]] = 5"""),
    "stored under a condition": ("vector", """
    for t in range(1, x.shape[0]):
        if x[t] > 0.0:
            y[t] = x[t] + y[t - 1]"""),
    "left early": ("vector", """
    for t in range(1, x.shape[0]):
        if x[t] > 2.0:
            continue
        y[t] = x[t] + y[t - 1]"""),
    "too far": ("vector", """
    for t in range(4, x.shape[0]):
        y[t] = x[t] + y[t - 4]"""),
    "ahead": ("vector", """
    for t in range(0, x.shape[0] - 1):
        y[t] = x[t] + y[t + 1]"""),
    "one row above": ("matrix", """
    for i in range(1, y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = x[i, j] + y[i - 1, j]"""),
}


def rewrites(kind, body):
    return propose_with("forward", Candidate(f"def kernel(x, y):{body}"), SIGNATURES[kind], max_threads=2, finite=True)


def results(text, kind, n):
    rng = np.random.default_rng(n)
    dtype = SIGNATURES[kind].arguments[0].dtype
    shape = (n, n + 1) if kind == "matrix" else (n,)
    x, y = ((rng.standard_normal(shape) * (1 if dtype == "float64" else 9)).astype(dtype) for _ in range(2))
    scope = {"np": np, "math": None, "prange": range}
    with np.errstate(over="ignore"):
        exec(text, scope)
        scope["kernel"](x, y)
    return y


@pytest.mark.parametrize("name", FORWARDED)
def test_the_same_comes_out_at_every_length(name):
    kind, body = FORWARDED[name]
    (made,) = rewrites(kind, body)
    assert "_before" in made.candidate.text
    for n in (1, 2, 3, 4, 9):
        np.testing.assert_array_equal(results(made.candidate.text, kind, n), results(f"def kernel(x, y):{body}", kind, n))


@pytest.mark.parametrize("name", LEFT)
def test_what_may_change_in_between_or_lie_elsewhere_is_read_from_memory(name):
    assert not rewrites(*LEFT[name])


def test_in_two_dimensions_each_loop_is_looked_at():
    (made,) = rewrites("matrix", FORWARDED["stored twice"][1])
    assert made.note == "y[i, j] kept for the next iterations of loop j (line 3)"
