"""Explicit steps of the heat equation in a cube, to and fro between two arrays."""
import kernwright


def make_inputs(size, rng):
    n = size["n"]
    return size["steps"], rng.random((n, n, n)), rng.random((n, n, n))


@kernwright.kernel(
    inputs=make_inputs,
    sizes={
        "tiny": {"n": 5, "steps": 3},
        "verify": {"n": 17, "steps": 4},
        "benchmark": {"n": 48, "steps": 12},
        "large": {"n": 80, "steps": 10},
    },
    finite=True,
    source="PolyBench heat-3d in the NumPy form of NPBench",
)
def heat_3d(TSTEPS, A, B):
    for _ in range(1, TSTEPS):
        B[1:-1, 1:-1, 1:-1] = (
            0.125 * (A[2:, 1:-1, 1:-1] - 2.0 * A[1:-1, 1:-1, 1:-1] + A[:-2, 1:-1, 1:-1])
            + 0.125 * (A[1:-1, 2:, 1:-1] - 2.0 * A[1:-1, 1:-1, 1:-1] + A[1:-1, :-2, 1:-1])
            + 0.125 * (A[1:-1, 1:-1, 2:] - 2.0 * A[1:-1, 1:-1, 1:-1] + A[1:-1, 1:-1, :-2])
            + A[1:-1, 1:-1, 1:-1]
        )
        A[1:-1, 1:-1, 1:-1] = (
            0.125 * (B[2:, 1:-1, 1:-1] - 2.0 * B[1:-1, 1:-1, 1:-1] + B[:-2, 1:-1, 1:-1])
            + 0.125 * (B[1:-1, 2:, 1:-1] - 2.0 * B[1:-1, 1:-1, 1:-1] + B[1:-1, :-2, 1:-1])
            + 0.125 * (B[1:-1, 1:-1, 2:] - 2.0 * B[1:-1, 1:-1, 1:-1] + B[1:-1, 1:-1, :-2])
            + B[1:-1, 1:-1, 1:-1]
        )
