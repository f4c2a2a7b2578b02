"""Differential test: the candidate's results beside the reference's, on fresh inputs and in poisoned memory."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, Protocol

import numpy as np

from kernwright.declaration import REQUIRED_SIZES

from ...kernels.signature import Signature
from ...kernels.spec import Tolerance
from ..evaluation import Verdict
from ..failure import RunFailed
from ..oracle import Case, Oracle
from ..sensitivity import Sensitivity, typical
from .check import Check
from .families.few import few
from .families.show import shown
from .leeway import granted
from .tolerance import Comparison, Conditioning, examine

# Every one of them is far from zero, or nan, as float32, float64 and integer: what is added to it cannot hide it.
POISON = (0xFF, 0x7F, 0xC3, 0x5A, 0x4B)
SEARCH_EXTRAS = 4


@dataclass(frozen=True)
class Outcome:
    """One run of a candidate. outputs: as the reference returns them. arguments: afterwards. aliases: for each output
    the argument whose memory it shares, "previous output" where it was handed out before, or None."""

    outputs: tuple[Any, ...]
    arguments: tuple[Any, ...]
    aliases: tuple[str | None, ...]


class Runner(Protocol):
    """Runs one candidate, all cases in the same child, so that what it keeps between calls shows."""

    def run(self, case: Case, poison: int) -> Outcome:
        """Once, on private copies of the case's arguments, all memory it allocates filled with `poison`. Raises
        RunFailed."""


@dataclass(frozen=True)
class PlannedCase:
    """A size (a name, or a mapping) and a seed to test at. case: what was derived from the generator's draw there, where
    not that draw itself is meant."""

    size: str | Mapping[str, int]
    seed: int
    case: Case | None = field(default=None, compare=False)


def plan(oracle: Oracle, seed: int, deep: bool = False) -> tuple[PlannedCase, ...]:
    """The cases of one test, cheap ones first: tiny, verify twice in a row with other values, the smallest sizes where they
    give results of unforeseen shapes, sizes around verify, the first verify case again, a few inputs that no generator draws
    (see `families`), further declared sizes, and benchmark last.

    A kernel that keeps a result answers the second case with the first's; one that counts its calls fails the
    repeated case. deep: every size around verify in place of four drawn by `seed`, declared sizes also where they are
    larger than the benchmark, and two seeds at each. Equal seeds give equal cases, which the oracle then remembers.
    """
    rng = np.random.default_rng([seed, 0])
    seeds = iter(int(number) for number in rng.integers(1, 2**62, 256))
    extras = list(oracle.extra_sizes())
    if not deep and len(extras) > SEARCH_EXTRAS:
        chosen = rng.choice(len(extras), SEARCH_EXTRAS, replace=False)
        extras = [extras[index] for index in sorted(chosen)]
    extras = [*oracle.unforeseen_sizes(), *extras]
    sizes = oracle.spec.sizes
    most = prod(sizes["benchmark"].values())
    others = [name for name in sizes if name not in REQUIRED_SIZES and (deep or prod(sizes[name].values()) <= most)]
    repeats = 2 if deep else 1
    first = PlannedCase("verify", next(seeds))
    cases = [PlannedCase("tiny", next(seeds)), first, PlannedCase("verify", next(seeds))]
    cases += [PlannedCase(size, next(seeds)) for size in extras for _ in range(repeats)]
    cases.append(first)
    if not deep:
        cases += [PlannedCase(case.size, case.seed, case) for case in few(oracle, seed)]
    cases += [PlannedCase(name, next(seeds)) for name in (*others, "benchmark") for _ in range(repeats)]
    return tuple(cases)


def differential(
    runner: Runner, oracle: Oracle, cases: Sequence[PlannedCase], tolerance: Tolerance | None = None
) -> Check:
    """Whether the candidate agrees with the reference in all `cases`; ends at the first that it fails.

    Compared are values, dtypes, shapes and shared memory of the results, the arguments that the reference writes to,
    and, bit by bit, those that it leaves alone. tolerance: the spec's where None. Raises SpecError where the
    reference itself fails.
    """
    tolerance = oracle.spec.tolerance if tolerance is None else tolerance
    worst = Comparison(None)
    where = ""
    for number, planned in enumerate(cases):
        case = planned.case or oracle.case(planned.size, planned.seed)
        given = f"; with {shown(oracle.spec.parameters, case.arguments)}" if case.derived else ""
        facts = {"cases": number + 1, "size": dict(case.size), "seed": case.seed}
        try:
            outcome = runner.run(case, POISON[number % len(POISON)])
        except RunFailed as failure:
            if excused(failure, case):
                continue
            return Check(failure.verdict, f"{case.label}: {failure.message}{given}", facts)
        comparisons = compare_case(outcome, case, oracle, tolerance)
        found = disagreement(outcome, case, oracle, comparisons)
        if found is not None:
            message, comparison = found
            return Check(Verdict.WRONG, f"{case.label}: {message}{given}", {**facts, **(_errors(comparison) if comparison else {})})
        for name, comparison in comparisons:
            if comparison.ulp > worst.ulp:
                worst, where = comparison, f"{name} at {case.label}"
    sizes = list(dict.fromkeys(oracle.label(planned.size, 0).partition(", seed")[0] for planned in cases))
    return Check(Verdict.VERIFIED, "", {"cases": len(cases), "sizes": sizes, "seeds": [c.seed for c in cases],
                                        "tolerance": tolerance.kind, **_errors(worst), "worst_at": where})


_OF_NOT_FINITE = ("ZeroDivisionError", "LinAlgError: Array must not contain infs or NaNs")


def excused(failure: RunFailed, case: Case) -> bool:
    """Whether a candidate may fail so: the reference divides by zero there too, and whether that raises is a matter of the
    error model; or it solves equations that hold nan, which Numba's linear algebra refuses and NumPy's does not."""
    results = [np.asarray(value) for value in (*case.expected, *case.expected_arguments)]
    finite = all(bool(np.isfinite(value).all()) for value in results if value.dtype.kind in "fc")
    return case.derived and any(error in failure.message for error in _OF_NOT_FINITE) and not finite


def disagreement(
    outcome: Outcome, case: Case, oracle: Oracle, comparisons: Sequence[tuple[str, Comparison]]
) -> tuple[str, Comparison | None] | None:
    """In what a run of the candidate differs from the reference, in words, with the comparison that shows it if it is a
    matter of values; None if in nothing. comparisons: what `compare_case` found."""
    for name, comparison in comparisons:
        if comparison.mismatch is not None:
            return f"{name}: {comparison.mismatch.message}", comparison
    complaint = _aliasing(outcome, oracle.signature, case) or _touched(outcome, case, oracle.signature)
    return (complaint, None) if complaint else None


def compare_case(
    outcome: Outcome, case: Case, oracle: Oracle, tolerance: Tolerance | None = None
) -> list[tuple[str, Comparison]]:
    """Each output and each written argument, by name, beside what the reference made of it. tolerance: the spec's where
    None."""
    tolerance = oracle.spec.tolerance if tolerance is None else tolerance
    count, expected_count = len(outcome.outputs), len(case.expected)
    if count != expected_count:
        raise ValueError(f"the runner hands back {count} outputs for {expected_count}")
    sensitivity = oracle.sensitivity(case)
    found = []
    for index, (got, expected) in enumerate(zip(outcome.outputs, case.expected)):
        name = "the result" if count == 1 else f"result {index}"
        got = granted(got, expected, case.leeway[index] if case.leeway else None)
        found.append((name, examine(got, expected, tolerance, case.depths[index], _conditioning(case, sensitivity, index))))
    for position, argument in enumerate(oracle.signature.arguments):
        if argument.written:
            index = count + position
            got, expected = outcome.arguments[position], case.expected_arguments[position]
            got = granted(got, expected, case.leeway[index] if case.leeway else None)
            comparison = examine(got, expected, tolerance, case.depths[index], _conditioning(case, sensitivity, index))
            found.append((f"argument {argument.name} afterwards", comparison))
    return found


@dataclass(frozen=True)
class _Watched:
    """Conditioning that begins with what watched roundings showed; disturbed inputs show nothing of whole numbers."""

    noise: np.ndarray
    measured: Conditioning
    eps: float
    unit: float

    def levels(self) -> Iterator[np.ndarray]:
        yield self.noise
        for level in self.measured.levels():
            yield np.maximum(level, self.noise)


def _conditioning(case: Case, sensitivity: Sensitivity, index: int) -> Conditioning:
    measured = sensitivity.of(index)
    noise = case.noise[index] if case.noise else None
    if noise is None:
        return measured
    floats = [a for a in case.arguments if np.asarray(a).dtype.kind in "fc"]
    return _Watched(np.atleast_1d(noise), measured, measured.eps, max([measured.unit, *map(typical, floats)]))


def _aliasing(outcome: Outcome, signature: Signature, case: Case) -> str:
    for index, (output, alias) in enumerate(zip(signature.outputs, outcome.aliases)):
        if alias == output.alias or (isinstance(case.expected[index], np.ndarray) and not case.expected[index].size):
            continue
        name = "the result" if len(signature.outputs) == 1 else f"result {index}"
        if alias == "previous output":
            return f"{name} is memory that an earlier call returned; every call must return an array of its own"
        if alias is None:
            return f"{name} is a new array, where the reference returns its argument {output.alias} itself"
        return f"{name} shares memory with argument {alias}, where a new array is wanted"
    return ""


def _touched(outcome: Outcome, case: Case, signature: Signature) -> str:
    """An argument that was changed although the reference leaves it alone; compared by bits, as nan is unequal to itself."""
    for argument, now, before in zip(signature.arguments, outcome.arguments, case.arguments):
        if argument.written or not isinstance(before, np.ndarray) or before.size == 0:
            continue
        changed = _bits(now) != _bits(before)
        if changed.any():
            index = np.unravel_index(int(np.argmax(changed.any(axis=-1))), before.shape)
            place = ", ".join(str(int(i)) for i in index)
            return (f"argument {argument.name} was changed, first at [{place}] from {before[index].item()!r} to "
                    f"{now[index].item()!r}; the reference leaves it as it is")
    return ""


def _bits(array: np.ndarray) -> np.ndarray:
    """The array's bytes, one row of them for each element, in C order."""
    return np.ascontiguousarray(array).reshape(-1, 1).view(np.uint8)


def _errors(comparison: Comparison) -> dict[str, float]:
    return {"worst_relative": comparison.relative, "worst_ulp": comparison.ulp}
