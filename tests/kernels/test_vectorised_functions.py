"""The rewrite to functions of vecmath: where it applies, what it guards, and that the results are those of the text before."""
import numba
import numpy as np
import pytest
from kernwright.kernels.candidate import Candidate, JitOptions
from kernwright.kernels.dialect import check
from kernwright.kernels.identity.of_vecmath import misgiven
from kernwright.kernels.signature import Argument, Output, Signature
from kernwright.kernels.transforms import vectorise_functions
from kernwright.kernels.vecmath import FUNCTIONS, recognise
from kernwright.kernels.vecmath.exact import EXACT, exactly
from kernwright.workers.build import build

VECTOR = Signature((Argument("a", "array", "float64", 1),), (Output("array", "float64", 1, ("a.shape[0]",)),))
SINGLE = Signature((Argument("a", "array", "float32", 1),), (Output("array", "float32", 1, ("a.shape[0]",)),))
LOOP = "def kernel(a, out0):\n    for i in range(a.shape[0]):\n        out0[i] = {value}\n"
SUM = "def kernel(a, out0):\n    total = 1.0\n    for i in range(a.shape[0]):\n        total += np.sin(a[i])\n    for i in range(a.shape[0]):\n        out0[i] = total\n"
RUNNING = "def kernel(a, out0):\n    for i in range(1, a.shape[0]):\n        out0[i] = np.cos(out0[i - 1])\n"
SAMPLE = np.array([0.3, -1.7, 9.0, 2.5, 1e-3, -0.0])


def candidate(text, **options):
    return Candidate(text, JitOptions(**options), convention="writes")


def rewritten(text, signature=VECTOR):
    return next(vectorise_functions.propose(candidate(text), signature), None)


def run(kernel, a, jit=False, signature=VECTOR):
    out = np.full_like(a, 0.25)
    if jit:
        scope = {"np": np}
        exec(kernel.text, scope)  # noqa: S102 - our own text
        scope["kernel"](a, out)
        return out
    built = build(kernel, signature, ("a",), (a,), opt=1)
    return built.link(lambda shape, dtype: np.full(shape, 0.25, dtype))(a)


@pytest.mark.parametrize("value, name", [
    ("np.exp(-a[i])", "exp"), ("math.tanh(a[i] * 0.5)", "tanh"), ("a[i] ** 1.5", "pow"), ("np.arctan2(a[i], 2.0)", "atan2"),
    ("1.0 + np.log1p(abs(a[i]))", "log1p"), ("math.erf(a[i]) if a[i] > 0.0 else 0.0", "erf")])
def test_a_call_in_an_innermost_loop_becomes_a_helper_that_the_candidate_carries(value, name):
    made = rewritten(LOOP.format(value=value))
    assert made.note.endswith(f"1 x {name}") and check(made.candidate, VECTOR) == ()
    assert [known.name for node in made.candidate.tree.body if (known := recognise(node))] == [name]
    with np.errstate(all="ignore"):
        expected = run(candidate(LOOP.format(value=value)), SAMPLE)
        np.testing.assert_allclose(run(made.candidate, SAMPLE), expected, rtol=1e-15)


@pytest.mark.parametrize("value", ["a[i] ** 2", "np.exp(i)", "np.sqrt(a[i])", "np.sin(a[i]) if a[i] > 0.0 else 0.0", "np.log(np.float32(2.0)) + math.exp(np.float32(a[i]))"])
def test_what_is_not_known_to_be_the_same_function_stays(value):
    made = rewritten(LOOP.format(value=value))
    assert made is None or "exp_f" not in made.candidate.text


def test_single_precision_takes_the_helper_for_single_precision():
    assert "exp_f32" in rewritten(LOOP.format(value="np.exp(a[i])"), SINGLE).candidate.text


@pytest.mark.parametrize("text", [LOOP.format(value="np.sin(a[i] * 2.0)"), SUM])
def test_beyond_the_limit_of_a_function_the_loop_is_run_again_as_it_was(text):
    made = rewritten(text)
    assert "sin_f64" in made.candidate.text and check(made.candidate, VECTOR) == ()
    for a in (SAMPLE, np.array([0.5, 1e9, 3.0]), np.array([np.inf, 1.0]), np.array([np.nan, 1.0])):
        with np.errstate(all="ignore"):
            np.testing.assert_allclose(run(made.candidate, a), run(candidate(text), a), rtol=1e-15)


def test_a_loop_that_cannot_be_run_again_keeps_such_a_function():
    assert rewritten(RUNNING) is None
    assert rewritten(RUNNING.replace("np.cos", "np.tanh")) is not None


def test_helpers_keep_their_roundings_whatever_the_kernel_permits():
    made = rewritten(LOOP.format(value="np.exp(a[i])")).candidate
    loose = candidate(made.text, fastmath=("afn", "arcp", "contract", "nsz", "reassoc"))
    a = np.linspace(-700.0, 700.0, 20_001)
    exact = np.exp(a.astype(np.longdouble))
    error = np.abs(run(loose, a) - exact) / np.spacing(exact.astype(float))
    assert error.max() <= FUNCTIONS["exp", "float64"].ulp
    assert build(loose, VECTOR, ("a",), (a,)).facts["vector_width"] >= 256 or numba.config.OPT != 3


def test_a_helper_with_another_coefficient_is_no_helper():
    made = rewritten(LOOP.format(value="np.exp(a[i])")).candidate
    tampered = candidate(made.text.replace("710.0", "709.0"))
    assert tampered.text != made.text and exactly(tampered.tree)[1] == ()
    tree, found = exactly(made.tree)
    assert [f.helper for f in found] == ["exp_f64"] and tree is not made.tree


@pytest.mark.parametrize("helper, given, signature, as_measured", [
    ("exp_f64", "a[i]", VECTOR, True), ("exp_f32", "a[i]", VECTOR, False), ("exp_f32", "a[i]", SINGLE, True),
    ("exp_f32", "a[i] * 2", SINGLE, False), ("exp_f32", "exp_f32(a[i])", VECTOR, False), ("exp_f64", "a[i]", SINGLE, False)])
def test_a_helper_counts_as_its_function_only_where_it_is_given_its_own_dtype(helper, given, signature, as_measured):
    (text,) = (function.text for function in FUNCTIONS.values() if function.helper == helper)
    assert (misgiven(candidate(text + LOOP.format(value=f"{helper}({given})")), signature) == "") is as_measured


def test_what_a_helper_gives_for_another_dtype_is_not_taken_for_its_own():
    text = FUNCTIONS["exp", "float32"].text + LOOP.format(value="np.exp(exp_f32(a[i]))")
    assert rewritten(text) is None and rewritten(text, SINGLE) is not None


def test_every_function_has_its_exact_form():
    assert {name for name, _ in FUNCTIONS} == set(EXACT)
    scope = {"np": np}
    for (name, dtype), function in FUNCTIONS.items():
        text = function.text + "def kernel(a, out0):\n    pass\n"
        tree, (known,) = exactly(Candidate(text).tree)
        assert known is function
        both = []
        for source in (tree, Candidate(text).tree):
            scope = {"np": np, "math": __import__("math")}
            exec(compile(source, "<text>", "exec"), scope)  # noqa: S102 - our own text
            given = [np.dtype(dtype).type(v) for v in (0.37, 1.6)[: function.arity]]
            both.append(float(scope[function.helper](*given)))
        assert both[0] == pytest.approx(both[1], rel=1e-6 if dtype == "float32" else 1e-14), (name, dtype)
