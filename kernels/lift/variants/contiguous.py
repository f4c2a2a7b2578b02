"""Contiguous innermost: the innermost loop goes from element to neighbouring element where it can, not from row to row. Legality: that of
the transform `interchange`, step by step."""
from __future__ import annotations

from ...candidate import Candidate
from ...signature import Signature
from ...transforms import interchange
from .repeated import repeated

NAME = "contiguous innermost"
MOST = 12


def derive(candidate: Candidate, signature: Signature) -> Candidate | None:
    """None where no loop would do better as the innermost one."""
    return repeated(interchange.contiguous_inward, candidate, signature, MOST)
