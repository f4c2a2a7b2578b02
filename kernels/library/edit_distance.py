"""Levenshtein distance of two sequences of symbols, with the full table."""
import numpy as np

import kernwright


def make_inputs(size, rng):
    return rng.integers(0, 4, size["m"]), rng.integers(0, 4, size["n"])


@kernwright.kernel(
    inputs=make_inputs,
    sizes={
        "tiny": {"m": 7, "n": 9},
        "verify": {"m": 61, "n": 47},
        "benchmark": {"m": 300, "n": 320},
        "large": {"m": 600, "n": 640},
    },
    source="the dynamic programme of Wagner and Fischer 1974, as it stands in textbooks",
)
def edit_distance(a, b):
    m = len(a)
    n = len(b)
    table = np.zeros((m + 1, n + 1), dtype=np.int64)
    for i in range(m + 1):
        table[i, 0] = i
    for j in range(n + 1):
        table[0, j] = j
    for i in range(1, m + 1):
        for j in range(1, n + 1):
            if a[i - 1] == b[j - 1]:
                cost = 0
            else:
                cost = 1
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + cost)
    return table[m, n]
