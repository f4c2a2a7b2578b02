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
    x = np.linspace(xmin, xmax, xn)
    y = np.linspace(ymin, ymax, yn)
    c = x + y[:, None] * 1j
    steps = np.zeros(c.shape, dtype=np.int64)
    z = np.zeros(c.shape, dtype=np.complex128)
    for n in range(maxiter):
        inside = np.less(abs(z), horizon)
        steps[inside] = n
        z[inside] = z[inside] ** 2 + c[inside]
    steps[steps == maxiter - 1] = 0
    return steps
