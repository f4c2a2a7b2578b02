"""The lift against the reference: unseen kernels in many styles, and the built-in ones."""
from __future__ import annotations

import numba
import pytest
from kernwright.kernels.dialect import check
from kernwright.kernels.lift import lift
from kernwright.kernels.lift.plain import NotInDialect, reference_as_candidate
from kernwright.kernels.observe import observe
from library_kernels import NAMES, observed
from lift_programs import INTS, F, S, V, X, assert_agrees, assert_lifted, compiled, lifted, spec_of

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
    "periodic": ("""def periodic(u, k):
        west, east = np.roll(u, k, axis=1), np.roll(u, -k, axis=1)
        return np.roll(u, 1, 0) + np.roll(u, -1, axis=0) + west + east - 4 * np.pad(u[1:-1], ((1, 1), (0, 0)))""", f"({X}, 1)"),
    "optional_steps": ("""def optional_steps(x, w, cap, limits, mode):
        scores = x @ w
        if cap > 0:
            scores = cap * np.tanh(scores / cap)
        scaled = scores * 2
        if limits[0] > 0:
            scaled = np.minimum(scaled, limits[0])
        limits[0] = -1.0
        row, column = np.arange(x.shape[0])[:, None], np.arange(w.shape[1])[None, :]
        if mode == 1:
            seen = column <= row
        else:
            seen = column < row
        return np.where(seen, scaled, 0.0) + row * column""", f"({X}, rng.random((m, n)), 0.7, np.array([0.9, 0.5]), m % 2)"),
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


STRUCTURE: dict[str, tuple[str, str]] = {
    # order, aliasing and sizes: these run as plain Python, which is quick
    "view_write": ("""def view_write(a):
            v = np.swapaxes(a, 0, 1)
            v[0] = 7.0
            w = a[1:].T
            w += 1
            x = a[::2, ::-1]
            x[...] = x * 2
            return v.sum()""", f"({X},)"),
    "wide_borders": ("""def wide_borders(a, v, k):
            b = np.pad(v, (2 * k, 3 * k + 1), mode="symmetric")
            c = np.pad(v, ((40, k),), mode="wrap")
            d = np.pad(v[:1], 3, mode="reflect")
            e = np.pad(v[:4], (9, 30), "reflect")
            f = np.pad(a, [(k, 0), (3, 19)], mode="edge")
            g = np.pad(a[:, ::2] * 2, ((0, 0), (k, 0)), mode="constant", constant_values=-1)
            both = np.roll(a, (k, -k), axis=(1, 0))
            return b, c, d, e, f, g, both, np.pad(a > 0, 1, constant_values=True), np.roll(v, k), np.roll(a.T, 40 * k, axis=0)""",
                     f"({X}, {V}, 4)"),
    "optional_rebinding": ("""def optional_rebinding(a, b, flag, n):
            x = a * 2
            if flag > 0:
                x = x[1:]
            y = b + 1
            if flag > 0:
                y = y * a
            b[0] = 5
            i = np.arange(n)
            z = i * 2
            n = 3
            w = z + i
            if n > flag:
                w = w + n
            for k in range(2):
                if k > 0:
                    w = w * 2
                w = w - 1
            if flag < 0:
                b = b * 0.5
            b += 1
            return x, y * 2, z, w * n, b""", f"({X}, {X}, 1, n)"),
    "alias_names": ("""def alias_names(a):
            b = a
            b[0] = 1
            b = b + 1
            b[1] = 5
            return a[1] + b[1]""", f"({X},)"),
    "dup_index": ("""def dup_index(a, idx):
            a[idx] += 1
            b = np.zeros(a.shape[0])
            b[idx] = a[idx] * np.arange(idx.shape[0])
            a[idx] = a[idx[::-1]]
            return b""", f"({V}, rng.integers(0,n,n))"),
    "size_changes": ("""def size_changes(a, b):
            y = a * 2
            a2 = a
            for k in range(3):
                a2 = np.concatenate((a2, b))
            z = y + a2[: y.shape[0]]
            n = len(z)
            z = z[: n // 2]
            n = 3
            return z * n, a2""", f"({V},{V})"),
    "loop_carried": ("""def loop_carried(x):
            prev = np.zeros(x.shape[1])
            acc = np.zeros(x.shape[1])
            for i in range(x.shape[0]):
                cur = x[i] + 0.5 * prev
                acc += cur * prev
                prev = cur
            return acc, prev""", f"({X},)"),
    "loop_carried_view": ("""def loop_carried_view(x):
            prev = x[0]
            for i in range(1, x.shape[0]):
                cur = x[i]
                cur += prev
                prev = cur
            return prev.copy()""", f"({X},)"),
    "branch_type": ("""def branch_type(x, flag):
            if flag > 0:
                y = x[1:-1]
            else:
                y = np.ones(x.shape[0] - 2)
            y = y * 2
            if x[0] > 0:
                z = 1
            else:
                z = 0.5
            return y * z""", f"({V}, 1)"),
    "negative_steps": ("""def negative_steps(x, k):
            a = x[::-1] + x
            b = x[-2::-2]
            c = x[k:0:-1]
            d = x[-k:]
            e = x[:-k] + x[k:]
            return a, b * 1, c * 2, d * 3, e""", f"({V}, 2)"),
    "swap_elems": ("""def swap_elems(a):
            n = a.shape[0]
            for i in range(n):
                for j in range(0, n - i - 1):
                    if a[j] > a[j + 1]:
                        a[j], a[j + 1] = a[j + 1], a[j]
            return a""", f"({V},)"),
    "row_swap": ("""def row_swap(a, p):
            for i in range(a.shape[0]):
                tmp = a[i].copy()
                a[i] = a[p[i]]
                a[p[i]] = tmp""", f"({X}, rng.permutation(n))"),
    "mutate_param_rebind": ("""def mutate_param_rebind(a):
            a = a * 2
            a[0] = 0
            a = a[1:]
            a += 1
            return a""", f"({V},)"),
    "fancy2": ("""def fancy2(x, r, c):
            a = x[r[:, None], c]
            b = x[:, c]
            d = x[r, 1:]
            e = x[r, c[: r.shape[0]] % x.shape[1]]
            x[:, c[0]] = -1
            return a, b, d, e, np.take(x, r, axis=0)""", "(rng.random((n,m)), rng.integers(0,n,4), rng.integers(0,m,4))"),
    "clampslice": ("""def clampslice(x, w):
            out = np.empty_like(x)
            for i in range(len(x)):
                out[i] = x[max(0, i - w):i + w + 1].mean()
            blocks = np.zeros(4)
            for b in range(4):
                blocks[b] = np.sum(x[b * 8:(b + 1) * 8])
            return out, blocks""", f"({V}, 2)"),
    "empty_slices": ("""def empty_slices(x):
            t = np.zeros(x.shape[0])
            for i in range(x.shape[0]):
                t[i] = x[:i].sum() + (x[i:] * x[i:]).sum() + np.dot(x[i + 1:], x[i + 1:])
            return t""", f"({V},)"),
    "einsums": ("""def einsums(a, b, v):
            return (np.einsum("ij->ji", a) * 2, np.einsum("ij->", a), np.einsum("ij->j", a), np.einsum("i,j->ij", v, v), np.einsum("ij,kj->ik", a, b),
                    np.einsum("ij,ij->i", a, b), np.einsum("ij,jk,kl->il", a, b.T, a, optimize=True), np.einsum('ij,i', a, v))""", f"({X},{X},{V})"),
    "continue_loop": ("""def continue_loop(x):
            s = 0.0
            for i in range(x.shape[0]):
                row = x[i]
                if row.sum() < 0:
                    continue
                s += row.max()
            return s""", f"({X},)"),
    "zipped": ("""def zipped(a, b):
            t = 0.0
            for x, y in zip(a, b):
                t += x * y
            u = np.zeros(a.shape[0])
            for i, (x, y) in enumerate(zip(a, b)):
                u[i] = x - y
            for row in np.stack((a, b)):
                t += row[0]
            return t, u""", f"({V},{V})"),
    "inplace_self_t": ("""def inplace_self_t(a):
            a += a.T
            a[:, 0] = a[0, :]
            a[1:, 1:] = a[:-1, :-1]
            a -= a.mean(axis=0)
            a /= a[0, 1]
            return a * 1""", f"({S},)"),
    "outkw": ("""def outkw(a, b):
            c = np.empty_like(a)
            np.add(a, b, out=c)
            np.multiply(c, 2, out=c)
            np.maximum(c, 0, out=c)
            return c""", f"({X},{X})"),
    "reads_before_writes": ("""def reads_before_writes(a, b):
            x = a * 2
            a[0] = 5
            y = x + b
            b += 1
            z = y * y
            return z + b""", f"({X},{X})"),
    "rebinds_a_factor": ("""def rebinds_a_factor(a, k):
            x = a * k
            k = 3.0
            y = x + k
            for i in range(3):
                t = y[i] * 2
                y[i] = 0
                a[i] = t
            return y""", f"({X},2.0)"),
    "laplace_in_place": ("""def laplace_in_place(u, steps):
            for _ in range(steps):
                lap = u[:-2] - 2 * u[1:-1] + u[2:]
                u[1:-1] += 0.1 * lap
                f = u * 2
                u[0] = f[1]
            return u""", f"({V}, 3)"),
    "gathers_then_writes": ("""def gathers_then_writes(a, idx):
            g = a[idx]
            a[idx] = 0
            h = g + 1
            m = h > 0.5
            h2 = a - 1
            a[m.all()] = 3
            return h2""", "(rng.random((n,m)), rng.integers(0,n,n))"),
    "columns_of_one": ("""def columns_of_one(x):
            e = np.exp(x)
            r = e[:, None] * np.ones((1, 7))
            d = x - x.mean()
            c = d @ d
            w = x * 2
            y = np.sort(w)
            z = x + 1
            q = z.reshape(-1, 1)
            return r, c, y, q * 2""", f"({V},)"),
    "rebinds_a_size": ("""def rebinds_a_size(a, b):
            n = a.shape[0]
            x = a[:n // 2] * 2
            n = 3
            y = x[:n] + 1
            c = b * 2
            b = np.zeros(n)
            d = c[:n] + b
            return y, d""", f"({V},{V})"),
    "views_in_a_loop": ("""def views_in_a_loop(U, V):
            u, v = U[1:-1, 1:-1], V[1:-1, 1:-1]
            for _ in range(3):
                L = U[:-2, 1:-1] + U[2:, 1:-1] - v
                uv = u * v
                u += L - uv
                v *= 0.5
            w = u
            w -= 1
            return U.sum() + V.sum()""", f"({X},{X})"),
    "either_array": ("""def either_array(a, b, flag):
            t = a if flag else b
            t[0] = 9
            if flag:
                c = a
            else:
                c = b
            d = a * 2
            c += d
            c[1:] = a[:-1] + b[1:]
            return a.sum() + b.sum()""", f"({V},{V},1)"),
    "heat_3d": ("""def heat_3d(TSTEPS, A, B):
            for t in range(1, TSTEPS):
                B[1:-1, 1:-1, 1:-1] = (0.125 * (A[2:, 1:-1, 1:-1] - 2.0 * A[1:-1, 1:-1, 1:-1] + A[:-2, 1:-1, 1:-1]) + 0.125 * (A[1:-1, 2:, 1:-1] - 2.0 * A[1:-1, 1:-1, 1:-1] + A[1:-1, :-2, 1:-1]) + A[1:-1, 1:-1, 1:-1])
                A[1:-1, 1:-1, 1:-1] = B[1:-1, 1:-1, 1:-1]""", "(3, rng.random((n,n,n)), rng.random((n,n,n)))"),
    "fdtd_2d": ("""def fdtd_2d(TMAX, ex, ey, hz, _fict_):
            for t in range(TMAX):
                ey[0, :] = _fict_[t]
                ey[1:, :] -= 0.5 * (hz[1:, :] - hz[:-1, :])
                ex[:, 1:] -= 0.5 * (hz[:, 1:] - hz[:, :-1])
                hz[:-1, :-1] -= 0.7 * (ex[:-1, 1:] - ex[:-1, :-1] + ey[1:, :-1] - ey[:-1, :-1])""", f"(3,{X},{X},{X},{V})"),
    "correlation": ("""def correlation(M, float_n, data):
            mean = np.mean(data, axis=0)
            stddev = np.std(data, axis=0)
            stddev[stddev <= 0.1] = 1.0
            data -= mean
            data /= np.sqrt(float_n) * stddev
            corr = np.eye(M, dtype=data.dtype)
            for i in range(M - 1):
                corr[i + 1:M, i] = corr[i, i + 1:M] = data[:, i] @ data[:, i + 1:M]
            return corr""", f"(m, float(n), {X})"),
    "doitgen": ("""def doitgen(NR, NQ, NP, A, C4):
            A[:] = np.reshape(np.reshape(A, (NR, NQ, 1, NP)) @ C4, (NR, NQ, NP))""", "(n,m,6,rng.random((n,m,6)),rng.random((6,6)))"),
    "gramschmidt": ("""def gramschmidt(A):
            Q = np.zeros_like(A)
            R = np.zeros((A.shape[1], A.shape[1]), dtype=A.dtype)
            for k in range(A.shape[1]):
                nrm = np.dot(A[:, k], A[:, k])
                R[k, k] = np.sqrt(nrm)
                Q[:, k] = A[:, k] / R[k, k]
                for j in range(k + 1, A.shape[1]):
                    R[k, j] = np.dot(Q[:, k], A[:, j])
                    A[:, j] -= Q[:, k] * R[k, j]
            return Q, R""", f"({X},)"),
    "lu": ("""def lu(A):
            for i in range(A.shape[0]):
                for j in range(i):
                    A[i, j] -= A[i, :j] @ A[:j, j]
                    A[i, j] /= A[j, j]
                for j in range(i, A.shape[0]):
                    A[i, j] -= A[i, :i] @ A[:i, j]""", f"({S}+n*np.eye(n),)"),
    "durbin": ("""def durbin(r):
            y = np.empty_like(r)
            alpha = -r[0]
            beta = 1.0
            y[0] = -r[0]
            for k in range(1, r.shape[0]):
                beta *= 1.0 - alpha * alpha
                alpha = -(r[k] + np.dot(np.flip(r[:k]), y[:k])) / beta
                y[:k] += alpha * np.flip(y[:k])
                y[k] = alpha
            return y""", "(0.1*rng.random(n),)"),
    "adi": ("""def adi(TSTEPS, N, u):
            v = np.empty(u.shape, dtype=u.dtype)
            p = np.empty(u.shape, dtype=u.dtype)
            q = np.empty(u.shape, dtype=u.dtype)
            DX = 1.0 / N
            a = -DX / 2.0
            b = 1.0 + DX
            c = a
            for t in range(1, TSTEPS + 1):
                v[0, 1:N - 1] = 1.0
                p[1:N - 1, 0] = 0.0
                q[1:N - 1, 0] = v[0, 1:N - 1]
                for j in range(1, N - 1):
                    p[1:N - 1, j] = -c / (a * p[1:N - 1, j - 1] + b)
                    q[1:N - 1, j] = (-a * u[j, 0:N - 2] + b * u[j, 1:N - 1] - c * u[j, 2:N] - a * q[1:N - 1, j - 1]) / (a * p[1:N - 1, j - 1] + b)
                v[N - 1, 1:N - 1] = 1.0
                for j in range(N - 2, 0, -1):
                    v[j, 1:N - 1] = p[1:N - 1, j] * v[j + 1, 1:N - 1] + q[1:N - 1, j]
                u[1:N-1, 1:N-1] = v[1:N-1, 1:N-1]""", f"(2,n,{S})"),
    "seidel_2d": ("""def seidel_2d(TSTEPS, N, A):
            for t in range(0, TSTEPS - 1):
                for i in range(1, N - 1):
                    A[i, 1:-1] += (A[i - 1, :-2] + A[i - 1, 1:-1] + A[i - 1, 2:] + A[i, 2:] + A[i + 1, :-2] + A[i + 1, 1:-1] + A[i + 1, 2:])
                    for j in range(1, N - 1):
                        A[i, j] += A[i, j - 1]
                        A[i, j] /= 9.0""", f"(3,n,{S})"),
    "conv2d": ("""def conv2d(input, weights):
            K = weights.shape[0]
            N = input.shape[0]
            H_out = input.shape[1] - K + 1
            W_out = input.shape[2] - K + 1
            C_out = weights.shape[3]
            output = np.empty((N, H_out, W_out, C_out), dtype=np.float32)
            for i in range(H_out):
                for j in range(W_out):
                    output[:, i, j, :] = np.sum(input[:, i:i + K, j:j + K, :, np.newaxis] * weights[np.newaxis, :, :, :], axis=(1, 2, 3))
            return output""", "(rng.random((2,n+2,m+2,3),dtype=np.float32),rng.random((3,3,3,4),dtype=np.float32))"),
    "maxpool2d": ("""def maxpool2d(x):
            output = np.empty([x.shape[0], x.shape[1] // 2, x.shape[2] // 2, x.shape[3]], dtype=x.dtype)
            for i in range(x.shape[1] // 2):
                for j in range(x.shape[2] // 2):
                    output[:, i, j, :] = np.max(x[:, 2 * i:2 * i + 2, 2 * j:2 * j + 2, :], axis=(1, 2))
            return output""", "(rng.random((2,n,m,3),dtype=np.float32),)"),
    "hdiff": ("""def hdiff(in_field, out_field, coeff):
            I, J, K = out_field.shape[0], out_field.shape[1], out_field.shape[2]
            lap_field = 4.0 * in_field[1:I + 3, 1:J + 3, :] - (in_field[2:I + 4, 1:J + 3, :] + in_field[0:I + 2, 1:J + 3, :] + in_field[1:I + 3, 2:J + 4, :] + in_field[1:I + 3, 0:J + 2, :])
            res = lap_field[1:, 1:J + 1, :] - lap_field[:-1, 1:J + 1, :]
            flx_field = np.where((res * (in_field[2:I + 3, 2:J + 2, :] - in_field[1:I + 2, 2:J + 2, :])) > 0, 0, res)
            out_field[:, :, :] = in_field[2:I + 2, 2:J + 2, :] - coeff[:, :, :] * (flx_field[1:, :, :] - flx_field[:-1, :, :])""", "(rng.random((n+4,m+4,3)),rng.random((n,m,3)),rng.random((n,m,3)))"),
    "spmv": ("""def spmv(A_row, A_col, A_val, x):
            y = np.empty(A_row.size - 1, A_val.dtype)
            for i in range(A_row.size - 1):
                cols = A_col[A_row[i]:A_row[i + 1]]
                vals = A_val[A_row[i]:A_row[i + 1]]
                y[i] = vals @ x[cols]
            return y""", "(np.arange(n+1)*3,rng.integers(0,m,3*n),rng.random(3*n),rng.random(m))"),
    "scattering": ("""def scattering(neigh_idx, dH, G, D, Sigma):
            for k in range(G.shape[0]):
                for q in range(D.shape[0]):
                    for a in range(neigh_idx.shape[0]):
                        for b in range(neigh_idx.shape[1]):
                            for i in range(D.shape[-2]):
                                dHG = G[k, neigh_idx[a, b]] @ dH[a, b, i]
                                for j in range(D.shape[-1]):
                                    dHD = dH[a, b, j] * D[q, a, b, i, j]
                                    Sigma[k, a] += dHG @ dHD""", "(rng.integers(0,3,(3,2)),rng.random((3,2,2,3,3))+1j*rng.random((3,2,2,3,3)),rng.random((2,3,3,3))+0j,rng.random((2,3,2,2,2))+0j,np.zeros((2,3,3,3),np.complex128))"),
    "symm": ("""def symm(alpha, beta, C, A, B):
            temp2 = np.empty((C.shape[1],), dtype=C.dtype)
            C *= beta
            for i in range(C.shape[0]):
                for j in range(C.shape[1]):
                    C[:i, j] += alpha * B[i, j] * A[i, :i]
                    temp2[j] = B[:i, j] @ A[i, :i]
                C[i, :] += alpha * B[i, :] * A[i, i] + alpha * temp2""", f"(1.5,1.2,{X},{S},{X})"),
    "nb_energy": ("""def nb_energy(mass, pos, vel, G):
            KE = 0.5 * np.sum(np.reshape(mass, (pos.shape[0], 1)) * vel**2)
            x = pos[:, 0:1]
            y = pos[:, 1:2]
            dx = x.T - x
            dy = y.T - y
            inv_r = np.sqrt(dx**2 + dy**2)
            inv_r[inv_r > 0] = 1.0 / inv_r[inv_r > 0]
            tmp = -(mass * mass.T) * inv_r
            PE = 0.0
            for j in range(tmp.shape[0]):
                for k in range(j + 1, tmp.shape[1]):
                    PE += tmp[j, k]
            PE *= G
            return KE, PE""", "(rng.random((n,1)),rng.random((n,3)),rng.random((n,3)),1.0)"),
    "kmeans": ("""def kmeans(points, centers):
            d = ((points[:, None, :] - centers[None]) ** 2).sum(-1)
            label = d.argmin(axis=1)
            new = np.zeros_like(centers)
            for c in range(centers.shape[0]):
                sel = points[label == c]
                if len(sel) > 0:
                    new[c] = sel.mean(axis=0)
            return label, new""", "(rng.random((5*n,3)),rng.random((4,3)))"),
    "life2": ("""def life2(board, steps):
            for _ in range(steps):
                nb = np.zeros(board.shape, dtype=int)
                nb[1:-1, 1:-1] = (board[:-2, :-2] + board[:-2, 1:-1] + board[:-2, 2:] + board[1:-1, :-2] + board[1:-1, 2:] + board[2:, :-2] + board[2:, 1:-1] + board[2:, 2:])
                birth = (nb == 3)[1:-1, 1:-1] & (board[1:-1, 1:-1] == 0)
                survive = ((nb == 2) | (nb == 3))[1:-1, 1:-1] & (board[1:-1, 1:-1] == 1)
                board[...] = 0
                board[1:-1, 1:-1][birth | survive] = 1
            return board""", "(rng.integers(0,2,(n,m)),3)"),
    "grayscott": ("""def grayscott(U, V, F, k):
            u, v = U[1:-1, 1:-1], V[1:-1, 1:-1]
            for _ in range(3):
                Lu = U[0:-2, 1:-1] + U[1:-1, 0:-2] - 4 * U[1:-1, 1:-1] + U[1:-1, 2:] + U[2:, 1:-1]
                uvv = u * v * v
                u += 0.16 * Lu - uvv + F * (1 - u)
                v += uvv - (F + k) * v
            return U.sum()""", f"({X},{X},0.06,0.062)"),
    "rope": ("""def rope(x, cos, sin):
            x1 = x[..., ::2]
            x2 = x[..., 1::2]
            out = np.empty_like(x)
            out[..., ::2] = x1 * cos - x2 * sin
            out[..., 1::2] = x1 * sin + x2 * cos
            return out""", "(rng.random((n,3,2*m),dtype=np.float32),rng.random((n,1,m),dtype=np.float32),rng.random((n,1,m),dtype=np.float32))"),
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
    "ranks": ("""def ranks(x):
        order = np.argsort(np.round(x * 2).astype(np.int64))
        return x[order][1:] - x[order][:-1]""", f"({V},)", "np.argsort("),
}

REFUSED: dict[str, tuple[str, str]] = {
    # name: (the reference, the line that is named)
    "transforms": ("""def transforms(x):
        y = np.fft.rfft(x)
        return np.abs(y)""", "y = np.fft.rfft(x)"),
    "pops": ("""def pops(x):
        rows = [0.0, 1.0]
        rows.pop()
        return x + rows[0]""", "rows = [0.0, 1.0]"),
    "prints": ("""def prints(x):
        print("working")
        return x * 2""", 'print("working")'),
}


SHORT: dict[str, tuple[str, str]] = {
    # name: (the reference, its inputs); at length 1 a slice of these ends before it starts
    "in_place": ("""def in_place(a):
        a[1:-1] = 0.25 * a[:-2] + 0.5 * a[1:-1] + 0.25 * a[2:]""", f"({V},)"),
    "in_place_2d": ("""def in_place_2d(u):
        u[1:-1, 1:-1] = 0.25 * (u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2])""", f"({X},)"),
    "temporary": ("""def temporary(a):
        d = a[2:] - 2 * a[1:-1] + a[:-2]
        b = a.copy()
        b[1:-1] += d / (np.abs(d).sum() + 1)
        return b""", f"({V},)"),
    "mean_of_nothing": ("""def mean_of_nothing(u):
        return u[1:-1, 1:-1].mean()""", f"({X},)"),
    "sums_of_nothing": ("""def sums_of_nothing(u):
        sums = u[1:-1].sum(axis=1)
        return u + sums.sum()""", f"({X},)"),
}


@pytest.fixture(autouse=True)
def quick_compilation(monkeypatch):
    monkeypatch.setattr(numba.config, "OPT", type(numba.config.OPT)(1))


COMPILED_AT_ONCE = list(LOOPS)[::4]


@pytest.mark.parametrize("name", LOOPS)
def test_unseen_kernel_becomes_loops_that_agree(name):
    spec, observation, found = lifted(*LOOPS[name])
    assert found.kept == ()
    assert_lifted(spec, observation, found, compiles=name in COMPILED_AT_ONCE)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in LOOPS if name not in COMPILED_AT_ONCE])
def test_the_loops_of_an_unseen_kernel_compile_and_agree(name):
    assert_lifted(*lifted(*LOOPS[name]))


@pytest.mark.parametrize("name", STRUCTURE)
def test_order_aliasing_and_sizes_are_those_of_the_reference(name):
    spec, observation, found = lifted(*STRUCTURE[name])
    assert found.candidates
    for candidate in found.candidates:
        assert_agrees(compiled(candidate, observation, spec, jit=False), spec, ("tiny", "verify"))


@pytest.mark.parametrize("name", SHORT)
def test_a_slice_that_ends_before_it_starts_is_empty(name):
    spec, observation, found = lifted(*SHORT[name])
    assert found.kept == ()
    for candidate in found.candidates:
        assert_agrees(compiled(candidate, observation, spec), spec, ({"n": 1, "m": 1}, {"n": 2, "m": 1}, "tiny"))


@pytest.mark.parametrize("name", NAMES)
def test_builtin_kernel_becomes_loops_that_agree(name):
    spec, observation = observed(name)
    found = lift(spec, observation.signature)
    assert found.kept == ()
    for candidate in found.candidates:
        assert check(candidate, observation.signature) == ()
        assert_agrees(compiled(candidate, observation, spec, jit=False), spec, ("tiny",))


COMPILED_ALWAYS = ("fft_stages", "gemm_epilogue", "histogram", "spmv_csr")


@pytest.mark.parametrize("name", [n if n in COMPILED_ALWAYS else pytest.param(n, marks=pytest.mark.slow) for n in NAMES])
def test_builtin_kernel_as_loops_agrees_when_compiled(name):
    spec, observation = observed(name)
    seed = lift(spec, observation.signature).candidates[-1]
    assert_agrees(compiled(seed, observation, spec), spec, ("tiny", "verify"))


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
    try:
        assert "line " in reference_as_candidate(spec)[1]
    except NotInDialect as error:
        assert "line " in str(error)


def test_a_name_of_numpy_without_a_loop_form_is_itself_named():
    _, _, found = lifted("""def tables(x):
        return x + np.s_[0:3].stop""", f"({V},)")
    assert found.kept[0].reason == "np.s_ has no loop form here"


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
    candidate, refused = reference_as_candidate(spec)
    assert not refused and candidate.convention == "returns" and check(candidate) == ()
    assert "def kernel(x, sum_):" in candidate.text and "HALF = 0.5" in candidate.text
    assert_agrees(compiled(candidate, observe(spec, 1, 0.2), spec), spec, ("tiny", "verify"))


def test_lifting_is_repeatable():
    spec, observation, found = lifted(*LOOPS["batched"])
    assert [c.identity for c in lift(spec, observation.signature).candidates] == [c.identity for c in found.candidates]
