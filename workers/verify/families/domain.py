"""Domain: on which inputs a reference is defined, and at which elements of its results it can bind a candidate.

The rule. A candidate must agree with the reference wherever the reference's result is *settled*:
- the reference neither raises nor casts nan or inf to an integer, nor takes another shape, on that input, nor meets nan or
  inf where the spec excludes them;
- the element stays what it is when every inexact operation of the reference is rounded otherwise (see `watched`), and when
  it is evaluated with more digits and a wider range. A tie among inputs stays; one that rounding breaks does not; what
  overflowed inside the reference does not;
- a nan that the reference makes of finite numbers, or of an infinity, is no result: IEEE 754 calls the operation invalid;
- an infinity that it makes of finite numbers by dividing by zero binds as an infinity, of any sign, or as a nan.
Rules for nan and inf that are put in stand in `specials`.
"""
from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from time import perf_counter
from typing import Any, Protocol, TypeVar

import numpy as np

from ....kernels.spec import SpecError, copy_arguments
from ...arena import clone
from ...oracle import Case, Oracle, fits, guarded, returns_as_known
from ...sensitivity import typical
from ..leeway import Leeway
from .exactness import WIDER
from .traits import Traits, traits_of
from .watched import Log, TooSlow

T = TypeVar("T")
Values = tuple[Any, ...]
NOISY_RUNS = 2
_SHARE = 0.25
_WATCH_SECONDS = 2.0
_ASKS = re.compile(r"\b(nan\w*|isnan|isfinite|isinf|isposinf|isneginf|fmax|fmin)\b|\b(\w+) != \2\b")


class Probe(Protocol):
    """Runs the reference where it may loop or take all memory without harm."""

    def run(self, arguments: Values, like: Case) -> Values | None:
        """Outputs, then arguments afterwards; None where it raises, dies, takes too long, or answers in other shapes or
        dtypes than it did for `like`."""


@dataclass(frozen=True)
class Ground:
    """A draw of the generator, from which a family derives arguments. casts, largest: see `Log`; known: whether the reference
    can be watched at all."""

    case: Case
    traits: tuple[Traits, ...]
    results: Values
    casts: tuple[float, float]
    largest: float
    known: bool

    def replaced(self, position: int, value: Any) -> Values:
        """Its arguments with another one in place of number `position`."""
        return (*self.case.arguments[:position], value, *self.case.arguments[position + 1 :])


@dataclass
class Domain:
    """Makes cases of arguments that were derived from a generator's draw.

    seconds: for one run over watched arrays. unforeseen: sizes that were left out because the reference's results have
    shapes there that the signature does not foresee. finite: the spec promises that neither inputs nor intermediate results
    are nan or infinite.
    """

    oracle: Oracle
    probe: Probe
    seconds: float = _WATCH_SECONDS
    unforeseen: list[str] = field(default_factory=list)
    _known: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = tuple(argument.name for argument in self.oracle.signature.arguments)
        self.written = tuple(argument.written for argument in self.oracle.signature.arguments)
        self.asks = bool(_ASKS.search(self.oracle.spec.spec.text))
        self.finite = bool(self.oracle.spec.declaration.finite)

    def ground(self, size: Mapping[str, int], seed: int) -> Ground | None:
        """The generator's draw at a size and seed; None where generator or reference refuse it, or a champion's guard would
        send it to the reference."""
        return self.once(("ground", *size.items(), seed), lambda: self._make(size, seed))

    def once(self, key: tuple[Any, ...], find: Callable[[], T]) -> T:
        """What `find` gives, asked the first time only."""
        if key not in self._known:
            self._known[key] = find()
        return self._known[key]

    def _make(self, size: Mapping[str, int], seed: int) -> Ground | None:
        try:
            case = self.oracle.case(size, seed)
        except SpecError:
            return None
        if not guarded(self.oracle, case):
            return None
        if not returns_as_known(self.oracle.signature, case.arguments, case.expected):
            self.unforeseen.append(case.label)
            return None
        results = (*case.expected, *case.expected_arguments)
        log = Log(None, perf_counter() + self.seconds)
        known = self._watched(case.arguments, log, None) is not None
        return Ground(case, traits_of(case.arguments), results, log.casts, log.largest, known)

    def settle(
        self, ground: Ground, arguments: Values, words: str, accepts: Callable[[Log], bool] | None = None,
    ) -> Case | None:
        """The case of finite arguments derived from `ground`, with leeway where the reference is not settled; None where it
        is not defined, or nothing of its results is settled. accepts: whether what passed through the reference is fit."""
        log = Log(np.random.default_rng(len(words)), perf_counter() + self.seconds)
        first = self._watched(arguments, log, None)
        if first is None or (accepts is not None and not accepts(log)):
            return None
        if (self.finite and log.nonfinite) or log.invalid_cast or not _within(log.casts, ground.casts) or log.steepest < _steep(arguments):
            return None
        others = [first]
        for number in range(1, NOISY_RUNS):
            another = self._watched(arguments, Log(np.random.default_rng([number, len(words)]), log.deadline), None)
            if another is None:
                return None
            others.append(another)
        wider = Log(None, log.deadline)
        wide = self._watched(arguments, wider, WIDER)
        poles = wide is not None and not wider.overflowed
        results = self.probe.run(arguments, ground.case)
        if results is None:
            return None
        evaluations = [[run[n] for run in (*others, *([wide] if wide else []))] for n in range(len(results))]
        leeway = [_leeway(result, evaluated, poles) for result, evaluated in zip(results, evaluations)]
        noise = [_noise(result, evaluated) for result, evaluated in zip(results, evaluations)]
        return self.case(ground, arguments, words, results, leeway, noise)

    def exact(self, ground: Ground, arguments: Values, words: str) -> Case | None:
        """The case of arguments whose roundings need no watching, such as integers: every element binds that is finite."""
        results = self.probe.run(arguments, ground.case)
        if results is None:
            return None
        leeway = [_not_finite(result) for result in results]
        return self.case(ground, arguments, words, results, leeway)

    def case(
        self, ground: Ground, arguments: Values, words: str, results: Values, leeway: Sequence[np.ndarray | None],
        noise: Sequence[np.ndarray | None] = (),
    ) -> Case | None:
        """A case with these results and this leeway; None if it binds nothing, or a champion's guard refuses it."""
        outputs = len(ground.case.expected)
        if self.finite and not all(np.isfinite(result).all() for result in results):
            return None
        leeway = [grant if index < outputs or self.written[index - outputs] else None for index, grant in enumerate(leeway)]
        binding = [n for n in range(len(results)) if n < outputs or self.written[n - outputs]]
        if all(leeway[n] is not None and np.all(leeway[n] >= Leeway.OPEN) for n in binding) and binding:
            return None
        label = f"{words}, {', '.join(f'{key}={value}' for key, value in ground.case.size.items())}"
        given = tuple(clone(a) if isinstance(a, np.ndarray) else a for a in arguments)
        if not fits(self.oracle.signature, given):
            return None
        return self.oracle.case_of(given, label, ground.case.size, ground.case.seed, (results[:outputs], results[outputs:]),
                                   tuple(leeway), tuple(noise))

    def invalid(self, arguments: Values) -> str | None:
        """What the reference warns of as invalid on these arguments: "" for nothing, "cast", or "arithmetic"; None where it
        raises."""
        with warnings.catch_warnings(record=True) as caught, np.errstate(all="ignore", invalid="warn"):
            warnings.simplefilter("always")
            try:
                self.oracle.spec.reference(*copy_arguments(arguments))
            except (Exception, SystemExit):  # noqa: BLE001 - the author's code may raise anything
                return None
        messages = [str(w.message) for w in caught if "invalid value" in str(w.message)]
        return "cast" if any("cast" in m for m in messages) else "arithmetic" if messages else ""

    def _watched(self, arguments: Values, log: Log, wider: Mapping[str, Any] | None) -> Values | None:
        """Results of the reference over watched arrays; None where it does not take them."""
        used = tuple(_widened(a, wider) if wider else a for a in copy_arguments(arguments))
        used = tuple(log.watch(a) for a in used)
        floats = any(isinstance(a, np.ndarray) and a.dtype.kind in "fc" for a in used)
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                result = self.oracle.spec.reference(*used)
        except (Exception, SystemExit, TooSlow):  # noqa: BLE001 - the author's code may dislike the subclass in any way
            return None
        if floats and not log.touched:
            return None
        results = () if result is None else result if isinstance(result, tuple) else (result,)
        return tuple(_plain(r) for r in (*results, *used))


def _leeway(result: Any, others: Sequence[Any], poles: bool) -> np.ndarray:
    """What is open of one result. others: further evaluations of it. poles: its infinities are such as more range does not
    cure."""
    own = np.asarray(result)
    codes = np.zeros(own.shape, np.uint8)
    for other in others:
        codes[_moved(own, other)] = Leeway.OPEN
    if own.dtype.kind not in "fc":
        return codes
    with np.errstate(all="ignore"):
        size = np.abs(own.astype(np.clongdouble if own.dtype.kind == "c" else np.longdouble))
        codes[(size > 0) & (size < sqrt(float(np.finfo(own.dtype).tiny)))] = Leeway.OPEN
    codes[np.isnan(own)] = Leeway.OPEN
    infinite = np.isinf(own)
    codes[infinite] = np.maximum(codes[infinite], Leeway.OR_INFINITE if poles else Leeway.OPEN)
    return codes


def _noise(result: Any, others: Sequence[Any]) -> np.ndarray | None:
    """How far other roundings move each element of a float result; 0 where that is not finite."""
    own = np.asarray(result)
    if own.dtype.kind not in "fc":
        return None
    noise = np.zeros(own.shape)
    wide = np.complex128 if own.dtype.kind == "c" else np.float64
    with np.errstate(all="ignore"):
        for other in others:
            there = np.asarray(other)
            if there.shape == own.shape and there.dtype.kind in "fc":
                distance = np.abs(own.astype(wide) - there.astype(wide)).astype(np.float64)
                noise = np.maximum(noise, np.where(np.isfinite(distance), distance, 0.0))
    return noise


def _moved(own: np.ndarray, other: Any) -> np.ndarray:
    """Where another evaluation of the same result differs by more than the roundings of a candidate may."""
    there = np.asarray(other)
    if there.shape != own.shape:
        return np.ones(own.shape, bool)
    if own.dtype.kind not in "fc":
        return there != own
    with np.errstate(all="ignore"):
        wide = np.clongdouble if "c" in (own.dtype.kind, there.dtype.kind) else np.longdouble
        distance = np.abs(own.astype(wide) - there.astype(wide))
        size = np.where(np.isfinite(own), np.abs(own.astype(wide)), 0)
        limit = _SHARE * 4 * float(np.finfo(own.dtype).eps) ** 0.6 * np.maximum(size, typical(own))
        unlike = np.isfinite(own) != np.isfinite(there)
        same = (own == there) | (np.isnan(own) & np.isnan(there))
        return unlike | (~same & ~(distance <= limit))


def _not_finite(result: Any) -> np.ndarray:
    array = np.asarray(result)
    codes = np.zeros(array.shape, np.uint8)
    if array.dtype.kind in "fc":
        codes[~np.isfinite(array)] = Leeway.OPEN
    return codes


def _widened(value: Any, wider: Mapping[str, Any]) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.char in wider:
        return value.astype(wider[value.dtype.char])
    return value


def _plain(value: Any) -> Any:
    return np.asarray(value).view(np.ndarray) if isinstance(value, np.ndarray) else value


def _within(inner: tuple[float, float], outer: tuple[float, float]) -> bool:
    return inner[0] > inner[1] or (outer[0] <= inner[0] and inner[1] <= outer[1])


def _steep(arguments: Values) -> float:
    """A divisor below has a reciprocal beyond the range, by which another may multiply."""
    kinds = [np.finfo(a.dtype) for a in arguments if isinstance(a, np.ndarray) and a.dtype.kind in "fc"]
    return max((16 * float(info.tiny) for info in kinds), default=0.0)
