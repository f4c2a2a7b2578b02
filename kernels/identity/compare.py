"""The comparison: whether a candidate is algebraically the same function as the reference, tolerance aside."""
from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..candidate import Candidate
from ..signature import Signature
from ..spec import OpenSpec, SpecError
from . import inputs, runs
from .draw import DIGITS, Draw, drawing
from .errors import Ambiguous, Exhausted
from .machine_runs import contradicted
from .of_vecmath import misgiven
from .runs import Agreement, Difference, Undecided

MAX_STEPS = 20_000_000
IDENTICAL, DIFFERENT, NOT_APPLICABLE = "identical", "different", "not applicable"
_REDRAWS = 3
_SHRUNK = (1, 2, 3, 4)
_SEED_STEP = 7919
_FURTHER = 0.5
"""Of the seconds granted, what may be spent besides on a difference that was found late."""
_BELOW_ALL_FLOATS = 1e-20
"""A relative difference so far below the rounding of float64 is an iteration that was carried to its end."""


@dataclass(frozen=True)
class IdentityReport:
    """answer: "identical", "different" or "not applicable". reason: why it is not applicable, "" otherwise.

    difference: where the two differ, with `size` and `seed`, the smallest that were found. elements: compared with equal
    residues or digits. by_digits: those whose residues differ but whose first 35 digits do not, as where a kernel uses a
    theorem on a function that is opaque here. functions, conversions: what was taken as exact. sizes, draws: that were run.
    reading: how the text's constants were read.
    """

    answer: str
    reason: str = ""
    difference: Difference | None = None
    size: Mapping[str, int] | None = None
    seed: int | None = None
    elements: int = 0
    by_digits: int = 0
    functions: tuple[str, ...] = ()
    conversions: tuple[str, ...] = ()
    reading: str = ""
    sizes: tuple[Mapping[str, int], ...] = ()
    draws: int = 0


@dataclass(frozen=True)
class _Reading:
    """How constants are read: rounded to float32 or not, as what they round or as what they are."""

    single: bool
    explained: bool

    def __str__(self) -> str:
        precision = "to the precision of float32" if self.single else "to the precision of float64"
        return f"constants as {'the simple numbers that they round' if self.explained else 'they are written'}, {precision}"


@dataclass(frozen=True)
class _Question:
    spec: OpenSpec
    candidate: Candidate
    signature: Signature
    deadline: float
    max_steps: int

    @property
    def written(self) -> tuple[int, ...]:
        return tuple(place for place, argument in enumerate(self.signature.arguments) if argument.written)

    @property
    def names(self) -> tuple[str, ...]:
        outputs = len(self.signature.outputs)
        results = ["the result"] if outputs == 1 else [f"result {place}" for place in range(outputs)]
        return (*results, *(self.signature.arguments[place].name for place in self.written))


def compare(
    spec: OpenSpec, candidate: Candidate, signature: Signature, sizes: Sequence[Mapping[str, int]], seed: int, seconds: float,
    draws: int = 2, max_steps: int = MAX_STEPS,
) -> IdentityReport:
    """What is found at `sizes`, the smallest first, within about `seconds`. Never raises for what the texts do.

    Sizes that no time is left for are left out, all but the first. max_steps: turns of loops and elements, of one run.
    """
    question = _Question(spec, candidate, signature, time.monotonic() + seconds, max_steps)
    if not _has_reals(signature):
        return IdentityReport(NOT_APPLICABLE, "no real number enters: integers are compared exactly by the differential tests")
    if reason := misgiven(candidate, signature):
        return IdentityReport(NOT_APPLICABLE, reason)
    reading, *others = _readings(signature)
    found = _under(question, reading, sizes, seed, draws)
    if found.answer != DIFFERENT or found.size is None or found.seed is None:
        return found
    question = replace(question, deadline=max(question.deadline, time.monotonic() + _FURTHER * seconds))
    for other in others:
        report = _under(question, other, [found.size], found.seed, 1)
        if report.answer != DIFFERENT:
            whole = _under(question, other, sizes, seed, draws)
            if whole.answer != DIFFERENT:
                return whole
    return _shrunk(question, found, reading)


def _has_reals(signature: Signature) -> bool:
    return any(value.dtype.startswith(("float", "complex")) for value in (*signature.arguments, *signature.outputs))


def _knows_single(signature: Signature) -> bool:
    return any(value.dtype in ("float32", "complex64") for value in (*signature.arguments, *signature.outputs))


def _readings(signature: Signature) -> Iterator[_Reading]:
    arrays = {value.dtype for value in (*signature.arguments, *signature.outputs) if value.kind == "array" or value.numpy_scalar}
    single, double = bool(arrays & {"float32", "complex64"}), bool(arrays & {"float64", "complex128"})
    for precision in ([True] if single and not double else [False, True] if single else [False]):
        for explained in (True, False):
            yield _Reading(precision, explained)


def _under(question: _Question, reading: _Reading, sizes: Sequence[Mapping[str, int]], seed: int, draws: int) -> IdentityReport:
    """The report under one reading of the constants."""
    report = IdentityReport(IDENTICAL, reading=str(reading))
    real = 0
    for size in sizes:
        for turn in range(draws):
            try:
                made, found, draw = _drawn(question, reading, size, seed + turn * _SEED_STEP)
            except Undecided as error:
                return replace(report, answer=NOT_APPLICABLE, reason=str(error))
            except SpecError:
                break  # the kernel is not defined for this size
            except Exhausted as error:
                if report.draws:
                    return _finished(report, real)
                return replace(report, answer=NOT_APPLICABLE, reason=str(error))
            report = replace(
                report, draws=report.draws + 1, sizes=report.sizes if size in report.sizes else (*report.sizes, dict(size)),
                functions=tuple(sorted({*report.functions, *draw.functions})),
                conversions=tuple(sorted({*report.conversions, *draw.conversions})))
            if isinstance(found, Difference):
                return replace(report, answer=DIFFERENT, difference=found, size=dict(size), seed=made)
            real += found.real
            report = replace(report, elements=report.elements + found.elements, by_digits=report.by_digits + found.by_digits)
    return _finished(report, real)


def _finished(report: IdentityReport, real: int) -> IdentityReport:
    if not report.draws:
        return replace(report, answer=NOT_APPLICABLE, reason="the kernel is not defined at any of the sizes")
    if not real:
        reason = "no result is computed from the real inputs by arithmetic: they only decide between integers or constants"
        return replace(report, answer=NOT_APPLICABLE, reason=reason)
    if report.by_digits and not report.functions:
        # No theorem on a function can explain it: a term too small for the digits is left out, or added.
        reason = f"{report.by_digits} elements agree in the first {DIGITS - runs.AGREEING} digits, but not in their residues"
        return replace(report, answer=NOT_APPLICABLE, reason=reason)
    return report


def _drawn(
    question: _Question, reading: _Reading, size: Mapping[str, int], seed: int
) -> tuple[int, Agreement | Difference, Draw]:
    """One comparison that came to an end, with the seed that it was made at. Raises Undecided, Exhausted, SpecError."""
    reason = ""
    for attempt in range(2 * _REDRAWS):
        # Where inputs that are integers stand for real ones, a comparison with an integer cannot be decided.
        literal = attempt >= _REDRAWS
        used = seed + attempt % _REDRAWS
        try:
            found, draw = _once(question, reading, size, used, literal, DIGITS)
            if isinstance(found, Difference):
                _confirm(question, reading, size, used, literal, found)
            return used, found, draw
        except Ambiguous as error:
            reason = str(error)
    raise Undecided(reason)


def _once(
    question: _Question, reading: _Reading, size: Mapping[str, int], seed: int, literal: bool, digits: int
) -> tuple[Agreement | Difference, Draw]:
    expected, found, draw = _run(question, reading, size, seed, literal, digits)
    with drawing(draw):
        return runs.compared(expected, found, question.names, digits), draw


def _run(
    question: _Question, reading: _Reading, size: Mapping[str, int], seed: int, literal: bool, digits: int
) -> tuple[list[Any], list[Any], Draw]:
    arguments = question.spec.make_inputs(size, seed)
    draw = Draw(reading.single, reading.explained, question.deadline, question.max_steps, digits)
    with drawing(draw):
        expected = runs.of_reference(question.spec.spec, inputs.drawn(arguments, seed, literal), question.written)
        draw.steps = 0
        draw.rounding = not _knows_single(question.signature) and not draw.conversions
        given = inputs.drawn(arguments, seed, literal)
        found = runs.of_candidate(question.candidate, given, question.signature, question.written, draw)
    return expected, found, draw


def _confirm(
    question: _Question, reading: _Reading, size: Mapping[str, int], seed: int, literal: bool, difference: Difference
) -> None:
    """Returns where the difference is real. Raises Undecided where no float could show it, where the exact runs do not
    describe the texts, or where twice the digits give other values."""
    if difference.relative < _BELOW_ALL_FLOATS:
        raise Undecided(f"{difference.place} differs by one part in {1 / difference.relative:.0e} only, which no float shows")
    expected, found, draw = _run(question, reading, size, seed, literal, 2 * DIGITS)
    if draw.leaks:
        raise Undecided(f"{draw.leaks[0]} came in from outside of the fragment")
    with drawing(draw):
        again = runs.compared(expected, found, question.names, 2 * DIGITS)
        if not isinstance(again, Difference) or again.place != difference.place or not (
            again.reference == difference.reference and again.candidate == difference.candidate
        ):
            raise Undecided("its results move with the number of digits, too many of which are lost on the way")
        why = contradicted(question.spec, question.candidate, question.signature, question.spec.make_inputs(size, seed),
                           question.written, (expected, found), again, draw)
    if why:
        raise Undecided(why)


def _shrunk(question: _Question, report: IdentityReport, reading: _Reading) -> IdentityReport:
    """The report with a difference at a smaller size, where one of a few smaller ones shows it."""
    if report.size is None or report.seed is None:
        return report
    for bound in _SHRUNK:
        smaller = {name: min(value, bound) for name, value in report.size.items()}
        if smaller == report.size:
            break
        try:
            seed, found, _ = _drawn(question, reading, smaller, report.seed)
        except (Undecided, SpecError):
            continue
        except Exhausted:
            break
        if isinstance(found, Difference):
            return replace(report, difference=found, size=smaller, seed=seed)
    return report
