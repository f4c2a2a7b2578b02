"""Pieces that serve every family: halves of numbers, quotients in two parts, powers of two.

A product is exact where its factors have at most 26 bits each, whether it is fused with an addition or not.
"""
from __future__ import annotations

import numpy as np

from .splice import piece


@piece
def upper_half(x):
    """The upper 26 of the 53 bits of x."""
    upper = np.int64(np.float64(x).view(np.int64) & -134217728).view(np.float64)
    return upper


@piece
def quotient(n, n_low, d, d_low):
    """(n + n_low) / (d + d_low) as the sum of two numbers, to about 70 bits; the lower parts are roundings of the upper."""
    d_half = upper_half(d)
    d_rest = (d - d_half) + d_low
    inverse = 1.0 / d
    guess = n * inverse
    q = upper_half(guess)
    # q * d_half is exact, and so near n that the difference is exact, too.
    q_low = ((n - q * d_half) + (n_low - q * d_rest)) * inverse
    return q, q_low


@piece
def two_to(k):
    """2**k for a whole -1022 <= k <= 1023: adding 1.5 * 2**52 leaves k in the low bits."""
    moved = k + 6755399441055744.0
    power = np.int64((np.float64(moved).view(np.int64) + 1023) << 52).view(np.float64)
    return power


@piece
def two_to_halves(k):
    """Two powers of two whose product is 2**k, for a whole -2044 <= k <= 2046: y * first * second is rounded but once."""
    first_moved = k * 0.5 + 6755399441055744.0
    second_moved = (k - (first_moved - 6755399441055744.0)) + 6755399441055744.0
    first = np.int64((np.float64(first_moved).view(np.int64) + 1023) << 52).view(np.float64)
    second = np.int64((np.float64(second_moved).view(np.int64) + 1023) << 52).view(np.float64)
    return first, second
