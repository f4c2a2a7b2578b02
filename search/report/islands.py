"""Islands: what the population looked like in the end, as the run's journal has it."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Island:
    """best: its best elite's speedup over the best first seed, None where it has none."""

    elites: int
    best: float | None


@dataclass(frozen=True)
class Islands:
    """policy: the population's name. elites: distinct ones, as some live on several islands. niches: how many are occupied, over all islands. migrations: elites that were sent over."""

    policy: str
    elites: int
    niches: int
    migrations: int
    islands: tuple[Island, ...]


def islands(state: Mapping[str, Any] | None) -> Islands | None:
    """What the journal's state "population" says; None where a run has none."""
    if not isinstance(state, Mapping):
        return None
    listed = [entry for entry in state.get("islands") or () if isinstance(entry, Mapping)]
    found = tuple(Island(int(entry.get("elites") or 0), entry.get("best")) for entry in listed)
    return Islands(str(state.get("policy") or "population"), int(state.get("elites") or sum(island.elites for island in found)),
                   int(state.get("niches") or 0), int(state.get("migrations") or 0), found)
