"""References with ways of writing them that lose no precision, and ways that do; plain Python, run as it stands."""
import math

import numpy as np
from kernwright.kernels.observe import observe
from kernwright.kernels.spec import KernelSpec
from kernwright.workers.oracle import Oracle

HEAD = "import math\nimport numpy as np\nimport kernwright\n\n"
f4, f8 = np.float32, np.float64


def oracle(text, inputs, sizes=({"n": 9}, {"n": 61}, {"n": 4000})):
    """The oracle of a reference `f` whose inputs are the tuple `inputs`, an expression of n and rng."""
    sizes = dict(zip(("tiny", "verify", "benchmark"), sizes))
    spec = KernelSpec("f", f"{HEAD}def make(size, rng):\n    n = size['n']\n    return {inputs}\n\n"
                           f"@kernwright.kernel(inputs=make, sizes={sizes!r})\n{text.strip()}\n", "f").open()
    return Oracle(spec, observe(spec, 0, 30.0).signature)


def running(values, start):
    """The sum, one term after the other, in the type of `start`."""
    total = start
    for value in values:
        total = total + value
    return total


REFERENCES = {
    "sum32": ("def f(a):\n    return np.sum(a)", "(rng.random(n, dtype=np.float32),)"),
    "sum64": ("def f(a):\n    return a.sum()", "(rng.standard_normal(n),)"),
    "rows32": ("def f(a):\n    return a.sum(axis=1)", "(rng.standard_normal((n // 40 + 1, n), dtype=np.float32),)"),
    "kahan": ("def f(a):\n    s = 0.0\n    c = 0.0\n    for x in a:\n        y = x - c\n        t = s + y\n        c = (t - s) - y\n"
              "        s = t\n    return s", "(rng.random(4 * n) - 0.25,)"),
    "kahan positive": ("def f(a):\n    s = np.float32(0)\n    c = np.float32(0)\n    for x in a:\n        y = x - c\n        t = s + y\n"
                       "        c = (t - s) - y\n        s = t\n    return s", "(rng.random(n, dtype=np.float32),)"),
    "variance": ("def f(a):\n    return np.var(a, axis=0)", "(1000.0 + rng.standard_normal((n, 20)),)"),
    "variance near zero": ("def f(a):\n    return np.var(a, axis=0)", "(rng.standard_normal((n, 20)),)"),
    "softmax": ("def f(a):\n    e = np.exp(a - a.max())\n    return e / e.sum()", "(30 * rng.standard_normal(n),)"),
    "softmax32": ("def f(a):\n    e = np.exp(a - a.max())\n    return e / e.sum()",
                  "(8 * rng.standard_normal(n, dtype=np.float32),)"),
    "differences": ("def f(a, b):\n    return a - b", "(1e8 + rng.random(n), 1e8 + rng.random(n))"),
    "gelu32": ("def f(z):\n    return 0.5 * z * (1.0 + np.tanh(0.7978845608028654 * (z + 0.044715 * z**3)))",
               "(4 * rng.standard_normal(n, dtype=np.float32),)"),
    "matvec64": ("def f(a, x):\n    return a @ x", "(rng.standard_normal((40, n)), rng.standard_normal(n))"),
    "complex": ("def f(a, b):\n    return np.sum(a * np.conj(b), axis=1)",
                "(rng.standard_normal((20, n)) + 1j * rng.standard_normal((20, n)), rng.standard_normal((20, n)) + 0.5j)"),
    "complex64": ("def f(a):\n    return np.abs(a) * np.exp(1j * np.angle(a)) + a",
                  "((rng.standard_normal(n) + 1j * rng.standard_normal(n)).astype(np.complex64),)"),
    "distance": ("def f(x, y):\n    return 1.0 / np.sqrt((x - y) ** 2 + 0.01) ** 3", "(rng.standard_normal(n), rng.standard_normal(n))"),
    "log": ("def f(x):\n    return np.log1p(x)", "(1e-6 * rng.random(n),)"),
    "prefix": ("def f(x):\n    return np.cumsum(x)", "(rng.random(n),)"),
    "moving": ("def f(x):\n    return np.convolve(x, np.ones(5) / 5, 'valid')", "(rng.random(n + 5),)"),
    "norm": ("def f(x):\n    return np.linalg.norm(x)", "(rng.standard_normal(n),)"),
    "mixed": ("def f(x):\n    return (x.astype(np.float64) ** 2).sum(axis=0).astype(np.float32)",
              "(rng.standard_normal((n, 20), dtype=np.float32),)"),
    "horner": ("def f(x):\n    y = x - 1.0\n    return ((y - 6.0) * y + 15.0) * y - 20.0", "(rng.random(n),)"),
    "in place": ("def f(a):\n    for _ in range(5):\n        a[1:-1] = 0.25 * (a[:-2] + 2.0 * a[1:-1] + a[2:])", "(rng.random(n),)"),
}


def kahan_loop(a):
    s = c = a.dtype.type(0)
    for x in a:
        y = x - c
        t = s + y
        c, s = (t - s) - y, t
    return s


def online_softmax(a):
    top, total = a.dtype.type(-np.inf), a.dtype.type(0)
    for x in a:
        if x > top:
            total, top = total * np.exp(top - x), x
        total += np.exp(x - top)
    return np.exp(a - top) / total


def lanes(values, width=8):
    """A sum in `width` partial sums, as vector instructions take it."""
    parts = [running(values[k::width], values.dtype.type(0)) for k in range(width)]
    return running(parts, values.dtype.type(0))


def one_pass_variance(a):
    n = a.shape[0]
    s, q = running(a, np.zeros(a.shape[1])), running(a * a, np.zeros(a.shape[1]))
    return q / n - (s / n) ** 2


def welford(a):
    mean, m2 = np.zeros(a.shape[1]), np.zeros(a.shape[1])
    for k, row in enumerate(a, 1):
        delta = row - mean
        mean = mean + delta / k
        m2 = m2 + delta * (row - mean)
    return m2 / len(a)


def loop_variance(a):
    mean = running(a, np.zeros(a.shape[1])) / len(a)
    return running((a - mean) ** 2, np.zeros(a.shape[1])) / len(a)


def smoothed(a, third=f8(0.25), kind=f8):
    a = a.copy()
    for _ in range(5):
        a[1:-1] = (third * (a[:-2].astype(kind) + a[2:]) + kind(0.5) * a[1:-1]).astype(kind)
    return a


def moving_sum(x):
    s, out = running(x[:5], f8(0)), []
    for k in range(len(x) - 4):
        out.append(s * 0.2)
        if k + 5 < len(x):
            s = s + x[k + 5] - x[k]
    return np.array(out)


RIGHT = {
    "sum32: a plain loop": ("sum32", lambda a: running(a, f4(0))),
    "sum32: eight lanes": ("sum32", lanes),
    "sum32: in double": ("sum32", lambda a: f4(running(a, f8(0)))),
    "sum32: from the end": ("sum32", lambda a: running(a[::-1], f4(0))),
    "sum64: a plain loop": ("sum64", lambda a: running(a, 0.0)),
    "sum64: from the end": ("sum64", lambda a: running(a[::-1], 0.0)),
    "sum64: math.fsum": ("sum64", lambda a: math.fsum(a)),
    "rows32: plain loops": ("rows32", lambda a: running(a.T, np.zeros(len(a), f4))),
    "kahan: the same": ("kahan", kahan_loop),
    "kahan: exact": ("kahan", lambda a: math.fsum(a)),
    "kahan positive: the same": ("kahan positive", kahan_loop),
    "variance: plain loops": ("variance", loop_variance),
    "variance: Welford": ("variance", welford),
    "variance near zero: one pass": ("variance near zero", one_pass_variance),
    "softmax: online": ("softmax", online_softmax),
    "softmax: times the reciprocal": ("softmax", lambda a: np.exp(a - a.max()) * (1.0 / running(np.exp(a - a.max()), 0.0))),
    "softmax32: online": ("softmax32", online_softmax),
    "softmax32: by exp2": ("softmax32", lambda a: (lambda e: e / running(e, f4(0)))(np.exp2((a - a.max()) * f4(1.4426950408889634)))),
    "differences: the same": ("differences", lambda a, b: -(b - a)),
    "gelu32: in double": ("gelu32", lambda z: (0.5 * z.astype(f8) * (1 + np.tanh(0.7978845608028654 * (z + 0.044715 * z.astype(f8) ** 3)))).astype(f4)),
    "gelu32: another order": ("gelu32", lambda z: z * (f4(0.5) + f4(0.5) * np.tanh(z * (f4(0.7978845608028654) + f4(0.035677408136300125) * (z * z))))),
    "matvec64: plain loops": ("matvec64", lambda a, x: running((a * x).T, np.zeros(40))),
    "complex: plain loops": ("complex", lambda a, b: running((a * np.conj(b)).T, np.zeros(20, complex))),
    "complex64: simply twice": ("complex64", lambda a: a + a),
    "distance: a power": ("distance", lambda x, y: ((x - y) ** 2 + 0.01) ** -1.5),
    "log: the same": ("log", lambda x: np.array([math.log1p(v) for v in x])),
    "prefix: the same": ("prefix", lambda x: np.cumsum(x)),
    "prefix: in blocks": ("prefix", lambda x: np.concatenate([np.cumsum(x[k : k + 64]) + lanes(x[:k]) for k in range(0, len(x), 64)])),
    "moving: plain": ("moving", lambda x: 0.2 * (((x[:-4] + x[1:-3]) + (x[2:-2] + x[3:-1])) + x[4:])),
    "norm: a plain loop": ("norm", lambda x: math.sqrt(running(x * x, 0.0))),
    "mixed: the same": ("mixed", lambda x: running(x.astype(f8) ** 2, np.zeros(20)).astype(f4)),
    "horner: expanded": ("horner", lambda x: (x - 1) ** 3 - 6 * (x - 1) ** 2 + 15 * (x - 1) - 20),
    "in place: another order": ("in place", smoothed),
}
WRONG = {
    "sum64: in single": ("sum64", lambda a: f8(np.sum(a.astype(f4)))),
    "rows32: in half": ("rows32", lambda a: a.astype(np.float16).astype(f4).sum(axis=1)),
    "kahan: without compensation": ("kahan", lambda a: running(a, 0.0)),
    "kahan: in pairs": ("kahan positive", lambda a: running(a, f4(0))),
    "variance: one pass": ("variance", one_pass_variance),
    "variance: a rounded mean": ("variance", lambda a: ((a - a.mean(axis=0).astype(f4)) ** 2).mean(axis=0)),
    "softmax: without the maximum": ("softmax", lambda a: np.exp(a * 20) / np.exp(a * 20).sum() if len(a) < 0 else np.exp(a + 690) / np.exp(a + 690).sum()),
    "softmax: in single": ("softmax", lambda a: (lambda e: e / e.sum())(np.exp((a - a.max()).astype(f4)).astype(f8))),
    "softmax32: a rough exp": ("softmax32", lambda a: (lambda e: e / e.sum())((1 + (a - a.max()) / f4(4096)) ** 4096)),
    "differences: scaled": ("differences", lambda a, b: (a.astype(f4) - b.astype(f4)).astype(f8)),
    "differences: of squares": ("differences", lambda a, b: (a * a - b * b) / (a + b)),
    "gelu32: tanh through exp": ("gelu32", lambda z: f4(0.5) * z * (f4(1) + (1 - f4(2) / (np.exp(np.minimum(f4(2) * z.astype(np.float16).astype(f4), 80)) + 1)))),
    "matvec64: in single": ("matvec64", lambda a, x: (a.astype(f4) @ x.astype(f4)).astype(f8)),
    "matvec64: products in single": ("matvec64", lambda a, x: (a * x).astype(f4).astype(f8).sum(axis=1)),
    "complex: in single": ("complex", lambda a, b: np.sum((a * np.conj(b)).astype(np.complex64), axis=1).astype(complex)),
    "complex64: in half": ("complex64", lambda a: ((a + a).real.astype(np.float16) + 1j * (a + a).imag).astype(np.complex64)),
    "distance: a rough root": ("distance", lambda x, y: (1.0 / np.sqrt(((x - y) ** 2 + 0.01).astype(f4)) ** 3).astype(f8)),
    "distance: a single constant": ("distance", lambda x, y: 1.0 / np.sqrt((x - y) ** 2 + f8(f4(0.01))) ** 3),
    "log: log(1 + x)": ("log", lambda x: np.log(1 + x)),
    "prefix: in single": ("prefix", lambda x: np.cumsum(x.astype(f4)).astype(f8)),
    "moving: in single": ("moving", lambda x: np.convolve(x.astype(f4), np.ones(5) / 5, "valid")),
    "norm: scaled in single": ("norm", lambda x: f8(f4(np.sqrt(np.sum(x * x))))),
    "mixed: in single": ("mixed", lambda x: running(x * x, np.zeros(20, f4))),
    "horner: a single constant": ("horner", lambda x: (((x - 1) - 6) * (x - 1) + 15) * (x - 1) - 20.000001),
    "in place: a single constant": ("in place", lambda a: smoothed(a, f8(f4(0.2500001)))),
    "in place: in single": ("in place", lambda a: smoothed(a, f4(0.25), f4)),
    "sum32: beyond its largest step": ("sum32", lambda a: f4(running(a[::2], f4(0)) + running(a[1::2] * f4(1 + 2e-5), f4(0)))),
}
