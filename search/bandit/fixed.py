"""Fixed weights: the priors, whatever the run brings."""
from __future__ import annotations

from collections.abc import Mapping, Sequence

from .priors import prior_shares


class Fixed:
    name = "fixed"

    def shares(self, names: Sequence[str]) -> Mapping[str, float]:
        return prior_shares(names)

    def credit(self, name: str, gain: float, seconds: float) -> None:
        """Learns nothing."""
