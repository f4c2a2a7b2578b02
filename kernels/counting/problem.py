"""The work of a kernel at the size at which it is timed, from every text that is known for it."""
from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from time import process_time
from typing import Any

from ..candidate import Candidate, CandidateError
from ..signature import Signature
from ..spec import OpenSpec, SpecError
from .errors import NotCounted, OutOfTime
from .extrapolation import Extrapolated, Size, extrapolate
from .runs import of_candidate, of_reference
from .work import WEIGHTS, Work

REFERENCE, CHAMPION = "reference", "champion"
_FIRST_SHARE = 0.6
_QUICK_SHARE = 0.25
_CHECK_SECONDS = 0.5
_SLOWER_COUNTED = 1.5
"""Times as long as by itself, at the least; a text for which that is too long is not begun at full size."""


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
    """The work at the benchmark's size, within about `seconds` of processor time. seed: of the inputs. reference_seconds: what the reference
    takes there by itself.

    Vectorised code is counted at that size, as it is about as fast as ever; loops over elements, the champion's above all,
    at small sizes, from which the count is extrapolated.
    """
    def on_reference(size: Size, deadline: float) -> Work:
        return of_reference(opened.spec, opened.make_inputs(size, seed), deadline)

    def on_champion(size: Size, deadline: float) -> Work:
        assert champion is not None
        return of_candidate(champion, opened.make_inputs(size, seed), signature, deadline)

    works: dict[str, Work] = {}
    reasons: dict[str, str] = {}
    texts = {REFERENCE: on_reference, **({CHAMPION: on_champion} if champion is not None else {})}
    end = process_time() + seconds
    for name, run in texts.items():
        left = max(0.0, end - process_time())
        share = left if name == list(texts)[-1] else _FIRST_SHARE * left
        try:
            works[name] = _Text(opened, run, seed, share, reference_seconds if name == REFERENCE else None).work()
        except (NotCounted, SpecError, CandidateError, MemoryError) as error:
            reasons[name] = str(error) or type(error).__name__
    return Counted(works, reasons)


class _Text:
    """One text, counted within `seconds`. alone: what it takes by itself at the benchmark's size; None for a
    kernel, which takes far longer interpreted."""

    def __init__(self, opened: OpenSpec, run: Callable[[Size, float], Work], seed: int, seconds: float, alone: float | None) -> None:
        self.sizes = opened.sizes
        self.run = run
        self.seed = seed
        self.alone = alone
        self.end = process_time() + seconds

    def work(self) -> Work:
        """By the first way that succeeds: at full size if that is quick (a kernel's loops never are), extrapolated, at full
        size, extrapolated from larger sizes. Raises NotCounted for the reason that the first extrapolation gave."""
        first: NotCounted | None = None
        ways = [(self._from_tiny, 0.7), (self._direct, 0.7), (self._from_larger, 1.0)]
        for way, share in [(self._direct, _QUICK_SHARE), *ways] if self.alone is not None else ways:
            try:
                return way(process_time() + share * max(0.0, self.end - process_time()))
            except OutOfTime as error:
                first = first or (None if way == self._direct else error)
            except NotCounted as error:
                if way == self._direct:
                    raise
                first = first or error
        raise first or OutOfTime("counting took too long")

    def _direct(self, deadline: float) -> Work:
        if _SLOWER_COUNTED * (self.alone or 0.0) > deadline - process_time():
            raise OutOfTime("counting at full size would take too long")
        work = self.run(self.sizes["benchmark"], deadline)
        return replace(work, method=f"counted at the benchmark's size on inputs of seed {self.seed}")

    def _from_tiny(self, deadline: float) -> Work:
        return self._extrapolated(self.sizes["tiny"], deadline)

    def _from_larger(self, deadline: float) -> Work:
        return self._extrapolated(self.sizes["verify"], deadline)

    def _extrapolated(self, start: Size, deadline: float) -> Work:
        def sample(size: Size, seconds: float = math.inf) -> dict[str, int]:
            try:
                return _flat(self.run(size, min(deadline, process_time() + seconds)))
            except SpecError as error:
                raise NotCounted(str(error)) from None

        return _work(extrapolate(sample, [start], self.sizes["benchmark"], [self.sizes["verify"]], _is_optional,
                                 lambda size: sample(size, _CHECK_SECONDS)))


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
