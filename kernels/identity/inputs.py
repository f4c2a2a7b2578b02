"""Inputs of a comparison: the spec's own, each real number with a residue drawn at random."""
from __future__ import annotations

import math
import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from .arrays import wrapped
from .number import ZERO, Number, exact, special
from .pair import Pair
from .residues import WHOLE

_NUDGE = Decimal("1.234567e-10")
"""By which a scalar that is an integer is moved, as only its neighbours tell what a kernel does with it."""


class Residues:
    """Draws residues; equal floats get equal ones, and opposite floats opposite ones.

    literal: floats that are integers are those integers, for kernels that compare them or use them as indices. Otherwise
    only the zeros of arrays are, so that a kernel which leaves zeros out is no other function for that, and scalars that
    are integers are moved a little.
    """

    def __init__(self, seed: int, literal: bool) -> None:
        self._random = random.Random(f"residues {seed}")
        self._literal = literal
        self._drawn: dict[Decimal, int] = {}

    def argument(self, value: Any) -> Any:
        """One argument of the kernel over our numbers, in memory of its own. Integers stay what they are."""
        if isinstance(value, np.ndarray):
            if value.dtype.kind not in "fc":
                return wrapped(value.copy(order="K"))
            made = np.empty_like(value, dtype=object)
            made[...] = np.frompyfunc(lambda each: self._number(each, True), 1, 1)(value) if value.size else None
            return wrapped(made, value.dtype)
        if isinstance(value, float | complex | np.floating | np.complexfloating):
            return self._number(value, False)
        return value

    def _number(self, value: Any, in_array: bool) -> Any:
        if isinstance(value, complex | np.complexfloating):
            return Pair(self._number(float(value.real), in_array), self._number(float(value.imag), in_array))
        value = float(value)
        if not math.isfinite(value):
            return special(Decimal(value))
        if value.is_integer() and (self._literal or in_array and value == 0):
            return exact(int(value)) if value else ZERO
        exactly = Decimal(value)
        if value.is_integer() and not in_array:
            # A factor of 1.0 that a kernel leaves out, or a square for a power of 2.0, must show.
            exactly += (exactly or 1) * _NUDGE
        size = abs(exactly)
        if size not in self._drawn:
            self._drawn[size] = self._random.randrange(1, WHOLE)
        residue = self._drawn[size]
        return Number(exactly, residue if value >= 0 else WHOLE - residue, WHOLE)


def drawn(arguments: Sequence[Any], seed: int, literal: bool) -> tuple[Any, ...]:
    """The arguments over our numbers; the same each time for equal seeds."""
    residues = Residues(seed, literal)
    return tuple(residues.argument(argument) for argument in arguments)
