"""Rotation: the private copies of argument sets that timed calls run on.

Consecutive calls take different copies, so that none finds its inputs in the nearest cache by accident, and copies of
different sets, so that none finds its own answer in memory that the call before it gave back. All slots share them:
copies of their own, which the allocator places differently, made a kernel up to 20 % slower than itself.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .arena import Arena, clone

COPIES = 8
Arguments = tuple[Any, ...]


class Rotation:
    """Copies of the arguments in `arenas`, in turn, within `budget` bytes: a few of each that is only read, one for each
    call of each that is `written` (positions), as every call needs fresh values.

    generation: changes when calls have spent the written copies.
    """

    def __init__(self, arenas: Sequence[Arena], written: frozenset[int], budget: int) -> None:
        self.arenas = tuple(arenas)
        self.generation = 0
        self.written = tuple(sorted(p for p in written if isinstance(self.arenas[0].arguments()[p], np.ndarray)))
        self._starts: dict[str, int] = {}
        sets = [arena.arguments() for arena in self.arenas]
        self._written_bytes = max(_bytes(values[p] for p in self.written) for values in sets)
        read_bytes = max(_bytes(values) for values in sets) - self._written_bytes
        affordable = max(1, min(COPIES, (budget - self._written_bytes) // max(1, read_bytes)))
        self.copies = len(sets) * max(1, affordable // len(sets))
        self._left = budget - self.copies * read_bytes
        self._rows = [
            tuple(clone(a) if isinstance(a, np.ndarray) and i not in self.written else a for i, a in enumerate(sets[copy % len(sets)]))
            for copy in range(self.copies)
        ]
        self._fresh: list[tuple[Arena | None, Arguments]] = []

    def affordable(self, calls: int) -> int:
        """How many calls have fresh copies of the written arguments within the budget: as many as asked for, or at least one."""
        return min(calls, max(1, self._left // self._written_bytes)) if self._written_bytes else calls

    def arguments(self, calls: int, slot: str) -> tuple[list[Arguments], Arena | None]:
        """Arguments of `calls` calls, and the arena that those of the last one come from. What is written holds its first
        values again.

        Each slot goes through the copies on its own, and so comes by each of them equally often: with one order for
        all, two slots that alternate would never share a copy, and one copy is slower than another.
        """
        start = self._starts.get(slot, 0) if calls < self.copies else 0
        self._starts[slot] = (start + calls) % self.copies
        turns = [(start + call) % self.copies for call in range(calls)]
        last = self.arenas[turns[-1] % len(self.arenas)] if turns else None
        if not self.written:
            return [self._rows[turn] for turn in turns], last
        return [self._with_fresh(call, turn) for call, turn in enumerate(turns)], last

    def spend(self, calls: int) -> None:
        """Notes that the first `calls` of the written copies were written to."""
        if self.written:
            self._fresh[:calls] = [(None, copies) for _, copies in self._fresh[:calls]]
            self.generation += 1

    def _with_fresh(self, call: int, turn: int) -> Arguments:
        arena = self.arenas[turn % len(self.arenas)]
        originals = [arena.arguments()[position] for position in self.written]
        if call == len(self._fresh):
            self._fresh.append((arena, tuple(map(clone, originals))))
        holds, copies = self._fresh[call]
        if holds is not arena:
            if any(copy.shape != original.shape for copy, original in zip(copies, originals)):
                copies = tuple(map(clone, originals))
            for copy, original in zip(copies, originals):
                np.copyto(copy, original)
            self._fresh[call] = arena, copies
        row = list(self._rows[turn])
        for position, copy in zip(self.written, copies):
            row[position] = copy
        return tuple(row)


def _bytes(values: Any) -> int:
    return sum(value.nbytes for value in values if isinstance(value, np.ndarray))
