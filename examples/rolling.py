"""Mean of the last `window` values at each step of several series, written as a plain Python loop."""
import numpy as np

import kernwright


def make_inputs(size, rng):
    return rng.random((size["series"], size["steps"])), size["window"]


@kernwright.kernel(
    inputs=make_inputs,
    sizes={
        "tiny": {"series": 3, "steps": 12, "window": 4},
        "verify": {"series": 7, "steps": 131, "window": 9},
        "benchmark": {"series": 200, "steps": 4000, "window": 32},
    },
)
def rolling_mean(values, window):
    means = np.empty((values.shape[0], values.shape[1] - window + 1))
    for step in range(means.shape[1]):
        means[:, step] = np.mean(values[:, step : step + window], axis=1)
    return means
