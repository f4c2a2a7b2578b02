"""Pieces of exp for float64, and for float32 in float64 arithmetic.

Method: x = k ln 2 + r with |r| <= ln 2 / 2 (Cody and Waite: ln 2 in two parts, the first so short that its product with k
is exact), and a polynomial for exp(r). k is rounded by adding 1.5 * 2**52.
Polynomials: near-minimax, by weighted least squares at Chebyshev nodes in 60 digits, coefficients rounded one by one.
"""
from __future__ import annotations

from .pieces import upper_half
from .splice import piece


@piece
def exp_reduced(a):
    """k, r, c with a = k ln 2 + r + c; c is what rounding r left."""
    shifted = a * 1.4426950408889634 + 6755399441055744.0
    k = shifted - 6755399441055744.0
    # The upper part of ln 2 has 42 bits.
    upper = a - k * 0.6931471805598903
    lower = k * 5.497923018708371e-14
    r = upper - lower
    c = (upper - r) - lower
    return k, r, c


@piece
def exp_series(r):
    """(exp(r) - 1 - r - r**2 / 2) / r**3."""
    p = 2.0922339743150055e-09
    p = p * r + 2.510905926646655e-08
    p = p * r + 2.7557250228861345e-07
    p = p * r + 2.7557244082805777e-06
    p = p * r + 2.480158735063265e-05
    p = p * r + 0.00019841269886338217
    p = p * r + 0.0013888888888872874
    p = p * r + 0.008333333333321497
    p = p * r + 0.041666666666666685
    p = p * r + 0.16666666666666677
    return p


@piece
def exp_of_rest(r, c):
    """exp(r + c), 1 + r being rounded once and its error added to the small terms (Dekker's fast two-sum)."""
    p = exp_series(r)
    s = 1.0 + r
    y = s + (((1.0 - s) + r) + (r * r * (p * r + 0.5) + c))
    return y


@piece
def exp_parts(a):
    """k, h, h_low with exp(a) = 2**k (1 + h + h_low), right to about 2**-59 of h; h_low is what rounding h left."""
    k, r, c = exp_reduced(a)
    p = exp_series(r)
    # r**2 / 2 in two parts, of which the first is exact.
    u = upper_half(r)
    square = 0.5 * u * u
    main = r + square
    rest = ((r - main) + square) + (0.5 * (r - u) * (r + u) + (c * (1.0 + r) + r * r * r * p))
    h = main + rest
    h_low = (main - h) + rest
    return k, h, h_low


@piece
def exp_parts_single(a):
    """k, g with exp(a) = 2**k (1 + g), right to 2**-34."""
    shifted = a * 1.4426950408889634 + 6755399441055744.0
    k = shifted - 6755399441055744.0
    r = a - k * 0.6931471805599453
    p = 0.0001991425895005451
    p = p * r + 0.0013945996002458683
    p = p * r + 0.008333272012724616
    p = p * r + 0.04166627077666425
    p = p * r + 0.16666666826878176
    p = p * r + 0.500000007789573
    g = r * (1.0 + r * p)
    return k, g
