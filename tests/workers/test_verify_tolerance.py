"""The tolerance: reordered arithmetic passes, mistakes do not, whatever the scale of the numbers."""
import numpy as np
import pytest
from kernwright.kernels.spec import Tolerance
from kernwright.workers.sensitivity import Sensitivity
from kernwright.workers.verify.tolerance import compare, examine

DEFAULT = Tolerance()
RNG = np.random.default_rng(0)


def check(candidate, reference, *arguments, depth=None, tolerance=DEFAULT, conditioned=True):
    """Compare two functions of the same arguments as the differential test does."""
    def run(values):
        return (reference(*values),), ()

    with np.errstate(all="ignore"):
        expected = reference(*arguments)
        sensitivity = Sensitivity(run, arguments, (expected,), 7).of(0) if conditioned else None
        depth = depth or max(max(np.shape(a), default=1) for a in arguments)
        return compare(candidate(*arguments), expected, tolerance, depth, sensitivity)


def one_by_one(terms):
    """A sum along the last axis in the order of a plain loop, rounded at each step."""
    total = np.zeros(terms.shape[:-1], terms.dtype)
    for k in range(terms.shape[-1]):
        total = total + terms[..., k]
    return total


def product_one_by_one(a, b):
    total = np.zeros((a.shape[0], b.shape[1]), a.dtype)
    for k in range(a.shape[1]):
        total += a[:, k, None] * b[k]
    return total


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
@pytest.mark.parametrize("scale", [1.0, 1e-12, 1e8])
def test_a_reordered_matrix_product_passes_also_where_terms_cancel(dtype, scale):
    a, b = (RNG.standard_normal(s).astype(dtype) for s in ((120, 1500), (1500, 110)))
    a *= dtype(scale)
    if np.dtype(dtype).kind == "c":
        a, b = a + 1j * a[::-1], b - 1j * b[::-1]
    assert check(product_one_by_one, np.matmul, a, b) is None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1.0, 1e-12, 1e8])
@pytest.mark.parametrize(
    "damage",
    [
        lambda a, b: np.matmul(a[:, :-1], b[:-1]),
        lambda a, b: np.matmul(a[:, 1:], b[1:]),
        lambda a, b: np.matmul(a, b) * np.where(np.arange(b.shape[1]) == b.shape[1] - 1, 0, 1).astype(a.dtype),
        lambda a, b: np.zeros((a.shape[0], b.shape[1]), a.dtype),
        lambda a, b: np.matmul(a, b) + a.dtype.type(1e-2) * abs(a).max(),
        lambda a, b: np.matmul(a, np.roll(b, 1, axis=1)),
    ],
    ids=["last term", "first term", "last column", "zeros", "start", "swapped"],
)
def test_damaged_matrix_products_are_caught(dtype, scale, damage):
    a, b = (RNG.standard_normal(s).astype(dtype) for s in ((40, 600), (600, 30)))
    assert check(damage, np.matmul, a * dtype(scale), b) is not None


def test_single_precision_inside_a_double_kernel_is_caught():
    a, b = RNG.standard_normal((30, 200)), RNG.standard_normal((200, 30))
    assert check(lambda a, b: np.matmul(a.astype("f4"), b.astype("f4")).astype("f8"), np.matmul, a, b) is not None
    assert check(lambda x: x * float(np.float32(0.1)), lambda x: x * 0.1, RNG.standard_normal(50)) is not None


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def online_softmax(x):
    top, total = np.full(x.shape[0], -np.inf, x.dtype), np.zeros(x.shape[0], x.dtype)
    for k in range(x.shape[1]):
        new = np.maximum(top, x[:, k])
        total = total * np.exp(top - new) + np.exp(x[:, k] - new)
        top = new
    return np.exp(x - top[:, None]) * (1 / total)[:, None]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_online_softmax_passes_and_tiny_probabilities_are_still_checked(dtype):
    x = (6 * RNG.standard_normal((50, 400))).astype(dtype)
    assert check(online_softmax, softmax, x) is None

    def small_ones_are_zero(x):
        p = softmax(x)
        p[3] = np.where(p[3] < 1e-4 * np.median(p[3]), 0, p[3])
        return p

    mismatch = check(small_ones_are_zero, softmax, x)
    assert mismatch is not None and mismatch.index[0] == 3


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("count", [1000, 100_000])
def test_a_plain_loop_s_sum_passes_against_numpy_s_pairwise_one(dtype, count):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        for terms in (rng.standard_normal(count), rng.random(count), rng.standard_normal(count) + 0.01):
            terms = terms.astype(dtype)
            assert check(lambda t: t.dtype.type(np.cumsum(t)[-1]), np.sum, terms) is None


def test_a_sum_that_has_stopped_growing_is_caught():
    """A float32 accumulator that ends at 2^24 of 2 * 10^7 ones is wrong, though its error is linear in the length."""
    count = 20_000_000
    mismatch = compare(np.float32(2**24), np.float32(count), DEFAULT, count)
    assert mismatch is not None and mismatch.worst_error > 0.1


def test_a_dropped_term_of_a_cancelling_sum_is_caught():
    terms = RNG.standard_normal(5000)
    terms[-1] = -terms[:-1].sum() * (1 + 1e-9)
    assert check(lambda t: float(one_by_one(t)), lambda t: float(t.sum()), terms) is None
    assert check(lambda t: float(t[1:].sum()), lambda t: float(t.sum()), terms) is not None


def test_centred_values_pass_though_their_mean_is_nothing_but_rounding():
    x = RNG.random(3000) + 10
    assert check(lambda x: float((x - float(one_by_one(x)) / x.size).sum()), lambda x: float((x - x.mean()).sum()), x) is None


def test_the_short_formula_of_the_variance_is_refused_where_it_loses_its_digits():
    def short(x):
        return float((x * x).mean() - x.mean() ** 2)

    assert check(short, lambda x: float(x.var()), RNG.standard_normal(1000)) is None
    assert check(short, lambda x: float(x.var()), RNG.standard_normal(1000) + 1e4) is not None


def test_iterations_pass_in_another_order_of_additions():
    def relax(grid, order):
        grid = grid.copy()
        for _ in range(40):
            n, s, w, e, c = grid[:-2, 1:-1], grid[2:, 1:-1], grid[1:-1, :-2], grid[1:-1, 2:], grid[1:-1, 1:-1]
            grid[1:-1, 1:-1] = order(n, s, w, e, c)
        return grid

    grid = RNG.standard_normal((61, 61)).astype(np.float32)
    there = lambda n, s, w, e, c: np.float32(0.2) * (c + w + e + n + s)  # noqa: E731
    back = lambda n, s, w, e, c: np.float32(0.2) * s + np.float32(0.2) * (n + e) + np.float32(0.2) * (w + c)  # noqa: E731
    assert check(lambda g: relax(g, back), lambda g: relax(g, there), grid) is None
    off = lambda n, s, w, e, c: np.float32(0.2) * (c + w + e + n + n)  # noqa: E731
    assert check(lambda g: relax(g, off), lambda g: relax(g, there), grid) is not None


def test_a_threshold_that_inputs_sit_on_does_not_excuse_mistakes():
    x = np.concatenate([np.arange(100) / 4.0, np.arange(50) / 4.0 + 0.1])

    def damaged(x):
        out = np.floor(x)
        out[10] += 1
        return out

    assert check(np.floor, np.floor, x) is None
    assert check(damaged, np.floor, x) is not None


def test_fused_multiply_add_passes_in_an_ill_conditioned_exponent():
    x = RNG.uniform(20, 60, 500)

    def fused(x):
        return np.exp((x.astype(np.longdouble) * 0.7 + 0.3).astype(float))

    assert check(fused, lambda x: np.exp(x * 0.7 + 0.3), x) is None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_better_formula_passes_where_the_reference_itself_loses_digits(dtype):
    """1 + tanh(u) of a negative u cancels inside: GELU's tail, in which the logistic form is the exacter one."""
    def tanh_form(z):
        return 0.5 * z * (1 + np.tanh(0.7978845608028654 * (z + 0.044715 * z**3)))

    def logistic_form(z):
        return z / (1 + np.exp(-2 * 0.7978845608028654 * (z + 0.044715 * z**3)))

    z = (3 * RNG.standard_normal(20_000)).astype(dtype)
    assert check(logistic_form, tanh_form, z, depth=50) is None

    def wrong(z):
        return z / (1 + np.exp(-2 * 0.7978845608028654 * (z + 0.0447 * z**3)))

    assert check(wrong, tanh_form, z, depth=50) is not None


def test_a_python_float_made_of_single_precision_is_judged_by_single_precision():
    a = RNG.standard_normal(3000).astype(np.float32)
    for start in range(20):
        assert check(lambda a: float(one_by_one(a)), lambda a: float(a.sum()), a[start:]) is None
    assert check(lambda a: float(a[1:].sum()), lambda a: float(a.sum()), a) is not None
    double = check(lambda a: float(one_by_one(a)), lambda a: float(a.sum(dtype=np.float64)), a)
    assert double is not None


def test_results_of_integers_have_a_floor_for_what_cancels():
    x = RNG.integers(0, 100, 1001)
    assert check(lambda x: x - x.sum() / x.size * (1 + 1e-16), lambda x: x - x.mean(), x) is None
    assert check(lambda x: x - x[1:].mean(), lambda x: x - x.mean(), x) is not None


def test_columns_of_small_numbers_are_not_measured_by_large_ones_beside_them():
    scale = np.array([1e6, 1.0, 1e-6, 1e-12], np.float32)
    x = RNG.random((50, 4), dtype=np.float32)
    for column in range(4):
        def damaged(x, column=column):
            out = x * scale
            out[7, column] *= np.float32(1.01)
            return out

        mismatch = check(damaged, lambda x: x * scale, x)
        assert mismatch is not None and mismatch.index == (7, column)
        assert check(damaged, lambda x: x * scale, x, conditioned=False) is not None


def test_zero_filled_answers_fail_at_every_scale():
    for scale in (1.0, 1e-12, 1e-30, 1e-300):
        expected = scale * RNG.standard_normal(10)
        assert compare(np.zeros(10), expected, DEFAULT, 10) is not None
        assert compare(np.zeros(10), expected, Tolerance("exact"), 10) is not None
        assert compare(np.zeros(10), expected, Tolerance("ulp", ulp=4), 10) is not None


def test_nan_and_infinity_stand_exactly_where_expected():
    expected = np.array([1.0, np.nan, np.inf, -np.inf, 0.0])
    assert compare(expected.copy(), expected, DEFAULT, 1) is None
    for index, value in ((0, np.nan), (1, 0.0), (2, -np.inf), (2, 1e308), (2, np.nan), (3, np.inf), (4, np.nan), (0, np.inf)):
        got = expected.copy()
        got[index] = value
        for tolerance in (DEFAULT, Tolerance("exact"), Tolerance("relative", rtol=1e9, atol=1e9), Tolerance("ulp", ulp=1e9)):
            mismatch = compare(got, expected, tolerance, 1)
            assert mismatch is not None and mismatch.index == (index,)


def test_complex_numbers_are_compared_by_modulus_and_specials_by_parts():
    expected = np.array([1 + 1e-20j, complex(np.nan, 1), complex(np.inf, 2), 3 - 4j])
    got = expected.copy()
    got[0] = 1 + 2e-20j
    assert compare(got, expected, DEFAULT, 1) is None
    for index, value in ((1, complex(1, np.nan)), (2, complex(-np.inf, 2)), (3, 3 + 4j)):
        bad = expected.copy()
        bad[index] = value
        assert compare(bad, expected, DEFAULT, 1) is not None


def test_signed_zeros_are_equal():
    assert compare(np.array([0.0, -0.0]), np.array([-0.0, 0.0]), Tolerance("exact"), 1) is None


def test_integers_and_booleans_are_exact_under_every_tolerance():
    loose = Tolerance("relative", rtol=1.0, atol=100.0)
    assert compare(np.array([1, 2, 3]), np.array([1, 2, 3]), loose, 1) is None
    mismatch = compare(np.array([1, 2, 4]), np.array([1, 2, 3]), loose, 1)
    assert mismatch is not None and mismatch.index == (2,) and mismatch.worst_error == 1
    assert compare(np.array([2**63 - 1]), np.array([2**63 - 2]), DEFAULT, 1) is not None
    assert compare(np.array([True, False]), np.array([True, True]), loose, 1) is not None
    assert compare(np.array([255], np.uint8).view(bool), np.array([True]), DEFAULT, 1) is not None


def test_dtype_shape_and_kind_must_be_the_reference_s():
    expected = np.ones((2, 3), np.float32)
    assert "dtype" in compare(expected.astype(float), expected, DEFAULT, 1).message
    assert "shape" in compare(np.ones((3, 2), np.float32), expected, DEFAULT, 1).message
    assert "array" in compare(1.0, expected, DEFAULT, 1).message
    assert "array" in compare(expected, 1.0, DEFAULT, 1).message
    assert compare(1, 1.0, DEFAULT, 1) is not None
    assert compare(True, 1, DEFAULT, 1) is not None
    assert compare(1.0, np.float64(1.0), DEFAULT, 1) is None
    assert compare(float(np.float32(0.1)), np.float32(0.1), Tolerance("exact"), 1) is None
    assert compare(3, np.int32(3), DEFAULT, 1) is None


def test_the_spec_s_own_tolerances_mean_what_they_say():
    expected = np.array([1.0, 1000.0])
    near = expected * (1 + 3e-16 * np.array([1, 1]))
    assert compare(near, expected, Tolerance("exact"), 1) is not None
    assert compare(near, expected, Tolerance("ulp", ulp=2), 1) is None
    assert compare(expected * (1 + 1e-14), expected, Tolerance("ulp", ulp=2), 1) is not None
    assert compare(expected + 0.01, expected, Tolerance("relative", rtol=0, atol=0.011), 1) is None
    assert compare(expected + 0.01, expected, Tolerance("relative", rtol=1e-3, atol=0), 1).index == (0,)


def test_the_message_says_how_many_where_and_what():
    expected = np.arange(1.0, 101.0).reshape(10, 10)
    got = expected.copy()
    got[9, :] = 0
    message = compare(got, expected, DEFAULT, 10).message
    assert "10 of 100 elements differ" in message and "[9, :]" in message and "got 0.0" in message and "expected 9" in message


def test_worst_errors_are_reported_for_what_passes_and_are_finite():
    expected = np.array([1.0, 2.0, 0.0])
    got = expected + np.array([np.spacing(1.0), 0, 0])
    found = examine(got, expected, Tolerance("ulp", ulp=4), 1)
    assert found.mismatch is None and found.ulp == 1.0 and found.relative == pytest.approx(2.2e-16, rel=0.01)
    assert examine(expected.copy(), expected, DEFAULT, 1).ulp == 0.0
    assert np.isfinite(examine(np.array([1e-300]), np.array([0.0]), DEFAULT, 1).ulp)


def test_empty_and_zero_dimensional_results_compare():
    assert compare(np.ones((0, 3)), np.ones((0, 3)), DEFAULT, 1) is None
    assert compare(np.array(2.0), np.array(2.0), DEFAULT, 1) is None
    assert "got 3.0" in compare(np.array(3.0), np.array(2.0), DEFAULT, 1).message


def test_the_reference_is_asked_again_only_in_doubt():
    calls = []

    def reference(x):
        calls.append(1)
        return x - x[::-1] * (1 + 1e-9)

    x = RNG.random(50) + 1
    check(reference, reference, x)
    check(lambda x: reference(x) * 2, reference, x)
    exact = len(calls)
    check(lambda x: reference(x) + 3e-15, reference, x)
    assert exact == 4 and len(calls) > exact + 2


def test_an_absolute_tolerance_accepts_no_zeros_for_an_answer():
    expected = np.linspace(1.0, 2.0, 50) * 1e-4
    wide = Tolerance("relative", rtol=1e-6, atol=1e-3)
    assert compare(np.zeros(50), expected, wide, 10) is not None
    assert compare(expected + 0.5e-5, expected, wide, 10) is None
    assert compare(np.full(50, 1e-5), np.zeros(50), wide, 10) is None


def far_tail(x):
    """A tail of the normal distribution as a difference from 1, which leaves of it what a rounding of 1 leaves."""
    whole = 1.0 - np.exp(-0.5 * x * x) / (1.0 + np.abs(x))
    return np.where(x < 0, 1.0 - whole, whole)


@pytest.mark.skipif(np.finfo(np.longdouble).eps == np.finfo(np.float64).eps, reason="this machine has no extended precision")
def test_a_kernel_that_keeps_what_the_reference_rounds_away_passes_and_one_that_alters_it_does_not():
    x = RNG.uniform(-8.0, 2.0, 200)

    def kept(x):
        tail = np.exp(-0.5 * x * x) / (1.0 + np.abs(x))
        return np.where(x < 0, tail, 1.0 - tail)

    assert check(kept, far_tail, x, depth=1) is None
    assert check(lambda x: kept(x) * (1 + 1e-9), far_tail, x, depth=1) is not None
    assert check(lambda x: np.where(x < -7, 0.0, kept(x)) + np.where(x < -4, 1e-12, 0.0), far_tail, x, depth=1) is not None


def gelu(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def test_a_function_that_saturates_in_double_passes_where_single_precision_is_promoted():
    """np.sqrt(2 / np.pi) is a float64: a whole column far out has no larger neighbours, and is made of 1 - 1 in double precision."""
    x = (RNG.standard_normal((200, 40)) * 0.3).astype(np.float32)
    x[:, 7] -= np.float32(7.0)

    def one_ulp_beside(x):
        inner = np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))
        return 0.5 * x * (1 + np.nextafter(inner, np.where(np.arange(inner.size).reshape(inner.shape) % 2, 1.0, -1.0)))

    assert gelu(x).dtype == np.float64
    assert check(one_ulp_beside, gelu, x, depth=1) is None
    assert check(lambda x: gelu(x) * np.where(np.arange(40) == 7, 0, 1), gelu, x, depth=1) is not None
    assert check(lambda x: gelu(x) * (1 + 1e-4), gelu, x, depth=1) is not None
    assert check(lambda x: gelu(x) + 1e-12, gelu, x, depth=1) is not None
