"""Covariance matrix of the columns of a table of observations."""
import numpy as np

import kernwright


def make_inputs(size, rng):
    return (rng.standard_normal((size["observations"], size["variables"])) + 3.0 * rng.random(size["variables"]),)


@kernwright.kernel(
    inputs=make_inputs,
    sizes={
        "tiny": {"observations": 7, "variables": 4},
        "verify": {"observations": 61, "variables": 23},
        "benchmark": {"observations": 800, "variables": 200},
        "large": {"observations": 1200, "variables": 320},
    },
    finite=True,
    source="covariance of PolyBench and NPBench, which centre the data in place; this one leaves them as they are",
)
def covariance(data):
    data = data - np.mean(data, axis=0)
    m = data.shape[1]
    cov = np.zeros((m, m), dtype=data.dtype)
    for i in range(m):
        cov[i, i:m] = data[:, i] @ data[:, i:m]
        cov[i:m, i] = cov[i, i:m]
    return cov / (data.shape[0] - 1.0)
