"""The kernels that are attacked: small, each of another style, with an honest candidate of each."""
from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent

from ...kernels.candidate import Candidate, JitOptions
from ...kernels.spec import KernelSpec
from .attack import PARALLEL, Control, returns, writes

_HEAD = "import numpy as np\nimport kernwright\n\n\n"
_MATRIX = """
    def make(size, rng):
        return (rng.standard_normal((size["n"], size["m"])),)


    @kernwright.kernel(inputs=make, sizes={"tiny": {"n": 4, "m": 5}, "verify": {"n": 23, "m": 31}, "benchmark": {"n": 300, "m": 200}})
"""
_TEXTS: Mapping[str, str] = {
    "row_sums": _MATRIX + """
    def row_sums(a):
        squares = a * a
        return squares.sum(axis=1)
    """,
    "mirror": _MATRIX + """
    def mirror(a):
        return a[:, ::-1].copy()
    """,
    "column_means": _MATRIX + """
    def column_means(a):
        return np.zeros_like(a) + a.mean(axis=0)
    """,
    "softmax": """
    def make(size, rng):
        return (2.0 * rng.standard_normal((size["n"], size["m"])),)


    @kernwright.kernel(inputs=make, sizes={"tiny": {"n": 3, "m": 5}, "verify": {"n": 17, "m": 19}, "benchmark": {"n": 120, "m": 96}})
    def softmax(a):
        e = np.exp(a - a.max(axis=1)[:, None])
        return e / e.sum(axis=1)[:, None]
    """,
    "counts": """
    def make(size, rng):
        return rng.integers(0, 8, size["n"]), 8


    @kernwright.kernel(inputs=make, sizes={"tiny": {"n": 11}, "verify": {"n": 203}, "benchmark": {"n": 20011}})
    def counts(codes, bins):
        return np.bincount(codes, minlength=bins)
    """,
    "prefix": """
    def make(size, rng):
        return (rng.standard_normal(size["n"]),)


    @kernwright.kernel(inputs=make, sizes={"tiny": {"n": 9}, "verify": {"n": 101}, "benchmark": {"n": 4003}})
    def prefix(a):
        return np.cumsum(a)
    """,
    "relax": """
    def make(size, rng):
        return rng.standard_normal((size["n"], size["n"])), 4


    @kernwright.kernel(inputs=make, sizes={"tiny": {"n": 6}, "verify": {"n": 19}, "benchmark": {"n": 90}})
    def relax(a, steps):
        for _ in range(steps):
            a[1:-1, 1:-1] = 0.25 * (a[:-2, 1:-1] + a[2:, 1:-1] + a[1:-1, :-2] + a[1:-1, 2:])
    """,
    "spectrum": """
    def make(size, rng):
        n = size["n"]
        return rng.standard_normal(n) + 1j * rng.standard_normal(n), 0.25 - 0.5j


    @kernwright.kernel(inputs=make, sizes={"tiny": {"n": 7}, "verify": {"n": 67}, "benchmark": {"n": 6001}})
    def spectrum(z, c):
        return (z * 0.5 + c) * z + 1.0
    """,
    "faint": """
    def make(size, rng):
        return (rng.uniform(0.5, 2.0, size["n"]).astype(np.float32),)


    @kernwright.kernel(inputs=make, tolerance={"rtol": 1e-5, "atol": 1e-3},
                       sizes={"tiny": {"n": 8}, "verify": {"n": 67}, "benchmark": {"n": 6000}})
    def faint(a):
        return np.exp(-a) * np.float32(1e-4)
    """,
    "gated": """
    def make(size, rng):
        a = rng.standard_normal((size["n"], size["m"]))
        w = rng.standard_normal(size["m"])
        a[rng.random(a.shape) < 0.5] = 0.0
        a[rng.random(a.shape) < 0.02] = np.nan
        w[rng.integers(0, size["m"])] = np.inf
        return a, w


    @kernwright.kernel(inputs=make, sizes={"tiny": {"n": 4, "m": 5}, "verify": {"n": 23, "m": 31}, "benchmark": {"n": 200, "m": 80}})
    def gated(a, w):
        return (a * w).sum(axis=1), np.isnan(a).sum(axis=1)
    """,
    "product": """
    def make(size, rng):
        return rng.standard_normal((size["n"], size["n"])), rng.standard_normal((size["n"], size["n"]))


    @kernwright.kernel(inputs=make, sizes={"tiny": {"n": 4}, "verify": {"n": 13}, "benchmark": {"n": 96}})
    def product(a, b):
        return a @ b
    """,
}
KERNELS: Mapping[str, KernelSpec] = {name: KernelSpec(name, _HEAD + dedent(text).lstrip("\n"), name) for name, text in _TEXTS.items()}

ROWS = """def kernel(a, out):
    for i in range(a.shape[0]):
        total = 0.0
        for j in range(a.shape[1]):
            total += a[i, j] * a[i, j]
        out[i] = total
"""
MIRROR = """def kernel(a, out):
    m = a.shape[1]
    for i in range(a.shape[0]):
        for j in range(m):
            out[i, j] = a[i, m - 1 - j]
"""
MEANS = """def kernel(a, out):
    n, m = a.shape
    means = np.zeros(m)
    for i in range(n):
        for j in range(m):
            means[j] += a[i, j]
    for j in range(m):
        means[j] /= n
    for i in range(n):
        for j in range(m):
            out[i, j] = means[j]
"""
SOFTMAX = """def kernel(a, out):
    for i in range(a.shape[0]):
        top = a[i, 0]
        for j in range(a.shape[1]):
            top = max(top, a[i, j])
        total = 0.0
        for j in range(a.shape[1]):
            out[i, j] = math.exp(a[i, j] - top)
            total += out[i, j]
        for j in range(a.shape[1]):
            out[i, j] /= total
"""
COUNTS = """def kernel(codes, bins):
    top = bins
    for code in codes:
        top = max(top, code + 1)
    out = np.zeros(top, np.int64)
    for i in range(codes.shape[0]):
        out[codes[i]] += 1
    return out
"""
PREFIX = """def kernel(a, out):
    total = 0.0
    for i in range(a.shape[0]):
        total += a[i]
        out[i] = total
"""
RELAX = """def copy(a, b):
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            b[i, j] = a[i, j]


def kernel(a, steps):
    n = a.shape[0]
    old = np.empty_like(a)
    for step in range(steps):
        copy(a, old)
        for i in range(1, n - 1):
            for j in range(1, n - 1):
                a[i, j] = 0.25 * (old[i - 1, j] + old[i + 1, j] + old[i, j - 1] + old[i, j + 1])
"""
SPECTRUM = """def kernel(z, c, out):
    for i in range(z.shape[0]):
        out[i] = (z[i] * 0.5 + c) * z[i] + 1.0
"""
FAINT = """def kernel(a, out):
    for i in range(a.shape[0]):
        out[i] = math.exp(-a[i]) * np.float32(1e-4)
"""
GATED = """def kernel(a, w):
    sums = np.zeros(a.shape[0])
    gaps = np.zeros(a.shape[0], np.int64)
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            sums[i] += a[i, j] * w[j]
            if a[i, j] != a[i, j]:
                gaps[i] += 1
    return sums, gaps
"""
PRODUCT = """def kernel(a, b, out):
    n = a.shape[0]
    for i in range(n):
        for j in range(n):
            out[i, j] = 0.0
        for k in range(n):
            x = a[i, k]
            for j in range(n):
                out[i, j] += x * b[k, j]
"""
SEEDS: Mapping[str, Candidate] = {
    "row_sums": writes(ROWS), "mirror": writes(MIRROR), "column_means": writes(MEANS), "softmax": writes(SOFTMAX),
    "counts": returns(COUNTS), "prefix": writes(PREFIX), "relax": returns(RELAX), "spectrum": writes(SPECTRUM),
    "faint": writes(FAINT), "gated": returns(GATED), "product": writes(PRODUCT),
}
"""An honest candidate of each kernel: the anchor of its timings."""

_FAST = JitOptions(fastmath=("contract", "nsz", "reassoc"))
_BLOCKED = """BLOCK = 4  # tune: 2 4 8


def row(a, i):
    total = 0.0
    for j in range(a.shape[1]):
        total += a[i, j] * a[i, j]
    return total


def kernel(a, out):
    n = a.shape[0]
    for b in prange((n + BLOCK - 1) // BLOCK):
        for i in range(b * BLOCK, min(n, (b + 1) * BLOCK)):
            out[i] = row(a, i)
"""
_UNSIGNED = """def kernel(a, out):
    total = 0.0
    for i in range(np.uint64(a.shape[0])):
        total += a[i]
        out[i] = total
"""
CONTROLS: tuple[Control, ...] = (
    *(Control(f"honest-{name.replace('_', '-')}", name, candidate) for name, candidate in SEEDS.items()),
    Control("honest-fastmath", "row_sums", writes(ROWS, _FAST)),
    Control("honest-parallel-blocks", "row_sums", writes(_BLOCKED, PARALLEL)),
    Control("honest-parallel-rows", "softmax", writes(SOFTMAX.replace("for i in range", "for i in prange"), PARALLEL)),
    Control("honest-unsigned", "prefix", writes(_UNSIGNED)),
    Control("honest-array-statements", "spectrum", returns("def kernel(z, c):\n    return (z * 0.5 + c) * z + 1.0\n")),
)
