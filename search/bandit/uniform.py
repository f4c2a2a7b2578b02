"""Uniform: every operator is asked equally often."""
from __future__ import annotations

from collections.abc import Mapping, Sequence


class Uniform:
    name = "uniform"

    def shares(self, names: Sequence[str]) -> Mapping[str, float]:
        return {name: 1.0 / len(names) for name in names}

    def credit(self, name: str, gain: float, seconds: float) -> None:
        """Learns nothing."""
