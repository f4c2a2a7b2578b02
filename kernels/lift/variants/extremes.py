"""Extremes side by side: the largest or least of many numbers is looked for with several accumulators, as LLVM packs no comparison that
may meet a nan. Legality: that of the transform `accumulators`."""
from __future__ import annotations

from ...candidate import Candidate
from ...signature import Signature
from ...transforms import accumulators
from .repeated import repeated

NAME = "extremes side by side"
MOST = 6


def derive(candidate: Candidate, signature: Signature) -> Candidate | None:
    """None where no loop does nothing else."""
    return repeated(accumulators.widest_of_extremes, candidate, signature, MOST)
