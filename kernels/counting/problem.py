"""The work of a kernel at the size at which it is timed, from every text that is known for it."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

from ..candidate import Candidate, CandidateError
from ..signature import Signature
from ..spec import OpenSpec, SpecError
from .errors import NotCounted, OutOfTime
from .extrapolation import Extrapolated, Size, extrapolate
from .runs import of_candidate, of_reference
from .work import WEIGHTS, Work

REFERENCE, CHAMPION = "reference", "champion"
_DIRECT_SHARE = 0.5
_SLOWER_COUNTED = 1.5
"""A reference that takes longer by itself than its share of the time divided by this is not counted at its full size."""


@dataclass(frozen=True)
class Counted:
    """works: "reference" and "champion" -> what was counted on each. reasons: the same for those that could not be."""

    works: Mapping[str, Work]
    reasons: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        return {"works": {name: work.as_json() for name, work in self.works.items()}, "reasons": dict(self.reasons)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Counted:
        """Raises what `Work.from_json` raises."""
        works = {str(name): Work.from_json(work) for name, work in data["works"].items()}
        return cls(works, {str(name): str(reason) for name, reason in data["reasons"].items()})


def count(
    opened: OpenSpec, champion: Candidate | None, signature: Signature, seed: int, seconds: float, reference_seconds: float = 0.0,
) -> Counted:
    """The work at the benchmark's size, within about `seconds`. seed: of the inputs. reference_seconds: what the reference
    takes there by itself.

    The reference is counted at that size where time allows it, since vectorised code is as fast as ever; loops over
    elements, the champion's above all, are counted at small sizes and extrapolated.
    """
    def on_reference(size: Size, deadline: float) -> Work:
        return of_reference(opened.spec, opened.make_inputs(size, seed), deadline)

    def on_champion(size: Size, deadline: float) -> Work:
        assert champion is not None
        return of_candidate(champion, opened.make_inputs(size, seed), signature, deadline)

    works: dict[str, Work] = {}
    reasons: dict[str, str] = {}
    texts = {REFERENCE: on_reference, **({CHAMPION: on_champion} if champion is not None else {})}
    for name, run in texts.items():
        share = seconds / len(texts)
        direct = name == REFERENCE and _SLOWER_COUNTED * reference_seconds < _DIRECT_SHARE * share
        try:
            works[name] = _counted(opened, run, seed, share, direct)
        except (NotCounted, SpecError, CandidateError, MemoryError) as error:
            reasons[name] = str(error) or type(error).__name__
    return Counted(works, reasons)


def _counted(opened: OpenSpec, run: Callable[[Size, float], Work], seed: int, seconds: float, direct: bool) -> Work:
    end = monotonic() + seconds
    benchmark = opened.sizes["benchmark"]
    if direct:
        method = f"counted at the benchmark's size on inputs of seed {seed}"
        try:
            return replace(run(benchmark, monotonic() + _DIRECT_SHARE * seconds), method=method)
        except OutOfTime:
            pass
    starts = [opened.sizes["tiny"], opened.sizes["verify"]]

    def sample(size: Size) -> dict[str, int]:
        try:
            return _flat(run(size, end))
        except SpecError as error:
            raise NotCounted(str(error)) from None

    return _work(extrapolate(sample, starts, benchmark, [opened.sizes["verify"]], optional=_is_optional))


def _flat(work: Work) -> dict[str, int]:
    flat = {f"{precision} {kind}": n for precision, kinds in work.operations.items() for kind, n in kinds.items()}
    return {**flat, "read": work.read, "written": work.written, "touched": work.touched}


def _is_optional(key: str) -> bool:
    """What the bound does not rest on."""
    return key == "touched" or WEIGHTS.get(key.partition(" ")[2]) == 0


def _work(found: Extrapolated) -> Work:
    operations: dict[str, dict[str, int]] = {}
    for key, n in found.counts.items():
        precision, _, kind = key.partition(" ")
        if kind and n:
            operations.setdefault(precision, {})[kind] = n
    counts = found.counts
    largest = ", ".join(f"{name}={value}" for name, value in found.largest.items())
    method = f"a polynomial through {found.sizes} small sizes, right at {found.agreed} others, the last {largest}"
    return Work(operations, counts["read"], counts["written"], counts.get("touched", 0), method)
