"""Rivals that need no other compiler: the reference as it is, and candidates."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...kernels.candidate import Candidate
from ..oracle import Case
from ..sandbox.client import Child
from ..slots import Slots


@dataclass(frozen=True)
class Known:
    """The reference (`candidate` None) or a candidate, as the search itself builds them."""

    name: str
    candidate: Candidate | None = None

    def prepare(self, slots: Slots, case: Case, cores: Sequence[int]) -> None:
        slots.cache_rival(self.candidate, case, cores)

    def build(self, slots: Slots, child: Child, slot: str) -> None:
        slots.build_rival(child, slot, self.candidate)
