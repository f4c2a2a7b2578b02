"""Rows outermost: a loop of independent iterations leaves the loops around it that go over all of them again and again, and what is
done with each of its rows before and after comes to it. Legality: that of interchange, `streamline` and `inline_views`, step by step."""
from __future__ import annotations

from ...candidate import Candidate
from ...signature import Signature
from ...transforms import inline_views, interchange
from . import fused
from .repeated import repeated

NAME = "rows outermost"
MOST = 12


def derive(candidate: Candidate, signature: Signature) -> Candidate | None:
    """None where no loop has anywhere to go."""
    at = repeated(interchange.independent_outward, candidate, signature, MOST)
    if at is None:
        return None
    at = fused.derive(at, signature) or at
    direct = next(inline_views.propose(at, signature), None)
    return at if direct is None else direct.candidate
