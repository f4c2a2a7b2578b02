"""exp, exp2, expm1.

2**k is assembled from its bits, for exp in two factors, so that subnormal results are rounded once.
"""
from __future__ import annotations

import numpy as np

from .exponential_pieces import exp_of_rest, exp_parts, exp_parts_single, exp_reduced
from .function import vec_function
from .pieces import two_to, two_to_halves, upper_half


@vec_function(ulp=0.8, evidence="8,000,414 arguments fused, 40,000,414 apart")
def exp_f64(x):
    """e**x."""
    # Beyond these bounds the result is inf or 0 in any case; a nan passes both comparisons.
    a = 710.0 if x > 710.0 else x
    a = -746.0 if a < -746.0 else a
    k, r, c = exp_reduced(a)
    y = exp_of_rest(r, c)
    first, second = two_to_halves(k)
    return y * first * second


@vec_function(ulp=0.8, evidence="all arguments, fused and apart")
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


@vec_function(ulp=0.8, evidence="8,000,304 arguments fused, 40,000,304 apart")
def exp2_f64(x):
    """2**x."""
    a = 1025.0 if x > 1025.0 else x
    a = -1080.0 if a < -1080.0 else a
    shifted = a + 6755399441055744.0
    k = shifted - 6755399441055744.0
    f = a - k
    # r + c = f ln 2; the upper part of ln 2 has 26 bits.
    f_half = upper_half(f)
    product = f_half * 0.6931471675634384
    rest = (f - f_half) * 0.6931471675634384 + f * 1.2996506893889889e-08
    r = product + rest
    c = (product - r) + rest
    y = exp_of_rest(r, c)
    first, second = two_to_halves(k)
    return y * first * second


@vec_function(ulp=0.51, evidence="8,000,304 arguments, fused and apart")
def exp2_f32(x):
    """2**x."""
    a = np.float64(x)
    a = 129.0 if a > 129.0 else a
    a = -151.0 if a < -151.0 else a
    shifted = a + 6755399441055744.0
    k = shifted - 6755399441055744.0
    f = a - k
    p = 1.5314964503318588e-05
    p = p * f + 0.00015467135103624017
    p = p * f + 0.0013333430649296821
    p = p * f + 0.009618036819295213
    p = p * f + 0.055504109626719686
    p = p * f + 0.24022651076618215
    p = p * f + 0.6931471805419873
    power = two_to(k)
    return np.float32((1.0 + f * p) * power)


@vec_function(ulp=0.8, evidence="8,000,414 arguments fused, 40,000,414 apart")
def expm1_f64(x):
    """e**x - 1."""
    a = 710.0 if x > 710.0 else x
    a = -40.0 if a < -40.0 else a
    k, h, h_low = exp_parts(a)
    # 2**k (1 - 2**-k + h + h_low), scaled in two steps as k may be 1024.
    below = k - 1.0
    power = two_to(below)
    inverse = 0.5 / power
    one = 1.0 - inverse
    s = one + h
    y = s + (((one - s) + h) + (((1.0 - one) - inverse) + h_low))
    y = y * power * 2.0
    return x if abs(x) < 5e-17 else y


@vec_function(ulp=0.51, evidence="8,000,414 arguments, fused and apart")
def expm1_f32(x):
    """e**x - 1."""
    a = np.float64(x)
    a = 89.0 if a > 89.0 else a
    a = -20.0 if a < -20.0 else a
    k, g = exp_parts_single(a)
    power = two_to(k)
    y = np.float32(power * g + (power - 1.0))
    return x if x == np.float32(0.0) else y
