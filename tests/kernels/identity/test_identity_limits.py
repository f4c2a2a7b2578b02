"""What the comparison takes as exact, what it refuses to decide, and how it reads constants and inputs."""
from __future__ import annotations

import pytest
from identity_styles import SIZES, Style
from kernwright.kernels.candidate import Candidate
from kernwright.kernels.identity import DIFFERENT, IDENTICAL, NOT_APPLICABLE, IdentityReport, compare
from kernwright.kernels.identity.residues import P, Q, R
from kernwright.kernels.observe import observe
from kernwright.kernels.spec import KernelSpec


def ask(inputs: str, reference: str, candidate: str, **options) -> IdentityReport:
    style = Style(inputs, reference, "", "")
    text = ("import math\nimport numpy as np\nimport kernwright\n\ndef make_inputs(size, rng):\n    n, m = size['n'], size['m']\n"
            f"    return {style.inputs}\n\n@kernwright.kernel(inputs=make_inputs, sizes={SIZES!r})\n{reference}\n")
    spec = KernelSpec("f", text, "f").open()
    return compare(spec, Candidate(candidate), observe(spec, 0).signature, [SIZES["tiny"]], 3, 20.0, **options)


def loop(body: str, dtype: str = "np.float64", arguments: str = "x") -> str:
    return f"def kernel({arguments}):\n    out = np.empty(x.shape[0], {dtype})\n    for i in range(x.shape[0]):\n        {body}\n    return out\n"


VECTOR, POSITIVE, SINGLE = "rng.standard_normal(n),", "rng.uniform(1.0, 2.0, n),", "rng.standard_normal(n, dtype=np.float32),"


def test_the_moduli_are_primes_and_each_divides_the_next_one_s_predecessor():
    assert (P - 1) % Q == 0 and (R - 1) % P == 0
    assert all(pow(base, prime - 1, prime) == 1 for prime in (Q, P, R) for base in (2, 3, 5, 7, 11, 13, 17, 19, 23))


THEOREMS = {
    "a sigmoid by tanh": (VECTOR, "1 / (1 + np.exp(-x))", "0.5 * (1.0 + math.tanh(0.5 * x[i]))"),
    "twice an angle": (VECTOR, "np.sin(2 * x)", "2.0 * math.sin(x[i]) * math.cos(x[i])"),
    "a root squared": (POSITIVE, "x ** -1.5", "1.0 / (x[i] * math.sqrt(x[i]))"),
    "a logarithm of a product": (POSITIVE, "np.log(x * x * 3)", "2.0 * math.log(x[i]) + math.log(3.0)"),
    "an exponential of an exponential": (VECTOR, "np.exp(2 * np.exp(x) + x)", "math.exp(math.exp(x[i])) ** 2 * math.exp(x[i])"),
    "a power of two": (VECTOR, "np.exp(x)", "2.0 ** (x[i] / math.log(2.0))"),
}


@pytest.mark.parametrize("inputs, reference, body", THEOREMS.values(), ids=THEOREMS.keys())
def test_theorems_on_functions_hold(inputs, reference, body):
    report = ask(inputs, f"def f(x):\n    return {reference}", loop(f"out[i] = {body}"))
    assert report.answer == IDENTICAL, (report.reason, report.difference)


CONSTANTS = {
    "a third": (VECTOR, "x / 3", "x[i] * 0.3333333333333333"), "a ninth of seven": (VECTOR, "x * 7 / 9", "x[i] * 0.7777777777777778"),
    "a decimal": (VECTOR, "x * 0.1", "x[i] / 10.0"), "pi": (VECTOR, "x * np.pi / 180", "x[i] * 0.017453292519943295"),
    "a root of two over pi": (VECTOR, "x * np.sqrt(2 / np.pi)", "x[i] * 0.7978845608028654"),
    "a folded product": (VECTOR, "x * 0.7853981 * 0.33337", f"x[i] * {0.7853981 * 0.33337!r}"),
    "one minus nine tenths": (VECTOR, "x * (1 - 0.9)", "x[i] / 10.0"),
    "float32 of a decimal": (SINGLE, "x * 0.7", "x[i] * np.float32(0.7)"),
    "a float32 third": (SINGLE, "x / 3", "x[i] * np.float32(1.0 / 3.0)"),
}


@pytest.mark.parametrize("inputs, reference, body", CONSTANTS.values(), ids=CONSTANTS.keys())
def test_a_constant_stands_for_what_it_is_the_rounding_of(inputs, reference, body):
    dtype = "np.float32" if inputs == SINGLE else "np.float64"
    report = ask(inputs, f"def f(x):\n    return {reference}", loop(f"out[i] = {body}", dtype))
    assert report.answer == IDENTICAL, (report.reason, report.difference)


WRONG = {
    "a float32 constant": (VECTOR, "x * 0.1", "x[i] * np.float32(0.1)"), "a short pi": (VECTOR, "x * np.pi", "x[i] * 3.1415926535"),
    "an intermediate in float32": (VECTOR, "x * x + 1", "np.float32(x[i] * x[i]) + 1.0"),
    "a float32 constant off by two in ten million": (SINGLE, "x * 0.7", "x[i] * np.float32(0.70000014)"),
    "a root by two steps": (POSITIVE, "np.sqrt(x)", "0.25 * (1.0 + x[i]) + x[i] / (1.0 + x[i])"),
    "a scalar argument left out": ("rng.standard_normal(n), 1.0", "x * g", "x[i]"),
}


@pytest.mark.parametrize("inputs, reference, body", WRONG.values(), ids=WRONG.keys())
def test_another_function_is_different_however_close(inputs, reference, body):
    arguments = "x, g" if "g" in reference.split() else "x"
    dtype = "np.float32" if inputs == SINGLE else "np.float64"
    report = ask(inputs, f"def f({arguments}):\n    return {reference}", loop(f"out[i] = {body}", dtype, arguments))
    assert report.answer == DIFFERENT, report.reason
    assert report.difference.place == "the result[0]" and report.size["n"] == 1


UNDECIDED = {
    "rounding by a large constant": (VECTOR, "np.rint(10 * x)", "out[i] = (10.0 * x[i] + 6755399441055744.0) - 6755399441055744.0", "rounded"),
    "the bits of a float": (VECTOR, "abs(x)", "out[i] = np.float64(abs(x[i])).view(np.int64) * 0.0 + abs(x[i])", "view"),
    "a term below all digits": (VECTOR, "x / (abs(x) + 1e-300)", "out[i] = x[i] / abs(x[i])", "35 digits"),
    "an iteration until nothing moves": (
        POSITIVE, "np.sqrt(x)", "y = x[i]\n        for k in range(5):\n            y = 0.5 * (y + x[i] / y)\n        out[i] = y", "no float"),
    "more steps than it may take": (VECTOR, "x + 0", "y = x[i]\n        while y == y:\n            y = y + 0.0\n        out[i] = y", "steps"),
}


@pytest.mark.parametrize("inputs, reference, body, word", UNDECIDED.values(), ids=UNDECIDED.keys())
def test_what_it_cannot_decide_it_says(inputs, reference, body, word):
    report = ask(inputs, f"def f(x):\n    return {reference}", loop(body), max_steps=20_000)
    assert report.answer == NOT_APPLICABLE and word in report.reason, report


def test_what_leaves_the_fragment_is_named_with_its_line():
    report = ask("rng.standard_normal((m, m)), rng.standard_normal(m)", "def f(a, b):\n    return np.linalg.solve(a, b)",
                 "def kernel(a, b):\n    return np.linalg.solve(a, b)\n")
    assert report.answer == NOT_APPLICABLE and report.reason == "reference, line 11: np.linalg.solve"


def test_results_that_are_integers_show_nothing():
    report = ask(VECTOR, "def f(x):\n    return (10 * x).astype(np.int64)", loop("out[i] = int(x[i] * 10.0)", "np.int64"))
    assert report.answer == NOT_APPLICABLE and "integers" in report.reason


def test_zeros_may_be_left_out_and_chaos_is_no_difference():
    lower = ask("np.tril(rng.standard_normal((m, m))), rng.standard_normal(m)", "def f(a, x):\n    return a @ x",
                "def kernel(a, x):\n    out = np.zeros(x.shape[0])\n    for i in range(x.shape[0]):\n        for j in range(i + 1):\n"
                "            out[i] += a[i, j] * x[j]\n    return out\n")
    chaos = ask("rng.uniform(0.1, 0.9, n),", "def f(x):\n    for _ in range(150):\n        x = 3.9 * x * (1 - x)\n    return x",
                loop("y = x[i]\n        for k in range(150):\n            y = 3.9 * (y - y * y)\n        out[i] = y"))
    assert (lower.answer, chaos.answer) == (IDENTICAL, IDENTICAL), (lower, chaos)
