"""The outermost loops of the deepest nests as `prange`, where no iteration touches what another one writes. Legality: that of
the transform `parallel`."""
from __future__ import annotations

from ...candidate import Candidate
from ...signature import Signature
from ...transforms import parallel

NAME = "parallel"


def derive(candidate: Candidate, signature: Signature) -> Candidate | None:
    """None where no loop is known to be parallel."""
    made = parallel.deepest(candidate, signature)
    return None if made is None else made.candidate
