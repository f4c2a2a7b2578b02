"""Arithmetics: what a reference rounds to its own types is not rounded when it runs over wider floats, and constants keep their value."""
from math import fsum
from time import monotonic

import numpy as np
import pytest
from kernwright.kernels.spec import KernelSpec, OpenSpec
from kernwright.workers.precise.arithmetic import Native, Wide
from kernwright.workers.precise.exact import evaluate
from kernwright.workers.precise.text import Unrepeatable, reference_over
from library_kernels import NAMES, observed
from precision_kernels import HEAD, oracle

THIRD = np.longdouble(1) / 3


def over(body, *arguments, real=np.longdouble, sequential=False, above=""):
    """f(*arguments) over wide floats (over the machine's where real is None); body: the lines of f(x), or of f(x, y)."""
    names = ", ".join("xy"[: len(arguments)])
    declared = "@kernwright.kernel(inputs=None, sizes={})\n"
    text = f"{HEAD}{above}\n{declared}def f({names}):\n" + "".join(f"    {line}\n" for line in body.splitlines())
    module = type(np)("text")
    module.__file__ = "<text>"
    exec(text.replace(declared, ""), module.__dict__)  # noqa: S102 - our own text
    arithmetic = Native(monotonic() + 5, sequential) if real is None else Wide(real, monotonic() + 5, sequential)
    return reference_over(OpenSpec(KernelSpec("f", text, "f"), module), arithmetic)(*(arithmetic.value(a) for a in arguments))


X = np.array([1.0, 2.0, 3.0, 7.0])
KEPT = {
    "an allocation": "y = np.zeros(4)\ny[:] = x / 3\nreturn y",
    "an allocation of single type": "y = np.empty(x.shape, dtype=np.float32)\ny[:] = x / 3\nreturn y",
    "a conversion": "return (x / 3).astype(np.float32)",
    "a conversion by name": "return (x / 3).astype('float64')",
    "a constructor": "return np.array([np.float64(v / 3) for v in x])",
    "Python's float": "return np.array([float(v / 3) for v in x])",
    "a list": "return np.array([v / 3 for v in x.tolist()])",
    "the argument's dtype": "return np.full_like(x, 1, dtype=x.dtype) * x / 3",
    "a division of integers": "return x.astype(np.int64) / 3",
    "a mean of integers": "return x * np.array([0, 0, 1]).mean()",
    "a function of integers": "return x * np.exp(np.zeros(4, np.int64)) / 3",
    "an integer power": "return x * 3**-1",
    "a quotient in place": "k = 1\nk /= 3\nreturn x * k",
    "a helper": "return third(x)",
    "a lambda of the module": "return by(x, 3)",
    "a default argument": "return third(x, one=1.0)",
    "weights of a count": "return np.bincount(np.arange(4), weights=x / 3)",
    "a function of math": "return np.array([math.pow(27.0, 1) * v / 81.0 for v in x])",
    "complex numbers": "return (complex(0.0, 1.0) * (-1j * x) / 3).real",
    "a tolerance by finfo": "return x / 3 if np.finfo(x.dtype).eps > 1e-17 else x",
}


@pytest.mark.parametrize("body", KEPT.values(), ids=KEPT.keys())
def test_nothing_on_the_way_is_rounded_back(body):
    got = over(body, X, above="def third(x, one=1.0):\n    return one * x / 3\n\nby = lambda x, n: x / n\n")
    assert np.asarray(got).dtype == np.longdouble
    assert np.all(np.abs(got - X.astype(np.longdouble) / 3) <= 4 * np.finfo(np.longdouble).eps * X)


def test_a_constant_keeps_the_value_that_it_has_on_the_machine():
    above = "TENTH = np.float32(0.1)\nTABLE = np.array([0.1, 0.2], dtype=np.float32)\nDOUBLE = 0.1\n"
    for body, value in (("return x * TENTH", np.float32(0.1)), ("return x * TABLE[0]", np.float32(0.1)), ("return x * DOUBLE", 0.1),
                        ("return x * np.float32(0.1)", np.float32(0.1)), ("return x * 0.1", 0.1),
                        ("return x * np.array([0.1, 0.2], np.float32)[0]", np.float32(0.1)), ("return x * np.pi", np.pi),
                        ("return np.arange(4) * np.pi + 0 * x", np.pi)):
        got = over(body, X, above=above)
        assert got[1] == np.longdouble(value) * (1 if "arange" in body else 2), body


REFUSED = {
    "interpolation": "return np.interp(x, x, x)",
    "linear algebra": "return np.linalg.solve(np.outer(x, x) + np.eye(4), x)",
    "bits": "return x.view(np.int64) + 0.0 * x",
    "spacing": "return np.spacing(x)",
    "an endless loop": "while True:\n    x = x + 1.0",
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_what_knows_double_precision_only_is_said_not_to_apply(body):
    text = "def f(x):\n" + "".join(f"    {line}\n" for line in body.splitlines())
    if "while" in body:
        with pytest.raises(Unrepeatable, match="too long"):
            over(body, X)
        return
    made = oracle(text, "(1.0 + rng.random(4),)")
    with pytest.raises(Unrepeatable):
        evaluate(made, made.case("tiny", 1), monotonic() + 20)


SUMS = {
    "sum": "return np.sum(x)", "method": "return x.sum()", "axis": "return x.reshape(8, -1).sum(axis=1)", "mean": "return x.mean()",
    "keepdims": "return np.sum(x.reshape(8, -1), axis=0, keepdims=True)", "axes": "return x.reshape(4, 4, -1).sum(axis=(0, 2))",
    "matmul": "return x.reshape(16, -1) @ x.reshape(-1, 16)", "dot": "return np.dot(x, x)", "norm": "return np.linalg.norm(x)",
    "vector": "return x.reshape(16, -1) @ x[:64]", "einsum": "return np.einsum('ij,kj->ik', x.reshape(16, -1), x.reshape(16, -1))",
    "reduce": "return np.add.reduce(x.reshape(16, -1))", "var": "return x.reshape(8, -1).std(axis=1, ddof=1)", "inner": "return np.inner(x, x)",
}


@pytest.mark.parametrize("body", SUMS.values(), ids=SUMS.keys())
def test_sums_term_by_term_agree_with_numpys_but_for_roundings(body):
    x = np.random.default_rng(3).random(1024)
    plain, native = over(body, x, real=None, sequential=True), over(body, x, real=None)
    assert np.shape(plain) == np.shape(native) and np.asarray(plain).dtype == np.float64
    np.testing.assert_allclose(plain, native, rtol=1e-12)


def test_a_plain_sum_adds_in_order_and_in_its_own_type():
    x = np.random.default_rng(3).random(5000, dtype=np.float32)
    total = np.float32(0)
    for value in x:
        total += value
    assert over("return x.sum()", x, real=None, sequential=True) == total != np.float32(fsum(x))


def test_every_reference_of_the_library_with_float_results_can_be_evaluated():
    from kernwright.workers.oracle import Oracle
    from kernwright.workers.precise.exact import float_results

    for name in NAMES:
        spec, observation = observed(name)
        made = Oracle(spec, observation.signature)
        case = made.case("tiny", 3)
        floats = float_results(made, case)
        if any(value is not None for value in floats):
            found = evaluate(made, case, monotonic() + 30)
            for exact, value in zip(found.results, floats):
                assert (exact is None) == (value is None)
                assert exact is None or np.mean(exact.decided) > 0.9
