"""Cholesky factor of a positive definite matrix, row by row, in place of the matrix's lower triangle."""
import numpy as np

import kernwright


def make_inputs(size, rng):
    n = size["n"]
    factor = np.tril(rng.uniform(-1.0, 1.0, (n, n)), -1) / n + np.diag(rng.uniform(0.5, 1.5, n))
    return (factor @ factor.T,)


@kernwright.kernel(
    inputs=make_inputs,
    sizes={
        "tiny": {"n": 6},
        "verify": {"n": 61},
        "benchmark": {"n": 120},
        "large": {"n": 240},
    },
    finite=True,
    source="PolyBench cholesky in the NumPy form of NPBench",
)
def cholesky(A):
    A[0, 0] = np.sqrt(A[0, 0])
    for i in range(1, A.shape[0]):
        for j in range(i):
            A[i, j] -= np.dot(A[i, :j], A[j, :j])
            A[i, j] /= A[j, j]
        A[i, i] -= np.dot(A[i, :i], A[i, :i])
        A[i, i] = np.sqrt(A[i, i])
