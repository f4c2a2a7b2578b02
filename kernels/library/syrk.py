"""Symmetric rank-k update of the lower triangle, C = alpha A A^T + beta C, in place."""
import kernwright


def make_inputs(size, rng):
    n, m = size["n"], size["m"]
    return 1.5, 1.2, rng.standard_normal((n, n)), rng.standard_normal((n, m))


@kernwright.kernel(
    inputs=make_inputs,
    sizes={
        "tiny": {"n": 6, "m": 5},
        "verify": {"n": 61, "m": 47},
        "benchmark": {"n": 120, "m": 100},
        "large": {"n": 240, "m": 200},
    },
    finite=True,
    source="PolyBench syrk in the NumPy form of NPBench (Ziogas et al., ICS 2021)",
)
def syrk(alpha, beta, C, A):
    for i in range(A.shape[0]):
        C[i, : i + 1] *= beta
        for k in range(A.shape[1]):
            C[i, : i + 1] += alpha * A[i, k] * A[: i + 1, k]
