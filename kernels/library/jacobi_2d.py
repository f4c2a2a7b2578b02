"""Jacobi iteration on a square grid, two half steps a time step, in place."""
import kernwright


def make_inputs(size, rng):
    n = size["n"]
    return size["steps"], rng.random((n, n)), rng.random((n, n))


@kernwright.kernel(
    inputs=make_inputs,
    sizes={
        "tiny": {"n": 9, "steps": 3},
        "verify": {"n": 61, "steps": 7},
        "benchmark": {"n": 350, "steps": 50},
        "large": {"n": 700, "steps": 100},
    },
    finite=True,
    source="PolyBench jacobi-2d in the NumPy form of NPBench (Ziogas et al., ICS 2021)",
)
def jacobi_2d(TSTEPS, A, B):
    for _ in range(1, TSTEPS):
        B[1:-1, 1:-1] = 0.2 * (A[1:-1, 1:-1] + A[1:-1, :-2] + A[1:-1, 2:] + A[2:, 1:-1] + A[:-2, 1:-1])
        A[1:-1, 1:-1] = 0.2 * (B[1:-1, 1:-1] + B[1:-1, :-2] + B[1:-1, 2:] + B[2:, 1:-1] + B[:-2, 1:-1])
