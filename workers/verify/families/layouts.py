"""Memory orders: views that a champion's guard lets through.

The guard holds each array to the layout that the kernel was verified on, keeps written arrays apart in memory from all
others, and takes nothing misaligned; the reference answers for the rest. Two arguments that are only read may be the same
array, which a kernel that writes neither cannot tell from two equal ones. So only arguments of layout "A", which the guard
takes in any order, have something to test here.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...oracle import Case
from .family import Choices, Field


@dataclass(frozen=True)
class Viewed:
    """The generator's values in an array of another memory order, where the signature allows any."""

    name: str = "memory orders"
    weight: float = 0.5

    def case(self, choices: Choices, field: Field) -> Case | None:
        ground = field.ground(choices)
        if ground is None:
            return None
        arguments = field.domain.oracle.signature.arguments
        positions = [n for n, a in enumerate(arguments) if a.kind == "array" and a.layout == "A"]
        if not positions:
            return None
        position = choices.of(positions)
        order = choices.of(("C", "F", "strided", "reversed"))
        value = ground.case.arguments[position]
        made = _arranged(value, order)
        return field.domain.exact(ground, ground.replaced(position, made), f"{arguments[position].name} {order}")


def guard_covers(layouts: list[str]) -> str:
    """What the guard does for arguments of these layouts, in words, where no view is left to test."""
    if "A" in layouts:
        return "arguments of any layout were tested as C-ordered, Fortran-ordered, strided and reversed views"
    return "views of another memory order, and written arrays that overlap others, go to the reference"


def _arranged(value: np.ndarray, order: str) -> np.ndarray:
    if order in ("C", "F"):
        return np.array(value, order=order)
    if order == "reversed":
        made = np.empty_like(value, order="C")[..., ::-1]
    else:
        made = np.empty(tuple(2 * n for n in value.shape), value.dtype)[(slice(None, None, 2),) * value.ndim]
    made[...] = value
    return made


FAMILIES = (Viewed(),)
