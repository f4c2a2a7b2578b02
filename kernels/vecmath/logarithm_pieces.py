"""Pieces of log for float64, and for float32 in float64 arithmetic.

Method: x = 2**k (1 + f) with 1 + f between sqrt(1/2) and sqrt(2), then log(1 + f) = f - (f**2 / 2 - t) with
t = s (f**2 / 2 + R), s = f / (2 + f) and R a polynomial in s**2, as 2 atanh(s) = log(1 + f).
Polynomials: near-minimax, by weighted least squares at Chebyshev nodes in 60 digits, coefficients rounded one by one.
"""
from __future__ import annotations

import numpy as np

from .splice import piece


@piece
def log_reduced(x):
    """k and f of a positive x, subnormal or not."""
    tiny = x < 2.2250738585072014e-308
    a = x * 18014398509481984.0 if tiny else x
    # 6755399441055744 = 1.5 * 2**52, to whose bits k is added; 1023 is the bias of exponents, 54 what the scaling added.
    offset = 6755399441056821.0 if tiny else 6755399441056767.0
    # Adding 1 - sqrt(1/2), as bits, moves the bounds of the exponent from powers of two to sqrt(2) times those.
    bits = np.float64(a).view(np.int64) + 2638147582215219
    k = np.int64(((bits >> 52) & 2047) + 4843621399236968448).view(np.float64) - offset
    f = np.int64((bits & 4503599627370495) + 4604544271217802189).view(np.float64) - 1.0
    return k, f


@piece
def log_series(f):
    """half, t with log(1 + f) = f - (half - t)."""
    half = 0.5 * f * f
    s = f / (2.0 + f)
    z = s * s
    p = 0.14795531592758593
    p = p * z + 0.1531409532242
    p = p * z + 0.1818356242817412
    p = p * z + 0.22222198613246136
    p = p * z + 0.2857142874195529
    p = p * z + 0.3999999999941686
    p = p * z + 0.6666666666666734
    t = s * (half + p * z)
    return half, t


@piece
def log_series_single(f):
    """log(1 + f), right to 2**-37."""
    half = 0.5 * f * f
    s = f / (2.0 + f)
    z = s * s
    p = 0.23582376396157675
    p = p * z + 0.28537292916686297
    p = p * z + 0.4000033555207512
    p = p * z + 0.6666666564234138
    series = f - (half - s * (half + p * z))
    return series


@piece
def log_edges(x, y):
    """y where x is positive and finite, and the limits elsewhere: -inf at 0, nan below, inf at inf."""
    outside = -np.inf if x == 0.0 else np.nan
    at_most = y if x < np.inf else x
    edged = at_most if x > 0.0 else outside
    return edged
