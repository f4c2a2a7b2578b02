"""Families of scalar arguments: other numbers than the generator's, which often gives the same ones each time.

A kernel that holds a scalar's usual value, or rounds it, agrees on every draw of such a generator.
"""
from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from ...oracle import Case
from .family import Choices, Field

_FACTORS = (1.0078740157480315, 0.9921259842519685, 1.0416666666666667)


@dataclass(frozen=True)
class Scalars:
    """Float scalars, one or all: a little larger or smaller, with digits to the last place, or rounded to whole numbers or
    halves, where ties are likelier. None keeps its sign or becomes zero."""

    name: str = "scalars"
    weight: float = 1.0

    def case(self, choices: Choices, field: Field) -> Case | None:
        ground = field.ground(choices)
        if ground is None or not ground.known:
            return None
        given = ground.case.arguments
        chosen = _chosen([n for n, value in enumerate(given) if _free(value)], choices)
        manner = choices.of(("rounded", "moved", "halves"))
        factor = choices.of(_FACTORS)
        arguments: tuple[Any, ...] = tuple(
            _changed(value, manner, factor) if n in chosen else value for n, value in enumerate(given))
        if arguments == given:
            return None
        words = f"{' and '.join(field.domain.names[p] for p in chosen)} {manner}"
        return field.domain.settle(ground, arguments, words)


@dataclass(frozen=True)
class Counts:
    """Whole scalars of 1 or more (steps, orders, bins, exponents), one or all: a little larger, doubled, or smaller.

    Those that equal the length of an array belong to it and stay. None becomes smaller beside arrays of whole numbers,
    which it may bound: a candidate may rely on that, as indices below a count.
    """

    name: str = "counts"
    weight: float = 1.0

    def case(self, choices: Choices, field: Field) -> Case | None:
        ground = field.ground(choices)
        if ground is None:
            return None
        given = ground.case.arguments
        lengths = {length for value in given if isinstance(value, np.ndarray) for length in (*value.shape, value.size)}
        chosen = _chosen([n for n, value in enumerate(given) if _whole(value) and value >= 1 and value not in lengths], choices)
        changes = [(1, 1), (1, 2), (1, 3), (2, 0)]
        if not any(isinstance(value, np.ndarray) and value.dtype.kind in "iu" for value in given):
            changes += [(1, -1), (1, -2)]
        factor, step = choices.of(changes)
        arguments: tuple[Any, ...] = tuple(
            type(value)(max(1, factor * value + step)) if n in chosen else value for n, value in enumerate(given))
        if arguments == given or any(arguments[p] in lengths for p in chosen):
            return None
        words = ", ".join(f"{field.domain.names[p]} {arguments[p]}" for p in chosen)
        if any(np.asarray(value).dtype.kind in "fc" for value in (*arguments, *ground.results)):
            return field.domain.settle(ground, arguments, words) if ground.known else None
        return field.domain.exact(ground, arguments, words)


def _chosen(positions: list[int], choices: Choices) -> list[int]:
    """All of them, or one."""
    return choices.of([positions, *([p] for p in positions)]) if len(positions) > 1 else positions


def _whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _free(value: Any) -> bool:
    return isinstance(value, float | np.floating) and isfinite(value) and value != 0


def _changed(value: Any, manner: str, factor: float) -> Any:
    if manner == "moved":
        made = value * factor
    else:
        steps = 1 if manner == "rounded" else 2
        made = np.rint(value * steps) / steps or value
    return type(value)(made)


FAMILIES = (Scalars(), Counts())
