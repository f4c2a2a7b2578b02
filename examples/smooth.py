"""Matrix smoothing: each inner cell becomes the mean of itself and its eight neighbours."""
import kernwright


def make_inputs(size, rng):
    return (rng.standard_normal((size["n"], size["n"])),)


@kernwright.kernel(inputs=make_inputs, sizes={"tiny": {"n": 8}, "verify": {"n": 61}, "benchmark": {"n": 1500}})
def smooth(a):
    out = a.copy()
    out[1:-1, 1:-1] = (
        a[:-2, :-2] + a[:-2, 1:-1] + a[:-2, 2:] + a[1:-1, :-2] + a[1:-1, 1:-1] + a[1:-1, 2:]
        + a[2:, :-2] + a[2:, 1:-1] + a[2:, 2:]
    ) / 9.0
    return out
