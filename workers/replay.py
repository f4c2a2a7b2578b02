"""Replay: one timed call, after others whose memory it finds as they left it, or scrubbed.

The allocator hands out again what was given back last. In a timing the inputs hold the same values each time, so there a
kernel finds its own right answer in memory that it has not written yet, and could return it in place of working. An
honest kernel takes as long either way.
"""
from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .poison import Poison

CALLS = 6
LEAST_CALLS = 3
Arguments = tuple[Any, ...]


def replay(kernel: Callable[..., Any], calls: Sequence[Arguments], poison: Poison, byte: int, scrubbed: bool) -> int:
    """Nanoseconds of the last of `calls`, each a tuple of arguments with equal values.

    The first is an ordinary call. Those in the middle are scrubbed: whatever they took and gave back is filled with
    `byte`, and as they hold their results at the same time they reach what earlier calls left in the heap. scrubbed: the
    ordinary call comes before them, so that no trace of it is left; else after them. Both ways make the same calls
    and sweep through malloc's small blocks at the end, so that caches and branch predictors are in the same state.
    """
    ordinary, *scrubs, timed = calls
    poison.sweep(None)  # fills malloc's store, so that the last sweep takes nothing else
    if scrubbed:
        kernel(*ordinary)
    with poison.of(byte):
        held = [kernel(*arguments) for arguments in scrubs]
        for result, arguments in zip(held, scrubs):
            _fill(result, arguments, byte)
        del held, result
    if not scrubbed:
        kernel(*ordinary)
    poison.sweep(byte if scrubbed else None)
    gc.disable()
    try:
        start = time.perf_counter_ns()
        kernel(*timed)
        return time.perf_counter_ns() - start
    finally:
        gc.enable()


def _fill(result: Any, arguments: Arguments, byte: int) -> None:
    """Overwrites the arrays of `result`, but not where one is an argument."""
    taken = [argument for argument in arguments if isinstance(argument, np.ndarray)]
    for array in result if isinstance(result, tuple) else (result,):
        if isinstance(array, np.ndarray) and array.flags.writeable and not any(np.may_share_memory(array, a) for a in taken):
            array.fill(np.frombuffer(bytes([byte]) * array.itemsize, array.dtype)[0])
