"""Running reference and candidate on the same numbers, and telling whether they give the same ones."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..candidate import Candidate, CandidateError
from ..interpret.namespace import FILENAME
from ..signature import Signature
from ..spec import KernelSpec
from . import text
from .allocation import TABLE as ALLOCATORS
from .arrays import bare
from .draw import Draw
from .errors import Ambiguous, Exhausted, Unsupported
from .functions import number
from .number import Number
from .pair import Pair

AGREEING = 25
"""Digits fewer than are carried, to which values must agree in order to count as equal."""


@dataclass(frozen=True)
class Difference:
    """Where two runs part. place: "result 0[2, 1]". reference, candidate: the two values in decimals."""

    place: str
    output: int
    index: tuple[int, ...]
    reference: str
    candidate: str
    relative: float


@dataclass(frozen=True)
class Agreement:
    """Two runs that gave the same. elements: that were compared; real: those of them that inputs went into by
    arithmetic, so that their residues say something. by_digits: equal in all digits, but not in their residues."""

    elements: int
    real: int
    by_digits: int


class Undecided(Exception):
    """The comparison cannot be made; the message says what left the fragment, or why."""


def results(
    kernel: Callable[..., Any], arguments: Sequence[Any], written: Sequence[int], outputs: Sequence[Any] = (),
    accepted: Callable[[Any], Any] = text.plain,
) -> list[Any]:
    """What a kernel returns, or writes to `outputs`, each by way of `accepted`; then the arguments that it writes."""
    found = kernel(*arguments, *outputs)
    if outputs:
        found = tuple(outputs)
    returned = () if found is None else found if isinstance(found, tuple) else (found,)
    return [*(accepted(value) for value in returned), *(arguments[place] for place in written)]


def of_reference(spec: KernelSpec, arguments: Sequence[Any], written: Sequence[int]) -> list[Any]:
    """The reference's results. Raises Undecided, Ambiguous, Exhausted."""
    return _guarded("reference", text.REFERENCE, lambda: results(text.reference(spec), arguments, written))


def of_candidate(kernel: Candidate, arguments: Sequence[Any], signature: Signature, written: Sequence[int], draw: Draw) -> list[Any]:
    """The candidate's results. Raises Undecided, Ambiguous, Exhausted."""

    def run() -> list[Any]:
        outputs = to_fill(kernel, arguments, signature, ALLOCATORS["empty"])
        draw.compiled = True
        try:
            return results(text.candidate(kernel), arguments, written, outputs)
        finally:
            draw.compiled = False

    return _guarded("candidate", FILENAME, run)


def to_fill(kernel: Candidate, arguments: Sequence[Any], signature: Signature, empty: Callable[..., Any]) -> list[Any]:
    """The arrays that a kernel of the convention "writes" is given. Raises CandidateError."""
    if kernel.convention != "writes":
        return []
    if not signature.writes_open:
        raise CandidateError("the outputs' shapes are not known beforehand, so no arrays can be given to fill")
    known: Mapping[str, Any] = dict(zip((argument.name for argument in signature.arguments), arguments))
    scope = {"__builtins__": {"max": max, "min": min, "abs": abs, "len": len}}
    return [empty(tuple(int(eval(extent, scope, dict(known))) for extent in output.shape or ()), output.dtype)  # noqa: S307
            for output in signature.outputs]


def _guarded(who: str, filename: str, run: Callable[[], list[Any]]) -> list[Any]:
    try:
        with np.errstate(all="ignore"):
            return run()
    except Unsupported as error:
        raise Undecided(f"{who}, line {text.line_of(error, filename)}: {error}") from error
    except (Ambiguous, Exhausted):
        raise
    except CandidateError as error:
        raise Undecided(f"{who}: {error}") from error
    except RecursionError:
        raise Undecided(f"{who}: it calls itself too deeply") from None
    except Exception as error:  # noqa: BLE001 - over numbers that are no floats, a text may raise anything
        raise Undecided(f"{who}, line {text.line_of(error, filename)}: {type(error).__name__}: {error}"[:300]) from error


def compared(expected: Sequence[Any], found: Sequence[Any], names: Sequence[str], digits: int) -> Agreement | Difference:
    """Both lists of results element by element; the first element in which they differ. Raises Undecided."""
    if len(expected) != len(found):
        return Difference("the number of results", 0, (), str(len(expected)), str(len(found)), float("inf"))
    elements = real = by_digits = 0
    for output, (theirs, ours) in enumerate(zip(expected, found)):
        if np.shape(theirs) != np.shape(ours):
            return Difference(f"the shape of {names[output]}", output, (), str(np.shape(theirs)), str(np.shape(ours)), float("inf"))
        scale = _largest(theirs)
        for index in np.ndindex(np.shape(theirs)):
            one, other = _element(theirs, index), _element(ours, index)
            if one is None:
                raise Undecided("reference: it leaves elements of a result unwritten")
            elements += 1
            if other is None:
                return _difference(names[output], output, index, one, other)
            for a, b in _parts(number(one), number(other)):
                real += not a.fixed and bool(a.modulus)
                if _same_residue(a, b):
                    continue
                if not _same_digits(a, b, digits - AGREEING, scale):
                    return _difference(names[output], output, index, a, b)
                by_digits += 1
    return Agreement(elements, real, by_digits)


def _element(value: Any, index: tuple[int, ...]) -> Any:
    return bare(value)[index] if index else bare(value)[()] if isinstance(value, np.ndarray) else value


def _parts(one: Any, other: Any) -> list[tuple[Number, Number]]:
    if isinstance(one, Pair) or isinstance(other, Pair):
        return [(one.real, other.real), (one.imag, other.imag)]
    return [(one, other)]


def _same_residue(a: Number, b: Number) -> bool:
    modulus = min(a.modulus, b.modulus)
    if not modulus:
        return a.value == b.value or a.value.is_nan() and b.value.is_nan()
    return (a.residue - b.residue) % modulus == 0


def _same_digits(a: Number, b: Number, digits: int, scale: int) -> bool:
    if not a.modulus or not b.modulus:
        return False
    gap = a.value - b.value
    if not gap:
        return True
    return gap.adjusted() < max(a.value.adjusted(), b.value.adjusted()) - digits or gap.adjusted() < scale - digits - 15


def _largest(value: Any) -> int:
    """The place of the first digit of the largest value."""
    places = [0]
    for each in np.asarray(bare(value), dtype=object).flat:
        for part in (each.real, each.imag) if isinstance(each, Pair) else (each,):
            if isinstance(part, Number) and part.modulus and part.value:
                places.append(part.value.adjusted())
    return max(places)


def _difference(name: str, output: int, index: tuple[int, ...], one: Any, other: Any) -> Difference:
    place = f"{name}[{', '.join(map(str, index))}]" if index else name
    if other is None:
        return Difference(place, output, index, repr(one), "nothing (it is never written)", float("inf"))
    size = max(abs(one.value), abs(other.value)) if one.modulus and other.modulus else 0
    relative = float(abs(one.value - other.value) / size) if size else float("inf")
    return Difference(place, output, index, f"{one.value:.20g}", f"{other.value:.20g}", relative)
