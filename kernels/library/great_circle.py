"""Great-circle distances in kilometres between every place of one list and every place of another."""
import numpy as np

import kernwright

EARTH_RADIUS = 6371.0088


def make_inputs(size, rng):
    def places(n):
        return rng.uniform(-90.0, 90.0, n), rng.uniform(-180.0, 180.0, n)

    return *places(size["here"]), *places(size["there"])


@kernwright.kernel(
    inputs=make_inputs,
    sizes={
        "tiny": {"here": 4, "there": 5},
        "verify": {"here": 61, "there": 47},
        "benchmark": {"here": 400, "there": 500},
        "large": {"here": 1100, "there": 1200},
    },
    finite=True,
    source="the haversine formula (Sinnott, Virtues of the Haversine, Sky and Telescope 68, 1984), by broadcasting",
)
def great_circle(lat1, lon1, lat2, lon2):
    lat1, lon1, lat2, lon2 = np.radians(lat1), np.radians(lon1), np.radians(lat2), np.radians(lon2)
    dlat = lat2[None, :] - lat1[:, None]
    dlon = lon2[None, :] - lon1[:, None]
    a = np.sin(dlat / 2) ** 2 + np.cos(lat1)[:, None] * np.cos(lat2)[None, :] * np.sin(dlon / 2) ** 2
    return 2 * EARTH_RADIUS * np.arcsin(np.sqrt(np.minimum(a, 1.0)))
