"""Largest and least values: reductions that LLVM does not pack."""
import numpy as np
import pytest
from kernwright.kernels.candidate import Candidate
from kernwright.kernels.lift.variants import extremes
from kernwright.kernels.signature import Argument, Signature
from kernwright.kernels.transforms import accumulators, parallel

TEXT = """def kernel(x, y, low):
    least, most = np.inf, low
    for i in range(x.shape[0]):
        y[i] = x[i] * 2.0
        {updates}
    return least, most
"""
BOTH = "most = np.maximum(most, x[i])\n        least = np.minimum(x[i], least)"


def signature(dtype="float64"):
    return Signature((Argument("x", "array", dtype, 1), Argument("y", "array", dtype, 1, written=True), Argument("low", "float", "float64")), (),
                     relations=("y.shape[0] == x.shape[0]",))


def run(text, x):
    space = {"np": np, "prange": range}
    exec(text, space)
    y = np.zeros_like(x)
    return (*space["kernel"](x, y, -np.inf), y)


@pytest.mark.parametrize("updates", [BOTH, "most = max(most, x[i])", "most = np.maximum(x[i], most)"])
@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 40])
def test_extremes_are_looked_for_in_a_loop_of_their_own_with_eight_accumulators(updates, length):
    candidate = Candidate(TEXT.format(updates=updates))
    made = extremes.derive(candidate, signature())
    x = np.random.default_rng(length).standard_normal(length)
    assert made.text.count("for i in range(0, ") == 1 and made.text.index("y[i] =") < made.text.index("for i in range(0, ")
    for one, other in zip(run(candidate.text, x), run(made.text, x)):
        np.testing.assert_array_equal(one, other)


def test_a_nan_comes_through_several_accumulators():
    candidate = Candidate(TEXT.format(updates=BOTH))
    x = np.array([1.0, 2.0, np.nan, 5.0, 0.5, 3.0, 7.0, 8.0, 9.0, 1.0])
    least, most, _ = run(extremes.derive(candidate, signature()).text, x)
    assert np.isnan(least) and np.isnan(most)


@pytest.mark.parametrize("updates", ["most += x[i]", "if x[i] > most:\n            most = x[i]", "most = max(most, y[i])\n        y[i] = most"])
def test_other_loops_stay(updates):
    assert extremes.derive(Candidate(TEXT.format(updates=updates)), signature()) is None


def test_integers_stay_as_llvm_packs_them():
    text = TEXT.format(updates="most = max(most, x[i])").replace("np.inf, low", "0, 0")
    assert extremes.derive(Candidate(text), signature("int64")) is None


def test_what_is_left_of_an_unrolled_loop_is_not_unrolled_again():
    made = extremes.derive(Candidate(TEXT.format(updates="most = max(most, x[i])")), signature())
    assert not list(accumulators.propose(made, signature()))


@pytest.mark.parametrize("update, legal", [("most = max(most, x[i])", True), ("most = np.maximum(most, x[i])", False)])
def test_numba_reduces_max_in_a_parallel_loop_but_not_np_maximum(update, legal):
    assert bool(list(parallel.propose(Candidate(TEXT.format(updates=update)), signature()))) is legal
