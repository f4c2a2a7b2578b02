"""Second-order recursive filter along each channel: every sample needs the two before it."""
import numpy as np

import kernwright


def make_inputs(size, rng):
    return rng.standard_normal((size["channels"], size["samples"])), 0.067455, 0.134911, 0.067455, -1.142981, 0.412802


@kernwright.kernel(
    inputs=make_inputs,
    sizes={
        "tiny": {"channels": 2, "samples": 9},
        "verify": {"channels": 3, "samples": 211},
        "benchmark": {"channels": 16, "samples": 4000},
        "large": {"channels": 64, "samples": 9000},
    },
    finite=True,
    source="the transposed direct form II that scipy.signal.lfilter runs; coefficients of scipy.signal.butter(2, 0.2)",
)
def recursive_filter(x, b0, b1, b2, a1, a2):
    y = np.empty_like(x)
    s1 = np.zeros(x.shape[0])
    s2 = np.zeros(x.shape[0])
    for t in range(x.shape[1]):
        y[:, t] = b0 * x[:, t] + s1
        s1 = b1 * x[:, t] - a1 * y[:, t] + s2
        s2 = b2 * x[:, t] - a2 * y[:, t]
    return y
