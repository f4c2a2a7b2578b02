"""Poisoned memory: what a kernel gets to see where it never wrote is not what it wrote last time.

Numba's arrays come from malloc, which is told to fill what it hands out (glibc's M_PERTURB); small blocks that malloc
keeps at hand (its thread cache) escape that, so they are taken out and filled here. Arrays that a wrapper allocates
are filled directly, and lie between red zones that hold the same byte.
"""
from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from typing import Any

import numpy as np

from .arena import RED_ZONE

_M_PERTURB = -6
_CACHED_BLOCKS = 7
_SIZES = range(24, 1033, 16)


class Poison:
    """Within `of(byte)`, fresh memory holds `byte`; outside, memory is what it always is."""

    def __init__(self) -> None:
        self._byte: int | None = None
        self._surroundings: list[np.ndarray] = []
        # Had once, so that a sweep takes nothing from the heap itself.
        self._blocks = (ctypes.c_void_p * (_CACHED_BLOCKS * len(_SIZES)))()
        self._libc = ctypes.CDLL(None)
        self._libc.malloc.restype = ctypes.c_void_p
        self._libc.malloc.argtypes = [ctypes.c_size_t]
        self._libc.free.argtypes = [ctypes.c_void_p]

    @contextmanager
    def of(self, byte: int | None) -> Iterator[None]:
        """Fills fresh memory with `byte` (None: leaves it alone) until the block ends."""
        if byte is None:
            yield
            return
        self._byte = byte & 0xFF
        self.sweep(self._byte)
        # malloc fills with the complement of its parameter, and takes 0 for "off".
        self._mallopt(self._byte ^ 0xFF or 1)
        try:
            yield
        finally:
            self._mallopt(0)
            self._byte = None
            self._surroundings.clear()

    def empty(self, shape: Any, dtype: Any = float) -> np.ndarray:
        """Like np.empty; with poisoned content and red zones within `of`."""
        if self._byte is None:
            return np.empty(shape, dtype)
        dtype = np.dtype(dtype)
        extents = shape if isinstance(shape, tuple) else (shape,)
        whole = np.full(prod(extents) * dtype.itemsize + 2 * RED_ZONE, self._byte, np.uint8)
        self._surroundings += [whole[:RED_ZONE], whole[-RED_ZONE:]]
        return whole[RED_ZONE:-RED_ZONE].view(dtype).reshape(extents)

    def overrun(self) -> bool:
        """Whether a red zone of an array that `empty` made was written to; asked within `of`."""
        return any(bool(np.any(zone != self._byte)) for zone in self._surroundings)

    def _mallopt(self, value: int) -> None:
        mallopt = getattr(self._libc, "mallopt", None)
        if mallopt is not None:
            mallopt(_M_PERTURB, value)

    def sweep(self, byte: int) -> None:
        """Takes out the small blocks that malloc keeps at hand, fills each with `byte`, and puts them back in the same
        order."""
        count = 0
        for size in _SIZES:
            for _ in range(_CACHED_BLOCKS):
                block = self._blocks[count] = self._libc.malloc(size)
                if block:
                    ctypes.memset(block, byte, size)
                count += 1
        while count:
            count -= 1
            self._libc.free(self._blocks[count])
