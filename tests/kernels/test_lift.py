"""The lift against the reference: unseen kernels in many styles, and the built-in ones."""
from __future__ import annotations

import math
import textwrap
from functools import cache

import numba
import numpy as np
import pytest
from kernwright.kernels import library
from kernwright.kernels.dialect import check
from kernwright.kernels.lift import Lifted, lift
from kernwright.kernels.lift.plain import NotInDialect, reference_as_candidate
from kernwright.kernels.observe import Observation, observe
from kernwright.kernels.spec import KernelSpec, OpenSpec, copy_arguments
from kernwright.kernels.wrapper import wrapper_source

PREAMBLE = """
import math
import numpy as np
from numpy import sqrt as root
import kernwright

HALF = 0.5
WEIGHTS = np.array([1.0, -2.0, 1.0])
STEPS = (2, 3)
F4 = np.float32(0.25)

def make_inputs(size, rng):
    n, m = size["n"], size["m"]
    return {inputs}

{helpers}
@kernwright.kernel(inputs=make_inputs, sizes={{"tiny": {{"n": 5, "m": 4}}, "verify": {{"n": 23, "m": 17}}, "benchmark": {{"n": 29, "m": 19}}}})
{kernel}
"""


def spec_of(kernel: str, inputs: str, helpers: str = "") -> OpenSpec:
    kernel = textwrap.dedent(kernel).strip()
    name = kernel.split("(")[0].removeprefix("def ")
    text = PREAMBLE.format(inputs=inputs, kernel=kernel, helpers=textwrap.dedent(helpers))
    return KernelSpec(name, text, name).open()


X = "rng.standard_normal((n, m))"
V = "rng.standard_normal(n)"
F = "rng.standard_normal((n, m), dtype=np.float32)"
INTS = "rng.integers(0, n, (n, m))"

LOOPS: dict[str, tuple[str, str]] = {
    # name: (the reference, its inputs); every statement of these becomes loops
    "blur": ("""def blur(a):
        b = np.zeros_like(a)
        b[1:-1, 1:-1] = (a[:-2, 1:-1] + a[2:, 1:-1] + a[1:-1, :-2] + a[1:-1, 2:]) * HALF
        return b""", f"({X},)"),
    "in_place_overlap": ("""def in_place_overlap(a):
        for _ in range(3):
            a[1:-1] += HALF * (a[:-2] - a[2:])
            a[1:] = a[:-1] * 2.0""", f"({V},)"),
    "strided": ("""def strided(a):
        b = a[::2] - a[1::2][: a.shape[0] // 2]
        return b[::-1] * 3""", "(rng.standard_normal(2 * n),)"),
    "broadcast_distance": ("""def broadcast_distance(a, b):
        d = a[:, None, :] - b[np.newaxis, :, :]
        return np.sqrt((d * d).sum(axis=-1))""", f"({X}, rng.standard_normal((n + 2, m)))"),
    "standardise": ("""def standardise(x):
        mu = x.mean(axis=0, keepdims=True)
        sd = np.std(x, axis=0)
        return (x - mu) / (sd + 1e-6), mu, sd""", f"({F},)"),
    "log_sum_exp": ("""def log_sum_exp(x):
        peak = np.max(x, axis=1)
        return peak + np.log(np.sum(np.exp(x - peak[:, None]), axis=1))""", f"({F},)"),
    "batched": ("""def batched(a, b):
        c = a @ b
        return np.einsum("b i j -> b j i", c) + np.einsum("bij,bjk", a, b).T""",
                "(rng.standard_normal((3, n, m)), rng.standard_normal((3, m, n)))"),
    "einsum_implicit": ("""def einsum_implicit(a, b, v):
        s = np.einsum("ij,jk", a, b)
        t = np.einsum("ii", s)
        return np.einsum("ij, j -> i", s, v) * t""",
                        f"({X}, rng.standard_normal((m, n)), {V})"),
    "vectors": ("""def vectors(a, v, w):
        y = a @ v
        z = np.dot(w, a)
        return y.dot(w) + v @ z, np.outer(y, z)""", f"({X}, rng.standard_normal(m), {V})"),
    "masked": ("""def masked(x, low):
        y = x.copy()
        y[y < low] = low
        outside = np.abs(x) > 1.5
        y[outside] = y[outside] * 0.5 + 1
        y[outside] -= 1
        return y""", f"({X}, -0.5)"),
    "where_chain": ("""def where_chain(x):
        return np.where(x > 0, np.where(x > 1, 1, x), 0.01 * x)""", f"({F},)"),
    "float32_constants": ("""def float32_constants(x, scale):
        y = F4 * x + scale * 0.1
        y **= 2
        return y / 3 + x.sum() - np.float32(1) * x.mean()""", f"({F}, 1.7)"),
    "strong_scalar_widens": ("""def strong_scalar_widens(x, s):
        return x * s + 1""", f"({F}, np.float64(1.1))"),
    "narrow_integers": ("""def narrow_integers(a, b):
        c = a + b
        d = (a * 3) >> 1
        return c // 3, d ^ b, a % 7, -a""",
                        "(rng.integers(-100, 100, (n, m)).astype(np.int8), rng.integers(1, 100, (n, m)).astype(np.int8))"),
    "unsigned": ("""def unsigned(a, k):
        h = a ^ (a >> 7)
        h = (h * np.uint32(2654435761)) & 0xFFFF
        return h.sum(), (h << 2) | 1""", "(rng.integers(0, 2**32, n, dtype=np.uint32), 3)"),
    "complex_iteration": ("""def complex_iteration(z):
        w = np.zeros(z.shape, dtype=complex)
        for _ in range(4):
            w = w**2 + z * 1j
        return np.abs(w), w.real, np.conj(w).imag""", f"(0.3 * ({X} + 1j * {X}),)"),
    "gather": ("""def gather(table, index, rows):
        picked = table[index]
        return picked.sum(axis=1) + table[rows, 0][:, None] + table[np.arange(rows.shape[0]), rows % table.shape[1]][:, None]""",
               f"({X}, rng.integers(0, n, (n, 3)), rng.integers(0, n, n))"),
    "scatter_add": ("""def scatter_add(index, value, bins):
        out = np.zeros(bins)
        np.add.at(out, index, value)
        return out / len(index)""", f"(rng.integers(0, 7, n), {V}, 7)"),
    "compressed": ("""def compressed(x):
        big = x[x > 0.2]
        return big.sum(), np.count_nonzero(x > 0.2)""", f"({X},)"),
    "running": ("""def running(x):
        c = np.cumsum(x, axis=1)
        return c[:, -1:] - c, np.cumprod(x[:, 0])""", f"({X},)"),
    "extremes": ("""def extremes(x):
        return x.argmax(axis=1), np.argmin(x, axis=0), x.max() - x.min(), np.any(x > 2, axis=0), (x > -9).all()""", f"({X},)"),
    "triangular_solve": ("""def triangular_solve(a, b):
        x = np.zeros_like(b)
        for i in range(b.shape[0]):
            x[i] = (b[i] - a[i, :i] @ x[:i]) / a[i, i]
        return x""", f"(np.tril(rng.random((n, n))) + n * np.eye(n), {V})"),
    "elimination": ("""def elimination(a):
        n = a.shape[0]
        for k in range(n - 1):
            a[k + 1:, k] /= a[k, k]
            a[k + 1:, k + 1:] -= np.outer(a[k + 1:, k], a[k, k + 1:])""", "(rng.random((n, n)) + n * np.eye(n),)"),
    "shapes": ("""def shapes(x, y):
        n, m = x.shape
        grid = np.full((n, 2, m), 0.25)
        grid[:, 1] = x
        both = np.concatenate((x, y), axis=1)
        stacked = np.stack([x, y])
        return grid.sum(axis=(0, 2)), both.T, np.swapaxes(stacked, 0, 1), np.roll(x, 2, axis=1), np.repeat(x, STEPS[1], axis=0)""",
               f"({X}, {X})"),
    "swapping": ("""def swapping(u, steps):
        new = np.empty_like(u)
        for _ in range(steps):
            new[0] = u[0]
            new[-1] = u[-1]
            new[1:-1] = 0.25 * u[:-2] + 0.5 * u[1:-1] + 0.25 * u[2:]
            u, new = new, u
        return u.copy()""", f"({V}, 5)"),
    "early_return": ("""def early_return(x, limit):
        if x.sum() > limit:
            return x - limit
        y = x * 2
        return y""", f"({V}, 0.0)"),
    "until_converged": ("""def until_converged(a, b):
        x = np.ones_like(b)
        count = 0
        while np.max(np.abs(a @ x - b)) > 1e-9 and count < 50:
            x = x - (a @ x - b) / np.diag(a)
            count += 1
        return x, count""", f"(rng.random((n, n)) + 2 * n * np.eye(n), {V})"),
    "scalar_loops": ("""def scalar_loops(x):
        best, at = -math.inf, -1
        for i, v in enumerate(x):
            if v > best:
                best, at = v, i
        total = 0.0
        for i in range(0, len(x), 2):
            total += math.sqrt(abs(x[i])) if x[i] < 0 else x[i] ** 3
        return total, at""", f"({V},)"),
    "convolution": ("""def convolution(x, w):
        n, m = x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1
        out = np.zeros((n, m), dtype=x.dtype)
        for i in range(n):
            for j in range(m):
                out[i, j] = np.sum(x[i:i + w.shape[0], j:j + w.shape[1]] * w)
        return out""", f"({F}, rng.standard_normal((3, 2), dtype=np.float32))"),
    "module_array": ("""def module_array(x):
        y = np.zeros(len(x) - 2)
        for k in range(3):
            y += WEIGHTS[k] * x[k:k + y.size]
        return y""", f"({V},)"),
    "clipping": ("""def clipping(x, k):
        lower = np.minimum(x, 1.0)
        i = np.clip(k, 1, x.shape[0] - 2)
        return np.maximum(lower, -1.0) + np.sign(x) * np.hypot(x, 2.0), i, np.bincount(k.ravel() % 5, minlength=9)""", f"({X}, {INTS})"),
    "grid": ("""def grid(n, m):
        x, y = np.meshgrid(np.linspace(0.0, 1.0, m), np.arange(n))
        return np.exp(-x) * y, np.eye(m)[:, ::-1], np.triu(x.T @ x, k=1)""", "(n, m)"),
    "nan_wins": ("""def nan_wins(x):
        y = np.where(x > 1, np.nan, x)
        return np.max(y, axis=1), np.argmax(y, axis=1), np.maximum(y, 0).sum(axis=0), np.isnan(y)""", f"({X},)"),
}


SOURCES: dict[str, tuple[str, str, str]] = {
    # the same for kernels of several functions
    "helpers": ("""def helpers(x, t):
        y = scaled(x, offset=1.0)
        return smooth(y, t) + scaled(y[0], by=3)""", f"({X}, 0.25)", """
        def scaled(a, by=2, *, offset=0.5):
            "A docstring."
            return a * by + offset

        def smooth(a, t: float) -> np.ndarray:
            b = a.copy()
            b[1:] = (1 - t) * a[1:] + t * a[:-1]
            return b
        """),
    "helper_that_writes": ("""def helper_that_writes(x, out):
        for k in range(x.shape[0]):
            fill(out[k], x[k])
        fill(out, out * 2)""", f"({X}, np.zeros((n, m)))", """
        def fill(target, values):
            target[...] = values + 1
        """),
    "helper_with_two_exits": ("""def helper_with_two_exits(x):
        total = 0.0
        for v in x:
            total += clipped(v)
        return total * root(2.0)""", f"({V},)", """
        def clipped(v):
            if v < 0:
                return 0.0
            return v * v
        """),
    "closure": ("""def closure(x, p):
        f = lambda y: y**2 + p
        return f(x) - f(x[::-1])""", f"({V}, 3.0)", ""),
}

KEPT: dict[str, tuple[str, str, str]] = {
    # name: (the reference, its inputs, what stays in the lifted text)
    "solves": ("""def solves(a, b):
        x = np.linalg.solve(a + np.eye(len(b)), 2 * b)
        return x - x.mean()""", f"(rng.random((n, n)) + n * np.eye(n), {V})", "np.linalg.solve("),
    "sorts": ("""def sorts(x):
        y = np.sort(x * 2)
        return y[1:] - y[:-1]""", f"({V},)", "np.sort("),
    "searches": ("""def searches(edges, x):
        return np.searchsorted(np.cumsum(np.abs(edges)), x + 1) * 2""", f"({V}, {V})", "np.searchsorted("),
}

REFUSED: dict[str, tuple[str, str]] = {
    # name: (the reference, the line that is named)
    "transforms": ("""def transforms(x):
        y = np.fft.rfft(x)
        return np.abs(y)""", "y = np.fft.rfft(x)"),
    "appends": ("""def appends(x):
        rows = []
        for v in x:
            rows.append(v * 2)
        return np.array(rows)""", "rows = []"),
    "prints": ("""def prints(x):
        print("working")
        return x * 2""", 'print("working")'),
}


@pytest.fixture(autouse=True)
def quick_compilation(monkeypatch):
    monkeypatch.setattr(numba.config, "OPT", type(numba.config.OPT)(1))


@cache
def lifted(kernel: str, inputs: str, helpers: str = "") -> tuple[OpenSpec, Observation, Lifted]:
    spec = spec_of(kernel, inputs, helpers)
    observation = observe(spec, 1, 0.2)
    return spec, observation, lift(spec, observation.signature)


def compiled(candidate, observation, spec, jit=True):
    """The wrapped kernel, by Numba or as plain Python."""
    namespace = {"np": np, "math": math, "prange": range}
    exec(candidate.text, namespace)  # noqa: S102 - the gate has passed it
    if jit:
        for name, value in list(namespace.items()):
            if hasattr(value, "__code__"):
                namespace[name] = numba.njit(value, error_model=candidate.options.error_model)
    wrapper = {"kernel": namespace["kernel"], "empty": lambda shape, dtype: np.full(shape, 77, np.dtype(dtype))}
    exec(wrapper_source(candidate, observation.signature, spec.parameters), wrapper)  # noqa: S102
    return wrapper["call"]


def packed(result):
    return () if result is None else result if isinstance(result, tuple) else (result,)


def assert_equal(got, expected):
    got, expected = np.asarray(got), np.asarray(expected)
    assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
    if expected.dtype.kind in "fc":
        eps = np.finfo(expected.dtype).eps
        scale = np.max(np.abs(expected[np.isfinite(expected)]), initial=1.0)
        np.testing.assert_allclose(got, expected, rtol=1e3 * eps, atol=100 * eps * scale)
    else:
        np.testing.assert_array_equal(got, expected)


def assert_agrees(call, spec, sizes):
    for size in sizes:
        arguments = spec.make_inputs(size, 7)
        own = copy_arguments(arguments)
        with np.errstate(all="ignore"):
            expected = packed(spec.reference(*arguments))
            got = packed(call(*own))
        assert len(got) == len(expected)
        for g, e in zip((*got, *own), (*expected, *arguments)):
            assert_equal(g, e)


def assert_lifted(spec, observation, found):
    assert found.candidates
    assert {c.convention for c in found.candidates} == {"returns", *(["writes"] if observation.signature.writes_open else [])}
    for candidate in found.candidates:
        assert check(candidate, observation.signature) == ()
    assert_agrees(compiled(found.candidates[-1], observation, spec), spec, ("tiny", "verify", {"n": 3, "m": 3} if "n" in spec.sizes["tiny"] else "tiny"))
    assert_agrees(compiled(found.candidates[0], observation, spec, jit=False), spec, ("tiny",))


@pytest.mark.parametrize("name", LOOPS)
def test_unseen_kernel_becomes_loops_that_agree(name):
    spec, observation, found = lifted(*LOOPS[name])
    assert found.kept == ()
    assert_lifted(spec, observation, found)


@pytest.mark.parametrize("name", library.names())
def test_builtin_kernel_becomes_loops_that_agree(name):
    spec = library.load(name).open()
    observation = observe(spec, 1, 0.5)
    found = lift(spec, observation.signature)
    assert found.kept == ()
    for candidate in found.candidates:
        assert check(candidate, observation.signature) == ()
    assert_agrees(compiled(found.candidates[-1], observation, spec), spec, ("tiny", "verify"))


@pytest.mark.parametrize("name", SOURCES)
def test_kernel_of_several_functions_becomes_loops_that_agree(name):
    spec, observation, found = lifted(*SOURCES[name])
    assert found.kept == ()
    assert_lifted(spec, observation, found)


@pytest.mark.parametrize("name", KEPT)
def test_call_without_a_loop_form_stays_and_is_named(name):
    kernel, inputs, stays = KEPT[name]
    spec, observation, found = lifted(kernel, inputs)
    assert [stays.rstrip("(") in kept.text for kept in found.kept] == [True]
    assert stays in found.candidates[0].text
    for candidate in found.candidates:
        assert_agrees(compiled(candidate, observation, spec, jit=False), spec, ("tiny", "verify"))


@pytest.mark.parametrize("name", REFUSED)
def test_reference_outside_the_dialect_gives_no_candidate_but_the_line(name):
    kernel, line = REFUSED[name]
    spec, _, found = lifted(kernel, f"({V},)")
    assert found.candidates == ()
    assert line in [kept.text for kept in found.kept]
    with pytest.raises(NotInDialect, match="line [0-9]+: "):
        reference_as_candidate(spec)


def test_reference_in_the_dialect_is_a_candidate_as_it_is():
    spec = spec_of("""def plain(x, sum=2):
        y: float = 0.0
        for v in x:
            y += weighted(v, power=sum) * F4 + STEPS[0]
        return y""", f"({V}, 2)", """
        def weighted(v, k=HALF, *, power):
            "Text."
            return root(abs(v)) * k + v ** power
        """)
    candidate = reference_as_candidate(spec)
    assert candidate.convention == "returns" and check(candidate) == ()
    assert "def kernel(x, sum_):" in candidate.text and "HALF = 0.5" in candidate.text
    assert_agrees(compiled(candidate, observe(spec, 1, 0.2), spec), spec, ("tiny", "verify"))


def test_lifting_is_repeatable():
    spec, observation, found = lifted(*LOOPS["batched"])
    assert [c.identity for c in lift(spec, observation.signature).candidates] == [c.identity for c in found.candidates]
