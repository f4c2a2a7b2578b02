"""Inputs: the reference's arguments as a suite's description makes them; the text of a made spec calls this."""
from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .draws import Draws
from .lines import at_each_line
from .moves import MOVES

UNSIZED = "unsized"
"""The one size parameter of a benchmark that has none; nobody reads it."""
DATATYPE = "datatype"
"""What later suites call an initialiser's parameter for the precision, which their descriptions leave out."""

SECONDS, LINES = 2.0, 1000
"""An initialiser that has taken more of both, in CPU time, at a size that is not its own may be one that never ends: it draws
until a matrix has full rank, say, which a size of another form never has."""


@dataclass(frozen=True)
class Inputs:
    """A generator of inputs, as `kernwright.kernel` takes it: called with (size, rng), it returns the arguments.

    arguments: their names, in the order in which the reference takes them. fixed: parameters that are no sizes, and
    defaults of the reference. maker: gives the initialiser, its draws from what it is called with; None where the
    arguments are but parameters. given, made: the initialiser's arguments and results. moved: which of MOVES is made on
    an argument that the initialiser would give alike each time. own: the size at which the initialiser may take as long as
    it likes.
    """

    arguments: tuple[str, ...]
    fixed: Mapping[str, Any]
    maker: Callable[[Draws], Callable[..., Any]] | None = None
    given: tuple[str, ...] = ()
    made: tuple[str, ...] = ()
    moved: Mapping[str, str] = field(default_factory=dict)
    own: Mapping[str, int] = field(default_factory=dict)

    def __call__(self, size: Mapping[str, int], rng: np.random.Generator) -> tuple[Any, ...]:
        """Raises ValueError where the initialiser returns more or less than its description says or does not end, and what it
        raises."""
        values = {**self.fixed, **size}
        if self.maker is not None:
            initialise = self.maker(Draws(rng))
            with nullcontext() if size == self.own else _ended_where_endless(initialise):
                values.update(self._initialised(initialise, values))
        moved = {name: MOVES[move](values[name], rng) for name, move in self.moved.items()}
        return tuple(moved.get(name, values[name]) for name in self.arguments)

    def _initialised(self, initialise: Callable[..., Any], values: Mapping[str, Any]) -> dict[str, Any]:
        parameters = inspect.signature(initialise).parameters
        further = {} if DATATYPE not in parameters or DATATYPE in self.given \
            or parameters[DATATYPE].default is not inspect.Parameter.empty else {DATATYPE: np.float64}
        result = initialise(*(values[name] for name in self.given), **further)
        several = isinstance(result, tuple) or (isinstance(result, list) and len(self.made) != 1)
        results = tuple(result) if several else (result,)
        if len(results) != len(self.made):
            raise ValueError(f"the initialiser returns {len(results)} value(s), but init.output_args names {len(self.made)}")
        return dict(zip(self.made, results))


@contextmanager
def _ended_where_endless(initialise: Callable[..., Any]) -> Iterator[None]:
    """Raises ValueError in the initialiser once it has taken more than LINES and SECONDS."""
    lines, end = 0, time.thread_time() + SECONDS

    def count() -> None:
        nonlocal lines
        lines += 1
        if lines > LINES and time.thread_time() > end:
            raise ValueError("the initialiser does not end at this size")

    with at_each_line(initialise.__code__.co_filename, count):
        yield
