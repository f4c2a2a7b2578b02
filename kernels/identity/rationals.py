"""Numbers of exact rationals and of π."""
from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

from . import digits
from .draw import current
from .number import Number
from .residues import WHOLE, hashed, of_fraction


def fraction(value: Fraction) -> Number:
    """The number of an exact rational."""
    numerator, denominator = value.numerator, value.denominator
    return Number(Decimal(numerator) / Decimal(denominator), of_fraction(numerator, denominator), WHOLE, True)


def pi() -> Number:
    draw = current()
    return Number(digits.pi(draw.digits), hashed("pi"), WHOLE, True)


def simplest_near(value: Decimal) -> Fraction | None:
    """The small fraction that a decimal is, in all its digits; None where it is none."""
    if not value.is_finite() or not value or abs(value.adjusted()) > 12:
        return None
    found = Fraction(value).limit_denominator(1 << 24)
    return found if abs(found - Fraction(value)) <= Fraction(1, 10**40) else None


def simplest(low: Fraction, high: Fraction) -> Fraction:
    """The fraction of the smallest denominator between two positive ones, both included (Stern and Brocot)."""
    whole = math.floor(low)
    if whole == low:
        return Fraction(whole)
    if whole + 1 <= high:
        return Fraction(whole + 1)
    return whole + 1 / simplest(1 / (high - whole), 1 / (low - whole))
