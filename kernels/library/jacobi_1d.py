"""Three-point smoothing of a line, two half steps a time step, in place."""
import kernwright


def make_inputs(size, rng):
    return size["steps"], rng.random(size["n"]), rng.random(size["n"])


@kernwright.kernel(
    inputs=make_inputs,
    sizes={
        "tiny": {"n": 11, "steps": 3},
        "verify": {"n": 61, "steps": 7},
        "benchmark": {"n": 20_000, "steps": 100},
        "large": {"n": 200_000, "steps": 50},
    },
    finite=True,
    source="PolyBench jacobi-1d in the NumPy form of NPBench",
)
def jacobi_1d(TSTEPS, A, B):
    for _ in range(1, TSTEPS):
        B[1:-1] = 0.33333 * (A[:-2] + A[1:-1] + A[2:])
        A[1:-1] = 0.33333 * (B[:-2] + B[1:-1] + B[2:])
