"""Recurrences in registers: what an iteration stores and the next ones read again stays in scalars, in every loop. Legality: that
of the transform `forward`, step by step."""
from __future__ import annotations

from ...candidate import Candidate
from ...signature import Signature
from ...transforms import forward
from .repeated import exhausted

NAME = "recurrences in registers"
MOST = 12


def derive(candidate: Candidate, signature: Signature) -> Candidate | None:
    """None where no loop reads what it has stored."""
    return exhausted(forward.propose, candidate, signature, MOST)
