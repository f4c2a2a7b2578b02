"""Shuffled orders: a parallel candidate interpreted with the iterations of its `prange` loops in other orders.

Where its iterations are independent the results are the same, bit by bit. What differs has leaked from one iteration to
another, by whatever way: this asks about the outcome alone, and so is a check on the access log as well.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..candidate import Candidate
from ..signature import Signature
from .access import AccessReport, LoggedRun, logged_run
from .scalars import parallel_loops

Order = Callable[[range], Iterable[int]]
MAX_STEPS = 300_000
"""Of one order: about a second."""


@dataclass(frozen=True)
class OrderReport:
    """difference: where the results of another order differ, "" where they do not. compared: the orders that were run to
    the end. rounding: a number is reduced, so that floats may differ by their rounding, and were compared so; integers,
    which may depend on such a float, were not. limit: why fewer orders were compared than asked for. log: of the run in
    the natural order."""

    difference: str
    compared: tuple[str, ...]
    rounding: bool
    log: AccessReport
    limit: str = ""


def orders(seed: int) -> Mapping[str, Order]:
    """Other orders than the natural one, by name. seed: of the two permutations."""
    def shuffled(number: int) -> Order:
        rng = np.random.default_rng([seed, number])
        return lambda indices: [indices[int(i)] for i in rng.permutation(len(indices))]

    return {"reversed": reversed, "shuffled": shuffled(1), "shuffled otherwise": shuffled(2)}


def compare_orders(
    candidate: Candidate, arguments: tuple[Any, ...], signature: Signature, seed: int, max_steps: int = MAX_STEPS
) -> OrderReport:
    """Whether the results depend on the order of iterations. The arguments are left as they are."""
    rounding = any(loop.reductions for loop in parallel_loops(candidate.tree).values())
    names = [f"argument {argument.name}" for argument in signature.arguments]

    def run(order: Order) -> tuple[LoggedRun, tuple[Any, ...]]:
        own = tuple(a.copy(order="K") if isinstance(a, np.ndarray) else a for a in arguments)
        done = logged_run(candidate, own, signature, max_steps=max_steps, order=order)
        return done, (*done.results, *own)

    natural, expected = run(iter)
    if not natural.report.finished:
        return OrderReport("", (), rounding, natural.report, natural.report.limit)
    titles = ["the result"] if len(natural.results) == 1 else [f"result {n}" for n in range(len(natural.results))]
    compared: list[str] = []
    for name, order in orders(seed).items():
        done, found = run(order)
        if not done.report.finished:
            return OrderReport("", tuple(compared), rounding, natural.report, f"{name}: {done.report.limit}")
        for title, before, now in zip((*titles, *names), expected, found):
            where = _difference(np.asarray(before), np.asarray(now), rounding)
            if where:
                return OrderReport(f"with the iterations of its prange loops {name}, {title}{where}; each iteration must "
                                   "use only what it computes itself", tuple(compared), rounding, natural.report)
        compared.append(name)
    return OrderReport("", tuple(compared), rounding, natural.report)


def _difference(before: np.ndarray, now: np.ndarray, rounding: bool) -> str:
    """Where two results differ, and how; "" where they do not."""
    if before.shape != now.shape or before.dtype != now.dtype:
        return f" has shape {now.shape} and dtype {now.dtype} in place of {before.shape} and {before.dtype}"
    if not before.size:
        return ""
    if rounding:
        if before.dtype.kind not in "fc":
            return ""
        other = ~_close(before, now)
    else:
        other = (_bits(before) != _bits(now)).any(axis=-1).reshape(before.shape)
        if before.dtype.kind in "fc":
            other &= ~(np.isnan(before) & np.isnan(now))
    if not other.any():
        return ""
    index = np.unravel_index(int(np.argmax(other)), before.shape)
    place = f"[{', '.join(str(int(i)) for i in index)}]" if index else ""
    return f"{place} is {now[index].item()!r} in place of {before[index].item()!r}"


def _close(before: np.ndarray, now: np.ndarray) -> np.ndarray:
    """Whether they agree to half of the digits, measured by the largest value; what is not finite in either is let pass."""
    finite = np.isfinite(before) & np.isfinite(now)
    scale = float(np.max(np.abs(before), where=finite, initial=0.0))
    with np.errstate(all="ignore"):
        return ~finite | (np.abs(now - before) <= float(np.finfo(before.dtype).eps) ** 0.5 * scale)


def _bits(array: np.ndarray) -> np.ndarray:
    """The array's bytes, one row of them for each element, in C order."""
    return np.ascontiguousarray(array).reshape(-1, 1).view(np.uint8)
