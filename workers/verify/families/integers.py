"""Integers at the ends of their type's range, where they are data and not indices.

NumPy computes in the array's own type and wraps around; Numba promotes: a sum of int32 is int64, uint64 plus one is int64
or a float. Wrapping is exact in any order, so integer results bind. Float results of 64-bit integers do not: doubles hold
53 bits, and what is lost beyond depends on the order.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...oracle import Case
from ..leeway import Leeway
from .family import Choices, Field
from .traits import Traits

Change = Callable[[np.ndarray, Traits, Choices], np.ndarray]
_LARGE_BITS = 31


@dataclass(frozen=True)
class Extreme:
    """Puts extreme integers into one argument of integers that are no indices."""

    name: str
    change: Change
    weight: float = 1.0

    def case(self, choices: Choices, field: Field) -> Case | None:
        ground = field.ground(choices)
        if ground is None:
            return None
        positions = [n for n, t in enumerate(ground.traits) if t.kind == "int" and not t.indexlike and not t.built and t.size]
        if not positions:
            return None
        position = choices.of(positions)
        value = ground.case.arguments[position]
        made = self.change(value, ground.traits[position], choices)
        if np.array_equal(made, value):
            return None
        arguments = ground.replaced(position, made)
        if field.domain.invalid(arguments) != "":
            return None
        case = field.domain.exact(ground, arguments, f"{self.name} in {field.domain.names[position]}")
        if case is None or value.dtype.itemsize < 8 or self.change is _large:
            return case
        results = (*case.expected, *case.expected_arguments)
        leeway = tuple(
            np.full(np.shape(result), Leeway.OPEN, np.uint8) if np.asarray(result).dtype.kind in "fc" else grant
            for result, grant in zip(results, case.leeway)
        )
        return field.domain.case(ground, arguments, case.label.partition(", ")[0], results, leeway)


def _ends(x: np.ndarray, traits: Traits, choices: Choices) -> np.ndarray:
    """Largest and smallest numbers at some places."""
    info = np.iinfo(x.dtype)
    ends = [info.max, info.max - 1, info.min if traits.signed else info.max // 2 + 1]
    made = np.array(x, order="C")
    made.reshape(-1)[:: choices.of((3, 2, 1))] = x.dtype.type(choices.of(ends))
    return made


def _near_the_end(x: np.ndarray, traits: Traits, choices: Choices) -> np.ndarray:
    """The generator's values counted back from the largest number."""
    size = np.abs(x) if x.dtype.kind == "i" else x
    return np.array(np.iinfo(x.dtype).max - np.where(size < 0, 0, size), x.dtype, order="C")


def _large(x: np.ndarray, traits: Traits, choices: Choices) -> np.ndarray:
    """The generator's values times a power of two, as far as they then fit into 32 bits and their own type."""
    bits = min(_LARGE_BITS, np.iinfo(x.dtype).bits - 1)
    largest = max(abs(int(x.max())), abs(int(x.min())), 1)
    power = max(0, bits - choices.of((1, 4, 8)) - largest.bit_length())
    return np.array(x * x.dtype.type(2**power), order="C")


FAMILIES = (Extreme("large integers", _large), Extreme("extreme integers", _ends), Extreme("integers near the end", _near_the_end))
