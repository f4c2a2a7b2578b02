"""Flags that can change nothing in a text are left out, whichever way a candidate is made."""
import pytest
from kernwright.kernels.candidate import FASTMATH_FLAGS, Candidate, JitOptions
from kernwright.kernels.idle_flags import without_idle
from kernwright.kernels.signature import Argument, Signature
from kernwright.kernels.transforms import propose_with

SIGNATURE = Signature((Argument("a", "array", "float64", 1, written=True),), ())
LOOP = """def kernel(a):
    for i in range(a.shape[0]):
        a[i] = {}
"""
ALL = tuple(sorted(FASTMATH_FLAGS))


def left(expression):
    candidate = Candidate(LOOP.format(expression), JitOptions(fastmath=ALL, error_model="python"))
    return without_idle(candidate)


@pytest.mark.parametrize("expression, idle", [
    ("a[i] + 1.5", {"afn", "arcp", "contract", "ninf", "nnan"}),
    ("a[i] * 1.5 + 2.5", {"afn", "arcp", "ninf", "nnan"}),
    ("a[i] / 3.0", {"afn", "ninf", "nnan"}),
    ("a[i] * 0.0", {"afn", "arcp"}),
    ("a[i] if a[i] > 1.5 else 2.5 * a[i]", {"afn", "arcp"}),
    ("np.exp(a[i])", {"arcp", "contract", "ninf", "nnan"}),
    ("a[i] ** 0.5", set()),
    ("np.maximum(a[i], 1.5)", set()),
    ("np.sum(a)", set()),
    ("a.sum()", set()),
])
def test_what_is_idle(expression, idle):
    assert set(ALL) - set(left(expression).fastmath) == idle


@pytest.mark.parametrize("expression, model", [
    ("a[i] + 1.5", "numpy"), ("a[i] / 2.0", "numpy"), ("a[i] / 0.0", "python"), ("1.0 / a[i]", "python"), ("i // 3", "numpy"),
    ("i % len(a)", "python"), ("a.mean()", "python"),
])
def test_where_no_divisor_can_be_zero_the_error_model_is_numpys(expression, model):
    assert left(expression).error_model == model


def test_functions_of_the_text_count_by_what_is_in_them():
    candidate = Candidate("def half(x):\n    return x {} 2.0\n\n" + LOOP.format("half(a[i])"), JitOptions(fastmath=ALL))
    assert "arcp" not in without_idle(Candidate(candidate.text.format("+"), candidate.options)).fastmath
    assert "arcp" in without_idle(Candidate(candidate.text.format("/"), candidate.options)).fastmath


def test_no_two_options_of_one_text_differ_in_idle_flags_alone():
    sums = Candidate(LOOP.format("a[i] + 1.5"), JitOptions(error_model="numpy"))
    flags = [r.candidate.options.fastmath for r in propose_with("options", sums, SIGNATURE, max_threads=1, finite=True)]
    assert sorted(flags) == [("nsz", "reassoc")] or set(flags) == {("nsz", "reassoc")}
