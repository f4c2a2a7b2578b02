"""Roofline: where reference, best seed and champion stand below what the machine permits, as the run's journal has it.

Model: Williams, Waterman, Patterson, "Roofline: an insightful visual performance model", CACM 52(4), 2009.
"""
from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ...workers.evaluation import Ratio
from ..result import milliseconds, times

SPARE = 3.2
_LIMITS = {"memory": "memory bandwidth", "arithmetic": "arithmetic"}
REFERENCE, SEED, CHAMPION = "reference", "best seed", "champion"


@dataclass(frozen=True)
class Place:
    """One kernel. gflop_s: None where flops are not known. of_bound: the bound's time as a share of its own."""

    name: str
    ms: float
    gflop_s: float | None
    of_bound: float | None


@dataclass(frozen=True)
class Roofline:
    """bandwidth: GB/s; peaks: GFLOP/s by dtype; threads: that they were measured with. flops, bytes: of one call; intensity: flops
    a byte, None where either is unknown or 0. bound_ms: the least time that the machine permits. limit: what it comes from, in
    words. gap_closed: 0 to 1, more where the champion is faster than the bound. fastest: what the champion is called: it is none where
    the reference is kept. places: reference, best seed, champion. elites: the fastest of the search, by their identities. notes: sentences. why_not: why there is no bound; "" where there is one.
    """

    bandwidth: float | None
    peaks: Mapping[str, float]
    threads: int | None
    measured: str
    flops: float | None
    bytes: float | None
    method: str
    bound_ms: float | None
    gap_closed: float | None
    limit: str
    places: tuple[Place, ...]
    elites: tuple[Place, ...]
    notes: tuple[str, ...]
    why_not: str
    fastest: str = CHAMPION

    @property
    def intensity(self) -> float | None:
        return self.flops / self.bytes if self.flops and self.bytes else None

    @property
    def sentence(self) -> str:
        """The share of the gap that is closed, and what is left, in words; "" without a bound."""
        champion = next((place for place in self.places if place.name == self.fastest), None)
        if self.bound_ms is None or champion is None:
            return ""
        by = f" ({self.limit} is the limit)" if self.limit else ""
        left = (f"the {self.fastest} needs {milliseconds(champion.ms * 1e6)} where the machine would permit "
                f"{milliseconds(self.bound_ms * 1e6)}{by}")
        if self.gap_closed is None:
            return f"{left[0].upper()}{left[1:]}."
        if champion.ms <= self.bound_ms:
            return f"The whole gap between the reference and the roofline is closed: {left}."
        return (f"{_percent(self.gap_closed)} of the gap between the reference and the roofline is closed: {left}, "
                f"{times(champion.ms / self.bound_ms)} times less.")


def roofline(state: Mapping[str, Any] | None, over_seed: Ratio | None, fastest: str = CHAMPION) -> Roofline | None:
    """What the journal's state "roofline" says; None where a run has none. over_seed: the champion, which is called `fastest`, beside
    the best seed."""
    if not isinstance(state, Mapping):
        return None
    machine, work = _mapping(state.get("machine")), _mapping(state.get("work"))
    flops, moved, bound = _positive(work.get("flops")), _positive(work.get("bytes")), _positive(state.get("bound_ms"))
    champion_ms = _positive(state.get("champion_ms"))
    # The seed was timed beside the champion: on the scale of the champion's own time, drift cancels.
    seed_ms = champion_ms * over_seed.speedup if over_seed is not None and over_seed.rounds and champion_ms else None
    named = ((REFERENCE, _positive(state.get("reference_ms"))), (SEED, seed_ms), (fastest, champion_ms))
    places = tuple(Place(name, ms, flops / ms / 1e6 if flops else None, bound / ms if bound else None)
                   for name, ms in named if ms is not None)
    why_not = str(state.get("why_not") or "") or ("" if bound is not None else "no bound was computed")
    elites = tuple(Place(str(elite.get("identity")), ms, _positive(elite.get("gflop_s")), _positive(elite.get("of_roof")))
                   for elite in state.get("elites") or () if (ms := _positive(_mapping(elite).get("ms"))))
    closed = state.get("gap_closed")
    return Roofline(
        _positive(machine.get("bandwidth_gb_s")),
        {str(dtype): peak for dtype, value in _mapping(machine.get("gflop_s")).items() if (peak := _positive(value))},
        machine.get("threads"), str(machine.get("measured") or ""), flops, moved, str(work.get("method") or ""), bound,
        float(closed) if _is_number(closed) else None, _LIMITS.get(str(state.get("limit")), ""), places, elites,
        tuple(map(str, state.get("notes") or ())), why_not, fastest,
    )


def ridge(bandwidth: float, peak: float) -> float:
    """The intensity, flops a byte, from which on arithmetic is the limit and memory no longer."""
    return peak / bandwidth


def span(values: Iterable[float]) -> tuple[float, float]:
    """A range around the values in which at least one power of ten lies."""
    known = list(values)
    return min(known) / SPARE, max(known) * SPARE


def _percent(share: float) -> str:
    """In whole per cent, which never claim that all is closed while something is left."""
    return f"{min(99, max(0, round(100 * share)))} %" if share < 1 else "100 %"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _positive(value: Any) -> float | None:
    return float(value) if _is_number(value) and value > 0 else None
