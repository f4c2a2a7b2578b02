"""Kernels in many styles, each with a rewriting that is the same function and one that is subtly another."""
from __future__ import annotations

from dataclasses import dataclass

SIZES = {"tiny": {"n": 6, "m": 5}, "verify": {"n": 13, "m": 11}, "benchmark": {"n": 40, "m": 30}}


@dataclass(frozen=True)
class Style:
    """inputs: the body of make_inputs(n, m, rng). reference: a function f. same, other: candidates' texts."""

    inputs: str
    reference: str
    same: str
    other: str
    size: dict[str, int] | None = None


STYLES = {
    "masked clean-up": Style(
        "rng.standard_normal(n),",
        "def f(x):\n    y = x.copy()\n    y[y < 0] = 0.5 * y[y < 0]\n    y[x > 1.0] += 2.0\n    return y",
        """
def kernel(x):
    y = np.empty(x.shape[0])
    for i in range(x.shape[0]):
        v = x[i]
        if v < 0.0:
            v = v / 2.0
        if x[i] > 1.0:
            v = v + 2.0
        y[i] = v
    return y
""", """
def kernel(x):
    y = np.empty(x.shape[0])
    for i in range(x.shape[0]):
        v = x[i]
        if v < 0.0:
            v = v * 0.5000001
        if x[i] > 1.0:
            v = v + 2.0
        y[i] = v
    return y
"""),
    "einsum over three arrays": Style(
        "rng.standard_normal((n, m)), rng.standard_normal((m, n)), rng.standard_normal(n)",
        "def f(a, b, w):\n    return np.einsum('ij,jk,k->i', a, b, w)",
        """
def kernel(a, b, w):
    out = np.zeros(a.shape[0])
    t = np.zeros(a.shape[1])
    for j in range(a.shape[1]):
        s = 0.0
        for k in range(w.shape[0] - 1, -1, -1):
            s += b[j, k] * w[k]
        t[j] = s
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            out[i] += a[i, j] * t[j]
    return out
""", """
def kernel(a, b, w):
    out = np.zeros(a.shape[0])
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            for k in range(w.shape[0]):
                out[i] += a[i, j] * b[j, k] * w[j]
    return out
"""),
    "float32 layer normalisation": Style(
        "rng.standard_normal((n, m), dtype=np.float32), rng.standard_normal(m, dtype=np.float32)",
        "def f(x, g):\n    mu = x.mean(axis=1, keepdims=True)\n    v = x.var(axis=1, keepdims=True)\n    return (x - mu) / np.sqrt(v + 1e-5) * g",
        """
def kernel(x, g):
    out = np.empty_like(x)
    n = x.shape[1]
    for i in range(x.shape[0]):
        s = np.float32(0.0)
        q = np.float32(0.0)
        for j in range(n):
            s += x[i, j]
            q += x[i, j] * x[i, j]
        mu = s / n
        v = q / n - mu * mu
        r = 1.0 / math.sqrt(v + np.float32(1e-5))
        for j in range(n):
            out[i, j] = (x[i, j] - mu) * r * g[j]
    return out
""", """
def kernel(x, g):
    out = np.empty_like(x)
    n = x.shape[1]
    for i in range(x.shape[0]):
        mu = x[i].mean()
        v = np.float32(0.0)
        for j in range(n):
            v += (x[i, j] - mu) ** 2
        v /= n - 1
        for j in range(n):
            out[i, j] = (x[i, j] - mu) / math.sqrt(v + np.float32(1e-5)) * g[j]
    return out
"""),
    "float32 scale": Style(
        "rng.standard_normal(n, dtype=np.float32),",
        "def f(x):\n    return 0.1 * x + 0.3333333333333333",
        """
def kernel(x):
    out = np.empty(x.shape[0], np.float32)
    c = np.float32(0.1)
    for i in range(x.shape[0]):
        out[i] = x[i] * c + np.float32(1.0) / np.float32(3.0)
    return out
""", """
def kernel(x):
    out = np.empty(x.shape[0], np.float32)
    for i in range(x.shape[0]):
        out[i] = x[i] * np.float32(0.10000002) + np.float32(0.33333334)
    return out
"""),
    "complex rotation": Style(
        "rng.standard_normal(n) + 1j * rng.standard_normal(n), rng.standard_normal(n)",
        "def f(z, t):\n    return z * np.exp(1j * t) + np.conj(z) / 2",
        """
def kernel(z, t):
    out = np.empty(z.shape[0], np.complex128)
    for i in range(z.shape[0]):
        c = math.cos(t[i])
        s = math.sin(t[i])
        a = z[i].real
        b = z[i].imag
        out[i] = complex(a * c - b * s + 0.5 * a, a * s + b * c - 0.5 * b)
    return out
""", """
def kernel(z, t):
    out = np.empty(z.shape[0], np.complex128)
    for i in range(z.shape[0]):
        c = math.cos(t[i])
        s = math.sin(t[i])
        a = z[i].real
        b = z[i].imag
        out[i] = complex(a * c - b * s + 0.5 * a, a * s + b * c + 0.5 * b)
    return out
"""),
    "integers and floats": Style(
        "rng.integers(1, 9, n), rng.standard_normal(n)",
        "def f(k, x):\n    return np.sum(x * k) / k.sum() + k.mean() * 3",
        """
def kernel(k, x):
    s = 0.0
    c = 0
    for i in range(k.shape[0]):
        s += x[i] * k[i]
        c += k[i]
    return s * (1.0 / c) + 3.0 * c / k.shape[0]
""", """
def kernel(k, x):
    s = 0.0
    c = 0
    for i in range(k.shape[0]):
        s += x[i] * k[i]
        c += k[i]
    return s / c + 3.0 * (c // k.shape[0])
"""),
    "stencil in place": Style(
        "rng.standard_normal((n, m)), 3",
        "def f(u, steps):\n    for _ in range(steps):\n        u[1:-1, 1:-1] = (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]) / 4",
        """
def kernel(u, steps):
    v = u.copy()
    for s in range(steps):
        for i in range(1, u.shape[0] - 1):
            for j in range(1, u.shape[1] - 1):
                v[i, j] = 0.25 * ((u[i - 1, j] + u[i + 1, j]) + (u[i, j - 1] + u[i, j + 1]))
        for i in range(1, u.shape[0] - 1):
            for j in range(1, u.shape[1] - 1):
                u[i, j] = v[i, j]
""", """
def kernel(u, steps):
    for s in range(steps):
        for i in range(1, u.shape[0] - 1):
            for j in range(1, u.shape[1] - 1):
                u[i, j] = 0.25 * ((u[i - 1, j] + u[i + 1, j]) + (u[i, j - 1] + u[i, j + 1]))
"""),
    "running sums": Style(
        "rng.standard_normal((n, m)),",
        "def f(a):\n    return np.cumsum(a, axis=1) / np.arange(1, a.shape[1] + 1)",
        """
def kernel(a):
    out = np.empty(a.shape)
    for i in range(a.shape[0]):
        s = 0.0
        for j in range(a.shape[1]):
            s += a[i, j]
            out[i, j] = s / (j + 1)
    return out
""", """
def kernel(a):
    out = np.empty(a.shape)
    for i in range(a.shape[0]):
        s = 0.0
        for j in range(a.shape[1]):
            s += a[i, j]
            out[i, j] = s / max(j, 1)
    return out
"""),
    "online softmax": Style(
        "3 * rng.standard_normal((n, m)),",
        "def f(x):\n    w = np.exp(x - x.max(axis=1, keepdims=True))\n    return w / w.sum(axis=1, keepdims=True)",
        """
def kernel(x):
    out = np.empty(x.shape)
    for i in range(x.shape[0]):
        m = -np.inf
        s = 0.0
        for j in range(x.shape[1]):
            n = max(m, x[i, j])
            s = s * math.exp(m - n) + math.exp(x[i, j] - n)
            m = n
        r = 1.0 / s
        for j in range(x.shape[1]):
            out[i, j] = math.exp(x[i, j] - m) * r
    return out
""", """
def kernel(x):
    out = np.empty(x.shape)
    for i in range(x.shape[0]):
        m = -np.inf
        s = 0.0
        for j in range(x.shape[1]):
            n = max(m, x[i, j])
            s = s * math.exp(m - n) + math.exp(x[i, j] - n)
            m = n
        r = 1.0000002 / s
        for j in range(x.shape[1]):
            out[i, j] = math.exp(x[i, j] - m) * r
    return out
"""),
    "welford": Style(
        "rng.standard_normal(n),",
        "def f(x):\n    return x.mean(), x.var(), x.std(ddof=1)",
        """
def kernel(x):
    mean = 0.0
    m2 = 0.0
    for i in range(x.shape[0]):
        d = x[i] - mean
        mean += d / (i + 1)
        m2 += d * (x[i] - mean)
    n = x.shape[0]
    return mean, m2 / n, math.sqrt(m2 / (n - 1))
""", """
def kernel(x):
    mean = 0.0
    m2 = 0.0
    for i in range(x.shape[0]):
        d = x[i] - mean
        mean += d / (i + 1)
        m2 += d * d
    n = x.shape[0]
    return mean, m2 / n, math.sqrt(m2 / (n - 1))
"""),
    "logsumexp": Style(
        "rng.standard_normal((n, m)),",
        "def f(x):\n    top = x.max(axis=1)\n    return np.log(np.sum(np.exp(x - top[:, None]), axis=1)) + top",
        """
def kernel(x):
    out = np.empty(x.shape[0])
    for i in range(x.shape[0]):
        s = 0.0
        for j in range(x.shape[1]):
            s += math.exp(x[i, j])
        out[i] = math.log(s)
    return out
""", """
def kernel(x):
    out = np.empty(x.shape[0])
    for i in range(x.shape[0]):
        s = 0.0
        for j in range(1, x.shape[1]):
            s += math.exp(x[i, j] - x[i, 0])
        out[i] = math.log1p(s + 1e-9) + x[i, 0]
    return out
"""),
    "n-body": Style(
        "rng.standard_normal((n, 2)), rng.uniform(1, 2, n)",
        "def f(p, w):\n    d = p[None, :, :] - p[:, None, :]\n    r2 = (d ** 2).sum(axis=-1) + 0.01\n    return (d * (w * r2 ** -1.5)[:, :, None]).sum(axis=1)",
        """
def kernel(p, w):
    out = np.zeros(p.shape)
    for i in range(p.shape[0]):
        for j in range(p.shape[0]):
            x = p[j, 0] - p[i, 0]
            y = p[j, 1] - p[i, 1]
            r2 = x * x + y * y + 0.01
            c = w[j] / (r2 * math.sqrt(r2))
            out[i, 0] += x * c
            out[i, 1] += y * c
    return out
""", """
def kernel(p, w):
    out = np.zeros(p.shape)
    for i in range(p.shape[0]):
        for j in range(p.shape[0]):
            x = p[j, 0] - p[i, 0]
            y = p[j, 1] - p[i, 1]
            r2 = x * x + y * y + np.float32(0.01)
            c = w[j] / (r2 * math.sqrt(r2))
            out[i, 0] += x * c
            out[i, 1] += y * c
    return out
"""),
    "FIR filter": Style(
        "rng.standard_normal(4 * n), rng.standard_normal(m)",
        "def f(x, h):\n    return np.convolve(x, h, mode='valid')",
        """
def kernel(x, h):
    k = h.shape[0]
    out = np.zeros(x.shape[0] - k + 1)
    for j in range(k):
        c = h[k - 1 - j]
        for i in range(out.shape[0]):
            out[i] += c * x[i + j]
    return out
""", """
def kernel(x, h):
    k = h.shape[0]
    out = np.zeros(x.shape[0] - k + 1)
    for j in range(k):
        c = h[j]
        for i in range(out.shape[0]):
            out[i] += c * x[i + j]
    return out
"""),
    "Horner": Style(
        "rng.standard_normal(n), rng.standard_normal(m)",
        "def f(x, c):\n    y = np.zeros_like(x)\n    for k in range(len(c)):\n        y = y + c[k] * x ** k\n    return y",
        """
def kernel(x, c):
    out = np.empty_like(x)
    for i in range(x.shape[0]):
        s = 0.0
        for k in range(c.shape[0] - 1, -1, -1):
            s = s * x[i] + c[k]
        out[i] = s
    return out
""", """
def kernel(x, c):
    out = np.empty_like(x)
    for i in range(x.shape[0]):
        s = 0.0
        for k in range(c.shape[0] - 1, 0, -1):
            s = s * x[i] + c[k]
        out[i] = s * x[i] + c[0] * 0.9999999999
    return out
"""),
    "blocked matrix product": Style(
        "rng.standard_normal((n, m)), rng.standard_normal((m, n))",
        "def f(a, b):\n    return a @ b",
        """
BLOCK = 4  # tune: 2 4 8

def kernel(a, b):
    out = np.zeros((a.shape[0], b.shape[1]))
    for k0 in range(0, a.shape[1], BLOCK):
        for i0 in range(0, a.shape[0], BLOCK):
            for i in range(i0, min(i0 + BLOCK, a.shape[0])):
                for k in range(k0, min(k0 + BLOCK, a.shape[1])):
                    for j in range(b.shape[1]):
                        out[i, j] += a[i, k] * b[k, j]
    return out
""", """
BLOCK = 4  # tune: 2 4 8

def kernel(a, b):
    out = np.zeros((a.shape[0], b.shape[1]))
    for k0 in range(0, a.shape[1] - a.shape[1] % BLOCK, BLOCK):
        for i in range(a.shape[0]):
            for k in range(k0, k0 + BLOCK):
                for j in range(b.shape[1]):
                    out[i, j] += a[i, k] * b[k, j]
    return out
"""),
    "unit rows": Style(
        "rng.standard_normal((n, m)),",
        "def f(a):\n    return a / np.linalg.norm(a, axis=1, keepdims=True)",
        """
def kernel(a):
    out = np.empty(a.shape)
    for i in range(a.shape[0]):
        s0 = 0.0
        s1 = 0.0
        for j in range(0, a.shape[1] - 1, 2):
            s0 += a[i, j] * a[i, j]
            s1 += a[i, j + 1] * a[i, j + 1]
        if a.shape[1] % 2 == 1:
            s0 += a[i, a.shape[1] - 1] ** 2
        r = 1.0 / math.sqrt(s0 + s1)
        for j in range(a.shape[1]):
            out[i, j] = a[i, j] * r
    return out
""", """
def kernel(a):
    out = np.empty(a.shape)
    for i in range(a.shape[0]):
        s = 1e-12
        for j in range(a.shape[1]):
            s += a[i, j] * a[i, j]
        for j in range(a.shape[1]):
            out[i, j] = a[i, j] / math.sqrt(s)
    return out
"""),
    "gelu by exp": Style(
        "rng.standard_normal(n),",
        "def f(x):\n    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3)))",
        """
def kernel(x):
    out = np.empty(x.shape)
    for i in range(x.shape[0]):
        v = x[i]
        out[i] = v / (1.0 + math.exp(-2.0 * v * (0.7978845608028654 + 0.035677408136300125 * v * v)))
    return out
""", """
def kernel(x):
    out = np.empty(x.shape)
    for i in range(x.shape[0]):
        v = x[i]
        out[i] = v / (1.0 + math.exp(-2.0 * v * (0.79788456 + 0.035677408136300125 * v * v)))
    return out
"""),
    "polynomial for exp": Style(
        "rng.uniform(-1.0, 1.0, n),",
        "def f(x):\n    return np.exp(x) * 2.0",
        """
def kernel(x):
    out = np.empty(x.shape)
    for i in range(x.shape[0]):
        out[i] = math.exp(x[i] / 2.0) ** 2 + math.exp(x[i])
    return out
""", """
def kernel(x):
    out = np.empty(x.shape)
    for i in range(x.shape[0]):
        v = x[i]
        t = 1.0
        s = 1.0
        for k in range(1, 16):
            t = t * v / k
            s += t
        out[i] = 2.0 * s
    return out
"""),
    "kahan": Style(
        "rng.standard_normal(3 * n),",
        "def f(x):\n    return np.sum(x)",
        """
def kernel(x):
    s = 0.0
    c = 0.0
    for i in range(x.shape[0]):
        y = x[i] - c
        t = s + y
        c = (t - s) - y
        s = t
    return s
""", """
def kernel(x):
    s = 0.0
    c = 0.0
    for i in range(x.shape[0]):
        y = x[i] - c
        t = s + y
        c = (t - s) - y * 0.9999999999999
        s = t
    return s
"""),
    "pairwise distances": Style(
        "rng.standard_normal((n, 3)), rng.standard_normal((m, 3))",
        "def f(a, b):\n    return np.sqrt(((a[:, None, :] - b[None, :, :]) ** 2).sum(-1)).min(axis=1)",
        """
def kernel(a, b):
    out = np.empty(a.shape[0])
    for i in range(a.shape[0]):
        best = np.inf
        for j in range(b.shape[0]):
            s = 0.0
            for k in range(3):
                s += (a[i, k] - b[j, k]) * (a[i, k] - b[j, k])
            best = min(best, s)
        out[i] = math.sqrt(best)
    return out
""", """
def kernel(a, b):
    out = np.empty(a.shape[0])
    for i in range(a.shape[0]):
        best = np.inf
        for j in range(1, b.shape[0]):
            s = 0.0
            for k in range(3):
                s += (a[i, k] - b[j, k]) * (a[i, k] - b[j, k])
            best = min(best, s)
        out[i] = math.sqrt(best)
    return out
"""),
    "gather and scatter": Style(
        "rng.integers(0, m, n), rng.standard_normal(n)",
        "def f(k, x):\n    out = np.zeros(5)\n    np.add.at(out, k % 5, x)\n    return out + np.bincount(k, weights=x * x, minlength=20)[:5]",
        """
def kernel(k, x):
    out = np.zeros(5)
    for i in range(k.shape[0]):
        out[k[i] % 5] += x[i]
        if k[i] < 5:
            out[k[i]] += x[i] ** 2
    return out
""", """
def kernel(k, x):
    out = np.zeros(5)
    for i in range(k.shape[0]):
        out[k[i] % 5] += x[i]
        if k[i] < 5:
            out[k[i]] += x[i] * abs(x[i])
    return out
"""),
    "sorted and trimmed": Style(
        "rng.standard_normal(3 * n),",
        "def f(x):\n    y = np.sort(x)\n    return y[2:-2].mean(), np.median(x), x[np.argmax(np.abs(x))]",
        """
def kernel(x):
    y = np.sort(x)
    n = y.shape[0]
    s = 0.0
    for i in range(2, n - 2):
        s += y[i]
    m = y[n // 2] if n % 2 == 1 else 0.5 * (y[n // 2 - 1] + y[n // 2])
    top = y[0] if abs(y[0]) > abs(y[n - 1]) else y[n - 1]
    return s / (n - 4), m, top
""", """
def kernel(x):
    y = np.sort(x)
    n = y.shape[0]
    s = 0.0
    for i in range(2, n - 2):
        s += y[i]
    m = y[n // 2]
    top = y[0] if abs(y[0]) > abs(y[n - 1]) else y[n - 1]
    return s / (n - 4), m, top
"""),
    "attention twice": Style(
        "rng.standard_normal((n, m)), rng.standard_normal((m, m))",
        """def soft(x):
    w = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return w / np.sum(w, axis=-1, keepdims=True)

def f(x, w):
    return soft(soft(x @ w) @ w)""",
        """
def soft(x, out):
    for i in range(x.shape[0]):
        s = 0.0
        for j in range(x.shape[1]):
            out[i, j] = math.exp(x[i, j])
            s += out[i, j]
        for j in range(x.shape[1]):
            out[i, j] /= s

def kernel(x, w):
    a = np.empty(x.shape)
    b = np.empty(x.shape)
    soft(np.dot(x, w), a)
    soft(np.dot(a, w), b)
    return b
""", """
def soft(x, out, scale):
    for i in range(x.shape[0]):
        s = 0.0
        for j in range(x.shape[1]):
            out[i, j] = math.exp(scale * x[i, j])
            s += out[i, j]
        for j in range(x.shape[1]):
            out[i, j] /= s

def kernel(x, w):
    a = np.empty(x.shape)
    b = np.empty(x.shape)
    soft(np.dot(x, w), a, 1.0)
    soft(np.dot(a, w), b, 1.0000002)
    return b
"""),
    "nan masks": Style(
        "np.where(rng.random((n, m)) < 0.3, np.nan, rng.standard_normal((n, m))),",
        "def f(a):\n    return np.nanmean(np.where(np.isnan(a), np.nan, a * 2), axis=None), np.nansum(a, axis=0)",
        """
def kernel(a):
    total = 0.0
    count = 0
    out = np.zeros(a.shape[1])
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            if not np.isnan(a[i, j]):
                total += a[i, j]
                count += 1
                out[j] += a[i, j]
    return 2.0 * total / count, out
""", """
def kernel(a):
    total = 0.0
    count = 0
    out = np.zeros(a.shape[1])
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            if a[i, j] == a[i, j]:
                total += a[i, j]
                out[j] += a[i, j]
            count += 1
    return 2.0 * total / count, out
"""),
    "triangular solve": Style(
        "np.tril(rng.standard_normal((m, m))) + 3 * np.eye(m), rng.standard_normal(m)",
        """def f(a, b):
    x = np.zeros_like(b)
    for i in range(len(b)):
        x[i] = (b[i] - a[i] @ x) / a[i, i]
    return x""",
        """
def kernel(a, b):
    x = b.copy()
    for j in range(b.shape[0]):
        x[j] = x[j] / a[j, j]
        for i in range(j + 1, b.shape[0]):
            x[i] -= a[i, j] * x[j]
    return x
""", """
def kernel(a, b):
    x = b.copy()
    for j in range(b.shape[0]):
        x[j] = x[j] / a[j, j]
        for i in range(j + 2, b.shape[0]):
            x[i] -= a[i, j] * x[j]
    return x
"""),
    "Black and Scholes": Style(
        "rng.uniform(80, 120, n), rng.uniform(80, 120, n), 0.03, 0.2",
        """def cdf(x):
    return 0.5 * (1.0 + np.tanh(x * 0.7978845608028654))

def f(s, k, r, v):
    d1 = (np.log(s / k) + (r + v ** 2 / 2) * 2.0) / (v * np.sqrt(2.0))
    d2 = d1 - v * np.sqrt(2.0)
    return s * cdf(d1) - k * np.exp(-2.0 * r) * cdf(d2)""",
        """
def cdf(x):
    return 1.0 / (1.0 + math.exp(-2.0 * 0.7978845608028654 * x))

def kernel(s, k, r, v):
    out = np.empty(s.shape)
    q = v * 1.4142135623730951
    for i in range(s.shape[0]):
        d1 = (math.log(s[i] / k[i]) + 2.0 * r + v * v) / q
        out[i] = s[i] * cdf(d1) - k[i] * math.exp(-r * 2.0) * cdf(d1 - q)
    return out
""", """
def cdf(x):
    return 1.0 / (1.0 + math.exp(-2.0 * 0.7978845608028654 * x))

def kernel(s, k, r, v):
    out = np.empty(s.shape)
    q = v * 1.41421356
    for i in range(s.shape[0]):
        d1 = (math.log(s[i] / k[i]) + 2.0 * r + v * v) / q
        out[i] = s[i] * cdf(d1) - k[i] * math.exp(-r * 2.0) * cdf(d1 - q)
    return out
"""),
    "exp2 with a logarithm folded in": Style(
        "rng.standard_normal((n, m)), 0.25",
        "def f(x, s):\n    w = np.exp(x * s)\n    return w / w.sum(axis=0)",
        """
def kernel(x, s):
    out = np.empty(x.shape)
    c = s * 1.4426950408889634
    for j in range(x.shape[1]):
        t = 0.0
        for i in range(x.shape[0]):
            out[i, j] = 2.0 ** (x[i, j] * c)
            t += out[i, j]
        for i in range(x.shape[0]):
            out[i, j] /= t
    return out
""", """
def kernel(x, s):
    out = np.empty(x.shape)
    c = s * 1.442695
    for j in range(x.shape[1]):
        t = 0.0
        for i in range(x.shape[0]):
            out[i, j] = 2.0 ** (x[i, j] * c)
            t += out[i, j]
        for i in range(x.shape[0]):
            out[i, j] /= t
    return out
"""),
    "rolled and padded differences": Style(
        "rng.standard_normal(n + 3),",
        "def f(x):\n    p = np.pad(x, 1, mode='edge')\n    return np.roll(x, 2) - x + (p[2:] - 2 * x + p[:-2]) / 9",
        """
def kernel(x):
    n = x.shape[0]
    out = np.empty(n)
    for i in range(n):
        a = x[max(i - 1, 0)]
        b = x[min(i + 1, n - 1)]
        out[i] = x[(i - 2) % n] - x[i] + (a + b - 2.0 * x[i]) * 0.1111111111111111
    return out
""", """
def kernel(x):
    n = x.shape[0]
    out = np.empty(n)
    for i in range(n):
        a = x[max(i - 1, 0)]
        b = x[min(i + 1, n - 1)]
        out[i] = x[(i - 2) % n] - x[i] + (a + b - 2.0 * x[i]) * 0.111111111111
    return out
"""),
    "interpolation in a table": Style(
        "np.sort(rng.random(m)), rng.standard_normal(m), rng.random(n)",
        "def f(xp, fp, x):\n    return np.interp(x, xp, fp)",
        """
def kernel(xp, fp, x):
    out = np.empty(x.shape[0])
    for i in range(x.shape[0]):
        if x[i] <= xp[0]:
            out[i] = fp[0]
        elif x[i] >= xp[xp.shape[0] - 1]:
            out[i] = fp[xp.shape[0] - 1]
        else:
            k = np.searchsorted(xp, x[i]) - 1
            t = (x[i] - xp[k]) / (xp[k + 1] - xp[k])
            out[i] = fp[k] * (1.0 - t) + fp[k + 1] * t
    return out
""", """
def kernel(xp, fp, x):
    out = np.empty(x.shape[0])
    for i in range(x.shape[0]):
        if x[i] <= xp[0]:
            out[i] = fp[0]
        elif x[i] >= xp[xp.shape[0] - 1]:
            out[i] = fp[xp.shape[0] - 1]
        else:
            k = np.searchsorted(xp, x[i]) - 1
            t = (x[i] - xp[k]) / (xp[k + 1] - xp[k])
            out[i] = fp[k] * (1.0 - t * t) + fp[k + 1] * t * t
    return out
"""),
    "writes into given arrays": Style(
        "rng.standard_normal((n, m)), np.zeros(n)",
        "def f(a, out):\n    np.sum(a * a, axis=1, out=out)\n    out -= a.max(axis=1)\n    out *= 2",
        """
def kernel(a, out):
    for i in range(a.shape[0]):
        s = 0.0
        top = a[i, 0]
        for j in range(a.shape[1]):
            s += a[i, j] ** 2
            top = max(top, a[i, j])
        out[i] = 2.0 * s - 2.0 * top
""", """
def kernel(a, out):
    for i in range(a.shape[0]):
        s = 0.0
        top = 0.0
        for j in range(a.shape[1]):
            s += a[i, j] ** 2
            top = min(top, a[i, j])
        out[i] = 2.0 * s + 2.0 * top
"""),
}
