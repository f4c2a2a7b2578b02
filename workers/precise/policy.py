"""The policy on rounding errors: a candidate's may not exceed a small multiple of the reference's own.

What the reference's error is worth at one element, its `base`, is the largest of: its error there; that of its
surroundings in units of the element's last place and of its sensitivity (the element may be lucky); and the typical error
of its surroundings in absolute terms (what a function that saturates makes of large arguments has no smaller one). Half a
unit in the last place and the sensitivity to roundings of the inputs come on top. A candidate's error divided by its base
may be ELEMENT at one element, NORM in the mean square over a result, and SLAB over each of its slabs.

All elements of a result may share one rounding (that of a sum that each is divided by), so what counts as a sample is a
run, not an element. Few runs may all be lucky: then the limits are as wide as Student's and Fisher's distributions demand.
"""
from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .exact import Exact

ELEMENT, NORM, SLAB = 32.0, 5.0, 10.0
"""Set after seeing the kernels in tests/precision_kernels.py, so these are no independent check. ELEMENT and NORM: 32 correct
kernels reached 2.2 and 0.8; Welford's variance, as stable but less accurate than two passes, 14 and 3.4, and the limits were
widened to let it pass. A float32 sum of 4,000 without Kahan's compensation gave 13 and 8.6; single in place of double precision
1e7 and more. SLAB is twice NORM and was not measured."""
_FALSE_ALARMS = 1e-5
_SLAB_LENGTH = 16
_MOST_UNDECIDED = 0.5


@dataclass(frozen=True)
class Errors:
    """Errors over some cases of one size, in units in the last place, and as multiples of what they may be measured by.

    worst, norm: the largest ratio of a candidate's error to its base, and the root mean square of all. refusal: what the
    policy has against it, "" where nothing. decided: the share of elements that could be judged.
    """

    candidate_worst_ulp: float
    candidate_rms_ulp: float
    reference_worst_ulp: float
    reference_rms_ulp: float
    worst: float
    norm: float
    elements: int
    decided: float
    refusal: str

    def as_json(self) -> dict[str, Any]:
        return {
            "candidate_worst_ulp": _figure(self.candidate_worst_ulp), "candidate_rms_ulp": _figure(self.candidate_rms_ulp),
            "reference_worst_ulp": _figure(self.reference_worst_ulp), "reference_rms_ulp": _figure(self.reference_rms_ulp),
            "worst_ratio": _figure(self.worst), "rms_ratio": _figure(self.norm), "elements": self.elements,
            "decided": round(self.decided, 4),
        }


@dataclass(frozen=True)
class _Compared:
    """One case. error, own: the candidate's and the reference's on the same inputs, where decided, else 0."""

    error: np.ndarray
    base: np.ndarray
    own: np.ndarray
    exact: Exact
    got: np.ndarray
    label: str


def judge(results: Sequence[tuple[str, Exact, Any, Any]]) -> Errors:
    """What the policy says of one result in some cases of one size: for each a label, what is known exactly, what the
    reference gave and what the candidate gave."""
    exacts = [exact for _, exact, _, _ in results]
    pooled, shared = _pooled(exacts), _shared(exacts)
    compared = [_compare(label, exact, np.asarray(own), np.asarray(got), pooled, shared) for label, exact, own, got in results]
    ratios = [_ratio(each) for each in compared]
    squares = sum(float(np.sum(np.minimum(ratio, 1e100) ** 2)) for ratio in ratios)
    count = sum(int(np.count_nonzero(exact.decided)) for exact in exacts)
    total = sum(exact.decided.size for exact in exacts)
    norm = float(np.sqrt(squares / count)) if count else 0.0
    worst = max((float(np.max(ratio, initial=0.0)) for ratio in ratios), default=0.0)
    candidate = [_ulps(each.error, exact) for each, exact in zip(compared, exacts)]
    reference = [_ulps(each.own, exact) for each, exact in zip(compared, exacts)]
    limits = _limits(len(exacts), sum(exact.samples for exact in exacts))
    refusal = "" if total and count / total < 1 - _MOST_UNDECIDED else _refusal(compared, ratios, norm, limits)
    return Errors(_top(candidate), _rms(candidate), _top(reference), _rms(reference), min(worst, 1e100), norm, count,
                  count / total if total else 1.0, refusal)


def _compare(
    label: str, exact: Exact, own: np.ndarray, got: np.ndarray, pooled: tuple[Any, Any] | None, shared: float
) -> _Compared:
    with np.errstate(all="ignore"):
        errors = [_error(result, exact) for result in (got, own)]
        step = 0.5 * exact.unit + exact.noise
        if pooled is not None:
            level, typical = pooled
            local = np.maximum(level * step, typical)
        else:
            relative = _over_slabs(np.where(exact.decided, exact.error / step, np.nan), _root_mean_square)
            absolute = _over_slabs(np.where(exact.decided, exact.error + 0.5 * exact.unit, np.nan), np.nanmedian)
            local = np.maximum(np.maximum(relative, shared) * step, absolute)
        base = np.maximum(exact.error, local) + step
    error, reference = (np.where(exact.decided, each, 0.0) for each in errors)
    return _Compared(error, base, reference, exact, got, label)


def _error(result: np.ndarray, exact: Exact) -> np.ndarray:
    wide = np.clongdouble if result.dtype.kind == "c" else np.longdouble
    error = np.abs(result.astype(wide) - exact.value.astype(wide)).astype(np.float64)
    return np.where(np.isfinite(result) & ~np.isnan(error), error, np.inf)


def _ratio(compared: _Compared) -> np.ndarray:
    with np.errstate(all="ignore"):
        ratio = compared.error / compared.base
    return np.where(compared.error == 0, 0.0, np.nan_to_num(ratio, nan=0.0, posinf=1e100))


def _pooled(exacts: Sequence[Exact]) -> tuple[Any, Any] | None:
    """Level and typical size of the reference's errors over all cases, element by element where shapes agree; for results
    that are too small to have surroundings, else None."""
    if any(exact.decided.size >= _SLAB_LENGTH for exact in exacts):
        return None
    with np.errstate(all="ignore"):
        relative = [np.where(e.decided, e.error / (0.5 * e.unit + e.noise), np.nan) for e in exacts]
        absolute = [np.where(e.decided, e.error + 0.5 * e.unit, np.nan) for e in exacts]
    alike = len({values.shape for values in relative}) == 1
    join = np.stack if alike else lambda parts: np.concatenate([part.ravel() for part in parts])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # an element may be decided in no case
        level = _root_mean_square(join(relative), axis=0)
        typical = np.nanmedian(join(absolute), axis=0)
    return np.nan_to_num(level), np.nan_to_num(typical)


def _shared(exacts: Sequence[Exact]) -> float:
    """The level of the reference's errors over all cases, as far as most elements of a case have it in common."""
    with np.errstate(all="ignore"):
        levels = [(e.error / (0.5 * e.unit + e.noise))[e.decided] for e in exacts]
    medians = [float(np.median(level)) for level in levels if level.size]
    return float(np.sqrt(np.mean(np.square(medians)))) if medians else 0.0


def _limits(cases: int, samples: int) -> tuple[float, float, float]:
    """The limits on an element, a result and a slab where the reference's errors were seen in so many samples."""
    from scipy.special import fdtri, stdtrit  # it takes a tenth of a second to load

    if not samples:
        return np.inf, np.inf, np.inf
    single = float(stdtrit(samples, 1 - _FALSE_ALARMS))
    together = float(np.sqrt(fdtri(cases, samples, 1 - _FALSE_ALARMS)))
    return max(ELEMENT, single), max(NORM, together), max(SLAB, single)


def _over_slabs(values: np.ndarray, measure: Callable[..., Any]) -> np.ndarray:
    """For each element the measure of its surroundings: all elements with the same index along one axis, whichever axis
    gives the smallest."""
    smallest = np.full(values.shape, np.inf)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a slab may have nothing that is decided
        for axis in range(values.ndim):
            others = tuple(other for other in range(values.ndim) if other != axis)
            if others and values.size // max(1, values.shape[axis]) >= _SLAB_LENGTH:
                smallest = np.fmin(smallest, measure(values, axis=others, keepdims=True))
        smallest = np.where(np.isfinite(smallest), smallest, measure(values))
    return np.nan_to_num(smallest, nan=0.0, posinf=0.0)


def _root_mean_square(values: np.ndarray, **options: Any) -> Any:
    return np.sqrt(np.nanmean(values**2, **options))


def _refusal(
    compared: Sequence[_Compared], ratios: Sequence[np.ndarray], norm: float, limits: tuple[float, float, float]
) -> str:
    element, mean, slab = limits
    for each, ratio in zip(compared, ratios):
        if ratio.size and float(np.max(ratio)) > element:
            index = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
            place = f" at [{', '.join(str(int(i)) for i in index)}]" if ratio.ndim else ""
            return (f"{each.label}: its error{place} is {_words(each.error[index], each.exact.unit[index])}, "
                    f"{_times(ratio[index])} what the reference's own arithmetic explains "
                    f"(got {each.got[index].item()!r}, exactly {_shown(each.exact.value[index])})")
    if norm > mean:
        return f"its errors are, in the mean square over the result, {_times(norm)} what the reference's own arithmetic explains"
    for each, ratio in zip(compared, ratios):
        for axis in range(ratio.ndim):
            others = tuple(other for other in range(ratio.ndim) if other != axis)
            if not others or ratio.size // max(1, ratio.shape[axis]) < _SLAB_LENGTH:
                continue
            slabs = np.sqrt(np.mean(np.minimum(ratio, 1e100) ** 2, axis=others))
            if float(np.max(slabs)) > slab:
                where = ", ".join(str(int(np.argmax(slabs))) if a == axis else ":" for a in range(ratio.ndim))
                return (f"{each.label}: its errors in [{where}] are, in the mean square, {_times(np.max(slabs))} what the "
                        "reference's own arithmetic explains")
    return ""


def _ulps(error: np.ndarray, exact: Exact) -> np.ndarray:
    return (error / exact.unit)[exact.decided]


def _top(errors: Sequence[np.ndarray]) -> float:
    return max((float(np.max(each, initial=0.0)) for each in errors), default=0.0)


def _rms(errors: Sequence[np.ndarray]) -> float:
    count = sum(each.size for each in errors)
    return float(np.sqrt(sum(float(np.sum(np.minimum(each, 1e100) ** 2)) for each in errors) / count)) if count else 0.0


def _words(error: float, unit: float) -> str:
    return f"{error / unit:.3g} ULP" if np.isfinite(error) else "not a number"


def _times(ratio: Any) -> str:
    return f"{float(ratio):.3g} times" if ratio < 1e100 else "infinitely many times"


def _shown(value: Any) -> str:
    return np.format_float_scientific(value, precision=20, trim="-") if not np.iscomplexobj(value) else str(value)


def _figure(value: float) -> float:
    return float(f"{min(value, 1e100):.4g}")
