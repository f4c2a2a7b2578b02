"""Sensitivity: how far roundings move the reference's own results, element by element.

It is what tells a rounding from a mistake where terms cancel: a result that is small beside what it was made of moves
by a rounding of that, not of itself. Two things are measured, on inputs that are disturbed by a rounding at random, so
that every run rounds differently (stochastic arithmetic: Vignes, "A stochastic arithmetic for reliable scientific
computation", 1993): by how much the results move, and by how much the reference's own arithmetic errs, which is its
difference from itself in the next higher precision. For a double-precision reference, or one that promotes single to double
precision, that is the extended precision of the machine, where it has one and the run is short; and the difference of single
from double precision, scaled down.
"""
from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from ..kernels.spec import SpecError

RUNS = (3, 6, 12)
_PATIENCE_SECONDS = 3.0
# Extended precision has neither vectors nor BLAS: a matrix product takes some hundred times as long. Where single precision is promoted,
# nothing else shows what double precision loses.
_EXTENDED_SECONDS, _PROMOTED_SECONDS = 0.02, 0.08
_SLAB = 16
_EXTENDED = bool(np.finfo(np.longdouble).eps < np.finfo(np.float64).eps)
Values = tuple[Any, ...]
_SINGLE_EPS, _DOUBLE_EPS = float(np.finfo(np.float32).eps), float(np.finfo(np.float64).eps)
_SINGLE_TINY = float(np.finfo(np.float32).tiny)
_COMPLEX: dict[type, type] = {np.float32: np.complex64, np.float64: np.complex128, np.longdouble: np.clongdouble}


class Sensitivity:
    """The sensitivity of one case's results; costs nothing until it is asked.

    run: the reference; given arguments, its outputs and the arguments afterwards. Where it raises SpecError for
    disturbed inputs or in another precision, that run teaches nothing. results: outputs, then arguments afterwards, of
    the undisturbed run.
    """

    def __init__(
        self, run: Callable[[Values], tuple[Values, Values]], arguments: Values, results: Values, seed: int
    ) -> None:
        self._run = run
        self._arguments = arguments
        self._results = results
        self._seed = seed
        self._runs = 0
        self._seconds = 0.0
        self._noise: list[np.ndarray | None] = [None] * len(results)
        self._single = any(_eps(value) == _SINGLE_EPS for value in arguments)
        # What is promoted on its way (float32 times np.sqrt(2 / np.pi)) loses by roundings of both.
        self._double = not self._single or any(_eps(value) == _DOUBLE_EPS for value in results)
        disturbed = [value for value in arguments if _disturbable(value)]
        self._known = bool(disturbed)
        self.eps = max(map(_eps, (*arguments, *results)), default=0.0)
        self.unit = max(map(typical, disturbed), default=0.0)

    def of(self, index: int) -> ResultSensitivity:
        """That of result number `index`."""
        return ResultSensitivity(self, index, self.eps, self.unit)

    def noise(self, index: int, runs: int) -> np.ndarray | None:
        """How far a rounding moves each element, the largest seen in `runs` runs; None where it is unknown."""
        while self._known and self._runs < runs and self._seconds < _PATIENCE_SECONDS:
            start = perf_counter()
            self._learn(np.random.default_rng([self._seed, self._runs]))
            self._runs += 1
            self._seconds += perf_counter() - start
        return self._noise[index]

    @property
    def nbytes(self) -> int:
        return sum(noise.nbytes for noise in self._noise if noise is not None)

    def _learn(self, rng: np.random.Generator) -> None:
        """One disturbed run in the reference's own precision, and one in each other."""
        moved = tuple(_disturb(value, rng) for value in self._arguments)
        start = perf_counter()
        own = self._attempt(moved)
        if _EXTENDED and self._double and own is not None and perf_counter() - start < (_PROMOTED_SECONDS if self._single else _EXTENDED_SECONDS):
            # What 1 - x loses of a small x is a rounding of 1: single precision, which loses all of it, cannot tell how much.
            exact = self._attempt(tuple(_convert(value, np.longdouble) for value in moved))
            for index, result in enumerate(exact or ()):
                error = _distance(own[index], result)
                if error is not None and self._single:
                    # Disturbed by roundings of single precision, 1 + tanh far out rounds in double as it did: some elements are always lucky.
                    error = np.maximum(error, surroundings(np.atleast_1d(error)).reshape(error.shape))
                self._note(index, error, 1.0)
        other = self._attempt(tuple(_convert(value, np.float64 if self._single else np.float32) for value in moved))
        scale = 1.0 if self._single else _DOUBLE_EPS / _SINGLE_EPS
        for index, result in enumerate(self._results):
            if _eps(result) and own is not None:
                self._note(index, _distance(own[index], result), _eps(result) / _SINGLE_EPS)
                if other is not None:
                    error = _distance(own[index], other[index])
                    if error is not None and not self._single:
                        # Single precision has no such small numbers: what it makes of them says nothing.
                        error = np.where(np.abs(own[index]) > _SINGLE_TINY, error, 0.0)
                    self._note(index, error, scale)

    def _attempt(self, arguments: Values) -> Values | None:
        try:
            outputs, after = self._run(arguments)
        except SpecError:
            return None
        results = (*outputs, *after)
        return results if len(results) == len(self._results) else None

    def _note(self, index: int, distance: np.ndarray | None, scale: float) -> None:
        if distance is not None:
            known = self._noise[index]
            self._noise[index] = distance * scale if known is None else np.maximum(known, distance * scale)


@dataclass(frozen=True)
class ResultSensitivity:
    """The sensitivity of one result.

    eps: of the coarsest float type among inputs and results. unit: typical magnitude of the inputs that are disturbed;
    0 where none is.
    """

    whole: Sensitivity
    index: int
    eps: float
    unit: float

    def levels(self) -> Iterator[np.ndarray]:
        """Growing estimates of how far a rounding moves each element, from 3, 6 and 12 runs, fewer where they take
        more than some seconds; none where unknown."""
        for runs in RUNS:
            noise = self.whole.noise(self.index, runs)
            if noise is not None:
                yield noise


def typical(value: Any) -> float:
    """Median magnitude of the finite elements that are not zero, from a sample of large arrays; 0 without any."""
    flat = np.ravel(value)
    if flat.size > 2**16:
        flat = flat[:: flat.size // 2**16]
    size = np.abs(flat.astype(np.complex128 if flat.dtype.kind == "c" else np.float64))
    size = size[np.isfinite(size) & (size > 0)]
    return float(np.median(size)) if size.size else 0.0


def surroundings(magnitude: np.ndarray) -> np.ndarray:
    """For each element the typical magnitude of its surroundings: of all elements with the same index along one axis,
    whichever axis gives the smallest. Elements of a column of small numbers are so never measured by the large ones
    beside it. Taken from a sample of about a thousand a median, where there are 16 at least; zeros do not count."""
    smallest = np.full(magnitude.shape, np.inf)
    values = np.where(magnitude > 0, magnitude, np.nan)
    most = max(2, round(1024 ** (1 / max(1, magnitude.ndim - 1))))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a slab of zeros has no median
        for axis in range(magnitude.ndim):
            others = tuple(other for other in range(magnitude.ndim) if other != axis)
            if magnitude.size // max(1, magnitude.shape[axis]) < _SLAB and others:
                continue
            if others:
                steps = [slice(None, None, 1 if a == axis else max(1, n // most)) for a, n in enumerate(magnitude.shape)]
                slab = np.nanmedian(values[tuple(steps)], axis=others, keepdims=True)
            else:
                slab = np.nanmedian(values[:: max(1, magnitude.size // 2**16)])
            smallest = np.minimum(smallest, np.nan_to_num(slab))
    return np.where(np.isfinite(smallest), smallest, typical(magnitude))


def _eps(value: Any) -> float:
    """The precision of a float; 0 for what is none. A Python number adapts to the arrays it meets and counts as double."""
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


def _disturb(value: Any, rng: np.random.Generator) -> Any:
    """The value moved by up to one rounding of single precision in each element, rounded to it where it has the range,
    in its own type and memory order."""
    if not _disturbable(value):
        return value
    array = np.asarray(value)
    factor: Any = 1 + _SINGLE_EPS * rng.uniform(-1, 1, array.shape)
    if array.dtype.kind == "c":
        factor = factor + 1j * _SINGLE_EPS * rng.uniform(-1, 1, array.shape)
    with np.errstate(all="ignore"):
        moved = array * factor
        rounded = moved.astype(np.complex64 if array.dtype.kind == "c" else np.float32)
        moved = np.where(np.isfinite(rounded) & (np.abs(rounded) > _SINGLE_TINY), rounded, moved)
    if not isinstance(value, np.ndarray):
        return type(value)(moved.item())
    result = np.empty_like(value)
    np.copyto(result, moved, casting="same_kind")
    return result


def _convert(value: Any, dtype: type[np.floating]) -> Any:
    """A float array or NumPy scalar in single, double or extended precision; anything else as it is."""
    if not isinstance(value, np.ndarray | np.generic) or value.dtype.kind not in "fc":
        return value
    if value.dtype.kind == "c":
        dtype = _COMPLEX[dtype]
    with np.errstate(over="ignore"):
        return value.astype(dtype)


def _distance(one: Any, other: Any) -> np.ndarray | None:
    """|one - other| as doubles, 0 where it is not finite; None for what is no float, or of another shape."""
    a, b = np.asarray(one), np.asarray(other)
    if a.shape != b.shape or a.dtype.kind not in "fc" or b.dtype.kind not in "fc":
        return None
    wide = np.result_type(a, b, np.float64)
    with np.errstate(all="ignore"):
        distance = np.abs(a.astype(wide) - b.astype(wide)).astype(np.float64)
    return np.where(np.isfinite(distance), distance, 0.0)
