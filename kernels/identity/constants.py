"""Constants of a kernel's text: the number that a literal stands for.

A literal is mostly the rounding of something simple: 0.1 of 1/10, 0.3333333333333333 of 1/3, 0.6931471805599453 of
log(2). Taken for what it rounds, a division by 9 equals a multiplication by 0.1111111111111111; taken for the binary
fraction that it is, the two differ in the seventeenth digit. A comparison is made under one reading at a time, the same
for reference and candidate, and needs one under which they are equal.
"""
from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from . import digits, functions
from .draw import current
from .number import Number, exact, special
from .pair import Pair
from .rationals import fraction, pi, simplest
from .residues import WHOLE, hashed

_SIMPLE = {False: 40, True: 14}
"""Bits in numerator and denominator together, powers of two not counted, up to which a fraction is simple: for float64
(False) and float32 (True). One in some hundreds of all floats is near such a fraction by chance."""
_ROUNDING = {False: Fraction(1, 2**53), True: Fraction(1, 2**24)}
_ROUNDINGS = {False: 2, True: 1}
"""That a constant may lie apart from what it stands for: its own, and in float64 one of the arithmetic by which it was
found. A combination of two constants may have two of its own."""
_KEPT = 24
_DIGITS = {False: 15, True: 6}
"""That survive the rounding to float64 (False) and float32 (True)."""


def literal(value: Any) -> Any:
    """The number of a float or complex constant in a kernel's text; other constants as they are."""
    if isinstance(value, complex):
        return Pair(literal(value.real), literal(value.imag))
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        return special(Decimal(value))
    draw = current()
    if draw.single:
        value = float(np.float32(value))
        if not math.isfinite(value):
            return special(Decimal(value))
    return _explained(value, draw.single) if draw.explained else fraction(Fraction(value))


def leaked(value: float) -> Number:
    """The number of a machine float that turns up among ours; noted, since it may have been rounded before."""
    draw = current()
    if not value.is_integer() and math.isfinite(value):
        draw.leaks.append(f"the machine's float {value!r}")
    return literal(value)


def to_float32(number: Any) -> Any:
    """`number` converted to float32: constants are rounded; all else is taken as exact where the reference computes in
    float32, too, and is rounded where it does not."""
    if isinstance(number, Pair):
        return Pair(to_float32(number.real), to_float32(number.imag))
    draw = current()
    draw.conversions.add("to float32")
    # Where constants are known to float32's precision only, one in float64 is as good as its rounding.
    if not number.modulus or draw.single or not (number.fixed or draw.rounding):
        return number
    nearest = Fraction(float(np.float32(float(number.value))))
    if nearest == Fraction(number.value):
        return number
    rounded = fraction(nearest)
    return rounded if number.fixed else Number(rounded.value, hashed("float32", number.residue), WHOLE)


def to_float64(number: Any) -> Any:
    """`number` converted to float64, which is taken as exact."""
    return number


def _explained(value: float, single: bool) -> Number:
    """What `value` is the rounding of."""
    target = Fraction(value)
    simple = _simple(target, single) or _short(value, single)
    if simple is not None:
        return _literal(fraction(simple))
    known = current().constants
    for number in (*known, *_multiples(known, target, single), *_transcendental(target, single)):
        if _near(number, target, single, _ROUNDINGS[single]):
            return _remembered(number)
    for number in _combinations([*known, *current().literals]):
        if _near(number, target, single, 2):
            return number
    return _remembered(fraction(target))


def _transcendental(target: Fraction, single: bool) -> Iterator[Number]:
    """Roots, logarithms and exponentials of simple fractions, with and without π, that might round to `target`."""
    context_value = Decimal(target.numerator) / Decimal(target.denominator)
    sign = -1 if target < 0 else 1
    size = abs(context_value)
    circle = digits.pi(current().digits)
    for power in (1, -1):
        factor = pi() if power == 1 else exact(1) / pi()
        if (found := _of_decimal(size / circle**power, single)) is not None:
            yield exact(sign) * fraction(found) * factor
        if (found := _of_decimal(size * size / circle**power, single)) is not None:
            yield exact(sign) * functions.sqrt(fraction(found) * factor)
        inverted = size**power
        if inverted < 50 and (found := _of_decimal(inverted.exp(), single)) is not None:
            yield exact(sign) * _power(functions.log(fraction(found)), power)
    if (found := _of_decimal(size * size, single)) is not None:
        yield exact(sign) * functions.sqrt(fraction(found))
    if (found := _of_decimal(size.ln(), single)) is not None:
        yield exact(sign) * functions.exp(fraction(found))


def _power(number: Number, power: int) -> Number:
    return number if power == 1 else exact(1) / number


def _multiples(known: list[Number], target: Fraction, single: bool) -> Iterator[Number]:
    """Simple multiples of a constant seen before, or of its reciprocal."""
    value = Decimal(target.numerator) / Decimal(target.denominator)
    for one in known:
        if (found := _of_decimal(value / one.value, single)) is not None:
            yield one * fraction(found)
        if (found := _of_decimal(value * one.value, single)) is not None:
            yield fraction(found) / one


def _combinations(known: list[Number]) -> Iterator[Number]:
    """Products, quotients, sums and differences of two constants seen before."""
    for one in known:
        for other in known:
            yield one * other
            yield one / other
            if other is not one:
                yield one + other
                yield one - other


def _short(value: float, single: bool) -> Fraction | None:
    """What a literal of so few digits that none of them is a rounding says; None for longer ones."""
    text = str(np.float32(value)) if single else repr(value)
    written = Decimal(text)
    return Fraction(written) if len(written.as_tuple().digits) <= _DIGITS[single] else None


def _literal(number: Number) -> Number:
    """`number`, which a product or quotient of two literals may turn out to be made of."""
    return _kept(number, current().literals)


def _remembered(number: Number) -> Number:
    return _kept(number, current().constants)


def _kept(number: Number, known: list[Number]) -> Number:
    if len(known) < _KEPT and not any(number is each or number.residue == each.residue for each in known):
        known.append(number)
    return number


def _near(number: Number, target: Fraction, single: bool, roundings: int) -> bool:
    if not number.modulus:
        return False
    return abs(Fraction(number.value) - target) <= roundings * _ROUNDING[single] * abs(target)


def _of_decimal(value: Decimal, single: bool) -> Fraction | None:
    if not value.is_finite() or not value or abs(value.adjusted()) > 400:
        return None
    return _simple(Fraction(value), single)


def _simple(target: Fraction, single: bool) -> Fraction | None:
    """The simple fraction of which `target` is the rounding; None where there is none."""
    slack = _ROUNDING[single] * abs(target) * _ROUNDINGS[single]
    found = simplest(abs(target) - slack, abs(target) + slack)
    bits = _odd(found.numerator).bit_length() + _odd(found.denominator).bit_length()
    if bits > _SIMPLE[single]:
        return target if target.denominator == 1 else None
    return found if target > 0 else -found


def _odd(value: int) -> int:
    while value and value % 2 == 0:
        value //= 2
    return value
