"""The tally of one run: operations, and which bytes of the arguments were read and written."""
from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import process_time
from typing import Any

import numpy as np

from .costs import Cost
from .errors import OutOfTime
from .work import Work

_STEPS_A_LOOK = 512
Masks = tuple["Region", np.ndarray, np.ndarray]


class Region:
    """The memory of one argument, with a mark for each element that is read before it is written, and for each that is written."""

    def __init__(self, array: np.ndarray) -> None:
        self.address = array.__array_interface__["data"][0]
        self.itemsize = array.itemsize
        self.bytes = array.nbytes
        self.read = np.zeros(array.size, np.bool_)
        self.written = np.zeros(array.size, np.bool_)
        self.all_read = False
        self.any_written = False

    def masks(self, array: np.ndarray) -> Masks | None:
        """The marks of the elements that `array` covers, in its shape; None where it does not lie in this memory.

        A view of parts of elements (the real part of a complex array) shares their marks; one that splits them otherwise
        is taken for all that it spans.
        """
        offset = array.__array_interface__["data"][0] - self.address
        if not 0 <= offset < self.bytes:
            return None
        strides = [stride // self.itemsize for stride in array.strides]
        if any(stride % self.itemsize for stride, length in zip(array.strides, array.shape) if length > 1):
            low = offset + sum(min(0, s * (n - 1)) for s, n in zip(array.strides, array.shape))
            high = offset + sum(max(0, s * (n - 1)) for s, n in zip(array.strides, array.shape)) + array.itemsize
            span = slice(low // self.itemsize, -(-high // self.itemsize))
            return self, self.read[span], self.written[span]
        start = offset // self.itemsize
        return self, *(np.ndarray(array.shape, np.bool_, mask, start, strides) for mask in (self.read, self.written))


class Tally:
    """deadline: on the clock of `process_time`; counting past it raises OutOfTime. compiled: the text is a candidate's, whose
    numbers behave as compiled code's do."""

    def __init__(self, deadline: float = math.inf, compiled: bool = False) -> None:
        self.operations: Counter[tuple[str, str]] = Counter()
        self.touched = 0
        self.compiled = compiled
        self.deadline = deadline
        self._steps = 0
        self.regions: list[Region] = []

    def watch(self, arguments: Sequence[Any]) -> None:
        """From now on, looks after which bytes of these are read and written."""
        self.regions = [Region(a) for a in arguments if isinstance(a, np.ndarray) and a.size]

    def count(self, precision: str, price: Cost, elements: int) -> None:
        """Notes `elements` operations that cost `price` each."""
        for kind, n in price.items():
            self.operations[precision, kind] += n * elements
        self.look() if elements > _STEPS_A_LOOK else self.step()

    def step(self) -> None:
        """One step of the interpreted text."""
        self._steps += 1
        if self._steps >= _STEPS_A_LOOK:
            self.look()

    def look(self) -> None:
        """Raises OutOfTime after the deadline."""
        self._steps = 0
        if process_time() > self.deadline:
            raise OutOfTime("counting took too long")

    def masks(self, array: np.ndarray) -> Masks | None:
        """The marks of the argument over whose memory `array` lies, if it does."""
        if not array.size:
            return None
        return next((found for region in self.regions if (found := region.masks(array)) is not None), None)

    def read(self, masks: Masks | None, index: Any = ..., whole: bool = True) -> None:
        """The elements at `index` are read."""
        if masks is None:
            return
        region, read, written = masks
        if region.all_read:
            return
        if region.any_written:
            read[index] |= ~written[index]
        else:
            read[index] = True
            region.all_read = whole and read.size == region.read.size

    def wrote(self, masks: Masks | None, index: Any = ...) -> None:
        """The elements at `index` are written."""
        if masks is not None:
            masks[2][index] = True
            masks[0].any_written = True

    def work(self, results: Sequence[Any], method: str = "") -> Work:
        """All that was tallied; `results` are the values that the kernel returned or filled."""
        operations: dict[str, dict[str, int]] = {}
        for (precision, kind), n in sorted(self.operations.items()):
            if n:
                operations.setdefault(precision, {})[kind] = int(n)
        read = sum(int(np.count_nonzero(r.read)) * r.itemsize for r in self.regions)
        written = sum(int(np.count_nonzero(r.written)) * r.itemsize for r in self.regions)
        written += sum(np.asarray(v).nbytes for v in results if not isinstance(v, np.ndarray) or self.masks(v) is None)
        return Work(operations, read, written, int(self.touched), method)


_IDLE = Tally()
_current = _IDLE


def current() -> Tally:
    """The tally of the run that is being counted; one that nobody reads where none is."""
    return _current


def counting() -> bool:
    return _current is not _IDLE


@contextmanager
def tallied(tally: Tally) -> Iterator[Tally]:
    """Counts in `tally` what is executed meanwhile."""
    global _current
    before, _current = _current, tally
    try:
        yield tally
    finally:
        _current = before
