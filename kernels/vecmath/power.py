"""pow, cbrt, rsqrt.

pow: exp(y log |x|), the logarithm and the product in two parts of about 65 bits together. float32 is computed in float64.
"""
from __future__ import annotations

import numpy as np

from .exponential_pieces import exp_of_rest, exp_parts_single, exp_reduced
from .function import vec_function
from .logarithm_pieces import log_reduced, log_series_single
from .pieces import quotient, two_to, two_to_halves, upper_half
from .splice import piece


@piece
def log_parts(a):
    """log(a) of a positive finite a as the sum of two numbers, to about 64 bits: 2 s + 2/3 s**3 + ... with s = f / (2 + f)."""
    k, f = log_reduced(a)
    d = 2.0 + f
    d_low = (2.0 - d) + f
    zero = 0.0
    s, s_low = quotient(f, zero, d, d_low)
    whole_s = s + s_low
    square = s * s
    z_low = s_low * (s + whole_s)
    z = square + z_low
    p = 0.11979438990313199
    p = p * z + 0.11676053779025333
    p = p * z + 0.13336251466253302
    p = p * z + 0.15384558749242533
    p = p * z + 0.18181818839723496
    p = p * z + 0.22222222217818713
    p = p * z + 0.28571428571443763
    p = p * z + 0.3999999999999998
    # The cubic term: 2/3, the square and their product are halved, so that the product of upper halves is exact.
    square_half = upper_half(square)
    third = square_half * 0.6666666567325592
    third_low = square_half * 9.934107462565104e-09 + ((square - square_half) + z_low) * 0.6666666666666666
    third_half = upper_half(third)
    cubic = third_half * s
    cubic_low = third_half * s_low + ((third - third_half) + third_low) * whole_s
    # The upper part of ln 2 has 42 bits. Dekker's fast two-sums, from the largest term down.
    multiple = k * 0.6931471805598903
    linear = 2.0 * s
    one = multiple + linear
    one_low = (multiple - one) + linear
    two = one + cubic
    two_low = (one - two) + cubic
    rest = one_low + (two_low + (2.0 * s_low + (cubic_low + (z * z * whole_s * p + k * 5.497923018708371e-14))))
    log = two + rest
    log_low = (two - log) + rest
    return log, log_low


@piece
def power_edges(x, y, size, magnitude):
    """x**y, given |x| and |x|**y where neither is 0 nor infinite, as C's pow and NumPy's define it."""
    # An odd y leaves a half.
    half_y = y * 0.5
    odd = half_y - np.floor(half_y) == 0.5
    at_zero = 0.0 if y > 0.0 else np.inf
    at_end = np.inf if y > 0.0 else 0.0
    value = at_zero if size == 0.0 else magnitude
    value = at_end if size == np.inf else value
    value = 1.0 if size == 1.0 else value
    value = -value if odd & (np.float64(x).view(np.int64) < 0) else value
    value = np.nan if (x < 0.0) & (size < np.inf) & (np.floor(y) != y) else value
    value = x + y if (x != x) | (y != y) else value
    value = 1.0 if (x == 1.0) | (y == 0.0) else value
    return value


@vec_function(ulp=0.9, evidence="8,000,000 arguments fused, 40,000,000 apart")
def pow_f64(x, y):
    """x**y."""
    size = abs(x)
    log, log_low = log_parts(size)
    y_half = upper_half(y)
    log_half = upper_half(log)
    t = y_half * log_half
    t_low = y_half * ((log - log_half) + log_low) + (y - y_half) * log
    about = y * log
    a = t + t_low
    a_low = (t - a) + t_low
    a_low = a_low if abs(about) < 800.0 else 0.0
    a = 710.0 if about > 710.0 else a
    a = -746.0 if about < -746.0 else a
    k, r, c = exp_reduced(a)
    correction = c + a_low
    r_more = r + correction
    r_low = (r - r_more) + correction
    m = exp_of_rest(r_more, r_low)
    first, second = two_to_halves(k)
    magnitude = m * first * second
    value = power_edges(x, y, size, magnitude)
    return value


@vec_function(ulp=0.51, evidence="8,000,000 arguments, fused and apart")
def pow_f32(x, y):
    """x**y."""
    wide_x = np.float64(x)
    wide_y = np.float64(y)
    size = abs(wide_x)
    k, f = log_reduced(size)
    series = log_series_single(f)
    a = wide_y * (k * 0.6931471805599453 + series)
    a = 90.0 if a > 90.0 else a
    a = -105.0 if a < -105.0 else a
    n, g = exp_parts_single(a)
    power = two_to(n)
    magnitude = power + power * g
    value = power_edges(wide_x, wide_y, size, magnitude)
    return np.float32(value)


@piece
def cbrt_reduced(a):
    """third, m, root: a = 8**third m with m about 1/2 to 4, and root, its cube root, right to 2**-28."""
    tiny = a < 2.2250738585072014e-308
    scaled = a * 18014398509481984.0 if tiny else a
    bits = np.float64(scaled).view(np.int64)
    # The biased exponent, whose 1023 is three times 341; 54 is three times 18.
    exponent = np.int64(((bits >> 52) & 2047) + 4843621399236968448).view(np.float64) - 6755399441055744.0
    thirds = (exponent * 0.3333333333333333 + 6755399441055744.0) - 6755399441055744.0
    over = exponent - 3.0 * thirds
    third = thirds - 359.0 if tiny else thirds - 341.0
    u = np.int64((bits & 4503599627370495) + 4607182418800017408).view(np.float64)
    p = -0.0009103399195833336
    p = p * u + 0.01245554966424888
    p = p * u + -0.0757347958230954
    p = p * u + 0.26964135563401587
    p = p * u + -0.6242823261777715
    p = p * u + 0.9919568012350594
    p = p * u + -1.1377371467490465
    p = p * u + 1.1563617503289685
    p = p * u + 0.4082491554357159
    factor = 2.0 if over > 0.0 else 1.0
    factor = 0.5 if over < 0.0 else factor
    root_factor = 1.2599210498948732 if over > 0.0 else 1.0
    root_factor = 0.7937005259840998 if over < 0.0 else root_factor
    m = u * factor
    root = p * root_factor
    return third, m, root


@vec_function(ulp=0.7, evidence="8,000,254 arguments fused, 40,000,254 apart")
def cbrt_f64(x):
    """Cube root."""
    a = abs(x)
    third, m, root = cbrt_reduced(a)
    # One step of Halley from a root of 26 bits, whose square is exact (as in FreeBSD's cbrt).
    t = upper_half(root)
    r = m / (t * t)
    y = t + t * ((r - t) / (t + t + r))
    power = two_to(third)
    y = y * power
    y = -y if x < 0.0 else y
    return x if (x == 0.0) | (a == np.inf) | (x != x) else y


@vec_function(ulp=0.6, evidence="8,000,246 arguments, fused and apart")
def cbrt_f32(x):
    """Cube root."""
    wide = np.float64(x)
    a = abs(wide)
    third, m, root = cbrt_reduced(a)
    power = two_to(third)
    y = root * power
    y = -y if wide < 0.0 else y
    return x if (wide == 0.0) | (a == np.inf) | (wide != wide) else np.float32(y)


@vec_function(ulp=1.6, evidence="8,000,097 arguments fused, 40,000,097 apart")
def rsqrt_f64(x):
    """1 / sqrt(x)."""
    return 1.0 / np.sqrt(x)


@vec_function(ulp=1.6, evidence="8,000,097 arguments, fused and apart")
def rsqrt_f32(x):
    """1 / sqrt(x)."""
    return np.float32(1.0) / np.sqrt(x)
