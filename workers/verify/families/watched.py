"""Watched arrays: the reference run once more with roundings of another kind, and what passes through it noted.

Every operation whose result is not exact is moved by a rounding at random, so that each run rounds differently (discrete
stochastic arithmetic: Vignes, "A stochastic arithmetic for reliable scientific computation", 1993). What jumps from run
to run - a tie that only rounding breaks, a quotient of what cancelled - is nothing that a candidate could be held to;
what exact operations lead to - ties among the inputs, sums of whole numbers - does not move, and is.

Only float arrays are watched, as far as NumPy hands the subclass on: what the reference does with plain arrays of its own
making, or with Python's numbers, goes unnoticed and is rounded as usual.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, sqrt
from time import perf_counter
from typing import Any

import numpy as np

from .exactness import DIVISIONS, exact

_PRODUCTS = {np.dot, np.inner, np.vdot, np.einsum, np.tensordot, np.convolve, np.correlate, np.outer, np.kron}
_POLES_AT_ZERO = {"reciprocal", "log", "log2", "log10", "power", "float_power"}
_POLES_ELSEWHERE = {"log1p", "arctanh", "tan"}
_NO_ROUNDING = {"negative", "positive", "absolute", "fabs", "maximum", "minimum", "fmax", "fmin", "sign", "copysign", "floor",
                "ceil", "trunc", "rint", "conjugate", "clip", "ldexp", "nextafter", "spacing", "where"}


class TooSlow(Exception):
    """The reference takes longer over watched arrays than was granted."""


@dataclass
class Log:
    """What passed through the watched arrays of one run.

    rng: draws the roundings; None leaves results as they are. deadline: on the clock `perf_counter`.
    largest: the largest finite magnitude computed. overflowed: something infinite came of
    finite numbers, and not of a division by zero or a logarithm of it. nonfinite: some result was nan or infinite.
    steepest: the smallest magnitude by which something was divided. invalid_cast: nan or inf became an integer.
    casts: smallest and largest of the floats that became integers. computed: how many results were floats.
    """

    rng: np.random.Generator | None
    deadline: float
    largest: float = 0.0
    overflowed: bool = False
    nonfinite: bool = False
    steepest: float = inf
    invalid_cast: bool = False
    casts: tuple[float, float] = (inf, -inf)
    touched: bool = False

    def watch(self, value: Any) -> Any:
        """The value as a watched array if it is a float array, else as it is."""
        if not isinstance(value, np.ndarray) or value.dtype.kind not in "fc":
            return value
        watched = value.view(Watched)
        watched.log = self
        return watched

    def tick(self) -> None:
        self.touched = True
        if perf_counter() > self.deadline:
            raise TooSlow

    def note(self, result: np.ndarray, sources: Sequence[Any], operation: str = "") -> None:
        size = np.abs(result)
        finite = np.isfinite(size)
        self.nonfinite = self.nonfinite or not finite.all()
        if not finite.all() and np.any(np.isinf(size) & ~_pole(operation, sources)):
            if all(np.isfinite(s).all() for s in sources if _is_float(s)):
                self.overflowed = True
        self.largest = max(self.largest, float(np.max(size, where=finite, initial=0.0)))

    def note_cast(self, values: np.ndarray) -> None:
        if values.size and values.dtype.kind == "f":
            if not np.isfinite(values).all():
                self.invalid_cast = True
            else:
                self.casts = (min(self.casts[0], float(values.min())), max(self.casts[1], float(values.max())))


class Watched(np.ndarray):
    """A float array whose operations are noted in `log` and rounded at random."""

    log: Log | None = None

    def __array_finalize__(self, parent: Any) -> None:
        self.log = getattr(parent, "log", None)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        log = _log_of((*inputs, *(out or ())))
        log.tick()
        bare = tuple(_bare(value) for value in inputs)
        targets = tuple(_bare(value) for value in out) if out else None
        if method == "at":
            getattr(ufunc, method)(*bare, **options)
            return None
        moved = _rounding(log, ufunc, method, bare, options)
        with np.errstate(all="ignore"):
            result = getattr(ufunc, method)(*bare, out=targets, **options) if targets else getattr(ufunc, method)(*bare, **options)
        if ufunc.__name__ in DIVISIONS and method == "__call__":
            log.steepest = min(log.steepest, _smallest(bare[1]))
        results = result if isinstance(result, tuple) else (result,)
        name = ufunc.__name__ if method == "__call__" else ""
        finished = tuple(_finish(log, value, moved, bare, name) for value in results)
        if out:
            for target, value in zip(out, finished):
                if value is not None:
                    np.copyto(_bare(target), _bare(value), casting="unsafe")
            return out if isinstance(result, tuple) else out[0]
        return finished if isinstance(result, tuple) else finished[0]

    def __array_function__(self, function: Callable[..., Any], types: Any, arguments: Any, options: Any) -> Any:
        log = _log_of(arguments) if self.log is None else self.log
        log.tick()
        result = super().__array_function__(function, types, arguments, options)
        if function in _PRODUCTS:
            return _product(log, function, arguments, options, result)
        if function.__module__.startswith(("numpy.linalg", "numpy.fft")):
            return _throughout(log, result)
        return result

    def __getitem__(self, index: Any) -> Any:
        if self.log is not None:
            self.log.tick()
        found = super().__getitem__(index)
        return _wrapped(self.log, found) if isinstance(found, np.generic) and self.log is not None else found

    def __int__(self) -> int:
        if self.log is not None:
            self.log.note_cast(_bare(self))
        return int(_bare(self))

    def astype(self, dtype: Any, *arguments: Any, **options: Any) -> Any:
        bare = _bare(self)
        if np.dtype(dtype).kind in "iu":
            if self.log is not None:
                self.log.note_cast(bare)
            with np.errstate(invalid="ignore"):
                return bare.astype(dtype, *arguments, **options)
        result = bare.astype(dtype, *arguments, **options)
        return self.log.watch(result) if self.log is not None else result

    def dot(self, other: Any, out: Any = None) -> Any:
        return np.dot(self, other, out) if out is not None else np.dot(self, other)


def _noted(name: str) -> Callable[..., Any]:
    def method(self: Watched, *arguments: Any, **options: Any) -> Any:
        if self.log is not None:
            self.log.tick()
        return getattr(np.ndarray, name)(self, *arguments, **options)

    method.__name__ = name
    return method


for _name in ("argmax", "argmin", "argsort", "argpartition", "sort", "partition", "nonzero", "take", "copy", "searchsorted"):
    setattr(Watched, _name, _noted(_name))


def _log_of(values: Sequence[Any]) -> Log:
    for value in values:
        log = getattr(value, "log", None)
        if isinstance(log, Log):
            return log
        if isinstance(value, tuple | list):
            for inner in value:
                if isinstance(getattr(inner, "log", None), Log):
                    return inner.log
    return Log(None, inf)


def _bare(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, Watched) else value


def _is_float(value: Any) -> bool:
    return np.asarray(value).dtype.kind in "fc"


def _wrapped(log: Log, value: Any) -> Any:
    """A scalar as a watched array without dimensions; one that is no float as it is."""
    return log.watch(np.asarray(value)) if _is_float(value) else value


def _finish(
    log: Log, value: Any, moved: Callable[[np.ndarray], np.ndarray] | None, sources: Sequence[Any], operation: str
) -> Any:
    if value is None or not _is_float(value):
        return value
    array = np.asarray(value)
    if moved is not None:
        array = moved(array)
    log.note(array, sources, operation)
    return log.watch(array)


def _pole(operation: str, sources: Sequence[Any]) -> Any:
    """Where the operation has a pole at these operands, so that its result is infinite by right."""
    if operation in DIVISIONS:
        return np.asarray(sources[1]) == 0
    if operation in _POLES_AT_ZERO:
        return np.asarray(sources[0]) == 0
    return operation in _POLES_ELSEWHERE


def _rounding(
    log: Log, ufunc: np.ufunc, method: str, inputs: Sequence[Any], options: dict[str, Any]
) -> Callable[[np.ndarray], np.ndarray] | None:
    """What moves the result of this operation by a rounding where it is inexact; taken before it may overwrite its inputs."""
    if log.rng is None or ufunc.__name__ in _NO_ROUNDING:
        return None
    rest = {name: value for name, value in options.items() if name not in ("dtype", "casting")}
    if ufunc.__name__ == "add" and method in ("reduce", "accumulate", "reduceat"):
        terms = np.asarray(inputs[0])
        with np.errstate(all="ignore"):
            size = np.asarray(getattr(ufunc, method)(np.abs(terms), *inputs[1:], **rest))
        return _sum(log.rng, terms, size)
    if ufunc.__name__ in ("matmul", "vecdot", "matvec", "vecmat"):
        with np.errstate(all="ignore"):
            size = np.asarray(ufunc(*(np.abs(value) for value in inputs)))
        return _dot(log.rng, inputs, size)
    unmoved = exact(ufunc, method, inputs, rest)
    return lambda result: _moved(log.rng, result, np.abs(np.spacing(np.abs(result))), unmoved(result))


def _sum(rng: np.random.Generator, terms: np.ndarray, size: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Moves sums by what their order may do: relative to the sum of magnitudes, and not at all where all terms are
    multiples of its last place, as each partial sum is exact then."""
    largest = float(np.max(size, initial=0.0, where=np.isfinite(size)))
    parts = (terms.real, terms.imag) if terms.dtype.kind == "c" else (terms,)
    whole = bool(largest < inf) and all(_multiples(part, largest) for part in parts)

    def move(result: np.ndarray) -> np.ndarray:
        walk = 0.5 + sqrt(max(1, terms.size // max(1, result.size))) / 2
        return _moved(rng, result, walk * _eps(result) * size, whole)

    return move


def _multiples(terms: np.ndarray, largest: float) -> bool:
    dtype = terms.dtype if terms.dtype.kind == "f" else np.float64
    quantum = np.spacing(np.asarray(largest, dtype)) if largest else np.asarray(1.0, dtype)
    with np.errstate(all="ignore"):
        parts = terms / quantum
        return bool(np.all(~np.isfinite(parts) | (parts == np.rint(parts))))


def _dot(rng: np.random.Generator, factors: Sequence[Any], size: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """The same for sums of products: exact where all factors are whole numbers and no sum leaves the exact ones."""
    whole = all(bool(np.all(np.asarray(f) == np.rint(np.asarray(f)))) if np.asarray(f).dtype.kind in "fiub" else False for f in factors)
    longest = max((n for f in factors for n in np.shape(f)), default=1)

    def move(result: np.ndarray) -> np.ndarray:
        unmoved = whole and bool(np.all(size * _eps(result) < 1))
        return _moved(rng, result, (0.5 + sqrt(longest) / 2) * _eps(result) * size, unmoved)

    return move


def _product(log: Log, function: Callable[..., Any], arguments: Any, options: Any, result: Any) -> Any:
    """The result of a function that sums products, moved."""
    if not _is_float(result):
        return result
    array = np.asarray(_bare(result))
    factors = [np.asarray(_bare(a)) for a in arguments if isinstance(a, np.ndarray)]
    if log.rng is not None and factors:
        plain = {name: value for name, value in options.items() if name != "out"}
        with np.errstate(all="ignore"):
            size = np.asarray(function(*(np.abs(_bare(a)) if isinstance(a, np.ndarray) else a for a in arguments), **plain))
        array = _dot(log.rng, factors, size)(array)
        if isinstance(options.get("out"), np.ndarray):
            np.copyto(_bare(options["out"]), array, casting="unsafe")
    log.note(array, factors)
    return log.watch(array)


def _throughout(log: Log, result: Any) -> Any:
    """A result of linear algebra or of a transform, moved by some roundings of its largest element."""
    if isinstance(result, tuple):
        return type(result)(*(_throughout(log, r) for r in result)) if hasattr(result, "_fields") else tuple(
            _throughout(log, r) for r in result)
    if not isinstance(result, np.ndarray | np.generic) or not _is_float(result):
        return result
    array = np.asarray(_bare(result))
    if log.rng is not None:
        array = _moved(log.rng, array, 8 * _eps(array) * np.max(np.abs(array), initial=0.0), False)
    log.note(array, ())
    return log.watch(array)


def _moved(rng: np.random.Generator, result: np.ndarray, step: Any, exact: Any) -> np.ndarray:
    """result plus or minus `step` where it is neither exact nor infinite, in its own type."""
    if exact is True:
        return result
    with np.errstate(all="ignore"):
        sign: Any = rng.integers(0, 2, result.shape) * 2 - 1
        if result.dtype.kind == "c":
            sign = sign + 1j * (rng.integers(0, 2, result.shape) * 2 - 1)
        moved = np.asarray(result + sign * step).astype(result.dtype)
        return np.where(np.isfinite(moved) & ~np.asarray(exact, bool), moved, result)


def _smallest(value: Any) -> float:
    size = np.abs(np.asarray(value))
    return float(np.min(size, where=(size > 0) & np.isfinite(size), initial=np.inf)) if size.dtype.kind in "f" else inf


def _eps(value: np.ndarray) -> float:
    return float(np.finfo(value.dtype).eps)
