"""Rotation: the private copies of one argument set that timed calls run on.

All slots share them: copies of their own, which the allocator places differently, made a kernel up to 20 % slower
than itself. Consecutive calls take different copies, so that none finds its inputs in the nearest cache by accident.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from .arena import Arena, clone

COPIES = 8
Arguments = tuple[Any, ...]


class Rotation:
    """Copies of an arena's arguments, within `budget` bytes: a few of each that is only read, one for each call of
    each that is `written` (positions), as every call needs fresh values.

    generation: changes when calls have spent the written copies.
    """

    def __init__(self, arena: Arena, written: frozenset[int], budget: int) -> None:
        self.arena = arena
        self.written = written
        self.generation = 0
        self._budget = budget
        self._starts: dict[str, int] = {}
        self._spent = 0
        originals = arena.arguments()
        self._read_bytes = sum(a.nbytes for i, a in enumerate(originals) if isinstance(a, np.ndarray) and i not in written)
        self._written_bytes = sum(a.nbytes for i, a in enumerate(originals) if isinstance(a, np.ndarray) and i in written)
        self.copies = max(1, min(COPIES, (budget - self._written_bytes) // max(1, self._read_bytes)))
        self._columns: list[list[Any]] = [
            [clone(a) for _ in range(self.copies)] if isinstance(a, np.ndarray) and i not in written else [a]
            for i, a in enumerate(originals)
        ]
        for position in written:
            self._columns[position] = []
        self._whole: list[Arguments] = []

    def affordable(self, calls: int) -> int:
        """How many calls have fresh copies of the written arguments within the budget: as many as asked for, or at least one."""
        if not self._written_bytes:
            return calls
        return min(calls, max(1, (self._budget - self.copies * self._read_bytes) // self._written_bytes))

    def arguments(self, calls: int, slot: str) -> list[Arguments]:
        """Arguments of `calls` calls; what is written holds its first values again.

        Each slot goes through the copies on its own, and so comes by each of them equally often: with one order for
        all, two slots that alternate would never share a copy, and one copy is slower than another.
        """
        self._restore(calls)
        if not self.written and calls < self.copies:
            start = self._starts.get(slot, 0)
            self._starts[slot] = (start + calls) % self.copies
            return [self._row(start + call) for call in range(calls)]
        if len(self._whole) < calls:
            self._whole = [self._row(call) for call in range(calls)]
        return self._whole[:calls]

    def spend(self, calls: int) -> None:
        """Notes that the first `calls` of the written copies were written to."""
        if self.written:
            self._spent = max(self._spent, calls)
            self.generation += 1

    def _restore(self, calls: int) -> None:
        for position in self.written:
            original, column = self.arena.arguments()[position], self._columns[position]
            if not isinstance(original, np.ndarray):
                column[:] = [original]
                continue
            for copy in column[: min(self._spent, calls)]:
                np.copyto(copy, original)
            while len(column) < calls:
                column.append(clone(original))
        if calls >= self._spent:
            self._spent = 0

    def _row(self, call: int) -> Arguments:
        return tuple(column[call % len(column)] for column in self._columns)
