"""Parallel kernels, legal and racy, with what they are given: for tests of the proof, the log and the shuffled orders."""
import re
from dataclasses import dataclass

import numpy as np
from kernwright.kernels.candidate import Candidate, JitOptions
from kernwright.kernels.signature import Argument, Signature

WRITTEN = ("out", "x", "y", "flags")


@dataclass(frozen=True)
class Kernel:
    """text of `kernel(<arguments>)`. arguments: "a[n, m] idx[n]:int64 k=n": arrays with their extents, integers with
    their value, as expressions over n and m without blanks but after commas. Those called as in WRITTEN are written to."""

    text: str
    arguments: str

    @property
    def candidate(self):
        return Candidate(self.text, JitOptions(parallel=True))

    def parts(self):
        """Name, extents (None for an integer), dtype or value."""
        for part in re.findall(r"(\w+)(?:\[([^\]]*)\])?(?::(\w+))?(?:=(\S+))?", self.arguments):
            name, extents, dtype, value = part
            yield name, tuple(extents.split(", ")) if extents else None, value or dtype or "float64"

    @property
    def signature(self):
        atoms: dict[str, str] = {}
        relations, arguments = [], []
        for name, extents, _ in self.parts():
            for dimension, length in enumerate(extents or ()):
                if length in ("n", "m"):
                    atoms.setdefault(length, f"{name}.shape[{dimension}]")

        def relate(atom, length):
            if atoms.get(length, atom if length in ("n", "m") else "") != atom:
                relations.append(f"{atom} == " + re.sub(r"\b[nm]\b", lambda found: atoms[found[0]], length))

        for name, extents, detail in self.parts():
            if extents is None:
                arguments.append(Argument(name, "int", "int64"))
                relate(name, detail)
                continue
            arguments.append(Argument(name, "array", detail, len(extents), "C", name in WRITTEN))
            for dimension, length in enumerate(extents):
                relate(f"{name}.shape[{dimension}]", length)
        return Signature(tuple(arguments), (), False, tuple(relations))

    def inputs(self, n, m, seed=0):
        """Arguments at that size; integers are a permutation of the first axis' indices."""
        rng = np.random.default_rng(seed)
        made = []
        for _, extents, detail in self.parts():
            if extents is None:
                made.append(eval(detail, {}, {"n": n, "m": m}))
                continue
            shape = tuple(eval(length, {"min": min, "max": max}, {"n": n, "m": m}) for length in extents)
            made.append(rng.permutation(shape[0]) if detail == "int64" else rng.standard_normal(shape))
        return tuple(made)


PROVEN = {
    "row sums": Kernel("""
def kernel(a, out):
    for i in prange(a.shape[0]):
        total = 0.0
        for j in range(a.shape[1]):
            total += a[i, j]
        out[i] = total
""", "a[n, m] out[n]"),
    "row sums through NumPy": Kernel("""
def kernel(a, out):
    for i in prange(a.shape[0]):
        out[i] = np.sum(a[i])
""", "a[n, m] out[n]"),
    "whole rows": Kernel("""
def kernel(a, out):
    for i in prange(a.shape[0]):
        out[i, :] = a[i, :] * 2.0
""", "a[n, m] out[n, m]"),
    "rows through a view": Kernel("""
def kernel(a, out):
    for i in prange(a.shape[0]):
        row = out[i]
        for j in range(row.shape[0]):
            row[j] = a[i, j] + 1.0
""", "a[n, m] out[n, m]"),
    "tiles": Kernel("""
TILE = 16  # tune: 8 16 32
def kernel(a, out):
    n = a.shape[0]
    for b in prange((n + TILE - 1) // TILE):
        for i in range(b * TILE, min(b * TILE + TILE, n)):
            out[i] = a[i] * 2.0
""", "a[n] out[n]"),
    "tiles as slices": Kernel("""
def kernel(a, out):
    n = a.shape[0]
    for b in prange((n + 7) // 8):
        lo = b * 8
        hi = min(lo + 8, n)
        out[lo:hi] = a[lo:hi] * 2.0
""", "a[n] out[n]"),
    "tiles as a view": Kernel("""
def kernel(a, out):
    n = a.shape[0]
    for b in prange((n + 7) // 8):
        part = out[b * 8:b * 8 + 8]
        for i in range(part.shape[0]):
            part[i] = a[b * 8 + i]
""", "a[n] out[n]"),
    "blocks in two dimensions": Kernel("""
def kernel(a, out):
    n, m = a.shape
    for b in prange((n + 15) // 16):
        for j0 in range(0, m, 8):
            for i in range(b * 16, min(n, b * 16 + 16)):
                for j in range(j0, min(m, j0 + 8)):
                    out[i, j] = a[i, j] * 3.0
""", "a[n, m] out[n, m]"),
    "one counter for all tiles of a matrix": Kernel("""
def kernel(a, out):
    n, m = a.shape
    for t in prange(((n + 7) // 8) * 4):
        i0 = (t // 4) * 8
        part = t % 4
        for i in range(i0, min(n, i0 + 8)):
            for j in range(part, m, 4):
                out[i, j] = a[i, j]
""", "a[n, m] out[n, m]"),
    "triangle": Kernel("""
def kernel(a, out):
    n = a.shape[0]
    for i in prange(n):
        for j in range(i + 1):
            out[i, j] = a[i, j]
        for j in range(i + 1, n):
            out[i, j] = 0.0
""", "a[n, n] out[n, n]"),
    "symmetric, each pair once": Kernel("""
def kernel(a, out):
    n = a.shape[0]
    for i in prange(n):
        out[i, i] = a[i] * a[i]
        for j in range(i + 1, n):
            v = a[i] * a[j]
            out[i, j] = v
            out[j, i] = v
""", "a[n] out[n, n]"),
    "Jacobi": Kernel("""
def kernel(a, out):
    n, m = a.shape
    for i in prange(1, n - 1):
        for j in range(1, m - 1):
            out[i, j] = 0.25 * (a[i - 1, j] + a[i + 1, j] + a[i, j - 1] + a[i, j + 1])
""", "a[n, m] out[n, m]"),
    "blocked matrix product": Kernel("""
def kernel(a, b, out):
    n, k = a.shape
    m = b.shape[1]
    for bi in prange((n + 31) // 32):
        for i in range(bi * 32, min(n, bi * 32 + 32)):
            for j in range(m):
                out[i, j] = 0.0
        for k0 in range(0, k, 16):
            for i in range(bi * 32, min(n, bi * 32 + 32)):
                for kk in range(k0, min(k, k0 + 16)):
                    v = a[i, kk]
                    for j in range(m):
                        out[i, j] += v * b[kk, j]
""", "a[n, m] b[m, n] out[n, n]"),
    "sum": Kernel("""
def kernel(a, out):
    s = 0.0
    for i in prange(a.shape[0]):
        s += a[i]
    out[0] = s
""", "a[n] out[1]"),
    "maximum": Kernel("""
def kernel(a, out):
    s = -np.inf
    for i in prange(a.shape[0]):
        s = max(s, a[i])
    out[0] = s
""", "a[n] out[1]"),
    "an array that is reduced": Kernel("""
def kernel(a, out):
    total = np.zeros(a.shape[1])
    for i in prange(a.shape[0]):
        total += a[i]
    out[:] = total
""", "a[n, m] out[m]"),
    "private buffer": Kernel("""
def kernel(a, out):
    n, m = a.shape
    for i in prange(n):
        t = np.empty(m)
        for j in range(m):
            t[j] = a[i, j] * 2.0
        for j in range(m):
            out[i, j] = t[m - 1 - j]
""", "a[n, m] out[n, m]"),
    "two loops in sequence": Kernel("""
def kernel(a, out):
    n = a.shape[0]
    t = np.empty(n)
    for i in prange(n):
        t[i] = a[i] * a[i]
    for i in prange(n):
        out[i] = t[i] + t[n - 1 - i]
""", "a[n] out[n]"),
    "flattened rows": Kernel("""
def kernel(a, out):
    n, m = a.shape
    for i in prange(n):
        for j in range(m):
            out[i * m + j] = a[i, j]
""", "a[n, m] out[n*m]"),
    "flattened planes": Kernel("""
def kernel(a, out):
    p, n, m = a.shape
    for i in prange(p):
        for j in range(n):
            for k in range(m):
                out[(i * n + j) * m + k] = a[i, j, k]
""", "a[3, n, m] out[3*n*m]"),
    "column blocks": Kernel("""
def kernel(a, out):
    n, m = a.shape
    for b in prange((m + 3) // 4):
        for i in range(n):
            for j in range(4 * b, min(m, 4 * b + 4)):
                out[i, j] = a[i, j]
""", "a[n, m] out[n, m]"),
    "three dimensions": Kernel("""
def kernel(a, out):
    for i in prange(a.shape[0]):
        for j in range(a.shape[1]):
            for k in range(a.shape[2]):
                out[i, j, k] = a[i, j, k] + a[i, j, 0]
""", "a[n, m, 5] out[n, m, 5]"),
    "a gather that only reads": Kernel("""
def kernel(a, idx, out):
    for i in prange(idx.shape[0]):
        out[i] = a[idx[i]]
""", "a[n] idx[n]:int64 out[n]"),
    "in place, own element": Kernel("""
def kernel(x):
    for i in prange(x.shape[0]):
        if x[i] < 0.0:
            x[i] = -x[i]
""", "x[n]"),
    "even and odd": Kernel("""
def kernel(a, out):
    n = a.shape[0]
    for i in prange(n // 2):
        out[2 * i] = a[2 * i + 1]
        out[2 * i + 1] = a[2 * i]
""", "a[n] out[n]"),
    "red and black": Kernel("""
def kernel(x):
    n = x.shape[0]
    for c in range(2):
        for h in prange((n - 1) // 2):
            i = 2 * h + 1 + c
            if i < n - 1:
                x[i] = 0.5 * (x[i - 1] + x[i + 1])
""", "x[n]"),
    "mirrored": Kernel("""
def kernel(a, out):
    n = a.shape[0]
    for i in prange(n):
        out[n - 1 - i] = a[i]
""", "a[n] out[n]"),
    "a parallel loop within a serial one": Kernel("""
def kernel(x):
    n, m = x.shape
    for t in range(1, n):
        for j in prange(m):
            x[t, j] = x[t - 1, j] * 0.5 + x[t, j]
""", "x[n, m]"),
    "a guarded border": Kernel("""
def kernel(a, out):
    n = a.shape[0]
    for i in prange(n + 1):
        if i > 0 and i < n:
            out[i] = a[i] - a[i - 1]
        elif i == 0:
            out[0] = a[0]
""", "a[n] out[n]"),
    "halves": Kernel("""
def kernel(x):
    n = x.shape[0]
    h = n // 2
    for i in prange(h):
        x[i] = x[h + i]
""", "x[n]"),
    "an integer argument as the row length": Kernel("""
def kernel(a, k, out):
    for i in prange(a.shape[0]):
        for j in range(k):
            out[i * k + j] = a[i, j]
""", "a[n, m] k=m out[n*m]"),
    "whole arrays": Kernel("""
def kernel(a, x, out):
    out[:] = a * 2.0
    x[1:] = x[:-1] + a[1:]
    x += out
""", "a[n] x[n] out[n]"),
    "transposed": Kernel("""
def kernel(a, out):
    t = out.T
    for i in prange(a.shape[0]):
        for j in range(a.shape[1]):
            t[i, j] = a[i, j]
""", "a[n, m] out[m, n]"),
    "three chunks": Kernel("""
def kernel(a, out):
    n = a.shape[0]
    for c in prange(3):
        size = (n + 2) // 3
        for i in range(c * 8, min(c * 8 + 8, n)):
            out[i] = a[i] + size
""", "a[n] out[n]"),
    "chunks counted from 0": Kernel("""
T = 16
def kernel(a, out):
    n = a.shape[0]
    for b in prange((n + T - 1) // T):
        lo = b * T
        hi = min(n, lo + T)
        for k in range(hi - lo):
            out[lo + k] = a[lo + k] * 2.0
""", "a[n] out[n]"),
    "a private buffer for a tile": Kernel("""
T = 16
def kernel(a, out):
    n, m = a.shape
    for b in prange((n + T - 1) // T):
        lo = b * T
        hi = min(n, lo + T)
        t = np.zeros((T, m))
        for i in range(lo, hi):
            for j in range(m):
                t[i - lo, j] = a[i, j]
        for i in range(lo, hi):
            out[i] = t[i - lo].sum()
""", "a[n, m] out[n]"),
    "tiles, transposed": Kernel("""
T = 8
def kernel(a, out):
    n, m = a.shape
    nb = (m + T - 1) // T
    for t in prange(((n + T - 1) // T)):
        for u in range(nb):
            for i in range(t * T, min(n, t * T + T)):
                for j in range(u * T, min(m, u * T + T)):
                    out[j, i] = a[i, j]
""", "a[n, m] out[m, n]"),
    "rows and columns from one counter": Kernel("""
def kernel(a, out):
    n, m = a.shape
    for t in prange(n * m):
        i = t // m
        j = t % m
        out[i, j] = a[i, j]
""", "a[n, m] out[n, m]"),
    "counted by size": Kernel("""
def kernel(a, out):
    for t in prange(a.size):
        out[t] = 1.0
""", "a[n] out[n]"),
    "a sliding window": Kernel("""
def kernel(a, w, out):
    for i in prange(out.shape[0]):
        s = 0.0
        for k in range(w.shape[0]):
            s += w[k] * a[i + k]
        out[i] = s
""", "a[n+4] w[5] out[n]"),
    "a transposed copy first": Kernel("""
def kernel(a, b, out):
    n, k = a.shape
    m = b.shape[1]
    bt = np.empty((m, k))
    for j in prange(m):
        for l in range(k):
            bt[j, l] = b[l, j]
    for i in prange(n):
        for j in range(m):
            s = 0.0
            for l in range(k):
                s += a[i, l] * bt[j, l]
            out[i, j] = s
""", "a[n, m] b[m, n] out[n, n]"),
    "rows through np.dot": Kernel("""
def kernel(a, b, out):
    for i in prange(a.shape[0]):
        out[i] = np.dot(a[i], b)
""", "a[n, m] b[m] out[n]"),
    "products of planes by BLAS, the second one transposed": Kernel("""
def kernel(a, b, out):
    for i in prange(a.shape[0]):
        np.dot(a[i], b[i].T, out=out[i])
""", "a[n, m, 3] b[n, m, 3] out[n, m, m]"),
    "planes seen as flat rows": Kernel("""
def kernel(a, out):
    for i in prange(a.shape[0]):
        out[i] = np.sum(a[i].reshape(a.shape[1] * a.shape[2]))
""", "a[n, m, 3] out[n]"),
    "a masked copy": Kernel("""
def kernel(a, out):
    for i in prange(a.shape[0]):
        row = a[i].copy()
        row[row < 0] = 0.0
        out[i] = row.sum()
""", "a[n, m] out[n]"),
    "softmax": Kernel("""
def kernel(a, out):
    n, m = a.shape
    for i in prange(n):
        mx = -np.inf
        for j in range(m):
            mx = max(mx, a[i, j])
        s = 0.0
        for j in range(m):
            e = math.exp(a[i, j] - mx)
            out[i, j] = e
            s += e
        for j in range(m):
            out[i, j] /= s
""", "a[n, m] out[n, m]"),
    "rows in place": Kernel("""
def kernel(a, out):
    for i in prange(a.shape[0]):
        out[i] = np.exp(a[i] - a[i].max())
        out[i] /= out[i].sum()
""", "a[n, m] out[n, m]"),
    "blocks of four rows and a remainder": Kernel("""
def kernel(a, out):
    n, m = a.shape
    for i in prange(n // 4):
        out[4 * i:4 * i + 4, :] = a[4 * i:4 * i + 4, :]
    for i in range(n // 4 * 4, n):
        out[i, :] = a[i, :]
""", "a[n, m] out[n, m]"),
    "the last chunk takes the remainder": Kernel("""
def kernel(a, out):
    n = a.shape[0]
    q = n // 4
    for b in prange(4):
        lo = b * q
        hi = n if b == 3 else lo + q
        for i in range(lo, hi):
            out[i] = a[i]
""", "a[n] out[n]"),
    "flattened tiles": Kernel("""
def kernel(a, out):
    n, m = a.shape
    for b in prange((n + 7) // 8):
        for i in range(b * 8, min(n, b * 8 + 8)):
            base = i * m
            for j in range(m):
                out[base + j] = a[i, j]
""", "a[n, m] out[n*m]"),
    "flattened rows as views": Kernel("""
def kernel(a, out):
    n, m = a.shape
    for i in prange(n):
        row = out[i * m:(i + 1) * m]
        for j in range(m):
            row[j] = a[i, j]
""", "a[n, m] out[n*m]"),
    "unsigned indices": Kernel("""
def kernel(a, out):
    n, m = a.shape
    for i in prange(n):
        base = np.uint64(i) * np.uint64(m)
        for j in range(m):
            out[base + np.uint64(j)] = a[i, j]
""", "a[n, m] out[n*m]"),
    "elimination below the pivot": Kernel("""
def kernel(x):
    n = x.shape[0]
    for k in range(n):
        for i in prange(k + 1, n):
            f = x[i, k] / x[k, k]
            for j in range(k, n):
                x[i, j] -= f * x[k, j]
""", "x[n, n]"),
    "each against all others": Kernel("""
def kernel(x, y):
    n = x.shape[0]
    for i in prange(n):
        for j in range(n):
            if i != j:
                y[i] += x[j] - x[i]
""", "x[n] y[n]"),
    "interleaved": Kernel("""
def kernel(a, out):
    n = a.shape[0]
    for b in prange(4):
        for i in range(b, n, 4):
            out[i] = a[i]
""", "a[n] out[n]"),
    "private histograms": Kernel("""
def kernel(idx, out):
    n = idx.shape[0]
    part = np.zeros((4, 8), np.int64)
    for t in prange(4):
        for i in range(t * n // 4, (t + 1) * n // 4):
            part[t, idx[i] % 8] += 1
    for k in range(8):
        s = 0
        for t in range(4):
            s += part[t, k]
        out[k] = s
""", "idx[n]:int64 out[8]"),
    "rows that are filled": Kernel("""
def kernel(out):
    for i in prange(out.shape[0]):
        out[i].fill(0.0)
""", "out[n, m]"),
    "a helper of numbers": Kernel("""
def f(x, y):
    return x * x + y

def kernel(a, out):
    for i in prange(a.shape[0]):
        out[i] = f(a[i], 1.0)
""", "a[n] out[n]"),
    "a helper that reads a row": Kernel("""
def f(row):
    s = 0.0
    for j in range(row.shape[0]):
        s += row[j]
    return s

def kernel(a, out):
    for i in prange(a.shape[0]):
        out[i] = f(a[i])
""", "a[n, m] out[n]"),
    "buffers that are swapped": Kernel("""
def kernel(x, y):
    n = x.shape[0]
    a = x
    b = y
    for t in range(3):
        for i in prange(1, n - 1):
            b[i] = 0.5 * (a[i - 1] + a[i + 1])
        a, b = b, a
""", "x[n] y[n]"),
    "a whole-array expression": Kernel("""
def kernel(a, out):
    t = a * 2.0
    out[1:-1] = t[:-2] + t[2:]
""", "a[n] out[n]"),
}

LOGGED = {
    "interleaved as slices": Kernel("""
def kernel(a, out):
    for b in prange(4):
        out[b::4] = a[b::4]
""", "a[n] out[n]"),
    "flattened by reshape": Kernel("""
def kernel(a, out):
    flat = out.reshape(out.size)
    for i in prange(flat.shape[0]):
        flat[i] = 1.0
""", "a[n, m] out[n, m]"),
    "scatter through a permutation": Kernel("""
def kernel(a, idx, out):
    for i in prange(idx.shape[0]):
        out[idx[i]] = a[i]
""", "a[n] idx[n]:int64 out[n]"),
    "packed triangle": Kernel("""
def kernel(a, out):
    n = a.shape[0]
    for i in prange(n):
        for j in range(i + 1):
            out[i * (i + 1) // 2 + j] = a[i, j]
""", "a[n, n] out[n*(n+1)//2]"),
    "chunks of a symbolic length": Kernel("""
def kernel(a, k, out):
    n = a.shape[0]
    size = (n + k - 1) // k
    for c in prange(k):
        for i in range(c * size, min(c * size + size, n)):
            out[i] = a[i]
""", "a[n] k=m out[n]"),
    "a counter of its own": Kernel("""
def kernel(a, out):
    m = a.shape[1]
    for i in prange(a.shape[0]):
        k = 0
        while k < m:
            out[i, k] = a[i, k]
            k += 1
""", "a[n, m] out[n, m]"),
    "a helper that writes": Kernel("""
def scale(row, out):
    for j in range(row.shape[0]):
        out[j] = row[j] * 2.0

def kernel(a, out):
    for i in prange(a.shape[0]):
        scale(a[i], out[i])
""", "a[n, m] out[n, m]"),
}

RACY = {
    "tiles that overlap by one": Kernel("""
def kernel(a, out):
    n = a.shape[0]
    for b in prange((n + 7) // 8):
        for i in range(b * 8, min(b * 8 + 9, n)):
            out[i] = a[i]
""", "a[n] out[n]"),
    "histogram": Kernel("""
def kernel(idx, out):
    for i in prange(idx.shape[0]):
        out[idx[i] % 8] += 1.0
""", "idx[n]:int64 out[8]"),
    "products of planes into one plane": Kernel("""
def kernel(a, b, out):
    for i in prange(a.shape[0]):
        np.dot(a[i], b[i].T, out=out[i // 2])
""", "a[n, m, 3] b[n, m, 3] out[n, m, m]"),
    "a product written over the next one's operand": Kernel("""
def kernel(x, b):
    for i in prange(b.shape[0]):
        np.dot(b[i], b[i].T, out=x[i])
        b[i] = x[b.shape[0] - 1 - i].T
""", "x[n, m, m] b[n, m, m]"),
    "a plane seen transposed twice, one axis in front of the others": Kernel("""
def kernel(a, x):
    plane = x.T[0].T
    for i in prange(a.shape[0]):
        for j in range(a.shape[0]):
            plane[j, i] = a[i, j]
        x[i, 0, 0] = 0.5
""", "a[n, n] x[n, n, 2]"),
    "outer products into one matrix, handed over by position": Kernel("""
def kernel(a, x, out):
    for i in prange(a.shape[0]):
        np.outer(a[i], a[i], x)
        out[i] = x[0, 0]
""", "a[n, m] x[m, m] out[n]"),
    "a flat view of all planes": Kernel("""
def kernel(x):
    for i in prange(x.shape[0]):
        x.reshape(x.size)[i] = x[i, 0, 0]
""", "x[n, m, 3]"),
    "prefix sum": Kernel("""
def kernel(a, out):
    out[0] = a[0]
    for i in prange(1, a.shape[0]):
        out[i] = out[i - 1] + a[i]
""", "a[n] out[n]"),
    "Gauss-Seidel in place": Kernel("""
def kernel(x):
    n, m = x.shape
    for i in prange(1, n - 1):
        for j in range(1, m - 1):
            x[i, j] = 0.25 * (x[i - 1, j] + x[i + 1, j] + x[i, j - 1] + x[i, j + 1])
""", "x[n, m]"),
    "wrong stride": Kernel("""
def kernel(a, out):
    n, m = a.shape
    for i in prange(n):
        for j in range(n):
            out[i * m + j] = a[i, 0]
""", "a[n, m] out[n*n+n*m]"),
    "shared scratch": Kernel("""
def kernel(a, out):
    t = np.empty(a.shape[1])
    for i in prange(a.shape[0]):
        for j in range(a.shape[1]):
            t[j] = a[i, j]
        out[i] = t[0] + t[a.shape[1] - 1]
""", "a[n, m] out[n]"),
    "a flag that leaks": Kernel("""
def kernel(a, out):
    seen = False
    for i in prange(a.shape[0]):
        if a[i] > 0.0:
            seen = True
        if seen:
            out[i] = 1.0
        else:
            out[i] = 0.0
""", "a[n] out[n]"),
    "the last value leaks": Kernel("""
def kernel(a, out):
    last = 0.0
    for i in prange(a.shape[0]):
        last = a[i]
    out[0] = last
""", "a[n] out[1]"),
    "reversed copy in place": Kernel("""
def kernel(x):
    n = x.shape[0]
    for i in prange(n):
        x[i] = x[n - 1 - i]
""", "x[n]"),
    "two iterations an element": Kernel("""
def kernel(a, out):
    for i in prange(a.shape[0]):
        out[i // 2] = a[i]
""", "a[n] out[n]"),
    "modulo four": Kernel("""
def kernel(a, out):
    for i in prange(a.shape[0]):
        out[i % 4] = a[i]
""", "a[n] out[4]"),
    "a tile clipped wrongly": Kernel("""
def kernel(a, out):
    n = a.shape[0]
    for b in prange((n + 7) // 8):
        lo = min(b * 8, n - 8)
        for i in range(max(lo, 0), min(lo + 8, n)):
            out[i] = a[i] + b
""", "a[n] out[n]"),
    "a race at odd sizes only": Kernel("""
def kernel(x):
    n = x.shape[0]
    h = (n + 1) // 2
    for i in prange(n // 2 + n % 2):
        x[i] = x[n - h + i] * 0.5
""", "x[n]"),
    "a race beyond 64 only": Kernel("""
def kernel(a, out):
    for i in prange(a.shape[0]):
        if i < 64:
            out[i] = a[i]
        else:
            out[i - 64] = a[i]
""", "a[n] out[n]"),
    "wraps around by modulo": Kernel("""
def kernel(a, out):
    n = a.shape[0]
    for i in prange(n):
        out[(i * 3) % n] = a[i]
""", "a[n] out[n]"),
    "one border element": Kernel("""
def kernel(a, out):
    n = a.shape[0]
    for i in prange(n):
        out[i] = a[i]
        if i == n - 1:
            out[0] = a[i]
""", "a[n] out[n]"),
    "a race where rows have one element": Kernel("""
def kernel(x):
    n, m = x.shape
    for i in prange(n):
        x[i, 0] = x[0, m - 1]
""", "x[n, m]"),
    "a helper that leaves its row": Kernel("""
def fill(row, count):
    for j in range(count + 1):
        row[j] = 1.0

def kernel(out):
    for i in prange(out.shape[0]):
        fill(out[i], out.shape[1])
""", "out[n, m]"),
    "the unsigned index, negated": Kernel("""
def kernel(a, out):
    n = a.shape[0]
    for i in prange(n):
        out[(-i) // 3 + n] = a[i]
""", "a[n] out[n+1]"),
    "a product that leaves 64 bits": Kernel("""
def kernel(a, out):
    for i in prange(a.shape[0]):
        out[(i * 4611686018427387904) // 1152921504606846976 + 16] = a[i]
""", "a[n] out[4*n+17]"),
    "chunks whose remainder is taken twice": Kernel("""
def kernel(a, out):
    n = a.shape[0]
    q = n // 4
    for b in prange(4):
        lo = b * q
        hi = lo + q if b < 2 else n
        for i in range(lo, hi):
            out[i] = a[i]
""", "a[n] out[n]"),
    "a counter divided by the wrong length": Kernel("""
def kernel(a, out):
    n, m = a.shape
    for t in prange(n * m):
        i = t // (m + 1)
        j = t % m
        out[i, j] = a[i, j]
""", "a[n, m] out[n, m]"),
    "a stencil whose ghost row is shared": Kernel("""
def kernel(x):
    n, m = x.shape
    for b in prange(n // 4):
        for i in range(4 * b, min(4 * b + 4, n)):
            for j in range(m):
                x[i, j] = x[i, j] + x[min(i + 1, n - 1), j]
""", "x[n, m]"),
    "buffers that are not always swapped": Kernel("""
def kernel(x, y):
    n = x.shape[0]
    a = x
    b = y
    for t in range(3):
        for i in prange(1, n - 1):
            b[i] = 0.5 * (a[i - 1] + a[i + 1])
        if t != 1:
            a, b = b, a
        else:
            b = a
""", "x[n] y[n]"),
    "negative indices wrap around": Kernel("""
def kernel(a, out):
    n = a.shape[0]
    for i in prange(n):
        out[i - n // 2] = a[i]
        out[(n - n // 2) - 1] = a[i]
""", "a[n] out[n]"),
    "two names for one array": Kernel("""
def kernel(x):
    y = x
    n = x.shape[0]
    for i in prange(n - 1):
        y[i] = x[i + 1]
""", "x[n]"),
    "a view shifted by one": Kernel("""
def kernel(x):
    v = x[1:]
    for i in prange(v.shape[0]):
        v[i] = x[i]
""", "x[n]"),
    "a reversed view": Kernel("""
def kernel(x):
    v = x[::-1]
    for i in prange(x.shape[0]):
        v[i] = x[i] * 2.0
""", "x[n]"),
    "a flipped view": Kernel("""
def kernel(x):
    v = np.flip(x)
    for i in prange(x.shape[0]):
        v[i] = x[i] * 2.0
""", "x[n]"),
    "a transposed view": Kernel("""
def kernel(x):
    t = x.T
    for i in prange(x.shape[0]):
        for j in range(x.shape[0]):
            t[i, j] = x[i, j]
""", "x[n, n]"),
    "both halves of a symmetric matrix": Kernel("""
def kernel(a, out):
    n = a.shape[0]
    for i in prange(n):
        for j in range(n):
            out[i, j] = a[i, j]
            out[j, i] = a[i, j]
""", "a[n, n] out[n, n]"),
    "column sums by rows": Kernel("""
def kernel(a, out):
    for i in prange(a.shape[0]):
        for j in range(a.shape[1]):
            out[j] += a[i, j]
""", "a[n, m] out[m]"),
    "rows that overlap as slices": Kernel("""
def kernel(a, out):
    n = a.shape[0]
    for i in prange(n - 1):
        out[i:i + 2] = a[i]
""", "a[n] out[n]"),
    "one whole array in each iteration": Kernel("""
def kernel(a, out):
    for i in prange(a.shape[0]):
        out[:] = a[i]
""", "a[n] out[n]"),
    "a shifted whole-array statement": Kernel("""
def kernel(x):
    x[1:] = x[:-1]
""", "x[n]"),
    "a shifted whole-array update": Kernel("""
def kernel(x):
    x[1:] += x[:-1]
""", "x[n]"),
    "a helper that writes too much": Kernel("""
def spread(out, i):
    out[i] = 1.0
    out[0] = 2.0

def kernel(a, out):
    for i in prange(a.shape[0]):
        spread(out, i)
""", "a[n] out[n]"),
    "a maximum kept in memory": Kernel("""
def kernel(a, out):
    out[0] = a[0]
    for i in prange(a.shape[0]):
        if a[i] > out[0]:
            out[0] = a[i]
""", "a[n] out[1]"),
    "an index that is carried": Kernel("""
def kernel(a, out):
    k = 0
    for i in prange(a.shape[0]):
        if a[i] > 0.0:
            out[k] = a[i]
            k += 1
""", "a[n] out[n]"),
    "inner indices beyond the row": Kernel("""
def kernel(a, out):
    n, m = a.shape
    for i in prange(n):
        for j in range(m + 1):
            if i < n - 1 or j < m:
                out[i, j] = a[i, 0]
""", "a[n, m] out[n, m]"),
    "unsigned difference": Kernel("""
def kernel(a, out):
    n = a.shape[0]
    for i in prange(n):
        for j in prange(n):
            if i - j >= 0:
                if j - i >= 0:
                    out[i] = a[j]
                else:
                    out[j] = a[i]
""", "a[n] out[n]"),
    "swapped names": Kernel("""
def kernel(x, y):
    a = x
    b = y
    for t in range(3):
        for i in prange(1, x.shape[0] - 1):
            b[i] = a[i - 1] + x[i + 1]
        a, b = b, a
""", "x[n] y[n]"),
}
