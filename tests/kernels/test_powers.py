"""The rewrite of powers: by square roots they give what pow gives, special values included."""
import numpy as np
import pytest
from kernwright.kernels.candidate import Candidate
from kernwright.kernels.lift.variants import vectorised
from kernwright.kernels.signature import Argument, Output, Signature
from kernwright.kernels.transforms import powers

LOOP = """def kernel(a, out0):
    for i in range(a.shape[0]):
        if a[i] > 3.0:
            out0[i] = 1.0
        else:
            out0[i] = (a[i] + a[i]) ** {exponent} * a[i] ** {exponent}
"""
SPECIAL = [0.3, 2.0, 1e-3, 0.0, -0.0, -1.0, np.inf, -np.inf, np.nan]


def of(dtype):
    return Signature((Argument("a", "array", dtype, 1),), (Output("array", dtype, 1, ("a.shape[0]",)),))


def results(text, a):
    scope, out = {"np": np}, np.zeros_like(a)
    exec(text, scope)  # noqa: S102 - our own text
    with np.errstate(all="ignore"):
        scope["kernel"](a, out)
    return out


@pytest.mark.parametrize("dtype, written", [("float64", "({})"), ("float32", "np.float32({})")])
@pytest.mark.parametrize("exponent", [1.5, -1.5, -0.5, 2.5, 3.5, -2.5, -2.0, 3.0])
def test_special_values_and_signs_of_zero_are_those_of_pow(exponent, dtype, written):
    text = LOOP.format(exponent=written.format(exponent))
    made = next(powers.propose(Candidate(text, convention="writes"), of(dtype))).candidate
    assert "**" not in made.text
    a = np.array(SPECIAL, dtype)
    got, wanted = results(made.text, a), results(text, a)
    np.testing.assert_allclose(got, wanted, rtol=8 * np.finfo(dtype).eps)
    np.testing.assert_array_equal(np.signbit(got[~np.isnan(got)]), np.signbit(wanted[~np.isnan(wanted)]))


@pytest.mark.parametrize("power", ["a[i] ** 2.25", "a[i] ** 7.5", "a[i] ** 0.5", "(a[i] ** 1.5 if i > 2 else 0.0)", "i ** 1.5"])
def test_what_is_no_such_power_or_not_always_evaluated_stays(power):
    text = f"def kernel(a, out0):\n    for i in range(a.shape[0]):\n        out0[i] = {power}\n"
    assert next(powers.propose(Candidate(text, convention="writes"), of("float64")), None) is None


def test_the_seed_with_vectorised_functions_holds_no_pow_for_it():
    text = "def kernel(a, out0):\n    for i in range(a.shape[0]):\n        out0[i] = np.exp(a[i]) * (a[i] * a[i] + 1.0) ** (-1.5)\n"
    made = vectorised.derive(Candidate(text, convention="writes"), of("float64"))
    assert "pow" not in made.text and "exp_f64(" in made.text and "np.sqrt(" in made.text
