"""log, log2, log10, log1p.

float32 is computed in float64, but for log itself.
"""
from __future__ import annotations

import numpy as np

from .function import vec_function
from .logarithm_pieces import log_edges, log_reduced, log_series, log_series_single
from .pieces import upper_half


@vec_function(ulp=0.9, evidence="8,000,122 arguments fused, 40,000,122 apart")
def log_f64(x):
    """Natural logarithm."""
    k, f = log_reduced(x)
    half, t = log_series(f)
    # The upper part of ln 2 has 42 bits.
    y = k * 0.6931471805598903 - ((half - (t + k * 5.497923018708371e-14)) - f)
    edged = log_edges(x, y)
    return edged


@vec_function(ulp=0.9, evidence="all arguments fused, 8,000,122 apart")
def log_f32(x):
    """Natural logarithm."""
    tiny = x < np.float32(1.1754944e-38)
    a = x * np.float32(33554432.0) if tiny else x
    offset = np.float32(12583064.0) if tiny else np.float32(12583039.0)
    bits = np.float32(a).view(np.int32) + 4913933
    k = np.int32(((bits >> 23) & 255) + 1262485504).view(np.float32) - offset
    f = np.int32((bits & 8388607) + 1060439283).view(np.float32) - np.float32(1.0)
    half = np.float32(0.5) * f * f
    s = f / (np.float32(2.0) + f)
    z = s * s
    p = np.float32(0.2987072765827179)
    p = p * z + np.float32(0.39977583289146423)
    p = p * z + np.float32(0.6666677594184875)
    t = s * (half + p * z)
    # The upper part of ln 2 has 16 bits.
    y = k * np.float32(0.693145751953125) - ((half - (t + k * np.float32(1.4286068e-06))) - f)
    edged = log_edges(x, y)
    return np.float32(edged)


@vec_function(ulp=0.9, evidence="8,000,122 arguments fused, 40,000,122 apart")
def log2_f64(x):
    """Logarithm to the base 2."""
    k, f = log_reduced(x)
    half, t = log_series(f)
    # log(1 + f) = upper + lower, times 1 / ln 2 in two parts; upper and the first of them have 26 bits.
    difference = f - half
    upper = upper_half(difference)
    lower = ((f - upper) - half) + t
    main = upper * 1.4426950216293335
    rest = upper * 1.9259629911266175e-08 + lower * 1.4426950408889634
    s = k + main
    y = s + (((k - s) + main) + rest)
    edged = log_edges(x, y)
    return edged


@vec_function(ulp=0.51, evidence="8,000,122 arguments, fused and apart")
def log2_f32(x):
    """Logarithm to the base 2."""
    a = np.float64(x)
    k, f = log_reduced(a)
    series = log_series_single(f)
    y = k + series * 1.4426950408889634
    edged = log_edges(a, y)
    return np.float32(edged)


@vec_function(ulp=0.8, evidence="8,000,122 arguments fused, 40,000,122 apart")
def log10_f64(x):
    """Logarithm to the base 10."""
    k, f = log_reduced(x)
    half, t = log_series(f)
    difference = f - half
    upper = upper_half(difference)
    lower = ((f - upper) - half) + t
    main = upper * 0.4342944771051407
    rest = upper * 4.798111141615973e-09 + lower * 0.4342944819032518
    # The upper part of log10(2) has 42 bits.
    whole = k * 0.30102999566395283
    s = whole + main
    y = s + (((whole - s) + main) + (rest + k * 2.8363394551044964e-14))
    edged = log_edges(x, y)
    return edged


@vec_function(ulp=0.51, evidence="8,000,122 arguments, fused and apart")
def log10_f32(x):
    """Logarithm to the base 10."""
    a = np.float64(x)
    k, f = log_reduced(a)
    series = log_series_single(f)
    y = k * 0.3010299956639812 + series * 0.4342944819032518
    edged = log_edges(a, y)
    return np.float32(edged)


@vec_function(ulp=0.9, evidence="8,000,215 arguments fused, 40,000,215 apart")
def log1p_f64(x):
    """log(1 + x)."""
    u = 1.0 + x
    v = u - 1.0
    error = (1.0 - (u - v)) + (x - v)
    k, g = log_reduced(u)
    # Where k is 0 the series takes x itself; elsewhere the rounding of 1 + x is made good.
    f = x if k == 0.0 else g
    c = 0.0 if k == 0.0 else error / u
    half, t = log_series(f)
    y = k * 0.6931471805598903 - ((half - (t + (k * 5.497923018708371e-14 + c))) - f)
    edged = log_edges(u, y)
    return x if abs(x) < 5e-17 else edged


@vec_function(ulp=0.51, evidence="8,000,215 arguments, fused and apart")
def log1p_f32(x):
    """log(1 + x)."""
    a = np.float64(x)
    u = 1.0 + a
    k, g = log_reduced(u)
    f = a if k == 0.0 else g
    series = log_series_single(f)
    y = k * 0.6931471805599453 + series
    edged = log_edges(u, y)
    return x if x == np.float32(0.0) else np.float32(edged)
