"""What a case's results are exactly, as far as it matters, and how far the reference's own arithmetic is from that.

The reference's text is run over wider floats (`arithmetic.Wide`): double precision where results are single, long double
where they are double. That evaluation is trusted, element by element, where a second one in long double, with every sum
in another order, agrees.

The reference's own error at one element may be nothing by luck. So it is measured several times, on inputs that are moved
by a rounding at random (stochastic arithmetic: Vignes, 1993), and as it would be with plain sums: a kernel written as
loops adds one term after the other, where NumPy adds in pairs.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from time import monotonic
from typing import Any

import numpy as np

from ...kernels.spec import SpecError, copy_arguments, one_line
from ..oracle import Case, Oracle
from .arithmetic import Native, Wide
from .text import Unrepeatable, reference_over

SAMPLES, LEAST_SAMPLES = 3, 2
_SKEW = 3.0
_DOUBTFUL = 0.125
Values = tuple[Any, ...]


@dataclass(frozen=True)
class Exact:
    """One result of a case; arrays have its shape. None stands in for a result that is no float.

    value: in wider floats. unit: one in the last place of the result's own type. noise: how far the value moves when the
    inputs are rounded. error: the reference's, or that of its plain sums if it is larger, the largest of the samples; what
    a kernel may be held to, element by element. decided: where all this can be trusted. samples: in how many runs the
    error of plain sums was seen.
    """

    value: np.ndarray
    unit: np.ndarray
    noise: np.ndarray
    error: np.ndarray
    decided: np.ndarray
    samples: int


@dataclass(frozen=True)
class Evaluation:
    """results: outputs, then arguments afterwards; None for what is no float, or is not written. precision: in words.
    opaque: NumPy's functions whose order of adding is not known here."""

    results: tuple[Exact | None, ...]
    precision: str
    opaque: tuple[str, ...]


def evaluate(oracle: Oracle, case: Case, end: float, thorough: bool = True) -> Evaluation:
    """The case's results exactly. end: on the monotonic clock. thorough: False leaves out the second evaluation and all
    but two samples, for a case whose like was evaluated in full. Raises Unrepeatable where that cannot be had, with the reason.
    """
    return _Evaluator(oracle, case, end, thorough).evaluation()


def float_results(oracle: Oracle, case: Case) -> tuple[np.ndarray | None, ...]:
    """What the reference made: outputs, then the arguments that it writes; None for those that are not of float type."""
    written = [argument.written for argument in oracle.signature.arguments]
    after = (value if used else None for value, used in zip(case.expected_arguments, written))
    return tuple(
        np.asarray(value) if value is not None and np.asarray(value).dtype.kind in "fc" else None
        for value in (*case.expected, *after)
    )


class _Evaluator:
    def __init__(self, oracle: Oracle, case: Case, end: float, thorough: bool) -> None:
        self._oracle = oracle
        self._case = case
        self._end = end
        self._thorough = thorough
        self._reference = float_results(oracle, case)
        single = all(_eps(value) > 1e-10 for value in self._reference if value is not None)
        self._real: type[np.floating] = np.float64 if single else np.longdouble
        self._opaque: set[str] = set()

    def evaluation(self) -> Evaluation:
        if np.finfo(np.longdouble).eps >= np.finfo(np.float64).eps:
            raise Unrepeatable("long double is no wider than double on this machine")
        exact = self._over(Wide(self._real, self._end), self._case.arguments)
        second = self._over(Wide(np.longdouble, self._end, sequential=True), self._case.arguments) if self._thorough else exact
        collected = _Collected(self._reference, exact, second)
        for number in range(SAMPLES if self._thorough else LEAST_SAMPLES):
            if number and monotonic() > self._end:
                break
            self._sample(number, collected)
        depths = self._case.depths
        results = tuple(
            None if value is None else collected.result(index, depths[index], bool(self._opaque))
            for index, value in enumerate(self._reference)
        )
        words = "double precision" if self._real is np.float64 else "80-bit long double"
        if np.finfo(np.longdouble).nmant > 100 and self._real is not np.float64:
            words = "128-bit long double"
        return Evaluation(results, words, tuple(sorted(self._opaque)))

    def _sample(self, number: int, collected: _Collected) -> None:
        """The reference's errors on the case's inputs (number 0), or on these moved by a rounding."""
        if not number:
            arguments, exact = self._case.arguments, collected.exact
            own: Values | None = tuple(self._reference)
        else:
            rng = np.random.default_rng([self._case.seed, number])
            arguments = tuple(moved(value, rng) for value in self._case.arguments)
            try:
                exact = self._over(Wide(self._real, self._end), arguments)
                other = self._oracle.case_of(arguments, self._case.label, self._case.size)
            except (Unrepeatable, SpecError):
                return  # not defined beside the case's inputs, or no time: this sample teaches nothing
            own = float_results(self._oracle, other)
            collected.note_noise(exact)
        collected.note_own(own, exact)
        native = Native(self._end, sequential=True)
        try:
            collected.note_plain(self._over(native, arguments), exact)
            self._opaque |= native.opaque
        except Unrepeatable:
            self._opaque.add("the reference")
            collected.note_plain((), exact)

    def _over(self, arithmetic: Native, arguments: Values) -> Values:
        """The float results over an arithmetic. Raises Unrepeatable."""
        try:
            function = reference_over(self._oracle.spec, arithmetic)
            given = tuple(arithmetic.value(value) for value in copy_arguments(arguments))
            with np.errstate(all="ignore"):
                result = function(*given)
        except Unrepeatable:
            raise
        except MemoryError:
            raise Unrepeatable("it does not fit in memory") from None
        except Exception as error:  # noqa: BLE001 - the author's code, over numbers it was not written for, may raise anything
            raise Unrepeatable(f"the reference raised {one_line(error)}") from None
        outputs = () if result is None else result if isinstance(result, tuple) else (result,)
        results = (*outputs, *given)
        if len(results) != len(self._reference):
            raise Unrepeatable("the reference returned something else")
        return tuple(self._checked(arithmetic, value, like) for value, like in zip(results, self._reference))

    def _checked(self, arithmetic: Native, value: Any, like: np.ndarray | None) -> np.ndarray | None:
        if like is None:
            return None
        array = np.asarray(value)
        if array.shape != like.shape or array.dtype.kind != like.dtype.kind:
            raise Unrepeatable(f"the reference returned dtype {array.dtype} and shape {array.shape}")
        if isinstance(arithmetic, Wide) and np.finfo(array.dtype).eps >= _eps(like):
            raise Unrepeatable("the reference rounds its result to its own precision")
        return array


class _Collected:
    """Errors gathered over samples, a list entry for each result."""

    def __init__(self, reference: Values, exact: Values, second: Values) -> None:
        self._reference = reference
        self.exact = exact
        self._doubt = [_distance(a, b) for a, b in zip(exact, second)]
        self._samples = 0
        self._noise, self._own, self._plain = ([_zeros(value) for value in reference] for _ in range(3))

    def note_noise(self, exact: Values) -> None:
        for index, value in enumerate(exact):
            _raise(self._noise, index, _distance(value, self.exact[index]))

    def note_own(self, results: Values | None, exact: Values) -> None:
        for index, value in enumerate(results or ()):
            _raise(self._own, index, _distance(value, exact[index]))

    def note_plain(self, results: Values, exact: Values) -> None:
        self._samples += 1
        for index, value in enumerate(results):
            _raise(self._plain, index, _distance(value, exact[index]))

    def result(self, index: int, depth: int, opaque: bool) -> Exact:
        reference, value = self._reference[index], self.exact[index]
        magnitude = _magnitude(value)
        unit = spacing(magnitude, reference.dtype)
        noise, own, doubt = self._noise[index], self._own[index], self._doubt[index]
        # Roundings add up as the square root of their number: a plain sum that has stopped growing is no measure.
        scale = _eps(reference) * magnitude + noise
        plain = np.minimum(self._plain[index], _SKEW * (4.0 + sqrt(depth)) * scale)
        if opaque:
            plain = np.maximum(plain, 0.5 * sqrt(depth) * scale)
        with np.errstate(all="ignore"):
            finite = np.isfinite(reference) & np.isfinite(value)
            decided = finite & np.isfinite(noise) & np.isfinite(own) & (doubt <= _DOUBTFUL * (unit + noise))
        return Exact(value, unit, noise, np.maximum(own, plain), decided, self._samples)


def spacing(magnitude: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """One unit in the last place of numbers of this magnitude, in the dtype's real type, as a wider float."""
    real = np.float32 if dtype in (np.float32, np.complex64) else np.float64
    with np.errstate(all="ignore"):
        step = np.spacing(np.minimum(magnitude, np.finfo(real).max).astype(real))
    return np.abs(step).astype(np.float64)


def moved(value: Any, rng: np.random.Generator) -> Any:
    """The value with each element moved by up to one rounding of its own type. Integers stay, and floats that are whole
    numbers throughout: these stand for codes or counts."""
    array = np.asarray(value)
    if array.dtype.kind not in "fc" or not array.size:
        return value
    parts = (array.real, array.imag) if array.dtype.kind == "c" else (array,)
    with np.errstate(all="ignore"):
        if not any(bool(np.any(np.isfinite(part) & (part != np.rint(part)))) for part in parts):
            return value
        step = np.finfo(array.dtype).eps
        factor: Any = 1 + step * rng.uniform(-1, 1, array.shape).astype(np.longdouble)
        if array.dtype.kind == "c":
            factor = factor + 1j * step * rng.uniform(-1, 1, array.shape)
        result = (array * factor).astype(array.dtype)
    if isinstance(value, np.ndarray):
        kept = np.empty_like(value)
        kept[...] = result
        return kept
    return type(value)(result.item())


def _distance(one: Any, other: Any) -> Any:
    if one is None or other is None:
        return None
    with np.errstate(all="ignore"):
        wide: Callable[[Any], Any] = np.clongdouble if np.asarray(one).dtype.kind == "c" else np.longdouble
        same = (one == other) | (np.isnan(one) & np.isnan(other))
        distance = np.abs(np.asarray(one).astype(wide) - np.asarray(other).astype(wide)).astype(np.float64)
    return np.where(same, 0.0, np.where(np.isnan(distance), np.inf, distance))


def _magnitude(value: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        size = np.abs(value).astype(np.float64)
    return np.where(np.isfinite(size), size, 0.0)


def _zeros(value: Any) -> Any:
    return None if value is None else np.zeros(value.shape)


def _raise(known: list[Any], index: int, seen: Any) -> None:
    if seen is not None:
        known[index] = np.maximum(known[index], seen)


def _eps(value: np.ndarray) -> float:
    return float(np.finfo(value.dtype).eps)
