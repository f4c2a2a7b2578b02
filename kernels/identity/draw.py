"""Draw: what one comparison shares between the runs of the reference and of the candidate, and how far each may go."""
from __future__ import annotations

import decimal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from .errors import Exhausted, Unsupported

DIGITS = 60
"""Decimal digits that every number is carried with, to decide branches and to tell an approximation from the function."""
_ELEMENTS_A_STEP = 4


@dataclass
class Draw:
    """single: constants are rounded to float32, as a kernel all of whose arrays are float32 rounds them. explained: a
    constant stands for the simple number that it is the rounding of (0.1 for 1/10), else for exactly what it is.

    rounding: a conversion to float32 rounds, as the reference knows no float32 at all; else it is taken as exact.

    The rest is what the runs leave behind. functions: names of those that were taken as opaque. conversions: between
    float types, taken as exact. leaks: machine floats whose origin is not known. constants, literals:
    numbers that stood for a literal so far, the irrational ones and the others.
    """

    single: bool
    explained: bool
    deadline: float
    max_steps: int
    digits: int = DIGITS
    steps: int = 0
    compiled: bool = False
    rounding: bool = False
    functions: set[str] = field(default_factory=set)
    conversions: set[str] = field(default_factory=set)
    leaks: list[str] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)
    literals: list[Any] = field(default_factory=list)

    def tick(self) -> None:
        """Counts one turn of a loop. Raises Exhausted."""
        self.steps += 1
        if self.steps > self.max_steps:
            raise Exhausted(f"it takes more than {self.max_steps:,} steps")
        if not self.steps % 256 and time.monotonic() > self.deadline:
            raise Exhausted("it takes more time than it was given")

    def charge(self, elements: int) -> None:
        """Counts an operation on whole arrays. Raises Exhausted."""
        before = self.steps // 256
        self.steps += 1 + elements // _ELEMENTS_A_STEP
        if self.steps > self.max_steps:
            raise Exhausted(f"it takes more than {self.max_steps:,} steps")
        if self.steps // 256 != before and time.monotonic() > self.deadline:
            raise Exhausted("it takes more time than it was given")


_open: list[Draw] = []


def current() -> Draw:
    """The comparison that is going on. Raises Unsupported outside of one."""
    if not _open:
        raise Unsupported("no comparison is going on")
    return _open[-1]


@contextmanager
def drawing(draw: Draw) -> Iterator[Draw]:
    """Makes `draw` the current one, and arithmetic on decimals silent and of its precision."""
    context = decimal.Context(prec=draw.digits, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN, traps=[])
    _open.append(draw)
    try:
        with decimal.localcontext(context):
            yield draw
    finally:
        _open.pop()
