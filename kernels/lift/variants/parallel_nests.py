"""The outermost loops of the deepest nests as `prange`, where no iteration touches what another one writes. Legality: that of
the transform `parallel`, and of `inline_views`, as Numba knows nothing of a view's strides in a parallel loop."""
from __future__ import annotations

from ...candidate import Candidate
from ...signature import Signature
from ...transforms import inline_views, parallel

NAME = "parallel"


def derive(candidate: Candidate, signature: Signature) -> Candidate | None:
    """None where no loop is known to be parallel."""
    direct = next(inline_views.propose(candidate, signature), None)
    made = parallel.deepest(candidate if direct is None else direct.candidate, signature)
    return None if made is None else made.candidate
