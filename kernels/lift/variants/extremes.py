"""Extremes side by side: the largest or least of many numbers is looked for in a loop of its own, with several accumulators, as LLVM
packs no comparison that may meet a nan. Legality: that of the transforms `fission` and `accumulators`, step by step."""
from __future__ import annotations

from ...candidate import Candidate
from ...signature import Signature
from ...transforms import accumulators, fission
from .repeated import repeated

NAME = "extremes side by side"
MOST = 6


def derive(candidate: Candidate, signature: Signature) -> Candidate | None:
    """None where no loop looks for one."""
    apart = repeated(fission.before_extremes, candidate, signature, MOST) or candidate
    return repeated(accumulators.widest_of_extremes, apart, signature, MOST)
