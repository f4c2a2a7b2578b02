"""Few nests in place of one for each statement, row by row where rows are all that nests share; temporary arrays become rows
or scalars, and what is left of them is allocated once. Legality: that of fusion, contraction and hoisting, step by step."""
from __future__ import annotations

from ...candidate import Candidate
from ...signature import Signature
from ...transforms import contract_array, fuse, streamline

NAME = "fused"


def derive(candidate: Candidate, signature: Signature) -> Candidate | None:
    """What `streamline` makes of it; where that applies fewer than two steps, the one step."""
    for step in (streamline.propose, contract_array.propose, streamline.STEPS[fuse.NAME]):
        made = next(step(candidate, signature), None)
        if made is not None:
            return made.candidate
    return None
