"""Functions that act on each element, in the lift: what NumPy gives for every dtype and keyword."""
import pytest
from lift_expressions import differences

EXPRESSIONS = {
    # group: one expression a line, of the inputs that lift_expressions makes
    "squares, signs and tests": """
        np.square(k)
        np.square(b)
        np.square(f)
        np.reciprocal(x)
        np.sign(k)
        np.sign(j)
        np.sign(b)
        np.sign(x)
        np.isnan(k)
        np.isfinite(d)
        np.isnan(z)
        np.signbit(j)
        np.fix(x * 3)
        np.sinc(x)
        np.sinc(f)
        np.sinc(k)
        np.angle(z)""",
    "rounding, steps, outer": """
        np.round(x, 2)
        x.round(1)
        np.round(f, 3)
        np.round(k)
        np.round(x * 100, -1)
        np.heaviside(x, 0.5)
        np.heaviside(np.rint(x), y)
        np.float_power(k * k, 0.5)
        np.float_power(f * f, f)
        np.modf(x)[0] + np.modf(y * 3)[1]
        np.divmod(x, y)[1]
        np.divmod(k, 3)[0]
        divmod(k, 4)[1]
        np.divmod(a, 0.4)[0]
        np.add.outer(x, w)
        np.less.outer(v, w)
        np.hypot.outer(v, w)
        np.subtract.outer(j, j)""",
    "closeness and limits": """
        np.isclose(x, y, atol=0.5)
        np.isclose(d, d, equal_nan=True)
        np.isclose(f, f + np.float32(1e-6))
        np.allclose(x, y)
        np.allclose(x, x * (1 + 1e-9))
        np.array_equal(x, x)
        np.clip(x, -0.5, 0.5)
        np.clip(x, None, 0.5)
        np.clip(x, 0.1, None)
        np.clip(k, 0.5, 3.5)
        np.clip(k, -2, 3)
        np.clip(f, 0, 1)
        np.clip(x, y, y + 1)
        x.clip(min=0)
        np.clip(b, 3, 100)
        np.clip(a, 0, 0.5)
        np.clip(k, a_min=0, a_max=e)""",
    "choices": """
        np.nan_to_num(d)
        np.nan_to_num(1 / np.rint(x), nan=1.0, posinf=9.0)
        np.nan_to_num(f / np.rint(f))
        np.nan_to_num(k)
        np.select([x > 1, x > 0], [x, y], default=-1.0)
        np.select([x > 1, x > 0], [x, k])
        np.select([k > 1, k > 0], [1, 2], 3)
        np.choose(k % 3, [x, y, 0.0])
        np.choose(l, [k, x])
        (k % 2).choose((7, 8))
        np.take_along_axis(x, np.argmin(x, axis=1, keepdims=True), axis=1)
        np.take_along_axis(x, np.argmax(x, axis=0, keepdims=True), axis=0)
        np.take_along_axis(v, i, 0)""",
    "signed and unsigned, powers": """
        b > k
        b < j[:, None]
        k >= b
        b == k
        b != -1
        np.logaddexp2(x, y)
        np.exp2(f)
        np.gcd(k, 6)
        np.ldexp(x, k)
        np.power(k, 3)
        np.power(np.abs(k), e)
        np.power(x, k)
        abs(z)
        np.abs(j)
        np.fabs(k)
        np.hypot(f, 1)
        np.copysign(x, y)
        np.fmod(k, 4)
        np.fmod(j, np.int32(-3))
        np.fmod(x, 0.3)""",
    "out, where, dtype; Python's functions": """
        np.divide(x, y, out=np.zeros_like(x), where=y > 0)
        np.log(x, out=np.full_like(x, -1.0), where=x > 0)
        np.sqrt(x, where=x > 0, out=np.zeros((x.shape[0], x.shape[1])))
        np.add(f, f, dtype=np.float64)
        np.multiply(k, k, dtype=np.float32)
        np.true_divide(k, 4, dtype=np.float32)
        np.add(x, 1, out=np.empty_like(x))
        1 + np.divide(k, e, out=np.ones((k.shape[0], k.shape[1])), where=k > 0)
        sum(v)
        sum(x)
        max(v)
        min(np.abs(v))
        pow(x, 2)
        pow(a, 3)
        round(v[0] * 10)""",
    "the rest": """
        np.positive(x)
        np.floor_divide(k, 3)
        np.floor_divide(x, 0.3)
        np.remainder(k, -3)
        np.tanh(f)
        np.sinh(x) + np.arctanh(np.tanh(x))
        np.cbrt(x)
        np.radians(x)
        np.minimum(k, 2.5)
        np.maximum(b, 7)
        np.fmin(d, 0.0)
        np.logical_xor(k, l)
        np.invert(j)
        ~l
        np.bitwise_and(k, 5) | (k << 1)
        np.conj(z) * z.real + z.imag
        np.abs(f) ** 0.5""",
}
QUICK = ("out, where, dtype; Python's functions",)


def lines(group):
    return tuple(line.strip() for line in EXPRESSIONS[group].strip().splitlines())


@pytest.mark.parametrize("group", EXPRESSIONS)
def test_ufuncs_become_loops_that_give_what_numpy_gives(group):
    assert differences(lines(group)) == []


@pytest.mark.parametrize("group", [pytest.param(g, marks=() if g in QUICK else pytest.mark.slow) for g in EXPRESSIONS])
def test_the_loops_of_ufuncs_compile(group):
    assert differences(lines(group), jit=True, sizes=("tiny",)) == []
