"""Steps after which each point of a grid leaves the Mandelbrot iteration; 0 where it never does."""
import numpy as np

import kernwright


def make_inputs(size, rng):
    left, bottom = -2.25 + 0.1 * rng.random(), -1.25 + 0.1 * rng.random()
    return left, left + 3.0, bottom, bottom + 2.5, size["xn"], size["yn"], size["steps"], 2.0


@kernwright.kernel(
    inputs=make_inputs,
    sizes={
        "tiny": {"xn": 7, "yn": 5, "steps": 6},
        "verify": {"xn": 61, "yn": 47, "steps": 19},
        "benchmark": {"xn": 400, "yn": 300, "steps": 40},
        "large": {"xn": 1200, "yn": 900, "steps": 40},
    },
    source="mandelbrot1 of NPBench, after N. Rougier, From Python to NumPy, 2017",
)
def mandelbrot(xmin, xmax, ymin, ymax, xn, yn, maxiter, horizon):
    X = np.linspace(xmin, xmax, xn)
    Y = np.linspace(ymin, ymax, yn)
    C = X + Y[:, None] * 1j
    N = np.zeros(C.shape, dtype=np.int64)
    Z = np.zeros(C.shape, dtype=np.complex128)
    for n in range(maxiter):
        active = np.less(abs(Z), horizon)
        N[active] = n
        Z[active] = Z[active] ** 2 + C[active]
    N[N == maxiter - 1] = 0
    return N
