"""Pieces of the inverse trigonometric functions.

Method of atan: a quotient below tan(pi / 8) is taken as it is, one below tan(3 pi / 8) becomes (n - d) / (n + d), any other
-d / n, and the angle is 0, pi / 4 or pi / 2 more than the arc tangent of what comes of it; a polynomial serves for that.
asin and acos take a polynomial up to 1/2, and beyond it the same one at sqrt((1 - x) / 2).
Polynomials: near-minimax, by weighted least squares at Chebyshev nodes in 60 digits, coefficients rounded one by one.
"""
from __future__ import annotations

import numpy as np

from .pieces import upper_half
from .splice import piece


@piece
def atan_of_parts(base, base_low, q, q_low):
    """base + atan(q), both in two parts, for |q| up to tan(pi / 8)."""
    t = q + q_low
    t_low = (q - t) + q_low
    z = t * t
    p = -0.017919456638833417
    p = p * z + 0.03807562632406878
    p = p * z + -0.050397339333525665
    p = p * z + 0.058479826430146875
    p = p * z + -0.06663116509948121
    p = p * z + 0.07692061266280921
    p = p * z + -0.09090897813380494
    p = p * z + 0.11111110785234257
    p = p * z + -0.14285714280227874
    p = p * z + 0.1999999999995385
    p = p * z + -0.333333333333332
    s = base + t
    angle = s + (((base - s) + t) + (base_low + (t * z * p + (t_low - t_low * z))))
    return angle


@piece
def atan_single(t):
    """atan(t) for |t| up to tan(pi / 8), right to 2**-35."""
    z = t * t
    p = 0.04748117771009713
    p = p * z + -0.08478329531595133
    p = p * z + 0.11045079338656894
    p = p * z + -0.14282040782768982
    p = p * z + 0.19999905127755646
    p = p * z + -0.33333332513709313
    arc = t + t * z * p
    return arc


@piece
def asin_parts(a):
    """big, m, w: whether a = |x| exceeds 1/2, and asin(a) = m + w, or acos(a) = 2 (m + w) if it does."""
    big = a > 0.5
    z = 0.5 * (1.0 - a) if big else a * a
    p = 0.03267821392347367
    p = p * z + -0.021079827729128548
    p = p * z + 0.021765603283769714
    p = p * z + 0.0036820379542558046
    p = p * z + 0.010786836289906981
    p = p * z + 0.01139771246236766
    p = p * z + 0.013980970541497878
    p = p * z + 0.01735159918769571
    p = p * z + 0.022372215721889355
    p = p * z + 0.030381942680859416
    p = p * z + 0.0446428571751954
    p = p * z + 0.0749999999997016
    p = p * z + 0.16666666666666763
    root = np.sqrt(z)
    half = upper_half(root)
    # What the upper half of the root lacks; the tiny number keeps 0 / 0 away.
    lack = (z - half * half) / (root + half + 1e-300)
    m = half if big else a
    w = lack + root * (z * p) if big else a * (z * p)
    return big, m, w


@piece
def asin_single(a):
    """big, m: whether a = |x| exceeds 1/2, and asin(a) = m, or acos(a) = 2 m if it does, right to 2**-35."""
    big = a > 0.5
    z = 0.5 * (1.0 - a) if big else a * a
    p = 0.03468994468474329
    p = p * z + 0.007471603797393989
    p = p * z + 0.0246175610719371
    p = p * z + 0.030110379984017492
    p = p * z + 0.04466015391926678
    p = p * z + 0.07499948180437657
    p = p * z + 0.16666667190030782
    root = np.sqrt(z)
    start = root if big else a
    m = start + start * (z * p)
    return big, m
