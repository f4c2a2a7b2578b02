"""Lengths of the shortest paths between all pairs of nodes of a directed graph, in place, in integers."""
import numpy as np

import kernwright


def make_inputs(size, rng):
    n = size["n"]
    path = rng.integers(1, 1000, (n, n), dtype=np.int32)
    path[rng.random((n, n)) < 0.7] = 1_000_000
    np.fill_diagonal(path, 0)
    return (path,)


@kernwright.kernel(
    inputs=make_inputs,
    sizes={
        "tiny": {"n": 6},
        "verify": {"n": 47},
        "benchmark": {"n": 200},
        "large": {"n": 400},
    },
    source="PolyBench floyd-warshall in the NumPy form of NPBench",
)
def floyd_warshall(path):
    for k in range(path.shape[0]):
        path[:] = np.minimum(path[:], np.add.outer(path[:, k], path[k, :]))
