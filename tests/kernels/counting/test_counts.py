"""Counts against hand-counted kernels, in the styles in which people write them."""
from __future__ import annotations

import math
import textwrap
import time

import numpy as np
import pytest
from kernwright.kernels.candidate import Candidate
from kernwright.kernels.counting.errors import NotCounted, OutOfTime
from kernwright.kernels.counting.runs import of_candidate, of_reference
from kernwright.kernels.signature import Argument, Output, Signature
from kernwright.kernels.spec import KernelSpec

N, M, K = 6, 5, 4
RNG = np.random.default_rng(3)
A, B, C = RNG.random((N, K)), RNG.random((K, M)), RNG.random((N, M))
X, Y = RNG.random(N) + 0.5, RNG.random(N) + 0.5
Z = X + 1j * Y
ODD = (np.arange(N) % 2).astype(bool)


def spec(body, extra=""):
    """A spec of a function `f`; its body is given, indented or not."""
    text = (f"import math\nimport functools\nimport itertools\nimport numpy as np\nimport kernwright\n{textwrap.dedent(extra)}\n"
            "@kernwright.kernel(inputs=lambda size, rng: (), sizes={s: {'n': 3} for s in ('tiny', 'verify', 'benchmark')})\n"
            + textwrap.dedent(body))
    return KernelSpec("f", text, "f")


def counted(body, *arguments, extra=""):
    return of_reference(spec(body, extra), arguments)


def kinds(work, precision="float64"):
    """Operations without comparisons."""
    return {kind: n for kind, n in work.operations.get(precision, {}).items() if kind != "compare"}


CASES = {
    "matmul": ("def f(a, b): return a @ b", (A, B), {"add": N * M * K, "multiply": N * M * K}),
    "dot method": ("def f(a, b): return a.dot(b)", (A, B), {"add": N * M * K, "multiply": N * M * K}),
    "scalar matmul": ("""
        def f(a, b):
            out = np.zeros((a.shape[0], b.shape[1]))
            for i in range(a.shape[0]):
                for j in range(b.shape[1]):
                    for k in range(a.shape[1]):
                        out[i, j] += a[i, k] * b[k, j]
            return out
        """, (A, B), {"add": N * M * K, "multiply": N * M * K}),
    "einsum": ("def f(a, b): return np.einsum('ik,kj->ij', a, b)", (A, B), {"add": N * M * K, "multiply": N * M * K}),
    "einsum in pairs": ("def f(a, b, c): return np.einsum('ik,kj,j->i', a, b, c)", (A, B, np.ones(M)),
                        {"add": K * M + N * K, "multiply": K * M + N * K}),
    "einsum of a row sum": ("def f(a): return np.einsum('ij->i', a)", (A,), {"add": N * K - N}),
    "einsum without a sum": ("def f(x, y): return np.einsum('i,j->ij', x, y)", (X, Y), {"multiply": N * N}),
    "einsum with ellipses": ("def f(a, b): return np.einsum('...k,kj->...j', a, b)", (A, B), {"add": N * M * K, "multiply": N * M * K}),
    "einsum by lists": ("def f(a, b): return np.einsum(a, [0, 1], b, [1, 2], [0, 2])", (A, B), {"add": N * M * K, "multiply": N * M * K}),
    "tensordot": ("def f(a, b): return np.tensordot(a, b, axes=1)", (A, B), {"add": N * M * K, "multiply": N * M * K}),
    "jacobi": ("def f(a): return 0.25 * (a[:-2, 1:-1] + a[2:, 1:-1] + a[1:-1, :-2] + a[1:-1, 2:])", (C,),
               {"add": 3 * 4 * 3, "multiply": 4 * 3}),
    "in place": ("""
        def f(a):
            a[1:-1] += 0.5 * a[:-2]
            a *= 2.0
        """, (X,), {"add": N - 2, "multiply": N - 2 + N}),
    "masks": ("""
        def f(x):
            out = np.zeros_like(x)
            positive = x > 1.0
            out[positive] = np.sqrt(x[positive])
            return out
        """, (np.array([0.5, 2.0, 3.0, 0.1, 5.0]),), {"sqrt": 3}),
    "where of a ufunc": ("def f(x, m): return np.multiply(x, x, out=np.zeros_like(x), where=m)", (X, ODD), {"multiply": 3}),
    "sum over an axis": ("def f(a): return a.sum(axis=0)", (A,), {"add": N * K - K}),
    "sum of all": ("def f(a): return np.sum(a)", (A,), {"add": N * K - 1}),
    "mean": ("def f(a): return np.mean(a)", (A,), {"add": N * K - 1, "divide": 1}),
    "mean over an axis": ("def f(a): return a.mean(axis=1, keepdims=True)", (A,), {"add": N * K - N, "divide": N}),
    "variance": ("def f(a): return np.var(a, axis=0)", (A,), {"add": 2 * (N * K - K) + N * K, "divide": 2 * K, "multiply": N * K}),
    "running sum": ("def f(x): return np.cumsum(x)", (X,), {"add": N - 1}),
    "running sum, a method": ("def f(a): return a.cumsum(axis=1)", (A,), {"add": N * (K - 1)}),
    "differences": ("def f(x): return np.diff(x)", (X,), {"add": N - 1}),
    "powers": ("def f(x): return x**2 + x**3 + x**-0.5 + x**1.5", (X,), {"multiply": N * 4, "add": 3 * N, "sqrt": 2 * N, "divide": N}),
    "a power of any kind": ("def f(x, y): return x**y", (X, Y), {"elementary": 2 * N}),
    "elementary functions": ("def f(x): return np.exp(x) + np.tanh(x) / np.log1p(x)", (X,), {"elementary": 3 * N, "add": N, "divide": N}),
    "complex product": ("def f(z): return z * z", (Z,), {"multiply": 4 * N, "add": 2 * N}),
    "complex times real": ("def f(z): return 2.0 * z + z", (Z,), {"multiply": 2 * N, "add": 2 * N}),
    "complex scalars": ("""
        def f(z):
            total = 0j
            for i in range(z.size):
                total += z[i] * z[i]
            return total
        """, (Z,), {"multiply": 4 * N, "add": 4 * N}),
    "complex modulus": ("def f(z): return np.abs(z)", (Z,), {"multiply": 2 * N, "add": N, "sqrt": N}),
    "outer ufunc": ("def f(x, y): return np.subtract.outer(x, y)", (X, Y), {"add": N * N}),
    "np.outer": ("def f(x, y): return np.outer(x, y)", (X, Y), {"multiply": N * N}),
    "ufunc at": ("def f(x, i): np.add.at(x, i, 1.0)", (X, np.array([0, 0, 3])), {"add": 3}),
    "a ufunc's reduce": ("def f(x): return np.multiply.reduce(x)", (X,), {"multiply": N - 1}),
    "weights in bins": ("def f(i, w): return np.bincount(i, weights=w)", (np.arange(N) % 3, X), {"add": N}),
    "convolution": ("def f(x, y): return np.convolve(x, y[:3], mode='valid')", (X, Y), {"multiply": 3 * (N - 2), "add": 2 * (N - 2)}),
    "mathematics": ("""
        def f(x):
            total = 0.0
            for value in x:
                total += math.exp(-value) * math.sqrt(value)
            return total
        """, (X,), {"elementary": N, "sqrt": N, "multiply": N, "add": N}),
    "plain Python over lists": ("def f(x, y): return sum(a * b for a, b in zip(x.tolist(), y.tolist()))", (X, Y),
                                {"multiply": N, "add": N - 1}),
    "helpers, lambdas and comprehensions": ("""
        def f(x):
            square = lambda v: v * v
            return np.array([half(square(v)) for v in x])
        """, (X,), {"multiply": 2 * N}),
    "powers of mathematics": ("def f(x): return math.pow(x[0], 3) + abs(1j * x[0])", (X,), {"multiply": 2 + 2 + 2, "add": 2, "sqrt": 1}),
    "reduce": ("def f(x): return functools.reduce(lambda a, b: a + b, x)", (X,), {"add": N - 1}),
    "vectorize": ("def f(x): return np.vectorize(half)(x)", (X,), None),
    "apply along an axis": ("def f(a): return np.apply_along_axis(lambda row: row.sum() * 2.0, 1, a)", (A,), {"add": N * (K - 1), "multiply": N}),
    "chained comparisons": ("""
        def f(x):
            n = 0.0
            for v in x:
                if 0.0 < v < 100.0:
                    n += 1.0
            return n
        """, (X,), {"add": N}),
    "a while loop": ("""
        def f(x):
            steps = 0
            value = x[0]
            while value < 100.0:
                value *= 2.0
                steps += 1
            return steps
        """, (np.array([1.0]),), {"multiply": 7}),
    "a norm": ("def f(x): return np.linalg.norm(x)", (X,), {"multiply": N, "add": N - 1, "sqrt": 1}),
    "slices are not counted twice": ("""
        def f(a):
            b = a.copy()
            for i in range(1, a.shape[0]):
                b[i] -= b[i - 1] * 0.5
            return b
        """, (A,), {"multiply": K * (N - 1), "add": K * (N - 1)}),
    "softmax": ("""
        def f(a):
            e = np.exp(a - np.max(a, axis=-1, keepdims=True))
            return e / np.sum(e, axis=-1, keepdims=True)
        """, (A,), {"add": N * K + N * (K - 1), "elementary": N * K, "divide": N * K}),
    "fft": ("def f(z): return np.fft.fft(z)", (np.ones(8, complex),), {"add": 4 * 8 * 3 - 6 * 8 + 8}),
    "grids that are no calls": ("""
        def f(x):
            i, j = np.mgrid[0:3, 0:4] * 1.0
            both = np.r_[x, x]
            both *= 2.0
            return np.sqrt(i * j).sum() + np.c_[x, x].sum()
        """, (X,), {"multiply": 24 + 2 * N + 12, "sqrt": 12, "add": 11 + 2 * N - 1 + 1}),
    "classes, closures and recursion": ("""
        class Filter:
            gain = 2.0
            def __init__(self, gain=None):
                self.state = 0.0
                if gain is not None:
                    self.gain = gain
            def __call__(self, value):
                self.state += self.gain * value
                return self.state

        def power(v, n):
            return 1.0 if n == 0 else v * power(v, n - 1)

        def f(x):
            total = 0.0
            def note(v, *, scale=0.5):
                nonlocal total
                total += v * scale
            low = Filter()
            for v in x:
                note(low(v))
            return total + power(total, 3)
        """, (X,), {"multiply": 2 * N + 3, "add": 2 * N + 1}),
    "generators, walrus and exceptions": ("""
        def pairs(x):
            yield from zip(x[:-1], x[1:])

        def f(x):
            best = 0.0
            for a, b in pairs(x):
                try:
                    if (d := b - a) > best:
                        best = d
                    best / 0.0
                except ZeroDivisionError:
                    pass
            with np.errstate(all="ignore"):
                return best * 2.0
        """, (X,), {"add": N - 1, "multiply": 1, "divide": N - 1}),
    "cached and partial functions": ("""
        @functools.lru_cache(maxsize=None)
        def weight(k):
            return 1.0 / (1.0 + k)

        def scale(factor, v):
            return factor * v

        def f(x):
            twice = functools.partial(scale, 2.0)
            return [twice(v) * weight(i % 2) for i, v in enumerate(x)][0]
        """, (X,), {"multiply": 2 * N, "add": 2, "divide": 2}),
    "out arguments": ("""
        def f(x, y):
            t = np.empty_like(x)
            np.multiply(x, y, t)
            np.add(t, y, out=t)
            np.dot(t, y)
            return t
        """, (X, Y), {"multiply": 2 * N, "add": 2 * N}),
    "quantiles": ("def f(a): return np.percentile(a, 30.0, axis=0)", (A,), {"add": 2 * K, "multiply": K}),
    "a matrix to a power": ("def f(c): return np.linalg.matrix_power(c[:5, :5], 3)", (C,), {"add": 2 * M**3, "multiply": 2 * M**3}),
    "piecewise": ("def f(x): return np.piecewise(x, [x < 1.0, x >= 1.0], [lambda v: v * 2.0, lambda v: v * 3.0])", (X,), {"multiply": N}),
    "angles": ("def f(z): return np.angle(z) + np.sinc(z.real)", (Z,), {"elementary": 2 * N, "add": N, "multiply": N, "divide": N}),
    "stacked lists of rows": ("def f(a): return np.stack([row * 2.0 for row in a]).sum() + np.sum([1.0, 2.0])", (A,),
                              {"multiply": N * K, "add": N * K - 1 + 1 + 1}),
    "interpolation": ("def f(x, a, b): return np.interp(x, a, b)", (X, np.arange(3.0), np.arange(3.0)),
                      {"add": 2 * N + 4, "multiply": N, "divide": 2}),
}


@pytest.mark.parametrize("name", CASES)
def test_operations_are_those_counted_by_hand(name):
    body, arguments, expected = CASES[name]
    work = counted(body, *arguments, extra="def half(v):\n    return 0.5 * v\n")
    if name == "vectorize":  # NumPy calls the function once more to learn its type
        assert kinds(work)["multiply"] in (N, N + 1)
    else:
        assert kinds(work) == expected


def test_each_precision_is_counted_apart():
    work = counted("def f(x, y): return np.float32(2.0) * x, y + y, x[0] * x[1]", X.astype(np.float32), Y)
    assert kinds(work, "float32") == {"multiply": N + 1} and kinds(work) == {"add": N}
    assert counted("def f(z): return z * z", Z.astype(np.complex64)).flops == {"float32": 6 * N}


@pytest.mark.parametrize("body", [
    "def f(n): return n * n + n // 2",
    "def f(n): return np.cumsum(n) & 3",
    "def f(n):\n    t = 0\n    for i in range(n.size):\n        t = (t * 31 + n[i]) % 65521\n    return t",
    "def f(n): return np.sort(n)[::-1].max() - np.minimum(n, 3).sum()",
    "def f(n): return np.bitwise_xor.reduce(n << 1)",
])
def test_integers_are_no_floating_point_operations(body):
    work = counted(body, np.arange(1, 9))
    assert work.flops == {} and work.read == 64


def test_comparisons_are_listed_and_weigh_nothing():
    work = counted("def f(x): return np.maximum(x, 1.0).max()", X)
    assert work.operations == {"float64": {"compare": N + N - 1}} and work.flops == {}


@pytest.mark.parametrize(("body", "arguments", "read", "written"), [
    ("def f(a): return a[:, 0] * 2.0", (A,), 8 * N, 8 * N),
    ("def f(a): return a.T + 1.0", (A,), 8 * N * K, 8 * N * K),
    ("def f(x, i): return x[i] * 2.0", (X, np.array([1, 1, 4])), 16 + 24, 24),
    ("def f(x, i): return np.take(x, i).copy()", (X, np.array([0, 1])), 8 * N + 16, 16),
    ("def f(x):\n    x[:] = 3.0\n    return x.sum()", (X,), 0, 8 * N + 8),
    ("def f(x):\n    x[1:] = x[:-1] + x[1:]", (X,), 8 * N, 8 * (N - 1)),
    ("def f(x):\n    for i in range(1, x.size):\n        x[i] = x[i - 1] + 1.0", (X,), 8, 8 * (N - 1)),
    ("def f(z): return z.real * 2.0", (Z,), 16 * N, 8 * N),
    ("def f(a, b):\n    b[...] = a[::2]\n", (X, np.zeros(3)), 24, 24),
    ("def f(x, m): return x[m]", (X, ODD), 8 * 3 + N, 24),
    ("def f(a):\n    t = 0.0\n    for row in a:\n        t += row[0]\n    return t", (A,), 8 * N, 8),
    ("def f(x): return x", (X,), 0, 0),
    ("def f(a): return np.zeros_like(a)", (A,), 0, 8 * N * K),
    ("def f(a): return a[a.shape[0] // 2].copy()", (A,), 8 * K, 8 * K),
])
def test_traffic_is_the_distinct_bytes_read_before_they_are_written_and_those_written(body, arguments, read, written):
    work = counted(body, *arguments)
    assert (work.read, work.written) == (read, written)


def test_touched_bytes_count_each_pass_over_temporary_arrays():
    work = counted("def f(x):\n    y = x * 2.0\n    return y + 1.0", X)
    assert (work.bytes, work.touched) == (2 * 8 * N, 4 * 8 * N)


def test_arguments_are_left_as_they_are_and_order_of_memory_is_kept():
    given = np.asfortranarray(A)
    before = given.copy()
    assert counted("def f(a): a += 1.0", given).flops == {"float64": N * K}
    assert np.array_equal(given, before)


@pytest.mark.parametrize(("body", "what"), [
    ("def f(a): return np.linalg.svd(a)[1]", "svd"),
    ("def f(x): return np.random.default_rng(0).random() * x", "random"),
    ("def f(x): return np.array(list(itertools.accumulate(x)))", "accumulate"),
    ("def f(x): return np.polyfit(x, x, 1)", "polyfit"),
])
def test_what_is_not_known_is_refused_by_name(body, what):
    with pytest.raises(NotCounted, match=what):
        counted(body, A if "(a)" in body else X)


def test_a_reference_that_raises_is_a_reason_not_an_error():
    with pytest.raises(NotCounted, match="IndexError"):
        counted("def f(x): return x[99]", X)


def test_counting_ends_at_its_deadline():
    body = "def f(x):\n    t = 0.0\n    while t < 1e9:\n        t += 1.0\n    return t"
    began = time.process_time()
    with pytest.raises(OutOfTime):
        of_reference(spec(body), (X,), began + 0.2)
    assert time.process_time() - began < 1.0


def test_decorators_that_compile_are_set_aside():
    body = "@numba.njit(cache=False)\ndef f(x):\n    return helper(x)\n"
    extra = "import numba\n@numba.njit\ndef helper(x):\n    return 2.0 * x\n"
    assert counted(body, X, extra=extra).flops == {"float64": N}


def test_a_candidate_that_writes_is_counted_as_it_computes_with_integers_that_wrap():
    text = """
BLOCK = 4  # tune: 2 4 8

def helper(v):
    return v * v + 1.0

def kernel(a, out):
    state = 88172645463325252
    for block in prange((a.shape[0] + BLOCK - 1) // BLOCK):
        for i in range(block * BLOCK, min(a.shape[0], (block + 1) * BLOCK)):
            state = state * 6364136223846793005 + 1442695040888963407
            for j in range(a.shape[1]):
                out[i, j] = helper(a[i, j]) / max(1.0, float(i))
"""
    signature = Signature((Argument("a", "array", "float64", 2),), (Output("array", "float64", 2, ("a.shape[0]", "a.shape[1]")),))
    work = of_candidate(Candidate(text, convention="writes"), (A,), signature)
    assert kinds(work) == {"multiply": N * K, "add": N * K, "divide": N * K}
    assert (work.read, work.written) == (8 * N * K, 8 * N * K)


def test_compiled_code_raises_nothing_where_python_does():
    text = "def kernel(x):\n    t = 0.0\n    for i in range(x.size):\n        t += math.log(x[i] - x[i]) + 1.0 / (x[i] - x[i])\n    return t\n"
    signature = Signature((Argument("x", "array", "float64", 1),), (Output("float", "float64"),))
    assert kinds(of_candidate(Candidate(text), (X,), signature)) == {"elementary": N, "add": 4 * N, "divide": N}
    assert math.isfinite(X.sum())
