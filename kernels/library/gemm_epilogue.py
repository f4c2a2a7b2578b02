"""Matrix product with an epilogue: a linear layer with bias and tanh-GELU."""
import numpy as np

import kernwright


def make_inputs(size, rng):
    x = rng.standard_normal((size["tokens"], size["features"]), dtype=np.float32)
    weight = rng.standard_normal((size["features"], size["hidden"]), dtype=np.float32)
    weight /= np.float32(size["features"] ** 0.5)
    bias = rng.standard_normal(size["hidden"], dtype=np.float32)
    return x, weight, bias


@kernwright.kernel(
    inputs=make_inputs,
    sizes={
        "tiny": {"tokens": 5, "features": 6, "hidden": 7},
        "verify": {"tokens": 61, "features": 47, "hidden": 83},
        "benchmark": {"tokens": 512, "features": 128, "hidden": 1024},
        "large": {"tokens": 1024, "features": 512, "hidden": 2048},
    },
    finite=True,
    source="first half of a transformer's feed-forward block; GELU as in Hendrycks and Gimpel 2016, tanh form",
)
def gemm_epilogue(x, weight, bias):
    z = x @ weight + bias
    return 0.5 * z * (1.0 + np.tanh(0.7978845608028654 * (z + 0.044715 * z**3)))
