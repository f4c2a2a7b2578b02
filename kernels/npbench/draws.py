"""Draws: what stands for NumPy's and Python's random modules in an initialiser, so that each input is another."""
from __future__ import annotations

import random
from typing import Any

import numpy as np


class Draws:
    """`numpy.random` whose generators all draw from `rng`: the seeds that an initialiser fixes are not looked at."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._state = np.random.RandomState(int(rng.integers(2**32)))
        self.python = PythonDraws(int(rng.integers(2**32)))

    def default_rng(self, *_: Any, **__: Any) -> np.random.Generator:
        return self._rng

    Generator = default_rng

    def RandomState(self, *_: Any, **__: Any) -> np.random.RandomState:  # noqa: N802 - NumPy's own name
        return self._state

    def seed(self, *_: Any, **__: Any) -> None:
        """Does nothing."""

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._state, name, None)
        return getattr(np.random, name) if found is None else found


class PythonDraws:
    """The module `random`, without seeds of the caller's own."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def seed(self, *_: Any, **__: Any) -> None:
        """Does nothing."""

    def Random(self, *_: Any) -> random.Random:  # noqa: N802 - Python's own name
        return self._random

    def __getattr__(self, name: str) -> Any:
        return getattr(self._random, name)
