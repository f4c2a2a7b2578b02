"""Arenas: the C library's heaps, of which one is enough for a process that hardly computes."""
from __future__ import annotations

import ctypes

_M_ARENA_MAX = -8


def one_arena() -> None:
    """From now on all threads of this process allocate from one heap, where the C library is glibc; elsewhere nothing changes.

    Ray's exporting threads each get a heap of their own else, which grows for as long as the process lives although what is
    alive in it does not (docs/decisions.md). Not for processes that run kernels: their threads would wait for one another.
    """
    try:
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
    except (OSError, AttributeError):
        return
