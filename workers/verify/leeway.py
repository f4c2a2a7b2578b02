"""Leeway: what is granted to single elements of a result where the reference itself does not decide what they should be."""
from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np


class Leeway(IntEnum):
    """STRICT: as the tolerance says. OR_NAN: nan is right too. OR_INFINITE: so is any infinity, where the reference's
    result is one. OPEN: anything."""

    STRICT = 0
    OR_NAN = 1
    OR_INFINITE = 2
    OPEN = 3


def granted(got: Any, expected: Any, leeway: np.ndarray | None) -> Any:
    """`got` with the expected value wherever its leeway covers it. Results of another kind, dtype or shape come back as
    they are. leeway: an array of Leeway with the shape of `expected`, or None."""
    if leeway is None or np.shape(got) != np.shape(expected) or np.shape(leeway) != np.shape(expected):
        return got
    here, wanted = np.asarray(got), np.asarray(expected)
    if here.dtype.kind != wanted.dtype.kind or (isinstance(expected, np.ndarray) and here.dtype != wanted.dtype):
        return got
    covered = leeway >= Leeway.OPEN
    if wanted.dtype.kind in "fc":
        covered = covered | ((leeway >= Leeway.OR_NAN) & np.isnan(here))
        covered = covered | ((leeway >= Leeway.OR_INFINITE) & ~np.isfinite(here) & ~np.isfinite(wanted))
    if not np.any(covered):
        return got
    if not isinstance(expected, np.ndarray):
        return expected
    return np.where(covered, wanted, here)
