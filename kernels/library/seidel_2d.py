"""Gauss-Seidel sweeps with a nine-point stencil in place: every cell uses neighbours that are new already."""
import kernwright


def make_inputs(size, rng):
    return size["steps"], rng.random((size["n"], size["n"]))


@kernwright.kernel(
    inputs=make_inputs,
    sizes={
        "tiny": {"n": 7, "steps": 3},
        "verify": {"n": 41, "steps": 4},
        "benchmark": {"n": 100, "steps": 5},
        "large": {"n": 200, "steps": 6},
    },
    finite=True,
    source="PolyBench seidel-2d in the NumPy form of NPBench",
)
def seidel_2d(TSTEPS, A):
    n = A.shape[0]
    for _ in range(TSTEPS - 1):
        for i in range(1, n - 1):
            A[i, 1:-1] += (
                A[i - 1, :-2] + A[i - 1, 1:-1] + A[i - 1, 2:] + A[i, 2:] + A[i + 1, :-2] + A[i + 1, 1:-1] + A[i + 1, 2:]
            )
            for j in range(1, n - 1):
                A[i, j] += A[i, j - 1]
                A[i, j] /= 9.0
