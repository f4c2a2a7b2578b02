"""Solution of a lower triangular system with several right-hand sides, by forward substitution."""
import numpy as np

import kernwright


def make_inputs(size, rng):
    n = size["n"]
    lower = np.tril(rng.uniform(-1.0, 1.0, (n, n)), -1) / n + np.diag(rng.uniform(1.0, 2.0, n))
    return lower, rng.standard_normal((n, size["columns"]))


@kernwright.kernel(
    inputs=make_inputs,
    sizes={
        "tiny": {"n": 6, "columns": 3},
        "verify": {"n": 61, "columns": 5},
        "benchmark": {"n": 600, "columns": 8},
        "large": {"n": 1200, "columns": 16},
    },
    finite=True,
    source="PolyBench trisolv in the NumPy form of NPBench, with several right-hand sides as in BLAS trsm",
)
def triangular_solve(L, b):
    x = np.zeros_like(b)
    for i in range(L.shape[0]):
        x[i] = (b[i] - L[i, :i] @ x[:i]) / L[i, i]
    return x
