"""The cheapest kernel that can still be searched for long: what orchestration costs shows nowhere as clearly as here."""
import numpy as np

import kernwright


def make_inputs(size, rng):
    return rng.standard_normal((size["n"], size["m"])), rng.standard_normal((size["n"], size["m"]))


@kernwright.kernel(inputs=make_inputs, sizes={"tiny": {"n": 3, "m": 5}, "verify": {"n": 17, "m": 13}, "benchmark": {"n": 64, "m": 48}})
def cheapest(a, b):
    mixed = a + 0.5 * b
    return np.maximum(mixed, a * b) - b
