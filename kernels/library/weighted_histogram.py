"""Sum of weights in each bin of a regular grid of two coordinates; points outside are left out."""
import numpy as np

import kernwright


def make_inputs(size, rng):
    n = size["points"]
    return rng.normal(0.5, 0.3, n), rng.normal(0.5, 0.3, n), rng.random(n), size["nx"], size["ny"]


@kernwright.kernel(
    inputs=make_inputs,
    sizes={
        "tiny": {"points": 31, "nx": 4, "ny": 3},
        "verify": {"points": 4999, "nx": 17, "ny": 13},
        "benchmark": {"points": 300_000, "nx": 64, "ny": 48},
        "large": {"points": 1_000_000, "nx": 256, "ny": 200},
    },
    finite=True,
    source="nearest-grid-point mass assignment of particle-mesh codes (Hockney and Eastwood 1988), with np.add.at",
)
def weighted_histogram(x, y, weights, nx, ny):
    i = np.floor(x * nx).astype(np.int64)
    j = np.floor(y * ny).astype(np.int64)
    inside = (i >= 0) & (i < nx) & (j >= 0) & (j < ny)
    grid = np.zeros((ny, nx))
    np.add.at(grid, (j[inside], i[inside]), weights[inside])
    return grid
