"""Bilateral filter of a grey image: neighbours count by nearness in place and in brightness."""
import numpy as np

import kernwright


def make_inputs(size, rng):
    return rng.random((size["height"], size["width"])), size["radius"], 2.0, 0.2


@kernwright.kernel(
    inputs=make_inputs,
    sizes={
        "tiny": {"height": 6, "width": 7, "radius": 1},
        "verify": {"height": 31, "width": 23, "radius": 2},
        "benchmark": {"height": 120, "width": 160, "radius": 3},
        "large": {"height": 240, "width": 320, "radius": 4},
    },
    finite=True,
    source="Tomasi and Manduchi, ICCV 1998, one shift of the padded image at a time",
)
def bilateral(image, radius, sigma_space, sigma_range):
    height, width = image.shape
    padded = np.pad(image, radius, mode="edge")
    total = np.zeros_like(image)
    weights = np.zeros_like(image)
    for dy in range(-radius, radius + 1):
        for dx in range(-radius, radius + 1):
            shifted = padded[radius + dy : radius + dy + height, radius + dx : radius + dx + width]
            nearness = np.exp(-(dx**2 + dy**2) / (2 * sigma_space**2))
            weight = nearness * np.exp(-((shifted - image) ** 2) / (2 * sigma_range**2))
            total += weight * shifted
            weights += weight
    return total / weights
