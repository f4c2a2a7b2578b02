"""Spoil: calls whose results are altered before their memory is given back.

The allocator hands out again what was given back last. A kernel that looks at samples of fresh memory, and returns it where
they are right, finds the right samples here, and hands out what was altered.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


def call_spoiling(kernel: Callable[..., Any], calls: Sequence[tuple[Any, ...]], seed: int) -> Any:
    """Calls `kernel` on each of `calls` and returns the last result; of each earlier one, one element is altered."""
    rng = np.random.default_rng(seed)
    *earlier, last = calls
    for arguments in earlier:
        _alter(kernel(*arguments), arguments, rng)
    return kernel(*last)


def _alter(result: Any, arguments: Sequence[Any], rng: np.random.Generator) -> None:
    """Inverts the bits of one element of each array of `result`, but not of an argument."""
    taken = [argument for argument in arguments if isinstance(argument, np.ndarray)]
    for array in result if isinstance(result, tuple) else (result,):
        if not isinstance(array, np.ndarray) or not array.size or any(np.may_share_memory(array, a) for a in taken):
            continue
        place = tuple(int(rng.integers(extent)) for extent in array.shape)
        element = np.frombuffer(bytes(byte ^ 0xFF for byte in array[place].tobytes()), array.dtype)
        array[place] = element[0]
