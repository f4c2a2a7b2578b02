"""Transcendental functions in the innermost loops as functions of vecmath, so that these loops vectorise. Legality: that of
the transform `vecmath`."""
from __future__ import annotations

from ...candidate import Candidate
from ...signature import Signature
from ...transforms import vectorise_functions

NAME = "functions vectorised"


def derive(candidate: Candidate, signature: Signature) -> Candidate | None:
    """None where no innermost loop calls any."""
    made = next(vectorise_functions.propose(candidate, signature), None)
    return None if made is None else made.candidate
