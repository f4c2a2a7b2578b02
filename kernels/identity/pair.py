"""Pair: a complex number as a pair of Numbers."""
from __future__ import annotations

from typing import Any

from .errors import Unsupported
from .number import ONE, ZERO, Number, integer_of, lifted


class Pair:
    """real, imag: Numbers."""

    __slots__ = ("real", "imag")
    shape: tuple[int, ...] = ()
    ndim, size = 0, 1

    def __init__(self, real: Number, imag: Number) -> None:
        self.real = real
        self.imag = imag

    def __add__(self, other: Any) -> Any:
        other = paired(other)
        return NotImplemented if other is None else Pair(self.real + other.real, self.imag + other.imag)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        other = paired(other)
        return NotImplemented if other is None else Pair(self.real - other.real, self.imag - other.imag)

    def __rsub__(self, other: Any) -> Any:
        other = paired(other)
        return NotImplemented if other is None else other - self

    def __mul__(self, other: Any) -> Any:
        other = paired(other)
        if other is None:
            return NotImplemented
        return Pair(self.real * other.real - self.imag * other.imag, self.real * other.imag + self.imag * other.real)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        other = paired(other)
        if other is None:
            return NotImplemented
        size = other.real * other.real + other.imag * other.imag
        top = self * other.conjugate()
        return Pair(top.real / size, top.imag / size)

    def __rtruediv__(self, other: Any) -> Any:
        other = paired(other)
        return NotImplemented if other is None else other / self

    def __neg__(self) -> Pair:
        return Pair(-self.real, -self.imag)

    def __pos__(self) -> Pair:
        return self

    def __abs__(self) -> Number:
        from .functions import sqrt

        return sqrt(self.real * self.real + self.imag * self.imag)

    def __pow__(self, other: Any) -> Any:
        exponent = lifted(other)
        count = None if exponent is None else integer_of(exponent)
        if count is None or abs(count) > 1024:
            raise Unsupported("a complex power that is no small integer")
        result, base = Pair(ONE, ZERO), self
        for bit in reversed(bin(abs(count))[2:]):
            if bit == "1":
                result = result * base
            base = base * base
        return result if count >= 0 else Pair(ONE, ZERO) / result

    def __rpow__(self, other: Any) -> Any:
        raise Unsupported("a complex exponent")

    def __eq__(self, other: Any) -> Any:
        other = paired(other)
        return NotImplemented if other is None else self.real == other.real and self.imag == other.imag

    def __ne__(self, other: Any) -> Any:
        other = paired(other)
        return NotImplemented if other is None else self.real != other.real or self.imag != other.imag

    def __bool__(self) -> bool:
        return bool(self.real) or bool(self.imag)

    def __hash__(self) -> int:
        return hash((self.real, self.imag))

    def conjugate(self) -> Pair:
        return Pair(self.real, -self.imag)

    conj = conjugate

    def item(self) -> Pair:
        return self

    def view(self, *_: Any) -> Any:
        raise Unsupported("the bits of a complex number (view)")

    def __repr__(self) -> str:
        return f"({self.real!r}+{self.imag!r}j)"


def paired(value: Any) -> Pair | None:
    """`value` as a Pair; None where it is no number."""
    if type(value) is Pair:
        return value
    if isinstance(value, complex):
        from .constants import leaked

        return Pair(leaked(value.real), leaked(value.imag))
    number = lifted(value)
    return None if number is None else Pair(number, ZERO)
