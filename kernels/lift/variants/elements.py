"""Elements in registers: an element that stays the same one throughout a loop is a scalar there, and indices are unsigned, without which
LLVM takes an index that wraps around for possible and does not pack what is left. Legality: that of the transforms `scalarise` and
`unsigned`, step by step."""
from __future__ import annotations

from ...candidate import Candidate
from ...signature import Signature
from ...transforms import scalarise, unsigned
from .repeated import exhausted

NAME = "elements in registers"
MOST = 12


def derive(candidate: Candidate, signature: Signature) -> Candidate | None:
    """None where no loop uses one element again and again."""
    at = exhausted(scalarise.propose, candidate, signature, MOST)
    if at is None:
        return None
    made = next(unsigned.propose(at, signature), None)
    return at if made is None else made.candidate
