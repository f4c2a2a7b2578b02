"""Trial: a call of the reference that ends where it grows long, decided by counting lines and not by a clock, so that
every machine makes the same spec of a benchmark."""
from __future__ import annotations

import contextlib
import enum
import io
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..spec import OpenSpec, copy_arguments, is_numeric
from .inputs import Inputs
from .lines import at_each_line

LINE_SECONDS, BYTE_SECONDS = 2e-6, 2e-10
"""About what a line costs, and about what it costs more for each byte of the arguments."""


class How(enum.Enum):
    """How a trial ended. FAILS: it raised, returned what no kernel may, or did nothing."""

    WORKS, NOT_FINITE, TOO_LONG, FAILS = "works", "not finite", "too long", "fails"


@dataclass(frozen=True)
class Budget:
    """What a trial may cost. seconds: roughly, on a machine of the day."""

    seconds: float
    bytes: int


@dataclass(frozen=True)
class Trial:
    """results: what was returned, then the arguments that were written; empty unless it worked, finite or not."""

    how: How
    results: tuple[np.ndarray, ...] = ()


class _TooLong(BaseException):
    """Ends a trial; no `except Exception` of the author's catches it."""


def attempt(spec: OpenSpec, inputs: Inputs, size: Mapping[str, int], seed: int, budget: Budget,
            disturb: Callable[[Any], Any] = lambda value: value) -> Trial:
    """Calls the reference on what `inputs` makes at `size`, each argument passed through `disturb`."""
    try:
        with _counted(spec, int(budget.seconds / LINE_SECONDS)):
            made = inputs(size, np.random.default_rng(seed))
        if len(made) != len(spec.parameters) or not all(is_numeric(value) for value in made):
            return Trial(How.FAILS)
        total = sum(value.nbytes for value in made if isinstance(value, np.ndarray))
        if total > budget.bytes:
            return Trial(How.TOO_LONG)
        given = tuple(disturb(value) for value in copy_arguments(made))
        used = copy_arguments(given)
        with _counted(spec, int(budget.seconds / (LINE_SECONDS + total * BYTE_SECONDS))):
            result = spec.reference(*used)
    except (_TooLong, MemoryError):
        return Trial(How.TOO_LONG)
    except (Exception, SystemExit):  # noqa: BLE001 - the author's code may raise anything at sizes that are not its own
        return Trial(How.FAILS)
    return _judged(given, used, result)


def _judged(given: tuple[Any, ...], used: tuple[Any, ...], result: Any) -> Trial:
    returned = () if result is None else result if isinstance(result, tuple) else (result,)
    if not all(is_numeric(value) for value in returned):
        return Trial(How.FAILS)
    written = [after for before, after in zip(given, used) if isinstance(after, np.ndarray) and not _equal(before, after)]
    results = tuple(np.asarray(value) for value in (*returned, *written))
    if not results or not all(value.size for value in results):
        return Trial(How.FAILS)
    finite = all(bool(np.isfinite(value).all()) for value in results)
    return Trial(How.WORKS if finite else How.NOT_FINITE, results)


def _equal(a: np.ndarray, b: np.ndarray) -> bool:
    return a.tobytes() == b.tobytes()


@contextlib.contextmanager
def _counted(spec: OpenSpec, lines: int) -> Iterator[None]:
    """While open, the lines of the spec's file are counted, and `_TooLong` is raised at one more than `lines`."""
    left = lines

    def count() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise _TooLong

    with warnings.catch_warnings(), np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        with at_each_line(spec.module.__file__, count):
            yield
