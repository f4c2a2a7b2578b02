"""Sensitivity: how far the reference's results move when its float inputs move by a rounding.

It is what tells a rounding from a mistake where terms cancel: a result that is small beside the terms it was made of
moves by a rounding of the terms, not of itself. Found by running the reference on inputs that are disturbed so
(stochastic arithmetic: Vignes, "A stochastic arithmetic for reliable scientific computation", 1993).
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..kernels.spec import SpecError

RUNS = (3, 6, 12)
Values = tuple[Any, ...]


class Sensitivity:
    """The sensitivity of one case's results; costs nothing until it is asked.

    run: the reference; given arguments, its outputs and the arguments afterwards. It may raise SpecError on disturbed
    inputs, which then teach nothing. results: outputs, then arguments afterwards, of the undisturbed run.
    """

    def __init__(
        self, run: Callable[[Values], tuple[Values, Values]], arguments: Values, results: Values, seed: int
    ) -> None:
        self._run = run
        self._arguments = arguments
        self._results = results
        self._seed = seed
        self._runs = 0
        self._spreads: list[np.ndarray | None] = [None] * len(results)
        disturbed = [value for value in arguments if _disturbable(value)]
        arrays = [value for value in arguments if isinstance(value, np.ndarray) and value.size > 1]
        self._step = max((_eps(value) for value in (*results, *arguments)), default=0.0) if disturbed else 0.0
        self.unit = max((typical(value) for value in disturbed), default=0.0)
        self.complete = bool(disturbed) and all(map(_disturbable, arrays))

    def of(self, index: int) -> ResultSensitivity:
        """That of result number `index`."""
        return ResultSensitivity(self, index, self.unit, self.complete)

    def spread(self, index: int, runs: int) -> np.ndarray | None:
        """The largest |change| / (relative disturbance) of each element in `runs` runs; None where it is unknown."""
        while self._step and self._runs < runs:
            rng = np.random.default_rng([self._seed, self._runs])
            self._runs += 1
            try:
                outputs, after = self._run(tuple(_disturb(value, rng, self._step) for value in self._arguments))
            except SpecError:
                continue
            if len(outputs) + len(after) == len(self._results):
                for position, (before, now) in enumerate(zip(self._results, (*outputs, *after))):
                    moved = _moved(before, now, self._step)
                    known = self._spreads[position]
                    if moved is not None:
                        self._spreads[position] = moved if known is None else np.maximum(known, moved)
        return self._spreads[index]

    @property
    def nbytes(self) -> int:
        return sum(spread.nbytes for spread in self._spreads if spread is not None)


@dataclass(frozen=True)
class ResultSensitivity:
    """The sensitivity of one result.

    unit: typical magnitude of the inputs that are disturbed; 0 where none is. complete: whether every array that goes
    in is disturbed; otherwise roundings of what is made of the others go unseen.
    """

    whole: Sensitivity
    index: int
    unit: float
    complete: bool

    def levels(self) -> Iterator[np.ndarray]:
        """Growing estimates of |change| / (relative disturbance), from 3, 6 and 12 runs; none where it is unknown."""
        for runs in RUNS:
            spread = self.whole.spread(self.index, runs)
            if spread is not None:
                yield spread


def typical(value: Any) -> float:
    """Median magnitude of the finite elements that are not zero, from a sample of large arrays; 0 without any."""
    flat = np.ravel(value)
    if flat.size > 2**16:
        flat = flat[:: flat.size // 2**16]
    size = np.abs(flat.astype(np.complex128 if flat.dtype.kind == "c" else np.float64))
    size = size[np.isfinite(size) & (size > 0)]
    return float(np.median(size)) if size.size else 0.0


def _eps(value: Any) -> float:
    dtype = np.asarray(value).dtype
    return float(np.finfo(dtype).eps) if dtype.kind in "fc" else 0.0


def _disturbable(value: Any) -> bool:
    """Floats, except those that are whole numbers throughout: these stand for codes or counts, and reckon exactly."""
    array = np.asarray(value)
    if array.dtype.kind not in "fc" or not array.size:
        return False
    parts = (array.real, array.imag) if array.dtype.kind == "c" else (array,)
    with np.errstate(invalid="ignore"):
        return any(bool(np.any(np.isfinite(part) & (part != np.rint(part)))) for part in parts)


def _disturb(value: Any, rng: np.random.Generator, step: float) -> Any:
    """The value times 1 + `step` * u, u uniform in [-1, 1) for each element, in its own type and memory order."""
    if not _disturbable(value):
        return value
    array = np.asarray(value)
    factor = step * rng.uniform(-1, 1, array.shape)
    if array.dtype.kind == "c":
        factor = factor + 1j * step * rng.uniform(-1, 1, array.shape)
    with np.errstate(all="ignore"):
        if isinstance(value, np.ndarray):
            moved = np.empty_like(value)
            np.copyto(moved, value * (1 + factor), casting="same_kind")
            return moved
        return type(value)(array * (1 + factor))


def _moved(before: Any, after: Any, step: float) -> np.ndarray | None:
    """|change| / step for a float result; None for others, and where the disturbance changed the shape."""
    if np.asarray(before).dtype.kind not in "fc" or np.shape(before) != np.shape(after):
        return None
    with np.errstate(all="ignore"):
        change = np.abs(np.asarray(after) - np.asarray(before)).astype(np.float64) / step
    return np.where(np.isfinite(change), change, 0.0)
