"""exp, exp2, expm1.

Method: x = k ln 2 + r with |r| <= ln 2 / 2 (Cody and Waite: ln 2 in two parts, the first so short that its product with k
is exact), a polynomial for exp(r), and 2**k assembled from its bits in two factors, so that subnormal results are rounded
once. k is rounded by adding 1.5 * 2**52, which leaves it in the low bits of the sum.
Polynomials: near-minimax, by weighted least squares at Chebyshev nodes in 60 digits, coefficients rounded one by one.
"""
from __future__ import annotations

import numpy as np

from .function import vec_function


@vec_function(ulp=0.6, evidence="sample")
def exp_f64(x):
    """e**x."""
    # Beyond these bounds the result is inf or 0 in any case; a nan passes both comparisons.
    a = 710.0 if x > 710.0 else x
    a = -746.0 if a < -746.0 else a
    shifted = a * 1.4426950408889634 + 6755399441055744.0
    k = shifted - 6755399441055744.0
    # r + c = a - k ln 2: the product with the upper part of ln 2 (42 bits) is exact, and c is what rounding r left.
    upper = a - k * 0.6931471805598903
    lower = k * 5.497923018708371e-14
    r = upper - lower
    c = (upper - r) - lower
    p = 2.0921706476634758e-09
    p = p * r + 2.5112658622693133e-08
    p = p * r + 2.75572519819011e-07
    p = p * r + 2.7557232865118846e-06
    p = p * r + 2.480158734906903e-05
    p = p * r + 0.00019841269898664948
    p = p * r + 0.0013888888888873318
    p = p * r + 0.008333333333315953
    p = p * r + 0.041666666666666685
    p = p * r + 0.16666666666666685
    p = p * r + 0.5
    # 1 + r + r**2 p, the rounding error of 1 + r being added to the small terms (Dekker's fast two-sum).
    s = 1.0 + r
    y = s + (((1.0 - s) + r) + (r * r * p + c))
    half = k * 0.5 + 6755399441055744.0
    rest = (k - (half - 6755399441055744.0)) + 6755399441055744.0
    first = np.int64((np.float64(half).view(np.int64) + 1023) << 52).view(np.float64)
    second = np.int64((np.float64(rest).view(np.int64) + 1023) << 52).view(np.float64)
    return y * first * second


@vec_function(ulp=0.6, evidence="sample")
def exp_f32(x):
    """e**x."""
    a = np.float32(89.0) if x > np.float32(89.0) else x
    a = np.float32(-104.0) if a < np.float32(-104.0) else a
    shifted = a * np.float32(1.442695) + np.float32(12582912.0)
    k = shifted - np.float32(12582912.0)
    # The upper part of ln 2 has 12 bits.
    upper = a - k * np.float32(0.693115234375)
    lower = k * np.float32(3.1946183e-05)
    r = upper - lower
    c = (upper - r) - lower
    p = np.float32(0.001393576)
    p = p * r + np.float32(0.008369091)
    p = p * r + np.float32(0.041666456)
    p = p * r + np.float32(0.16666517)
    p = p * r + np.float32(0.5)
    s = np.float32(1.0) + r
    y = s + (((np.float32(1.0) - s) + r) + (r * r * p + c))
    half = k * np.float32(0.5) + np.float32(12582912.0)
    rest = (k - (half - np.float32(12582912.0))) + np.float32(12582912.0)
    first = np.int32((np.float32(half).view(np.int32) + 127) << 23).view(np.float32)
    second = np.int32((np.float32(rest).view(np.int32) + 127) << 23).view(np.float32)
    return y * first * second
