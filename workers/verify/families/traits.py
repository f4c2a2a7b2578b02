"""Traits: what a generator built into an argument, which a family derived from it keeps.

What a reference accepts is more than what it is meant for: a table of offsets still runs when it is shuffled, a matrix
that is positive definite by construction still factorises for a while when it is not. So a family changes only what shows
no structure, and within what the generator's own values suggest.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

_NEAR = 1e-5
_FEW = 4


@dataclass(frozen=True)
class Traits:
    """Of one argument.

    kind: "float", "complex", "int", "bool" or "scalar" (any that is no array: left alone). positive: no element is below
    zero or zero. unit: all lie in [0, 1]. signed: there are elements on both sides of zero. whole: floats that are whole
    numbers throughout. built: sorted, symmetric, sparse, normalised, a permutation, counts, or bound to another argument, so
    that its elements may not change places. ties: some value stands there twice. indexlike: integers that may serve as an
    index.
    """

    kind: str
    size: int = 0
    positive: bool = False
    unit: bool = False
    signed: bool = False
    whole: bool = False
    built: bool = False
    ties: bool = False
    indexlike: bool = False

    @property
    def free(self) -> bool:
        """Whether its elements may change places."""
        return self.kind != "scalar" and not self.built and self.size > 1

    @property
    def real(self) -> bool:
        """Whether it is an array of floats that may take values that the generator did not draw."""
        return self.kind == "float" and not self.built and not self.whole and self.size > 0


def traits_of(arguments: Sequence[Any]) -> tuple[Traits, ...]:
    """Those of each argument, judged by all of them together."""
    lengths = {length for a in arguments if isinstance(a, np.ndarray) for length in a.shape}
    lengths |= {int(a) for a in arguments if isinstance(a, int | np.integer) and not isinstance(a, bool)}
    bound = _bound(arguments)
    return tuple(_of(a, n in bound, lengths) for n, a in enumerate(arguments))


def _of(value: Any, bound: bool, lengths: set[int]) -> Traits:
    if not isinstance(value, np.ndarray):
        return Traits("scalar")
    kind = {"f": "float", "c": "complex", "b": "bool"}.get(value.dtype.kind, "int")
    flat = value.reshape(-1)
    ties = flat.size > np.unique(flat).size
    if kind == "bool":
        return Traits(kind, flat.size, built=bound, ties=ties)
    if kind == "complex":
        return Traits(kind, flat.size, built=bound or _sparse(value) or _hermitian(value), ties=ties)
    low, high = (flat.min(), flat.max()) if flat.size else (0, 0)
    built = bound or _ordered(value) or _hermitian(value)
    if kind == "int":
        small = low >= 0 and high <= max(lengths, default=0)
        permutation = flat.size > 1 and not ties and int(high) - int(low) == flat.size - 1
        total = int(flat.sum()) in lengths if flat.size and small else False
        return Traits(kind, flat.size, positive=bool(low > 0), signed=bool(low < 0 < high), built=built or permutation or total,
                      ties=ties, indexlike=bool(small))
    finite = bool(np.isfinite(flat).all())
    whole = finite and bool(np.all(flat == np.rint(flat))) and flat.size > 0
    built = built or not finite or (not whole and (_sparse(value) or _normalised(value)))
    return Traits(kind, flat.size, bool(low > 0), bool(0 <= low and high <= 1), bool(low < 0 < high), whole, built, ties)


def _ordered(value: np.ndarray) -> bool:
    """Whether it is sorted along an axis: offsets, grids, boundaries."""
    return any(
        value.shape[axis] > 2 and (bool(np.all(np.diff(value, axis=axis) >= 0)) or bool(np.all(np.diff(value, axis=axis) <= 0)))
        for axis in range(value.ndim)
    ) if value.size and value.dtype.kind != "u" else _ordered_unsigned(value)


def _ordered_unsigned(value: np.ndarray) -> bool:
    """The same for unsigned numbers, whose differences wrap around."""
    for axis in range(value.ndim):
        moved = np.moveaxis(value, axis, 0)
        if moved.shape[0] > 2 and (bool(np.all(moved[1:] >= moved[:-1])) or bool(np.all(moved[1:] <= moved[:-1]))):
            return True
    return False


def _hermitian(value: np.ndarray) -> bool:
    return value.ndim >= 2 and value.shape[-1] == value.shape[-2] > 1 and bool(np.allclose(value, np.swapaxes(value.conj(), -1, -2)))


def _sparse(value: np.ndarray) -> bool:
    """Whether it holds zeros: of floats that are drawn at random none is zero, so somebody put them there."""
    return bool(np.any(value == 0))


def _normalised(value: np.ndarray) -> bool:
    """Whether rows, columns or the whole sum up to one, or have length one; or the diagonal outweighs the rest."""
    if value.size < 2:
        return False
    wide = value.astype(np.float64)
    with np.errstate(all="ignore"):
        for axis in (None, *range(value.ndim)):
            if axis is not None and value.shape[axis] < 2:
                continue
            sums, lengths = np.sum(wide, axis=axis), np.sum(wide * wide, axis=axis)
            if np.all(np.abs(sums - 1) < _NEAR) or np.all(np.abs(sums) < _NEAR) or np.all(np.abs(lengths - 1) < _NEAR):
                return True
        if value.ndim == 2 and value.shape[0] == value.shape[1] > 2:
            diagonal, all_of_it = np.abs(np.diagonal(wide)), np.sum(np.abs(wide), axis=1)
            return bool(np.all(2 * diagonal >= all_of_it))
    return False


def _bound(arguments: Sequence[Any]) -> set[int]:
    """Arguments that another one of equal shape and overlapping range bounds throughout: lower and upper ends."""
    found: set[int] = set()
    for n, one in enumerate(arguments):
        for m in range(n + 1, len(arguments)):
            other = arguments[m]
            if not (isinstance(one, np.ndarray) and isinstance(other, np.ndarray)):
                continue
            if one.shape == other.shape and one.size >= _FEW and {one.dtype.kind, other.dtype.kind} <= set("fiu"):
                apart = one.max() <= other.min() or one.min() >= other.max()
                if not apart and (np.all(one <= other) or np.all(one >= other)):
                    found |= {n, m}
    return found
