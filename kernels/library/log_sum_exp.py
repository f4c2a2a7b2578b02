"""Logarithm of each row's sum of exponentials, safe from overflow."""
import numpy as np

import kernwright


def make_inputs(size, rng):
    return (10.0 * rng.standard_normal((size["rows"], size["columns"])),)


@kernwright.kernel(
    inputs=make_inputs,
    sizes={
        "tiny": {"rows": 3, "columns": 5},
        "verify": {"rows": 61, "columns": 47},
        "benchmark": {"rows": 1000, "columns": 800},
        "large": {"rows": 2000, "columns": 2000},
    },
    finite=True,
    source="what scipy.special.logsumexp computes along one axis, as people write it in NumPy",
)
def log_sum_exp(x):
    highest = np.max(x, axis=1, keepdims=True)
    return np.log(np.sum(np.exp(x - highest), axis=1)) + highest[:, 0]
