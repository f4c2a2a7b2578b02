"""atan, atan2, asin, acos.

float32 is computed in float64.
"""
from __future__ import annotations

import numpy as np

from .function import vec_function
from .inverse_pieces import asin_parts, asin_single, atan_of_parts, atan_single
from .pieces import quotient
from .splice import piece


@piece
def limited(y, x):
    """The magnitudes of y and x, 1 and 0 in place of infinite and finite where either is infinite; and the larger of them."""
    size_y = abs(y)
    size_x = abs(x)
    larger = size_y if size_y > size_x else size_x
    endless = larger == np.inf
    one_y = 1.0 if size_y == np.inf else 0.0
    one_x = 1.0 if size_x == np.inf else 0.0
    n = one_y if endless else size_y
    d = one_x if endless else size_x
    return n, d, larger


@vec_function(ulp=0.7, evidence="8,000,224 arguments fused, 40,000,224 apart")
def atan_f64(x):
    """Arc tangent."""
    a = abs(x)
    a = 1e20 if a > 1e20 else a
    above = a - 1.0
    below = a + 1.0
    middle = a > 0.41421356237309503
    large = a > 2.414213562373095
    n = above if middle else a
    n_low = a - (above + 1.0) if middle else 0.0
    d = below if middle else 1.0
    d_low = a - (below - 1.0) if middle else 0.0
    n = -1.0 if large else n
    n_low = 0.0 if large else n_low
    d = a if large else d
    d_low = 0.0 if large else d_low
    base = 0.7853981633974483 if middle else 0.0
    base = 1.5707963267948966 if large else base
    base_low = base * 3.8981718325193755e-17
    q, q_low = quotient(n, n_low, d, d_low)
    angle = atan_of_parts(base, base_low, q, q_low)
    y = -angle if x < 0.0 else angle
    return x if a < 3e-9 else y


@vec_function(ulp=0.51, evidence="8,000,224 arguments, fused and apart")
def atan_f32(x):
    """Arc tangent."""
    a = abs(np.float64(x))
    a = 1e20 if a > 1e20 else a
    middle = a > 0.41421356237309503
    large = a > 2.414213562373095
    n = a - 1.0 if middle else a
    n = -1.0 if large else n
    d = a + 1.0 if middle else 1.0
    d = a if large else d
    base = 0.7853981633974483 if middle else 0.0
    base = 1.5707963267948966 if large else base
    t = n / d
    arc = atan_single(t)
    y = base + arc
    y = -y if x < np.float32(0.0) else y
    return x if x == np.float32(0.0) else np.float32(y)


@vec_function(ulp=0.8, evidence="8,000,000 arguments fused, 40,000,000 apart")
def atan2_f64(y, x):
    """The angle of the point (x, y), between -pi and pi."""
    u, v, larger = limited(y, x)
    # Far from overflow, and from where what the quotient multiplies back would be subnormal. The factor is 2**200.
    scale = 0.0625 if larger > 1e300 else 1.0
    scale = 1.6069380442589903e60 if larger < 1e200 else scale
    u = u * scale
    v = 1.0 if larger == 0.0 else v * scale
    middle = u > 0.41421356237309503 * v
    large = u > 2.414213562373095 * v
    # Difference and sum with their rounding errors (Knuth's two-sum).
    above = u - v
    part = above - u
    above_low = (u - (above - part)) - (v + part)
    below = u + v
    part = below - u
    below_low = (u - (below - part)) + (v - part)
    n = above if middle else u
    n_low = above_low if middle else 0.0
    d = below if middle else v
    d_low = below_low if middle else 0.0
    n = -v if large else n
    n_low = 0.0 if large else n_low
    d = u if large else d
    d_low = 0.0 if large else d_low
    left = np.float64(x).view(np.int64) < 0
    base = 0.7853981633974483 if middle else 0.0
    mirrored = 2.356194490192345 if middle else 3.141592653589793
    base = mirrored if left else base
    base = 1.5707963267948966 if large else base
    base_low = base * 3.8981718325193755e-17
    q, q_low = quotient(n, n_low, d, d_low)
    q = -q if left else q
    q_low = -q_low if left else q_low
    angle = atan_of_parts(base, base_low, q, q_low)
    angle = -angle if np.float64(y).view(np.int64) < 0 else angle
    return x + y if (x != x) | (y != y) else angle


@vec_function(ulp=0.51, evidence="8,000,000 arguments, fused and apart")
def atan2_f32(y, x):
    """The angle of the point (x, y), between -pi and pi."""
    wide_y = np.float64(y)
    wide_x = np.float64(x)
    u, v, larger = limited(wide_y, wide_x)
    v = 1.0 if larger == 0.0 else v
    middle = u > 0.41421356237309503 * v
    large = u > 2.414213562373095 * v
    n = u - v if middle else u
    n = -v if large else n
    d = u + v if middle else v
    d = u if large else d
    left = np.float64(wide_x).view(np.int64) < 0
    base = 0.7853981633974483 if middle else 0.0
    mirrored = 2.356194490192345 if middle else 3.141592653589793
    base = mirrored if left else base
    base = 1.5707963267948966 if large else base
    t = n / d
    arc = atan_single(t)
    angle = base - arc if left else base + arc
    angle = -angle if np.float64(wide_y).view(np.int64) < 0 else angle
    return x + y if (x != x) | (y != y) else np.float32(angle)


@vec_function("|x| <= 1, nan beyond", ulp=0.7, evidence="8,000,160 arguments fused, 40,000,160 apart")
def asin_f64(x):
    """Arc sine."""
    a = abs(x)
    big, m, w = asin_parts(a)
    upper = 1.5707963267948966 - 2.0 * m
    upper_low = (1.5707963267948966 - upper) - 2.0 * m
    y = upper + (upper_low + (6.123233995736766e-17 - 2.0 * w)) if big else m + w
    y = -y if x < 0.0 else y
    return x if a < 3e-9 else y


@vec_function("|x| <= 1, nan beyond", ulp=0.51, evidence="8,000,160 arguments, fused and apart")
def asin_f32(x):
    """Arc sine."""
    a = abs(np.float64(x))
    big, m = asin_single(a)
    y = 1.5707963267948966 - 2.0 * m if big else m
    y = -y if x < np.float32(0.0) else y
    return x if x == np.float32(0.0) else np.float32(y)


@vec_function("|x| <= 1, nan beyond", ulp=0.7, evidence="8,000,160 arguments fused, 40,000,160 apart")
def acos_f64(x):
    """Arc cosine."""
    a = abs(x)
    big, m, w = asin_parts(a)
    # base + main + rest: 2 (m + w), pi - 2 (m + w), or pi / 2 - asin(x).
    far = 3.141592653589793 if x < 0.0 else 0.0
    factor = 2.0 if big else -1.0
    factor = -2.0 if big & (x < 0.0) else factor
    factor = 1.0 if (a <= 0.5) & (x < 0.0) else factor
    base = far if big else 1.5707963267948966
    main = factor * m
    s = base + main
    return s + (((base - s) + main) + (base * 3.8981718325193755e-17 + factor * w))


@vec_function("|x| <= 1, nan beyond", ulp=0.51, evidence="8,000,160 arguments, fused and apart")
def acos_f32(x):
    """Arc cosine."""
    wide = np.float64(x)
    a = abs(wide)
    big, m = asin_single(a)
    far = 3.141592653589793 - 2.0 * m if wide < 0.0 else 2.0 * m
    near = 1.5707963267948966 + m if wide < 0.0 else 1.5707963267948966 - m
    return np.float32(far if big else near)
