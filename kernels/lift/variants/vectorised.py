"""Transcendental functions in the innermost loops as functions of vecmath, and powers of half whole numbers by square roots, so
that these loops vectorise. Legality: that of the transforms `powers` and `vecmath`."""
from __future__ import annotations

from ...candidate import Candidate
from ...signature import Signature
from ...transforms import powers, vectorise_functions

NAME = "functions vectorised"


def derive(candidate: Candidate, signature: Signature) -> Candidate | None:
    """None where no innermost loop calls any."""
    at = candidate
    for transform in (powers, vectorise_functions):
        made = next(transform.propose(at, signature), None)
        at = at if made is None else made.candidate
    return None if at is candidate else at
