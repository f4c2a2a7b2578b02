"""Streamlining: fusion, contraction and hoisting, again and again until none applies.

Lifted NumPy has a loop nest for each statement, linked by temporary arrays; this is the composition that turns them
into few nests with scalars. Legality: that of each step.
"""
from __future__ import annotations

from collections.abc import Iterator

from ..candidate import Candidate
from ..signature import Signature
from . import contract_array, fuse, hoist
from .draft import Rewrite, rewritten

NAME = "streamline"
STEPS = (fuse, contract_array, hoist)
MAX_STEPS = 80


def propose(candidate: Candidate, signature: Signature) -> Iterator[Rewrite]:
    """One rewrite, if at least two steps apply."""
    current, done = candidate, []
    seen = {candidate.identity}
    while len(done) < MAX_STEPS:
        step = next((made for part in STEPS for made in part.propose(current, signature)
                     if made.candidate.identity not in seen), None)
        if step is None:
            break
        current = step.candidate
        seen.add(current.identity)
        done.append(step.transform)
    if len(done) >= 2:
        counts = ", ".join(f"{done.count(part.NAME)} x {part.NAME}" for part in STEPS if part.NAME in done)
        made = rewritten(candidate, NAME, f"streamlined: {counts}", text=current.text)
        if made is not None:
            yield made
