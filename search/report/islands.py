"""Islands: what the population looked like in the end, as the run's journal has it."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Island:
    """best: its best elite's speedup over the best seed, None where it has none."""

    elites: int
    best: float | None


@dataclass(frozen=True)
class Islands:
    """policy: the population's name. niches: how many are occupied, over all islands. migrations: elites that were sent over."""

    policy: str
    niches: int
    migrations: int
    islands: tuple[Island, ...]

    @property
    def elites(self) -> int:
        return sum(island.elites for island in self.islands)


def islands(state: Mapping[str, Any] | None) -> Islands | None:
    """What the journal's state "population" says; None where a run has none."""
    if not isinstance(state, Mapping):
        return None
    listed = [entry for entry in state.get("islands") or () if isinstance(entry, Mapping)]
    return Islands(str(state.get("policy") or "population"), int(state.get("niches") or 0), int(state.get("migrations") or 0),
                   tuple(Island(int(entry.get("elites") or 0), entry.get("best")) for entry in listed))
