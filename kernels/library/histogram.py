"""Counts of an array's values in equal bins; what lies outside counts in the first or the last bin."""
import numpy as np

import kernwright


def make_inputs(size, rng):
    return rng.normal(0.0, 1.0, size["values"]), -2.5, 2.75, size["bins"]


@kernwright.kernel(
    inputs=make_inputs,
    sizes={
        "tiny": {"values": 53, "bins": 5},
        "verify": {"values": 10007, "bins": 61},
        "benchmark": {"values": 2_000_000, "bins": 256},
        "large": {"values": 10_000_000, "bins": 4096},
    },
    source="the usual bincount idiom in place of np.histogram, which sorts out uneven bins too",
)
def histogram(values, low, high, bins):
    index = ((values - low) / (high - low) * bins).astype(np.int64)
    index = np.clip(index, 0, bins - 1)
    return np.bincount(index, minlength=bins)
