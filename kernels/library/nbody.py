"""Accelerations of bodies that attract each other, with softened gravity, over all pairs at once."""
import numpy as np

import kernwright


def make_inputs(size, rng):
    n = size["bodies"]
    return rng.standard_normal((n, 3)), rng.uniform(0.5, 1.5, n), 1.0, 0.1


@kernwright.kernel(
    inputs=make_inputs,
    sizes={
        "tiny": {"bodies": 7},
        "verify": {"bodies": 61},
        "benchmark": {"bodies": 500},
        "large": {"bodies": 1500},
    },
    finite=True,
    source="the force step of the NumPy n-body simulation (P. Mocz, nbody-python; also in NPBench), by broadcasting",
)
def nbody(position, mass, gravity, softening):
    offset = position[np.newaxis, :, :] - position[:, np.newaxis, :]
    distance2 = np.sum(offset**2, axis=-1) + softening**2
    pull = gravity * mass * distance2**-1.5
    return np.sum(offset * pull[:, :, np.newaxis], axis=1)
