"""Natural parallel versions of every library kernel are cleared, computed as the reference does, and racy twins flagged."""
from __future__ import annotations

import numpy as np
import pytest
from kernwright.kernels.candidate import Candidate, JitOptions
from kernwright.kernels.dialect import check_text
from kernwright.kernels.interpret import load, log_accesses
from kernwright.kernels.wrapper import wrapper_source
from library_kernels import NAMES, observed

PARALLEL = {
    "softmax": """
def kernel(x):
    out = np.empty_like(x)
    for i in prange(x.shape[0]):
        top = x[i, 0]
        for j in range(1, x.shape[1]):
            top = max(top, x[i, j])
        total = np.float32(0.0)
        for j in range(x.shape[1]):
            e = math.exp(x[i, j] - top)
            out[i, j] = e
            total += e
        for j in range(x.shape[1]):
            out[i, j] /= total
    return out
""",
    "histogram": """
BLOCKS = 4  # tune: 2 4 8
def kernel(values, low, high, bins):
    private = np.zeros((BLOCKS, bins), np.int64)
    for block in prange(BLOCKS):
        mine = private[block]
        for i in range(block * values.size // BLOCKS, (block + 1) * values.size // BLOCKS):
            k = np.int64((values[i] - low) / (high - low) * bins)
            mine[min(max(k, 0), bins - 1)] += 1
    return private.sum(axis=0)
""",
    "jacobi_2d": """
def half_step(A, B):
    for i in prange(1, A.shape[0] - 1):
        for j in range(1, A.shape[1] - 1):
            B[i, j] = 0.2 * (A[i, j] + A[i, j - 1] + A[i, j + 1] + A[i + 1, j] + A[i - 1, j])

def kernel(TSTEPS, A, B):
    for _ in range(1, TSTEPS):
        half_step(A, B)
        half_step(B, A)
""",
    "nbody": """
def kernel(position, mass, gravity, softening):
    n = position.shape[0]
    out = np.zeros((n, 3))
    for i in prange(n):
        ax = ay = az = 0.0
        for j in range(n):
            dx = position[j, 0] - position[i, 0]
            dy = position[j, 1] - position[i, 1]
            dz = position[j, 2] - position[i, 2]
            r2 = dx * dx + dy * dy + dz * dz + softening * softening
            pull = gravity * mass[j] * r2 ** -1.5
            ax += dx * pull
            ay += dy * pull
            az += dz * pull
        out[i, 0] = ax
        out[i, 1] = ay
        out[i, 2] = az
    return out
""",
    "mandelbrot": """
def escape(c, maxiter, horizon):
    z = 0j
    last = 0
    for n in range(maxiter):
        if abs(z) >= horizon:
            return last
        last = n
        z = z * z + c
    return 0 if last == maxiter - 1 else last

def kernel(xmin, xmax, ymin, ymax, xn, yn, maxiter, horizon):
    x = np.linspace(xmin, xmax, xn)
    y = np.linspace(ymin, ymax, yn)
    steps = np.empty((yn, xn), np.int64)
    for i in prange(yn):
        for j in range(xn):
            steps[i, j] = escape(complex(x[j], y[i]), maxiter, horizon)
    return steps
""",
    "gemm_epilogue": """
TILE = 2  # tune: 1 2 4
def kernel(x, weight, bias):
    m, k, n = x.shape[0], x.shape[1], weight.shape[1]
    out = np.empty((m, n), x.dtype)
    for block in prange((m + TILE - 1) // TILE):
        for i in range(block * TILE, min((block + 1) * TILE, m)):
            row = np.zeros(n, np.float64)
            for p in range(k):
                row += x[i, p] * weight[p]
            for j in range(n):
                z = row[j] + bias[j]
                out[i, j] = 0.5 * z * (1.0 + math.tanh(0.7978845608028654 * (z + 0.044715 * z**3)))
    return out
""",
    "extend_attention": """
def kernel(q_extend, k_extend, v_extend, k_buffer, v_buffer, qo_indptr, kv_indptr, kv_indices, sm_scale, logit_cap, sliding_window_size):
    out = np.empty_like(q_extend)
    heads, dim = q_extend.shape[1], q_extend.shape[2]
    group = heads // k_extend.shape[1]
    sequences = len(qo_indptr) - 1
    for task in prange(sequences * heads):
        s = task // heads
        h = task % heads
        g = h // group
        start, end = qo_indptr[s], qo_indptr[s + 1]
        first = kv_indptr[s]
        prefix = kv_indptr[s + 1] - first
        scores = np.empty(prefix + end - start)
        for t in range(start, end):
            keys = prefix + t - start + 1
            low = max(0, keys - 1 - sliding_window_size) if sliding_window_size > 0 else 0
            top = -np.inf
            for p in range(low, keys):
                if p < prefix:
                    row = k_buffer[kv_indices[first + p], g]
                else:
                    row = k_extend[start + p - prefix, g]
                dot = 0.0
                for d in range(dim):
                    dot += q_extend[t, h, d] * row[d]
                scores[p] = dot * sm_scale
                if logit_cap > 0:
                    scores[p] = logit_cap * math.tanh(scores[p] / logit_cap)
                top = max(top, scores[p])
            total = 0.0
            for p in range(low, keys):
                scores[p] = math.exp(scores[p] - top)
                total += scores[p]
            acc = np.zeros(dim)
            for p in range(low, keys):
                if p < prefix:
                    acc += scores[p] * v_buffer[kv_indices[first + p], g]
                else:
                    acc += scores[p] * v_extend[start + p - prefix, g]
            out[t, h] = acc / total
    return out
""",
    "edit_distance": """
def kernel(a, b):
    m = len(a)
    n = len(b)
    table = np.zeros((m + 1, n + 1), np.int64)
    for i in prange(m + 1):
        table[i, 0] = i
    for j in prange(n + 1):
        table[0, j] = j
    for diagonal in range(2, m + n + 1):
        low = max(1, diagonal - n)
        high = min(m, diagonal - 1)
        for i in prange(low, high + 1):
            j = diagonal - i
            cost = 0 if a[i - 1] == b[j - 1] else 1
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + cost)
    return table[m, n]
""",
    "triangular_solve": """
def kernel(L, b):
    x = np.zeros_like(b)
    for c in prange(b.shape[1]):
        for i in range(L.shape[0]):
            total = b[i, c]
            for j in range(i):
                total -= L[i, j] * x[j, c]
            x[i, c] = total / L[i, i]
    return x
""",
    "cholesky": """
def kernel(A):
    n = A.shape[0]
    for j in range(n):
        total = A[j, j]
        for k in range(j):
            total -= A[j, k] * A[j, k]
        A[j, j] = math.sqrt(total)
        for i in prange(j + 1, n):
            dot = A[i, j]
            for k in range(j):
                dot -= A[i, k] * A[j, k]
            A[i, j] = dot / A[j, j]
""",
    "seidel_2d": """
SKEW = 2
def kernel(TSTEPS, A):
    n = A.shape[0]
    for _ in range(TSTEPS - 1):
        for front in range(1 + SKEW, (n - 2) * (1 + SKEW) + 1):
            for i in prange(max(1, (front - n + 1 + SKEW) // SKEW), min(n - 2, (front - 1) // SKEW) + 1):
                j = front - SKEW * i
                above = A[i - 1, j - 1] + A[i - 1, j] + A[i - 1, j + 1]
                below = A[i + 1, j - 1] + A[i + 1, j] + A[i + 1, j + 1]
                A[i, j] = (above + A[i, j - 1] + A[i, j] + A[i, j + 1] + below) / 9.0
""",
    "floyd_warshall": """
def kernel(path):
    n = path.shape[0]
    for k in range(n):
        for i in prange(n):
            if i != k:
                for j in range(n):
                    path[i, j] = min(path[i, j], path[i, k] + path[k, j])
""",
    "fft_stages": """
def stage(y, out, half, width):
    for p in prange(half):
        for q in range(width):
            angle = -math.pi * q / width
            even = y[p * width + q]
            odd = complex(math.cos(angle), math.sin(angle)) * y[(p + half) * width + q]
            out[2 * p * width + q] = even + odd
            out[(2 * p + 1) * width + q] = even - odd

def kernel(signal):
    y = signal.copy()
    half = signal.shape[0] // 2
    width = 1
    while half >= 1:
        out = np.empty_like(y)
        stage(y, out, half, width)
        y = out
        half //= 2
        width *= 2
    return y
""",
    "spmv_csr": """
def kernel(indptr, indices, values, x):
    y = np.empty(indptr.size - 1)
    for i in prange(indptr.size - 1):
        total = 0.0
        for p in range(indptr[i], indptr[i + 1]):
            total += values[p] * x[indices[p]]
        y[i] = total
    return y
""",
    "recursive_filter": """
def kernel(x, b0, b1, b2, a1, a2):
    y = np.empty_like(x)
    for c in prange(x.shape[0]):
        s1 = s2 = 0.0
        for t in range(x.shape[1]):
            y[c, t] = b0 * x[c, t] + s1
            s1 = b1 * x[c, t] - a1 * y[c, t] + s2
            s2 = b2 * x[c, t] - a2 * y[c, t]
    return y
""",
}
"""By hand, one or more for each way in which the library's kernels can be run in parallel."""
RACY = {
    "softmax": ("total += e", "out[0, 0] += e"),
    "histogram": ("private[block]", "private[0]"),
    "jacobi_2d": ("half_step(B, A)", "half_step(A, A)"),
    "nbody": ("out[i, 0] = ax", "out[i // 2, 0] = ax"),
    "mandelbrot": ("steps[i, j] = escape", "steps[j % yn, j] = escape"),
    "gemm_epilogue": ("min((block + 1) * TILE, m)", "min((block + 1) * TILE + 1, m)"),
    "extend_attention": ("out[t, h] = acc / total", "out[t, g] = acc / total"),
    "edit_distance": ("for i in prange(m + 1):\n        table[i, 0] = i", "for i in prange(1, m + 1):\n        table[i, 0] = table[i - 1, 0] + 1"),
    "triangular_solve": ("x[i, c] = total", "x[i, c // 2] = total"),
    "cholesky": ("A[i, j] = dot", "A[j + 1, j] = dot"),
    "seidel_2d": ("SKEW = 2", "SKEW = 1"),
    "floyd_warshall": ("if i != k", "if i >= 0"),
    "fft_stages": ("out[2 * p * width + q]", "out[p * width + q]"),
    "spmv_csr": ("y[i] = total", "y[i // 2] = total"),
    "recursive_filter": ("y[c, t] = b0", "y[c // 2, t] = b0"),
}


@pytest.fixture(scope="module")
def opened():
    def get(name):
        spec, observation = observed(name)
        return spec, observation.signature

    return get


def logged(text, spec, signature, size, seed=1, **options):
    candidate = Candidate(text, JitOptions(parallel=True, **options))
    arguments = tuple(a.copy() if isinstance(a, np.ndarray) else a for a in spec.make_inputs(size, seed))
    return log_accesses(candidate, arguments, signature)


def test_each_has_a_racy_twin_and_a_reference_in_the_library():
    assert set(PARALLEL) == set(RACY) <= set(NAMES)


@pytest.mark.parametrize("name", PARALLEL)
def test_the_parallel_version_is_in_the_dialect_and_is_what_the_reference_computes(name, opened):
    spec, signature = opened(name)
    assert check_text(PARALLEL[name]) == ()
    kernel = load(PARALLEL[name], np, range)
    scope = {"kernel": kernel, "empty": np.empty}
    exec(wrapper_source(Candidate(PARALLEL[name]), signature, spec.parameters), scope)
    arguments, same = spec.make_inputs("tiny", 5), spec.make_inputs("tiny", 5)
    got, expected = scope["call"](*arguments), spec.reference(*same)
    for value, wanted in zip((got, *arguments), (expected, *same)):
        if wanted is not None:
            np.testing.assert_allclose(value, wanted, rtol=2e-5, atol=1e-6)


QUICK_AT_VERIFY = ("softmax", "histogram", "nbody", "extend_attention", "edit_distance")


@pytest.mark.parametrize("name, size", [*((n, "tiny") for n in PARALLEL), *((n, "verify") for n in QUICK_AT_VERIFY)])
def test_the_parallel_version_is_cleared(name, size, opened):
    spec, signature = opened(name)
    report = logged(PARALLEL[name], spec, signature, size)
    assert report.finished, report.limit
    assert not (report.races or report.out_of_bounds or report.unwritten_reads or report.negative_indices), report
    assert report.iterations > 1


@pytest.mark.parametrize("name", RACY)
def test_a_racy_twin_is_flagged(name, opened):
    spec, signature = opened(name)
    old, new = RACY[name]
    assert old in PARALLEL[name]
    report = logged(PARALLEL[name].replace(old, new), spec, signature, "tiny")
    assert report.races, report


@pytest.mark.parametrize("name", NAMES)
def test_the_reference_itself_runs_over_logged_arrays_where_it_is_in_the_dialect(name, opened):
    spec, signature = opened(name)
    plain = pytest.importorskip("kernwright.kernels.lift.plain")
    try:
        candidate, refused = plain.reference_as_candidate(spec)
    except plain.NotInDialect:
        refused = "it needs other modules"
    if refused:
        pytest.skip("the reference uses what the dialect lacks")
    report = log_accesses(candidate, spec.make_inputs("tiny", 1), signature)
    assert report.finished and not (report.out_of_bounds or report.unwritten_reads or report.races), report
