"""Streamlining: fusion, contraction and hoisting, again and again until none applies.

Lifted NumPy has a loop nest for each statement, linked by temporary arrays; this is the composition that turns them
into few nests with scalars. Legality: that of each step.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from ..candidate import Candidate
from ..signature import Signature
from . import contract_array, fuse, hoist
from .draft import Rewrite, rewritten

NAME = "streamline"
STEPS: Mapping[str, Callable[[Candidate, Signature], Iterator[Rewrite]]] = {
    fuse.NAME: partial(fuse.propose, keep_independent=True), contract_array.NAME: contract_array.propose, hoist.NAME: hoist.propose}
MAX_STEPS = 80


def propose(candidate: Candidate, signature: Signature) -> Iterator[Rewrite]:
    """One rewrite, if at least two steps apply."""
    current, done = candidate, []
    seen = {candidate.identity}
    while len(done) < MAX_STEPS:
        applied = next((made for step in STEPS.values() for made in step(current, signature)
                     if made.candidate.identity not in seen), None)
        if applied is None:
            break
        current = applied.candidate
        seen.add(current.identity)
        done.append(applied.transform)
    if len(done) >= 2:
        counts = ", ".join(f"{done.count(name)} x {name}" for name in STEPS if name in done)
        made = rewritten(candidate, NAME, f"streamlined: {counts}", text=current.text)
        if made is not None:
            yield made
