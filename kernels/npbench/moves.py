"""Moves: how an argument that an initialiser always gives alike is changed by a draw, so that no test sees one input only."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

SPREAD, SCALAR_SPREAD, FILL = 0.5, 0.1, 0.1


def elements(value: Any, rng: np.random.Generator) -> Any:
    """Each element of a float array times a factor of its own between 0.5 and 1.5; of one that is all zero, between 0 and
    0.1. A float number times a factor between 0.9 and 1.1."""
    if not isinstance(value, np.ndarray):
        return type(value)(value * (1.0 + SCALAR_SPREAD * rng.uniform(-1.0, 1.0)))
    moved = value.copy(order="K")
    if not moved.any():
        moved[...] = FILL * rng.random(moved.shape)
    else:
        moved *= (1.0 + SPREAD * rng.uniform(-1.0, 1.0, moved.shape)).astype(moved.real.dtype)
    return moved


def whole(value: Any, rng: np.random.Generator) -> Any:
    """A float array times one factor between 0.5 and 1.5, which keeps it symmetric, positive definite or sorted."""
    moved = value.copy(order="K")
    moved *= moved.real.dtype.type(1.0 + SPREAD * rng.uniform(-1.0, 1.0))
    return moved


def shuffled(value: Any, rng: np.random.Generator) -> Any:
    """The elements of an array in another order."""
    moved = value.copy(order="K")
    moved[...] = rng.permutation(value.ravel()).reshape(value.shape)
    return moved


MOVES: Mapping[str, Callable[[Any, np.random.Generator], Any]] = {"elements": elements, "whole": whole, "shuffled": shuffled}
