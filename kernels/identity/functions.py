"""Functions of numbers. Those of the exponential family are taken apart into `exp`, which keeps exp(a)·exp(b) = exp(a + b);
the others are opaque: equal arguments give equal results, and what else is known of them only their digits tell.

One spelling stands for all: log2, log10 and log1p are logarithms, tanh is a quotient of exponentials, x ** 0.5 is a root.
"""
from __future__ import annotations

from decimal import Decimal
from typing import Any

from . import digits
from .draw import current
from .errors import Unsupported
from .number import (
    ONE,
    ZERO,
    Number,
    exact,
    integer_of,
    lifted,
    raised,
    special,
)
from .pair import Pair
from .rationals import fraction, pi, simplest_near
from .residues import SPECIAL, WHOLE, exponential, hashed


def number(value: Any) -> Any:
    """`value` as a Number or a Pair. Raises Unsupported for anything else."""
    if type(value) is Number or type(value) is Pair:
        return value
    found = lifted(value)
    if found is not None:
        return found
    if isinstance(value, complex):
        return Pair(ZERO, ZERO) + value
    if value is None:
        raise Unsupported("an element that nothing has written")
    raise Unsupported(f"a value of type {type(value).__name__} among numbers")


def real(value: Any) -> Number:
    """`value` as a Number. Raises Unsupported where it is complex."""
    found = number(value)
    if type(found) is Pair:
        raise Unsupported("a complex argument of a function of real numbers")
    return found


def opaque(name: str, *arguments: Number) -> Number:
    """A function of which only its digits are known."""
    value = digits.value(name, *(argument.value for argument in arguments))
    if not all(argument.modulus for argument in arguments) or not value.is_finite():
        return _limit(value)
    current().functions.add(name)
    if not value:
        return ZERO
    return Number(value, hashed(name, *(argument.residue for argument in arguments)), WHOLE, all(a.fixed for a in arguments))


def _limit(value: Decimal) -> Number:
    if not value.is_finite():
        return special(value)
    if value == int(value):
        return exact(int(value))
    raise Unsupported("the finite limit of a function at infinity")


# --- the exponential family

def exp(x: Any) -> Any:
    x = number(x)
    if type(x) is Pair:
        size = exp(x.real)
        return Pair(size * cos(x.imag), size * sin(x.imag))
    if x.modulus and not x.residue:
        return ONE
    value = x.value.exp()
    if x.modulus == SPECIAL:
        return special(value)
    found = exponential(x.residue, x.modulus)
    if found is None:
        return opaque("exp", x)
    return Number(value, *found, x.fixed)


def expm1(x: Any) -> Any:
    return exp(x) - ONE


def exp2(x: Any) -> Any:
    x = real(x)
    count = integer_of(x)
    return exp(x * log(exact(2))) if count is None else raised(exact(2), count)


def sinh(x: Any) -> Any:
    grown = exp(x)
    return (grown - ONE / grown) / exact(2)


def cosh(x: Any) -> Any:
    grown = exp(x)
    return (grown + ONE / grown) / exact(2)


def tanh(x: Any) -> Any:
    x = real(x)
    if not x.modulus and not x.value.is_nan():
        return exact(1 if x.value > 0 else -1)
    shrunk = exp(exact(-2) * x)
    return (ONE - shrunk) / (ONE + shrunk)


def log(x: Any) -> Any:
    x = number(x)
    if type(x) is Pair:
        return Pair(log(abs(x)), arctan2(x.imag, x.real))
    if x.modulus and not x.residue:
        return special(-digits.INFINITY)
    if integer_of(x) == 1:
        return ZERO
    return opaque("log", x)


def log1p(x: Any) -> Any:
    return log(number(x) + ONE)


def log2(x: Any) -> Any:
    return _logarithm(x, 2)


def log10(x: Any) -> Any:
    return _logarithm(x, 10)


def _logarithm(x: Any, base: int) -> Any:
    x = real(x)
    count = integer_of(x)
    if count is not None and count > 0:
        power = round(float(x.value.ln() / Decimal(base).ln()))
        if power >= 0 and base**power == count:
            return exact(power)
    return log(x) / log(exact(base))


def logaddexp(a: Any, b: Any) -> Any:
    return log(exp(a) + exp(b))


def logaddexp2(a: Any, b: Any) -> Any:
    return log2(exp2(a) + exp2(b))


# --- roots and powers

def sqrt(x: Any) -> Any:
    x = number(x)
    if type(x) is Pair:
        size = abs(x)
        imag = sqrt((size - x.real) / exact(2))
        return Pair(sqrt((size + x.real) / exact(2)), -imag if x.imag < 0 else imag)
    if x.modulus and not x.residue:
        return ZERO
    if x.fixed and x.modulus and x.value > 0:
        root = _root(x)
        if root is not None:
            return root
    return opaque("sqrt", x)


def _root(x: Number) -> Number | None:
    """The root of a constant that is the square of a small fraction."""
    found = simplest_near(x.value.sqrt())
    if found is None:
        return None
    made = fraction(found)
    return made if (made.residue * made.residue - x.residue) % x.modulus == 0 else None


def cbrt(x: Any) -> Any:
    return _odd("cbrt", x)


def square(x: Any) -> Any:
    x = number(x)
    return x * x


def reciprocal(x: Any) -> Any:
    return ONE / number(x)


def power(x: Any, y: Any) -> Any:
    x, y = number(x), number(y)
    if type(x) is Pair:
        return x**y
    if type(y) is Pair:
        raise Unsupported("a complex exponent")
    count = integer_of(y)
    if count is not None:
        return raised(x, count)
    twice = integer_of(y + y)
    if twice is not None:
        return raised(x, (twice - 1) // 2) * sqrt(x)
    if not x.modulus or not y.modulus:
        return _limit(x.value**y.value)
    if not x.residue:
        return ZERO if y.value > 0 else special(digits.INFINITY)
    if x.fixed and x.value > 0:
        base = integer_of(x)
        return exp2(y) if base == 2 else exp(y * log(x))
    return opaque("power", x, y) if x.value > 0 else special(digits.NAN)


def hypot(x: Any, y: Any) -> Any:
    x, y = real(x), real(y)
    return sqrt(x * x + y * y)


def ldexp(x: Any, count: Any) -> Any:
    return number(x) * raised(exact(2), int(count))


# --- circular functions

def sin(x: Any) -> Any:
    return _odd("sin", x)


def cos(x: Any) -> Any:
    x = abs(real(x))
    return ONE if x.modulus and not x.residue else opaque("cos", x)


def tan(x: Any) -> Any:
    return sin(x) / cos(x)


def arcsin(x: Any) -> Any:
    return _odd("arcsin", x)


def arccos(x: Any) -> Any:
    return opaque("arccos", real(x))


def arctan(x: Any) -> Any:
    return _odd("arctan", x)


def arctan2(y: Any, x: Any) -> Any:
    return opaque("arctan2", real(y), real(x))


def arcsinh(x: Any) -> Any:
    return _odd("arcsinh", x)


def arccosh(x: Any) -> Any:
    return opaque("arccosh", real(x))


def arctanh(x: Any) -> Any:
    return _odd("arctanh", x)


def sinc(x: Any) -> Any:
    x = real(x)
    if x.modulus and not x.residue:
        return ONE
    turned = pi() * x
    return sin(turned) / turned


def radians(x: Any) -> Any:
    return number(x) * pi() / exact(180)


def degrees(x: Any) -> Any:
    return number(x) * exact(180) / pi()


# --- special functions

def erf(x: Any) -> Any:
    return _odd("erf", x)


def erfc(x: Any) -> Any:
    return ONE - erf(x)


def gamma(x: Any) -> Any:
    return opaque("gamma", real(x))


def lgamma(x: Any) -> Any:
    return opaque("lgamma", real(x))


def _odd(name: str, x: Any) -> Any:
    x = real(x)
    if x.modulus and not x.residue:
        return ZERO
    return -opaque(name, -x) if x.value < 0 else opaque(name, x)
