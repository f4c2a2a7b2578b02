"""Comparison of a result with the expected one, under the spec's tolerance.

The default tolerance is relative to each element, never to the array's largest: a small element that is wrong shows,
down to some epsilons of its surroundings. Where that refuses a result, its terms may have cancelled, and their size is
what its rounding error is relative to: then the measured sensitivity of the reference decides (see `sensitivity`).

A declared absolute tolerance counts up to a tenth of the result's typical magnitude: a larger one would accept zeros for
an answer. Errors between that and what was declared must pass the default tolerance.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import isfinite, sqrt
from typing import Any, Protocol

import numpy as np

from ...kernels.spec import Tolerance
from ..sensitivity import surroundings, typical

_WORDS = {"b": "bool", "i": "integer", "u": "integer", "f": "float", "c": "complex"}
_LARGEST = 1e300
_PIECE = 2**19
# A plain loop's sum of few large and many small terms rounds to one side: row sums of a softmax of 4,096 columns were
# seen 2.2 sqrt(4096) epsilons off.
_SKEW = 3.0
_ATOL_SHARE = 0.1


class Conditioning(Protocol):
    """How far roundings move one result. See `ResultSensitivity`."""

    eps: float
    unit: float

    def levels(self) -> Iterator[np.ndarray]:
        """Growing estimates of how far a rounding moves each element."""


@dataclass(frozen=True)
class Mismatch:
    """message: what differs, where, and by how much. worst_error: the largest relative error (the difference, for
    integers). index: where it is."""

    message: str
    worst_error: float
    index: tuple[int, ...]


@dataclass(frozen=True)
class Comparison:
    """mismatch: None if the results agree. relative, ulp: the worst errors among finite elements, 0 if all are equal;
    where zero was expected, relative to the typical magnitude."""

    mismatch: Mismatch | None
    relative: float = 0.0
    ulp: float = 0.0


def compare(
    got: Any, expected: Any, tolerance: Tolerance, depth: int, conditioning: Conditioning | None = None
) -> Mismatch | None:
    """What is wrong with `got`, or None. See `examine`."""
    return examine(got, expected, tolerance, depth, conditioning).mismatch


def examine(
    got: Any, expected: Any, tolerance: Tolerance, depth: int, conditioning: Conditioning | None = None
) -> Comparison:
    """Compare two results: kind, dtype and shape first, then every element.

    Integers and booleans must be equal; nan must stand where nan is expected and nowhere else, inf likewise with its
    sign; zeros of either sign are equal. depth: how many terms an element sums up, for the default tolerance.
    conditioning: asked only where an error is too large for a rounding of the element and too small for a mistake.
    """
    unlike = _unlike(got, expected)
    if unlike:
        return Comparison(Mismatch(unlike, float("inf"), ()))
    if not isinstance(expected, np.ndarray):
        got = _narrowed(got, expected)
    a, b = np.atleast_1d(got), np.atleast_1d(expected)
    found = _exact(a, b) if b.dtype.kind not in "fc" else _floats(a, b, tolerance, depth, conditioning)
    if found.mismatch is not None and not np.ndim(expected):
        return replace(found, mismatch=replace(found.mismatch, index=()))
    return found


def _unlike(got: Any, expected: Any) -> str:
    """In which way the two are not of one kind; "" if they are. A scalar may be a Python or a NumPy number."""
    if isinstance(expected, np.ndarray) != isinstance(got, np.ndarray):
        return f"got {_kind(got)}, expected {_kind(expected)}"
    a, b = np.asarray(got).dtype, np.asarray(expected).dtype
    if isinstance(expected, np.ndarray):
        if a != b:
            return f"got dtype {a}, expected {b}"
        if got.shape != expected.shape:
            return f"got shape {got.shape}, expected {expected.shape}"
    elif _WORDS[a.kind] != _WORDS[b.kind]:
        return f"got {_kind(got)}, expected {_kind(expected)}"
    return ""


def _narrowed(got: Any, expected: Any) -> Any:
    """A scalar in the expected one's dtype where that loses nothing but digits: compiled code hands out only Python's
    own numbers."""
    dtype = np.asarray(expected).dtype
    if dtype.kind in "fc":
        with np.errstate(over="ignore"):
            return dtype.type(got)
    return got


def _exact(got: np.ndarray, expected: np.ndarray) -> Comparison:
    if expected.dtype.kind == "b" and got.dtype.kind == "b":
        got_bytes, expected_bytes = got.view(np.uint8), expected.view(np.uint8)
        wrong = got_bytes != expected_bytes
    else:
        wrong = got != expected
    if not np.any(wrong):
        return Comparison(None)
    index = _first(wrong)
    difference = abs(float(got[index]) - float(expected[index]))
    return Comparison(Mismatch(_report(wrong, index, got, expected, ""), difference, index), difference)


def _floats(
    got: np.ndarray, expected: np.ndarray, tolerance: Tolerance, depth: int, conditioning: Conditioning | None
) -> Comparison:
    return _without_doubt(got, expected, tolerance, depth) or _in_full(got, expected, tolerance, depth, conditioning)


def _without_doubt(got: np.ndarray, expected: np.ndarray, tolerance: Tolerance, depth: int) -> Comparison | None:
    """The comparison of results that agree within what each element's own size allows, else None. Piece by piece, as
    most results do, and large ones should not take many times their memory."""
    if not (got.flags.c_contiguous and expected.flags.c_contiguous):
        return None
    got, expected = got.reshape(-1), expected.reshape(-1)
    tolerance = _sharp(tolerance, expected)
    relative = ulp = 0.0
    scale = 0.0
    for start in range(0, expected.size, _PIECE):
        a, b = got[start : start + _PIECE], expected[start : start + _PIECE]
        if np.array_equal(a, b):
            continue
        with np.errstate(all="ignore"):
            special = ~(np.isfinite(a) & np.isfinite(b))
            error, magnitude = np.abs(_wide(a) - _wide(b)), np.abs(_wide(b))
            error[special] = magnitude[special] = 0.0
            allowed = _allowed(tolerance, b.dtype, magnitude, depth)
            if np.any(error > allowed) or not np.all(_same_special(a, b)[special]):
                return None
            scale = scale or typical(expected)
            relative_here, ulp_here = _relative(error, magnitude, b.dtype, scale)
            relative, ulp = max(relative, _largest(relative_here)), max(ulp, _largest(ulp_here))
    return Comparison(None, relative, ulp)


def _in_full(
    got: np.ndarray, expected: np.ndarray, tolerance: Tolerance, depth: int, conditioning: Conditioning | None
) -> Comparison:
    with np.errstate(all="ignore"):
        special = ~(np.isfinite(got) & np.isfinite(expected))
        wrong = special & ~_same_special(got, expected)
        error = np.abs(_wide(got) - _wide(expected))
        error[special] = 0.0
        magnitude = np.abs(_wide(expected))
        magnitude[special] = 0.0
        if np.any(error) and tolerance.kind == "default":
            wrong |= _beyond_default(error, magnitude, expected.dtype, depth, conditioning)
        elif np.any(error):
            declared = error > _allowed(tolerance, expected.dtype, magnitude, depth)
            doubtful = error > _allowed(_sharp(tolerance, expected), expected.dtype, magnitude, depth)
            if np.any(doubtful & ~declared):
                doubtful &= _beyond_default(error, magnitude, expected.dtype, depth, conditioning)
            wrong |= declared | doubtful
        relative, ulp = _relative(error, magnitude, expected.dtype, typical(magnitude))
    worst_relative, worst_ulp = _largest(relative), _largest(ulp)
    if not np.any(wrong):
        return Comparison(None, worst_relative, worst_ulp)
    if np.any(wrong & special):
        index, worst, how = _first(wrong & special), float("inf"), ""
    else:
        index = np.unravel_index(int(np.argmax(np.where(wrong, relative, -1.0))), relative.shape)
        index = tuple(int(i) for i in index)
        worst = min(float(relative[index]), _LARGEST)
        how = f", relative error {worst:.2g} or {min(float(ulp[index]), _LARGEST):.3g} ULP"
    return Comparison(Mismatch(_report(wrong, index, got, expected, how), worst, index), worst_relative, worst_ulp)


def _beyond_default(
    error: np.ndarray, magnitude: np.ndarray, dtype: np.dtype, depth: int, conditioning: Conditioning | None
) -> np.ndarray:
    """Which errors no reordering of the operations explains."""
    eps = float(np.finfo(dtype).eps)
    walk = _walk(depth)
    allowed = _allowed(Tolerance(), dtype, magnitude, depth)
    wrong = error > allowed
    if not np.any(wrong):
        return wrong
    # What stays of terms that cancelled is rounded like its surroundings, and so is what a function that saturates
    # (1 + tanh of a large argument) makes of every input alike, which no disturbance would show.
    allowed = allowed + walk * eps * surroundings(magnitude)
    wrong = error > allowed
    if conditioning is None or not np.any(wrong):
        return wrong
    # A result that jumps (a threshold, a rounding to integers) moves by its own size, whatever the disturbance: what
    # is granted to sensitivity ends where it could hide a mistake.
    scale = np.maximum(magnitude, max(typical(magnitude), conditioning.unit))
    limit = walk * max(eps, conditioning.eps) ** 0.6 * scale
    if np.any(error > allowed + limit):
        return wrong
    for noise in conditioning.levels():
        wrong = error > allowed + np.minimum(2.0 * walk * noise, limit)
        if not np.any(wrong):
            break
    return wrong


def _walk(depth: int) -> float:
    """So many epsilons. Roundings add up like a random walk: as the square root of the number of terms, not as the
    number. (A float32 sum of 10^7 values that has stopped growing is 9 % off; a linear bound would let it pass.)"""
    return 4.0 + sqrt(depth)


def _allowed(tolerance: Tolerance, dtype: np.dtype, magnitude: np.ndarray, depth: int) -> Any:
    """The error that the tolerance grants to elements of this magnitude."""
    if tolerance.kind == "ulp":
        return tolerance.ulp * _spacing(magnitude, dtype)
    if tolerance.kind == "relative":
        return tolerance.atol + tolerance.rtol * magnitude
    if tolerance.kind == "exact":
        return 0.0
    info = np.finfo(dtype)
    return _SKEW * _walk(depth) * float(info.eps) * magnitude + float(info.smallest_normal)


def _sharp(tolerance: Tolerance, expected: np.ndarray) -> Tolerance:
    """The tolerance with an absolute part that tells the expected result from zeros."""
    if tolerance.kind != "relative" or not tolerance.atol:
        return tolerance
    scale = typical(expected)
    return replace(tolerance, atol=min(tolerance.atol, _ATOL_SHARE * scale)) if scale else tolerance


def _relative(error: np.ndarray, magnitude: np.ndarray, dtype: np.dtype, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Errors relative to the element, and in units in its last place; relative to `scale` where zero was expected."""
    size = np.where(magnitude > 0, magnitude, scale or 1.0)
    return error / size, error / _spacing(size, dtype)


def _spacing(magnitude: np.ndarray, dtype: np.dtype) -> np.ndarray:
    real = np.float32 if dtype in (np.float32, np.complex64) else np.float64
    return np.abs(np.spacing(magnitude.astype(real))).astype(np.float64)


def _same_special(got: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Where both have nan, or the same infinity; a complex number by its parts."""
    if expected.dtype.kind == "c":
        return _same_special(got.real, expected.real) & _same_special(got.imag, expected.imag)
    return (got == expected) | (np.isnan(got) & np.isnan(expected)) | (np.isfinite(got) & np.isfinite(expected))


def _wide(array: np.ndarray) -> np.ndarray:
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def _largest(errors: np.ndarray) -> float:
    value = float(np.max(errors, initial=0.0))
    return value if isfinite(value) else _LARGEST


def _first(wrong: np.ndarray) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(wrong)), wrong.shape))


def _report(wrong: np.ndarray, index: tuple[int, ...], got: np.ndarray, expected: np.ndarray, how: str) -> str:
    values = f"got {got[index].item()!r}, expected {expected[index].item()!r}{how}"
    if wrong.size == 1:
        return values
    count = int(np.count_nonzero(wrong))
    place = f"at [{', '.join(map(str, index))}]: {values}"
    where = "" if count == 1 else f", all within [{_region(wrong)}]"
    return f"{count:,} of {wrong.size:,} elements differ{where}; {place}"


def _region(wrong: np.ndarray) -> str:
    """The smallest box around the wrong elements, written as an index."""
    parts = []
    for axis, length in enumerate(wrong.shape):
        others = tuple(other for other in range(wrong.ndim) if other != axis)
        hit = np.flatnonzero(wrong.any(axis=others))
        low, high = int(hit[0]), int(hit[-1])
        parts.append(":" if high - low + 1 == length > 1 else str(low) if low == high else f"{low}:{high + 1}")
    return ", ".join(parts)


def _kind(value: Any) -> str:
    dtype = np.asarray(value).dtype
    if isinstance(value, np.ndarray):
        return f"an array of dtype {dtype} and shape {value.shape}"
    return f"a scalar of kind {_WORDS.get(dtype.kind, str(dtype))}"
