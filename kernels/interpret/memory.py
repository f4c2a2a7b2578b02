"""Shadow memory: who touched which element, and what of it was against the rules.

Each iteration of a `prange` carries a stamp, and stamps only grow, so nothing need be cleared between loops. Iterations
run one after the other; an element's first reader and first writer in the present loop therefore tell whether any other
iteration than the present one touched it. The method is that of happens-before race detectors for fork-join programs
(Feng and Leiserson, SPAA 1997), where one task's accesses are ordered and different tasks' are not.
"""
from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from .namespace import FILENAME

MAX_FINDINGS = 24
"""Kept of each kind; one for each line and array."""
_ELEMENTS_A_STEP = 256
"""A whole-array operation counts as one step for so many elements."""
Selection = slice | np.ndarray


class Exhausted(Exception):
    """The kernel took more steps than it was allowed."""


class Halted(Exception):
    """The kernel cannot go on after a finding, such as an index into an empty axis."""


@dataclass
class _Level:
    """A parallel loop that is being executed. since: stamp when it began; now: the present iteration's stamp."""

    since: int
    line: int
    now: int = 0
    index: int = 0
    label: str = ""


@dataclass
class Log:
    """What one execution did. `races`, `out_of_bounds`, `unwritten_reads`, `negative_indices`: findings in order.

    order: puts the iterations of each parallel loop in the order in which they are executed.
    """

    max_steps: int
    parallel: bool
    steps: int = 0
    stamp: int = 0
    iterations: int = 0
    levels: list[_Level] = field(default_factory=list)
    races: dict[Any, str] = field(default_factory=dict)
    out_of_bounds: dict[Any, str] = field(default_factory=dict)
    unwritten_reads: dict[Any, str] = field(default_factory=dict)
    negative_indices: dict[Any, str] = field(default_factory=dict)
    most_iterations: dict[int, int] = field(default_factory=dict)
    labels: dict[int, tuple[int, int]] = field(default_factory=dict)
    order: Callable[[range], Iterable[int]] = iter

    def tick(self) -> None:
        """Counts one turn of a loop. Raises Exhausted."""
        self.steps += 1
        if self.steps > self.max_steps:
            raise Exhausted

    def charge(self, elements: int) -> None:
        """Counts an operation on whole arrays. Raises Exhausted."""
        self.steps += 1 + elements // _ELEMENTS_A_STEP
        if self.steps > self.max_steps:
            raise Exhausted

    def prange(self, *bounds: Any) -> Iterator[int]:
        """Gives the indices of a parallel loop and announces each as an iteration of its own."""
        indices = range(*(int(bound) for bound in bounds))
        if not self.parallel:
            yield from indices
            return
        line = self.line()
        self.stamp += 1
        level = _Level(self.stamp, line)
        self.most_iterations[line] = max(self.most_iterations.get(line, 0), len(indices))
        self.levels.append(level)
        for index in self.order(indices):
            self.stamp += 1
            self.iterations += 1
            level.now, level.index = self.stamp, index
            self.labels[self.stamp] = (line, index)
            yield index
        self.levels.pop()

    @contextmanager
    def reducing(self) -> Iterator[None]:
        """Within, accesses count as those of the loop's reduction: not against each other, but against all others."""
        level = self.levels[-1] if self.levels else None
        if level is None:
            yield
            return
        now, level.now = level.now, level.since
        try:
            yield
        finally:
            level.now = now

    def line(self) -> int:
        """The line of the kernel's text that is being executed."""
        frame: Any = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename != FILENAME:
            frame = frame.f_back
        return frame.f_lineno if frame is not None else 0

    def note(self, findings: dict[Any, str], key: Any, text: str) -> None:
        """Keeps a finding unless that line has one of this key already."""
        line = self.line()
        if len(findings) < MAX_FINDINGS:
            findings.setdefault((line, key), f"line {line}: {text}" if line else f"at the end: {text}")

    def iteration(self, stamp: int) -> str:
        """The name of the iteration with this stamp."""
        if stamp not in self.labels:
            return "the loop's reduction"
        return f"iteration {self.labels[stamp][1]}"


class Block:
    """The shadow of one piece of memory, in granules (mostly: elements).

    name: how findings call it; named: always, as it is a parameter of the kernel. shape: of the array that it was made
    for, () where its elements do not lie in that order. unwritten: a mask of what nothing has written yet, None where all
    is written. born: the stamp at its allocation.
    """

    def __init__(
        self, log: Log, address: int, granule: int, size: int, name: str, unwritten: bool = False, named: bool = False
    ) -> None:
        self.log = log
        self.address = address
        self.granule = granule
        self.size = size
        self.name = name
        self.named = named
        self.shape: tuple[int, ...] = ()
        self.born = log.stamp
        self.unwritten = np.ones(size, np.bool_) if unwritten else None
        self._shadows: list[tuple[np.ndarray, np.ndarray, memoryview, memoryview]] = []

    def read_one(self, place: int) -> None:
        if self.unwritten is not None and self.unwritten[place]:
            self._unwritten(place, 1)
        for depth, level in enumerate(self.log.levels):
            if self.born >= level.now > level.since:
                continue  # allocated in this iteration: no other reaches it
            _, _, writers, readers = self._shadow(depth)
            writer = writers[place]
            if writer >= level.since and writer != level.now:
                self._race(place, level, "reads", writer, "writes")
            if readers[place] < level.since:
                readers[place] = level.now

    def write_one(self, place: int) -> None:
        if self.unwritten is not None:
            self.unwritten[place] = False
        for depth, level in enumerate(self.log.levels):
            if self.born >= level.now > level.since:
                continue
            _, _, writers, readers = self._shadow(depth)
            writer, reader = writers[place], readers[place]
            if writer < level.since:
                writers[place] = level.now
            elif writer != level.now:
                self._race(place, level, "writes", writer, "writes")
            if reader >= level.since and reader != level.now:
                self._race(place, level, "writes", reader, "reads")

    def read_many(self, places: Selection, count: int) -> None:
        self.log.charge(count)
        if self.unwritten is not None:
            missing = self.unwritten[places]
            if missing.any():
                self._unwritten(_first(places, missing), int(np.count_nonzero(missing)))
        for depth, level in enumerate(self.log.levels):
            if self.born >= level.now > level.since:
                continue
            writers, readers, _, _ = self._shadow(depth)
            writer = writers[places]
            other = (writer >= level.since) & (writer != level.now)
            if other.any():
                place = _first(places, other)
                self._race(place, level, "reads", int(writers[place]), "writes")
            reader = readers[places]
            readers[places] = np.where(reader < level.since, level.now, reader)

    def write_many(self, places: Selection, count: int) -> None:
        self.log.charge(count)
        if self.unwritten is not None:
            self.unwritten[places] = False
        for depth, level in enumerate(self.log.levels):
            if self.born >= level.now > level.since:
                continue
            writers, readers, _, _ = self._shadow(depth)
            for stamps, what in ((writers, "writes"), (readers, "reads")):
                found = stamps[places]
                other = (found >= level.since) & (found != level.now)
                if other.any():
                    place = _first(places, other)
                    self._race(place, level, "writes", int(stamps[place]), what)
            writer = writers[places]
            writers[places] = np.where(writer < level.since, level.now, writer)

    @property
    def title(self) -> str:
        """What the executing function calls the whole of it, else how it came about."""
        frame: Any = sys._getframe(1)
        while not self.named and frame is not None:
            if frame.f_code.co_filename == FILENAME:
                for name, value in frame.f_locals.items():
                    if getattr(value, "block", None) is self and value.shape == self.shape:
                        return name
            frame = frame.f_back
        return self.name

    def element(self, place: int) -> str:
        """The element as the text would write it."""
        title = self.title
        index = f"element {place}"
        if self.shape and place < prod(self.shape):
            index = f"[{', '.join(str(int(i)) for i in np.unravel_index(place, self.shape))}]"
            if title.isidentifier():
                return f"{title}{index}"
            index = f"element {index}"
        return f"{index} of {title}"

    def _shadow(self, depth: int) -> tuple[np.ndarray, np.ndarray, memoryview, memoryview]:
        while len(self._shadows) <= depth:
            writers, readers = np.zeros(self.size, np.int64), np.zeros(self.size, np.int64)
            self._shadows.append((writers, readers, memoryview(writers), memoryview(readers)))
        return self._shadows[depth]

    def _race(self, place: int, level: _Level, does: str, other: int, did: str) -> None:
        log = self.log
        mine, theirs = log.iteration(level.now), log.iteration(other)
        log.note(log.races, (self.name, does, did),
                 f"{mine} of the prange loop in line {level.line} {does} {self.element(place)}, which {theirs} {did}")

    def _unwritten(self, place: int, count: int) -> None:
        more = f" and {count - 1} more" if count > 1 else ""
        self.log.note(self.log.unwritten_reads, self.name, f"{self.element(place)}{more} is read, but nothing has written it")


def _first(places: Selection, hit: np.ndarray) -> int:
    """The first granule among `places` that is hit."""
    position = int(np.argmax(hit))
    if isinstance(places, slice):
        return int(places.start) + position
    return int(places[position])
