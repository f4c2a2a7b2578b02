"""Errors in units of the last place of the exact result.

The unit is the distance between neighbouring numbers at the exact result, which no longer shrinks where results are
subnormal. An infinite result counts as the first power of two that is too large, so that one rounded up to inf is off by a
fraction, and one that overflowed too soon by much.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np

from .compiled import worst_single
from .references import DIGITS, exact, reference


@dataclass(frozen=True)
class Worst:
    """The largest error in ULP, where it is, and over how many arguments."""

    ulp: float
    at: tuple[float, ...]
    arguments: int

    def __or__(self, other: Worst) -> Worst:
        worse = max(self, other, key=lambda one: one.ulp)
        return Worst(worse.ulp, worse.at, self.arguments + other.arguments)


def errors(results: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Each result's error, given what is expected in a wider format; inf where one is nan and the other is not."""
    limits = np.finfo(results.dtype)
    top = np.ldexp(np.ones((), expected.dtype), limits.maxexp)
    with np.errstate(all="ignore"):
        bounded = np.clip(expected, -top, top)
        given = np.clip(results.astype(expected.dtype), -top, top)
        exponent = np.maximum(np.frexp(np.where(np.abs(bounded) < top, bounded, top / 2))[1] - 1, limits.minexp)
        found = np.abs(given - bounded) / np.ldexp(np.ones((), expected.dtype), exponent - limits.nmant)
    odd = np.isnan(results) | np.isnan(expected)
    found[odd] = np.where(np.isnan(results) & np.isnan(expected), 0.0, np.inf)[odd]
    return found.astype(np.float64)


def worst(name: str, results: np.ndarray, *arguments: np.ndarray) -> Worst:
    """The worst of many results, by a reference in the wider format."""
    expected = reference(name, *arguments)
    if results.dtype == np.float32:
        ulp, at = worst_single(results, expected)
    else:
        found = errors(results, expected)
        at = int(np.argmax(found))
        ulp = float(found[at])
    return Worst(ulp, tuple(float(argument[at]) for argument in arguments), results.size)


def worst_exactly(name: str, results: np.ndarray, *arguments: np.ndarray) -> Worst:
    """The same by mpmath, for finite arguments with finite results."""
    found = [error_exactly(result, exact(name, *point)) for result, *point in zip(results, *arguments)]
    at = int(np.argmax(found))
    return Worst(found[at], tuple(float(argument[at]) for argument in arguments), len(found))


def error_exactly(result: np.floating[Any], expected: Any) -> float:
    """One result's error against an mpmath number."""
    limits = np.finfo(result.dtype)
    with mpmath.workdps(DIGITS):
        top = mpmath.ldexp(1, int(limits.maxexp))
        bounded = min(max(expected, -top), top)
        given = mpmath.mpf(float(result)) if np.isfinite(result) else mpmath.sign(float(result)) * top
        exponent = limits.maxexp - 1 if abs(bounded) >= top else mpmath.frexp(bounded)[1] - 1
        unit = mpmath.ldexp(1, int(max(exponent, limits.minexp) - limits.nmant))
        return float(abs(given - bounded) / unit)
