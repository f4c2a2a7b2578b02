"""sin, cos, tan.

Method: x = n pi / 2 + r with |r| <= pi / 4 (Cody and Waite: pi / 2 in parts so short that their products with n are exact),
then polynomials for sin(r) and cos(r), chosen and signed by n modulo 4. n is rounded by adding 1.5 * 2**52, which leaves
it in the low bits. Beyond `limit` n is too long, and the result is nan.
Polynomials: near-minimax, by weighted least squares at Chebyshev nodes in 60 digits, coefficients rounded one by one.
"""
from __future__ import annotations

import numpy as np

from .function import vec_function
from .pieces import quotient
from .splice import piece

LIMIT_F64 = 2.0**24
LIMIT_F32 = 2.0**28


@piece
def reduced(x):
    """n modulo 2**52, and r + c for |x| <= 2**24, right to 2**-59 of r even where a number comes nearest to a multiple."""
    shifted = x * 0.6366197723675814 + 6755399441055744.0
    n = np.float64(shifted).view(np.int64)
    k = shifted - 6755399441055744.0
    # Three parts of 29 bits, and a last one of 53; each difference loses what `lost` holds.
    a = x - k * 1.570796325802803
    part = k * 9.920935774287987e-10
    b = a - part
    lost = (a - b) - part
    part = k * 2.2517417706346578e-18
    d = b - part
    lost = lost + ((b - d) - part)
    last = k * 3.5215598651832e-27 - lost
    r = d - last
    c = (d - r) - last
    return n, r, c


@piece
def sine_and_cosine(r, c):
    """sin(r + c) = r + s and cos(r + c) = w + t."""
    z = r * r
    p = 1.5896906893556477e-10
    p = p * z + -2.505076025900604e-08
    p = p * z + 2.755731370752828e-06
    p = p * z + -0.000198412698298604
    p = p * z + 0.008333333333322493
    p = p * z + -0.16666666666666632
    h = 0.5 * z
    s = r * z * p + (c - h * c)
    p = -1.1360062586737339e-11
    p = p * z + 2.0875731555464233e-09
    p = p * z + -2.75573144156352e-07
    p = p * z + 2.480158728971153e-05
    p = p * z + -0.0013888888888874513
    p = p * z + 0.0416666666666666
    w = 1.0 - h
    t = ((1.0 - w) - h) + (z * z * p - r * c)
    return s, w, t


@piece
def reduced_single(x):
    """n modulo 2**52, and r for float32's x with |x| <= 2**28."""
    shifted = x * 0.6366197723675814 + 6755399441055744.0
    n = np.float64(shifted).view(np.int64)
    k = shifted - 6755399441055744.0
    r = ((x - k * 1.5707963109016418) - k * 1.5893254712295857e-08) - k * 6.123233995736766e-17
    return n, r


@piece
def sine_and_cosine_single(r):
    """sin(r) and cos(r), right to 2**-33."""
    z = r * r
    p = 2.7182982938638283e-06
    p = p * z + -0.00019839333227216085
    p = p * z + 0.008333329379443755
    p = p * z + -0.16666666641531225
    s = r + r * z * p
    p = 2.4439013015366624e-05
    p = p * z + -0.0013887372746083457
    p = p * z + 0.0416666469800446
    w = (1.0 - 0.5 * z) + z * z * p
    return s, w


@vec_function("|x| <= 2**24", ulp=0.8, evidence="8,001,778 arguments fused, 40,001,778 apart", limit=LIMIT_F64)
def sin_f64(x):
    """Sine."""
    n, r, c = reduced(x)
    s, w, t = sine_and_cosine(r, c)
    sine = r + s
    cosine = w + t
    y = sine if n & 1 == 0 else cosine
    y = y if n & 2 == 0 else -y
    y = y if abs(x) <= 16777216.0 else np.nan
    return x if abs(x) < 7e-9 else y


@vec_function("|x| <= 2**28", ulp=0.51, evidence="8,001,778 arguments, fused and apart", limit=LIMIT_F32)
def sin_f32(x):
    """Sine."""
    a = np.float64(x)
    n, r = reduced_single(a)
    s, w = sine_and_cosine_single(r)
    y = s if n & 1 == 0 else w
    y = y if n & 2 == 0 else -y
    y = y if abs(a) <= 268435456.0 else np.nan
    return x if x == np.float32(0.0) else np.float32(y)


@vec_function("|x| <= 2**24", ulp=0.8, evidence="8,001,778 arguments fused, 40,001,778 apart", limit=LIMIT_F64)
def cos_f64(x):
    """Cosine."""
    n, r, c = reduced(x)
    s, w, t = sine_and_cosine(r, c)
    sine = r + s
    cosine = w + t
    y = cosine if n & 1 == 0 else sine
    y = y if (n + 1) & 2 == 0 else -y
    return y if abs(x) <= 16777216.0 else np.nan


@vec_function("|x| <= 2**28", ulp=0.51, evidence="8,001,778 arguments, fused and apart", limit=LIMIT_F32)
def cos_f32(x):
    """Cosine."""
    a = np.float64(x)
    n, r = reduced_single(a)
    s, w = sine_and_cosine_single(r)
    y = w if n & 1 == 0 else s
    y = y if (n + 1) & 2 == 0 else -y
    return np.float32(y if abs(a) <= 268435456.0 else np.nan)


@vec_function("|x| <= 2**24", ulp=1.1, evidence="8,001,778 arguments fused, 40,001,778 apart", limit=LIMIT_F64)
def tan_f64(x):
    """Tangent."""
    n, r, c = reduced(x)
    s, w, t = sine_and_cosine(r, c)
    sine = r + s
    sine_low = (r - sine) + s
    cosine = w + t
    cosine_low = (w - cosine) + t
    odd = n & 1 == 1
    above = -cosine if odd else sine
    above_low = -cosine_low if odd else sine_low
    below = sine if odd else cosine
    below_low = sine_low if odd else cosine_low
    q, q_low = quotient(above, above_low, below, below_low)
    y = q + q_low
    y = y if abs(x) <= 16777216.0 else np.nan
    return x if abs(x) < 3e-9 else y


@vec_function("|x| <= 2**28", ulp=0.51, evidence="8,001,778 arguments, fused and apart", limit=LIMIT_F32)
def tan_f32(x):
    """Tangent."""
    a = np.float64(x)
    n, r = reduced_single(a)
    s, w = sine_and_cosine_single(r)
    odd = n & 1 == 1
    above = -w if odd else s
    below = s if odd else w
    y = above / below
    y = y if abs(a) <= 268435456.0 else np.nan
    return x if x == np.float32(0.0) else np.float32(y)
