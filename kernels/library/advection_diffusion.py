"""One upwind step of a tracer that a flow carries and diffusion spreads, on a periodic grid."""
import numpy as np

import kernwright


def make_inputs(size, rng):
    shape = size["ny"], size["nx"]
    tracer, u, v = rng.random(shape), rng.standard_normal(shape), rng.standard_normal(shape)
    return tracer, u, v, 0.05, 0.1, 0.12, 1e-3


@kernwright.kernel(
    inputs=make_inputs,
    sizes={
        "tiny": {"nx": 5, "ny": 4},
        "verify": {"nx": 61, "ny": 47},
        "benchmark": {"nx": 384, "ny": 256},
        "large": {"nx": 1024, "ny": 768},
    },
    finite=True,
    source="first-order upwind scheme (LeVeque, Finite Volume Methods, 2002, chapter 4), with np.roll as in many course notes",
)
def advection_diffusion(tracer, u, v, diffusivity, dx, dy, dt):
    west, east = np.roll(tracer, 1, axis=1), np.roll(tracer, -1, axis=1)
    south, north = np.roll(tracer, 1, axis=0), np.roll(tracer, -1, axis=0)
    advection_x = np.where(u > 0, u * (tracer - west), u * (east - tracer)) / dx
    advection_y = np.where(v > 0, v * (tracer - south), v * (north - tracer)) / dy
    laplacian = (west - 2 * tracer + east) / dx**2 + (south - 2 * tracer + north) / dy**2
    return tracer + dt * (diffusivity * laplacian - advection_x - advection_y)
