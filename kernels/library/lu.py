"""LU factors of a diagonally dominant matrix without pivoting, by outer products, in place."""
import numpy as np

import kernwright


def make_inputs(size, rng):
    n = size["n"]
    return (rng.uniform(-1.0, 1.0, (n, n)) + n * np.eye(n),)


@kernwright.kernel(
    inputs=make_inputs,
    sizes={
        "tiny": {"n": 6},
        "verify": {"n": 61},
        "benchmark": {"n": 250},
        "large": {"n": 500},
    },
    finite=True,
    source="right-looking elimination, Golub and Van Loan, Matrix Computations, algorithm 3.2.1",
)
def lu(A):
    n = A.shape[0]
    for k in range(n - 1):
        A[k + 1 :, k] /= A[k, k]
        A[k + 1 :, k + 1 :] -= A[k + 1 :, k, None] * A[k, k + 1 :]
