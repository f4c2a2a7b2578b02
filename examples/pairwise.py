"""Euclidean distance between each point of one set and each of another, by broadcasting."""
import numpy as np

import kernwright


def make_inputs(size, rng):
    return rng.standard_normal((size["n"], size["d"])), rng.standard_normal((size["m"], size["d"]))


@kernwright.kernel(
    inputs=make_inputs,
    sizes={"tiny": {"n": 5, "m": 7, "d": 3}, "verify": {"n": 37, "m": 53, "d": 5}, "benchmark": {"n": 800, "m": 900, "d": 8}},
)
def pairwise(points, others):
    differences = points[:, np.newaxis, :] - others[np.newaxis, :, :]
    return np.sqrt(np.sum(differences * differences, axis=2))
