"""Other forms of a lifted program, each a seed: a search that starts from several of them starts from several basins.

Each step is a file with `NAME` (what its seeds are called) and `derive(candidate, signature)`, which proves on the
candidate's text that its form computes the same, and returns it, or None where it declines. `RECIPES` compose the steps.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ...analysis import Undecided
from ...candidate import Candidate, CandidateError, Lineage
from ...dialect import check
from ...signature import Signature
from ...spec import Tolerance
from . import fused, parallel_nests, reordered, vectorised

__all__ = ["RECIPES", "STEPS", "derive_with", "variants"]

Derive = Callable[[Candidate, Signature], Candidate | None]
_MODULES = (fused, parallel_nests, reordered, vectorised)
STEPS: Mapping[str, Derive] = {module.NAME: module.derive for module in _MODULES}
RECIPES: tuple[tuple[str, ...], ...] = (
    (fused.NAME, parallel_nests.NAME, reordered.NAME, vectorised.NAME),
    (fused.NAME, parallel_nests.NAME, reordered.NAME),
    (fused.NAME, reordered.NAME, vectorised.NAME),
    (fused.NAME, reordered.NAME),
    (reordered.NAME,),
)
"""The most promising first, as a short run judges but these. A step that declines is left out of its recipe."""
MOST = 8
LONGEST = 300
"""Lines of text beyond which the steps would take longer than the seeds are worth."""


def variants(candidates: Sequence[Candidate], signature: Signature, tolerance: Tolerance, threads: int) -> tuple[Candidate, ...]:
    """At most `MOST` further seeds made of the lifted `candidates`, none of them twice.

    They are made in the convention that costs least. Sums are reordered only where the tolerance leaves room for rounding;
    loops are parallel only where a run has several threads.
    """
    base = next((each for each in candidates if each.convention == "writes"), candidates[0] if candidates else None)
    if base is None or base.text.count("\n") > LONGEST:
        return ()
    left_out = {reordered.NAME, vectorised.NAME} if tolerance.kind == "exact" else set()
    if threads < 2:
        left_out.add(parallel_nests.NAME)
    found = {each.identity: each for each in candidates}
    known = set(found)
    made: dict[tuple[str, ...], Candidate | None] = {}
    for recipe in RECIPES:
        current, done = base, ()
        for name in recipe:
            if name in left_out:
                continue
            step = (*done, name)
            if step not in made:
                made[step] = derive_with(name, current, signature)
            if (next_form := made[step]) is not None:
                current, done = next_form, step
        if done:
            found.setdefault(current.identity, replace(current, lineage=Lineage("seed", ", ".join(("lifted", *done)))))
    return tuple(each for identity, each in found.items() if identity not in known)[:MOST]


def derive_with(name: str, candidate: Candidate, signature: Signature) -> Candidate | None:
    """The form that the step `name` gives; None where it declines, or where the gate refuses what it made."""
    try:
        made = STEPS[name](candidate, signature)
        return None if made is None or check(made, signature) else made
    except (CandidateError, Undecided, RecursionError):
        return None                                 # the text is outside what this step understands: it declines
