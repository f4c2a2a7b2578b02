"""Convolution layer of a neural network: every output pixel sees a window of all input channels, in float32."""
import numpy as np

import kernwright


def make_inputs(size, rng):
    k, channels = size["kernel"], size["channels"]
    image = rng.standard_normal((size["images"], size["height"], size["width"], channels), dtype=np.float32)
    weights = rng.standard_normal((k, k, channels, size["filters"]), dtype=np.float32)
    return image, weights, rng.standard_normal(size["filters"], dtype=np.float32)


@kernwright.kernel(
    inputs=make_inputs,
    sizes={
        "tiny": {"images": 2, "height": 5, "width": 4, "channels": 2, "filters": 3, "kernel": 3},
        "verify": {"images": 2, "height": 13, "width": 11, "channels": 3, "filters": 5, "kernel": 3},
        "benchmark": {"images": 4, "height": 32, "width": 32, "channels": 8, "filters": 16, "kernel": 3},
        "large": {"images": 8, "height": 48, "width": 48, "channels": 8, "filters": 16, "kernel": 5},
    },
    finite=True,
    source="conv2d_bias of NPBench: stride 1, no padding, as one sum over a broadcast product for each output pixel",
)
def conv2d(image, weights, bias):
    k = weights.shape[0]
    height, width = image.shape[1] - k + 1, image.shape[2] - k + 1
    output = np.empty((image.shape[0], height, width, weights.shape[3]), dtype=np.float32)
    for i in range(height):
        for j in range(width):
            window = image[:, i : i + k, j : j + k, :, np.newaxis]
            output[:, i, j, :] = np.sum(window * weights[np.newaxis], axis=(1, 2, 3))
    return output + bias
