"""The largest error of a function over as many arguments as are asked for."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ....kernels.vecmath import VecFunction
from .arguments import CHUNK, drawn, every, hard, within_limit
from .compiled import values
from .errors import Worst, worst, worst_exactly


def measure(function: VecFunction, loop: Any, samples: int, exhaustive: bool, seed: int) -> Worst:
    """The worst of `samples` random arguments, and of hard ones by mpmath. loop: the function, compiled.

    exhaustive: all numbers of float32 instead, for a function of one parameter. Raises RuntimeError where np.longdouble is
    no wider than float64.
    """
    chunks = _all(function) if exhaustive and function.arity == 1 and function.dtype == "float32" else _random(function, samples, seed)
    found = Worst(0.0, (), 0)
    for arguments in chunks:
        found |= worst(function.name, values(loop, *arguments), *arguments)
    if function.arity == 1:
        points = hard(function)
        found |= worst_exactly(function.name, values(loop, points), points)
    return found


def _all(function: VecFunction) -> Iterator[tuple[np.ndarray, ...]]:
    for numbers in every(function.dtype):
        within = within_limit(function, numbers)
        if within.size:
            yield (within,)


def _random(function: VecFunction, samples: int, seed: int) -> Iterator[tuple[np.ndarray, ...]]:
    rng = np.random.default_rng(seed)
    for start in range(0, samples, CHUNK):
        yield drawn(function, min(CHUNK, samples - start), rng)
