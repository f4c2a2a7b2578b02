"""Fourier transform of a power of two of complex samples, by the stages of Stockham's algorithm."""
import numpy as np

import kernwright


def make_inputs(size, rng):
    n = 2 ** size["stages"]
    return (rng.standard_normal(n) + 1j * rng.standard_normal(n),)


@kernwright.kernel(
    inputs=make_inputs,
    sizes={
        "tiny": {"stages": 3},
        "verify": {"stages": 7},
        "benchmark": {"stages": 15},
        "large": {"stages": 18},
    },
    source="Stockham's autosort radix-2 stages (Van Loan, Computational Frameworks for the FFT, 1992, section 1.7)",
)
def fft_stages(signal):
    n = len(signal)
    y = signal.reshape(n, 1)
    half = n // 2
    while half >= 1:
        even, odd = y[:half], y[half:]
        turn = np.exp(-1j * np.pi * np.arange(y.shape[1]) / y.shape[1])
        product = turn * odd
        y = np.concatenate((even + product, even - product), axis=1)
        half = half // 2
    return y[0]
