"""sinh, cosh, tanh, and the logistic sigmoid.

All come from exp(|x|) = 2**k (1 + h + h_low), where h + h_low carries about 59 bits, so that exp(|x|) - 1 does not cancel;
quotients are taken in two parts. float32 is computed in float64.
"""
from __future__ import annotations

import numpy as np

from .exponential_pieces import exp_parts, exp_parts_single
from .function import vec_function
from .pieces import quotient, two_to, two_to_halves


@vec_function(ulp=0.6, evidence="8,000,414 arguments fused, 40,000,414 apart")
def tanh_f64(x):
    """Hyperbolic tangent: (e**2x - 1) / (e**2x + 1)."""
    a = 2.0 * abs(x)
    a = 44.0 if a > 44.0 else a
    k, h, h_low = exp_parts(a)
    opposite = -k
    inverse = two_to(opposite)
    less = 1.0 - inverse
    n = less + h
    n_low = ((less - n) + h) + (((1.0 - less) - inverse) + h_low)
    more = 1.0 + inverse
    d = more + h
    d_low = ((more - d) + h) + (((1.0 - more) + inverse) + h_low)
    q, q_low = quotient(n, n_low, d, d_low)
    y = q + q_low
    y = -y if x < 0.0 else y
    return x if abs(x) < 3e-9 else y


@vec_function(ulp=0.51, evidence="8,000,414 arguments, fused and apart")
def tanh_f32(x):
    """Hyperbolic tangent: (e**2x - 1) / (e**2x + 1)."""
    a = 2.0 * np.float64(x)
    a = 20.0 if a > 20.0 else a
    a = -20.0 if a < -20.0 else a
    k, g = exp_parts_single(a)
    power = two_to(k)
    e = power * g + (power - 1.0)
    y = np.float32(e / (e + 2.0))
    return x if x == np.float32(0.0) else y


@vec_function(ulp=0.8, evidence="8,000,414 arguments fused, 40,000,414 apart")
def sigmoid_f64(x):
    """1 / (1 + e**-x)."""
    a = -abs(x)
    a = -746.0 if a < -746.0 else a
    k, h, h_low = exp_parts(a)
    first, second = two_to_halves(k)
    power = first * second
    m = 1.0 + h
    m_low = ((1.0 - m) + h) + h_low
    e = power * m
    d = 1.0 + e
    d_low = ((1.0 - d) + e) + power * m_low
    n = m if x < 0.0 else 1.0
    n_low = m_low if x < 0.0 else 0.0
    q, q_low = quotient(n, n_low, d, d_low)
    y = q + q_low
    return y * first * second if x < 0.0 else y


@vec_function(ulp=0.51, evidence="8,000,414 arguments, fused and apart")
def sigmoid_f32(x):
    """1 / (1 + e**-x)."""
    a = -np.float64(x)
    a = 105.0 if a > 105.0 else a
    a = -105.0 if a < -105.0 else a
    k, g = exp_parts_single(a)
    power = two_to(k)
    return np.float32(1.0 / (1.0 + (power + power * g)))


@vec_function(ulp=1.8, evidence="8,000,414 arguments fused, 40,000,414 apart")
def sinh_f64(x):
    """Hyperbolic sine: (e + e / (e + 1)) / 2 with e = e**|x| - 1."""
    a = abs(x)
    a = 710.5 if a > 710.5 else a
    k, h, h_low = exp_parts(a)
    below = k - 2.0
    quarter = two_to(below)
    inverse = 0.25 / quarter
    one = 1.0 - inverse
    n = one + h
    n_low = ((one - n) + h) + (((1.0 - one) - inverse) + h_low)
    q = n / (n + inverse)
    y = 2.0 * (quarter * n + (quarter * n_low + 0.25 * q))
    y = -y if x < 0.0 else y
    return x if abs(x) < 3e-9 else y


@vec_function(ulp=0.51, evidence="8,000,414 arguments, fused and apart")
def sinh_f32(x):
    """Hyperbolic sine: (e + e / (e + 1)) / 2 with e = e**|x| - 1."""
    a = abs(np.float64(x))
    a = 90.0 if a > 90.0 else a
    k, g = exp_parts_single(a)
    power = two_to(k)
    e = power * g + (power - 1.0)
    y = 0.5 * (e + e / (e + 1.0))
    y = -y if x < np.float32(0.0) else y
    return x if x == np.float32(0.0) else np.float32(y)


@vec_function(ulp=0.9, evidence="8,000,414 arguments fused, 40,000,414 apart")
def cosh_f64(x):
    """Hyperbolic cosine: (e**|x| + e**-|x|) / 2."""
    a = abs(x)
    a = 710.5 if a > 710.5 else a
    k, h, h_low = exp_parts(a)
    below = k - 2.0
    quarter = two_to(below)
    m = 1.0 + h
    m_low = ((1.0 - m) + h) + h_low
    return 2.0 * (quarter * m + (quarter * m_low + 0.0625 / (quarter * m)))


@vec_function(ulp=0.51, evidence="8,000,414 arguments, fused and apart")
def cosh_f32(x):
    """Hyperbolic cosine: (e**|x| + e**-|x|) / 2."""
    a = abs(np.float64(x))
    a = 90.0 if a > 90.0 else a
    k, g = exp_parts_single(a)
    power = two_to(k)
    e = power + power * g
    return np.float32(0.5 * (e + 1.0 / e))
