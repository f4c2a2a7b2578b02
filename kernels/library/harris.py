"""Corner measure of Harris and Stephens at every inner pixel of a grey image, in float32."""
import numpy as np

import kernwright


def make_inputs(size, rng):
    return rng.random((size["height"], size["width"]), dtype=np.float32), 0.04


def box(a):
    return (
        a[:-2, :-2] + a[:-2, 1:-1] + a[:-2, 2:]
        + a[1:-1, :-2] + a[1:-1, 1:-1] + a[1:-1, 2:]
        + a[2:, :-2] + a[2:, 1:-1] + a[2:, 2:]
    )


@kernwright.kernel(
    inputs=make_inputs,
    sizes={
        "tiny": {"height": 7, "width": 8},
        "verify": {"height": 61, "width": 47},
        "benchmark": {"height": 480, "width": 640},
        "large": {"height": 1080, "width": 1280},
    },
    finite=True,
    source="Harris and Stephens 1988; the pipeline is a benchmark of Halide and PolyMage",
)
def harris(image, kappa):
    dx = (image[:-2, 2:] - image[:-2, :-2]) + 2 * (image[1:-1, 2:] - image[1:-1, :-2]) + (image[2:, 2:] - image[2:, :-2])
    dy = (image[2:, :-2] - image[:-2, :-2]) + 2 * (image[2:, 1:-1] - image[:-2, 1:-1]) + (image[2:, 2:] - image[:-2, 2:])
    sxx, sxy, syy = box(dx * dx), box(dx * dy), box(dy * dy)
    return sxx * syy - sxy * sxy - kappa * (sxx + syy) ** 2
