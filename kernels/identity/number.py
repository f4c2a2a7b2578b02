"""Number: a real number as the interpreted kernels compute with it, exact but for the digits of its value.

Its value, a decimal of many digits, decides branches; its residue tells whether two numbers are equal.
"""
from __future__ import annotations

import decimal
import math
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Any

import numpy as np

from .draw import current
from .errors import Ambiguous, Unsupported
from .residues import SPECIAL, TOP, WHOLE

_ZERO, _ONE, _HALF = Decimal(0), Decimal(1), Decimal("0.5")
_LOST = 20
"""Of the digits carried, those that arithmetic may have spoilt: numbers that agree in all but so many may be equal."""
_MOST = 1 << 20
"""The largest exponent that is multiplied out."""


class Number:
    """value: a decimal; infinities and nan are allowed. residue: modulo `modulus`, which is one of the nested moduli of
    `residues`, or SPECIAL for infinities and nan. fixed: no input has gone into it, only constants and integers."""

    __slots__ = ("value", "residue", "modulus", "fixed")

    def __init__(self, value: Decimal, residue: int, modulus: int = WHOLE, fixed: bool = False) -> None:
        self.value = value
        self.residue = residue
        self.modulus = modulus
        self.fixed = fixed

    # --- arithmetic

    def __add__(self, other: Any) -> Any:
        if type(other) is not Number:
            other = lifted(other)
            if other is None:
                return NotImplemented
        modulus = self.modulus if self.modulus <= other.modulus else other.modulus
        if not modulus:
            return special(self.value + other.value)
        return _sum(self, other, self.value + other.value, (self.residue + other.residue) % modulus, modulus)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        if type(other) is not Number:
            other = lifted(other)
            if other is None:
                return NotImplemented
        modulus = self.modulus if self.modulus <= other.modulus else other.modulus
        if not modulus:
            return special(self.value - other.value)
        return _sum(self, other, self.value - other.value, (self.residue - other.residue) % modulus, modulus)

    def __rsub__(self, other: Any) -> Any:
        other = lifted(other)
        return NotImplemented if other is None else other - self

    def __mul__(self, other: Any) -> Any:
        if type(other) is not Number:
            other = lifted(other)
            if other is None:
                return NotImplemented
        modulus = self.modulus if self.modulus <= other.modulus else other.modulus
        if not modulus:
            return special(self.value * other.value)
        residue = self.residue * other.residue % modulus
        if not residue and not (self.residue and other.residue):
            return ZERO
        return Number(self.value * other.value, residue, modulus, self.fixed and other.fixed)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        if type(other) is not Number:
            other = lifted(other)
            if other is None:
                return NotImplemented
        modulus = self.modulus if self.modulus <= other.modulus else other.modulus
        if not modulus or not other.residue:
            return special(self.value / other.value)
        if not self.residue:
            return ZERO
        return Number(self.value / other.value, self.residue * inverse(other.residue, modulus) % modulus, modulus,
                      self.fixed and other.fixed)

    def __rtruediv__(self, other: Any) -> Any:
        other = lifted(other)
        return NotImplemented if other is None else other / self

    def __neg__(self) -> Number:
        return Number(-self.value, -self.residue % self.modulus if self.modulus else 0, self.modulus, self.fixed)

    def __pos__(self) -> Number:
        return self

    def __abs__(self) -> Number:
        return -self if self.value < 0 else self

    def __floordiv__(self, other: Any) -> Any:
        other = lifted(other)
        return NotImplemented if other is None else floor(self / other)

    def __rfloordiv__(self, other: Any) -> Any:
        other = lifted(other)
        return NotImplemented if other is None else floor(other / self)

    def __mod__(self, other: Any) -> Any:
        other = lifted(other)
        return NotImplemented if other is None else self - other * floor(self / other)

    def __rmod__(self, other: Any) -> Any:
        other = lifted(other)
        return NotImplemented if other is None else other % self

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    def __pow__(self, other: Any) -> Any:
        from .functions import power

        other = lifted(other)
        return NotImplemented if other is None else power(self, other)

    def __rpow__(self, other: Any) -> Any:
        other = lifted(other)
        return NotImplemented if other is None else other**self

    # --- order

    def __eq__(self, other: Any) -> Any:
        return _compared(self, other, lambda order: order == 0, False)

    def __ne__(self, other: Any) -> Any:
        return _compared(self, other, lambda order: order != 0, True)

    def __lt__(self, other: Any) -> Any:
        return _compared(self, other, lambda order: order < 0, False)

    def __le__(self, other: Any) -> Any:
        return _compared(self, other, lambda order: order <= 0, False)

    def __gt__(self, other: Any) -> Any:
        return _compared(self, other, lambda order: order > 0, False)

    def __ge__(self, other: Any) -> Any:
        return _compared(self, other, lambda order: order >= 0, False)

    def __bool__(self) -> bool:
        return not self.modulus or bool(self.residue)

    def __hash__(self) -> int:
        return hash(self.residue % TOP if self.modulus else str(self.value))

    # --- conversions

    def __int__(self) -> int:
        return whole(self, ROUND_DOWN)

    __trunc__ = __int__

    def __floor__(self) -> int:
        return whole(self, ROUND_FLOOR)

    def __ceil__(self) -> int:
        return whole(self, ROUND_CEILING)

    def __round__(self, digits: int | None = None) -> Any:
        if digits is None:
            return whole(self, ROUND_HALF_EVEN)
        scale = exact(10) ** int(digits)
        return rint(self * scale) / scale

    # --- what NumPy's scalars have besides

    shape: tuple[int, ...] = ()
    ndim, size = 0, 1

    @property
    def real(self) -> Number:
        return self

    @property
    def imag(self) -> Number:
        return ZERO

    def conjugate(self) -> Number:
        return self

    conj = copy = item = conjugate

    def is_integer(self) -> bool:
        return self == floor(self)

    def view(self, *_: Any) -> Any:
        raise Unsupported("the bits of a float (view)")

    def __repr__(self) -> str:
        return f"{self.value:.17g}"


def special(value: Decimal) -> Number:
    """What an operation on an infinity, nan or by zero gives: another of them, or an exact zero."""
    if not value.is_finite():
        return Number(value, 0, SPECIAL, False)
    if value:
        raise Unsupported("a finite result of infinities")
    return ZERO


def exact(value: int) -> Number:
    """The number of an integer."""
    return Number(Decimal(value), value % WHOLE, WHOLE, True)


ZERO, ONE = Number(_ZERO, 0, WHOLE, True), Number(_ONE, 1, WHOLE, True)


def lifted(value: Any) -> Number | None:
    """`value` as a Number; None where it is no real number."""
    kind = type(value)
    if kind is Number:
        return value
    if kind is int or kind is bool or isinstance(value, np.integer | np.bool_):
        return exact(int(value))
    if isinstance(value, float | np.floating):
        from .constants import leaked

        return leaked(float(value))
    return None


def inverse(residue: int, modulus: int) -> int:
    """1 / residue. Raises Ambiguous where it happens to be zero for one of the primes."""
    try:
        return pow(residue, -1, modulus)
    except ValueError:
        raise Ambiguous("a residue has no inverse") from None


def order(one: Number, other: Number) -> int | None:
    """-1, 0 or 1; None where one of them is nan. Raises Ambiguous."""
    a, b = one.value, other.value
    modulus = one.modulus if one.modulus <= other.modulus else other.modulus
    if not modulus:
        if a.is_nan() or b.is_nan():
            return None
        return (a > b) - (a < b)
    if one.residue == other.residue and one.modulus == other.modulus:
        return 0
    gap = a - b
    if gap and gap.adjusted() > max(_size(a), _size(b)) - _certain():
        return 1 if gap > 0 else -1
    if (one.residue - other.residue) % modulus == 0:
        return 0
    raise Ambiguous("two numbers agree in all digits that were computed, but not in their residues")


def whole(number: Number, rounding: str) -> int:
    """`number` rounded to an integer. Raises Ambiguous, and ValueError for infinities and nan."""
    value = number.value
    if not value.is_finite():
        raise ValueError("cannot convert an infinity or nan to an integer")
    # Where the result jumps: between integers, or half way between them.
    doubled = value * 2
    nearest = int(doubled.to_integral_value(ROUND_HALF_EVEN))
    gap = doubled - nearest
    if gap and gap.adjusted() > max(doubled.adjusted(), 0) - _certain():
        return int(value.to_integral_value(rounding))
    if (number.residue * 2 - nearest) % number.modulus:
        if nearest % 2 == (rounding != ROUND_HALF_EVEN):
            return int(value.to_integral_value(rounding))  # far from a jump of this rounding
        raise Ambiguous("a number is an integer in all digits that were computed, but not in its residue")
    return int((Decimal(nearest) * _HALF).to_integral_value(rounding))


def floor(number: Number) -> Number:
    return number if not number.modulus else exact(whole(number, ROUND_FLOOR))


def ceil(number: Number) -> Number:
    return number if not number.modulus else exact(whole(number, ROUND_CEILING))


def trunc(number: Number) -> Number:
    return number if not number.modulus else exact(whole(number, ROUND_DOWN))


def rint(number: Number) -> Number:
    """Half way cases to even."""
    return number if not number.modulus else exact(whole(number, ROUND_HALF_EVEN))


def integer_of(number: Number) -> int | None:
    """The integer that a fixed number is exactly, if it is a small one."""
    if not number.fixed or not number.modulus or abs(number.value) > _MOST:
        return None
    nearest = math.floor(number.value + _HALF)
    return nearest if (number.residue - nearest) % number.modulus == 0 else None


def raised(number: Number, exponent: int) -> Number:
    """number ** exponent, multiplied out."""
    if exponent == 0:
        return ONE
    if not number.modulus or not number.residue:
        if exponent < 0:
            return ONE / raised(number, -exponent)
        return special(number.value**exponent) if not number.modulus else ZERO
    if abs(exponent) > _MOST:
        raise Unsupported("a power of more than a million")
    base = number.residue if exponent > 0 else inverse(number.residue, number.modulus)
    return Number(number.value**exponent, pow(base, abs(exponent), number.modulus), number.modulus, number.fixed)


def _sum(one: Number, other: Number, value: Decimal, residue: int, modulus: int) -> Number:
    if not residue:
        return ZERO
    # What cancels in all its digits, yet not in its residue, has a value made of roundings alone.
    if not value or value.adjusted() < max(_size(one.value), _size(other.value)) - _certain():
        if one.residue and other.residue:
            raise Ambiguous("a difference cancels in all digits that were computed, but not in its residue")
    return Number(value, residue, modulus, one.fixed and other.fixed)


def _size(value: Decimal) -> int:
    """The place of its first digit; far below all others for zero."""
    return value.adjusted() if value else -decimal.MAX_EMAX


def _certain() -> int:
    return current().digits - _LOST


def _compared(one: Number, other: Any, wanted: Any, unordered: bool) -> Any:
    number = lifted(other)
    if number is None:
        return NotImplemented
    found = order(one, number)
    return unordered if found is None else wanted(found)
