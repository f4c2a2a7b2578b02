"""Selections in place: what masks select is not gathered into arrays of its own. Legality: that of `uncompress`."""
from __future__ import annotations

from ...candidate import Candidate
from ...signature import Signature
from ...transforms import uncompress
from .repeated import exhausted

NAME = "selections in place"
MOST = 20


def derive(candidate: Candidate, signature: Signature) -> Candidate | None:
    """One mask after the other, until none is left."""
    return exhausted(uncompress.propose, candidate, signature, MOST)
