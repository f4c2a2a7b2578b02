"""Other forms of a lifted program, each a seed: a search that starts from several of them starts from several basins.

Each step is a file with `NAME` (what its seeds are called) and `derive(candidate, signature)`, which proves on the
candidate's text that its form computes the same, and returns it, or None where it declines. `RECIPES` compose the steps.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest

from ...analysis import Undecided
from ...candidate import Candidate, CandidateError, Lineage
from ...dialect import check
from ...signature import Signature
from ...spec import Tolerance
from . import contiguous, elements, extremes, forwarded, fused, in_place, outward, parallel_nests, reordered, vectorised

__all__ = ["RECIPES", "STEPS", "derive_with", "variants"]

Derive = Callable[[Candidate, Signature], Candidate | None]
_MODULES = (in_place, fused, outward, contiguous, forwarded, elements, parallel_nests, extremes, reordered, vectorised)
STEPS: Mapping[str, Derive] = {module.NAME: module.derive for module in _MODULES}
_NESTS = (in_place.NAME, fused.NAME, outward.NAME, contiguous.NAME, forwarded.NAME, elements.NAME)
RECIPES: tuple[tuple[str, ...], ...] = (
    (*_NESTS, parallel_nests.NAME, extremes.NAME, reordered.NAME, vectorised.NAME),
    (*_NESTS, parallel_nests.NAME, extremes.NAME, reordered.NAME),
    (*_NESTS, extremes.NAME, reordered.NAME, vectorised.NAME),
    (in_place.NAME, fused.NAME, forwarded.NAME, elements.NAME, extremes.NAME, reordered.NAME),
    (reordered.NAME,),
    (fused.NAME, parallel_nests.NAME, vectorised.NAME),
)
"""The most promising first, as a short run judges but these. A step that declines is left out of its recipe."""
OF_OTHER_STYLES: tuple[tuple[str, ...], ...] = (RECIPES[-1], RECIPES[0], ())
"""The same for what was lifted in another style. Sums keep their order first: they are in BLAS, or scattered over groups, and
the edges between groups, computed in another order, would lie elsewhere."""
MOST = 10
LONGEST = 300
"""Lines of text beyond which the steps would take longer than the seeds are worth."""


def variants(candidates: Sequence[Candidate], signature: Signature, tolerance: Tolerance, threads: int,
             others: Sequence[Sequence[Candidate]] = ()) -> tuple[Candidate, ...]:
    """At most `MOST` further seeds made of the lifted `candidates` and of those in `others`, which were lifted in other
    styles; none of them twice.

    They are made in the convention that costs least. Sums are reordered only where the tolerance leaves room for rounding;
    loops are parallel only where a run has several threads.
    """
    left_out = {reordered.NAME, vectorised.NAME} if tolerance.kind == "exact" else set()
    if threads < 2:
        left_out.add(parallel_nests.NAME)

    def open_here(recipes: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
        return list(dict.fromkeys(tuple(name for name in recipe if name not in left_out) for recipe in recipes))

    plain = _of_base(_base(candidates), "lifted", open_here(RECIPES), signature)
    further = [_of_base(base, base.lineage.note, open_here(OF_OTHER_STYLES), signature)
               for base in map(_base, others) if base is not None]
    known = {each.identity for each in candidates}
    found = {each.identity: each for turn in zip_longest(plain, *further) for each in turn if each is not None}
    return tuple(each for identity, each in found.items() if identity not in known)[:MOST]


def _base(candidates: Sequence[Candidate]) -> Candidate | None:
    """The candidate in the convention that costs least; None where the text of it is too long for the steps."""
    base = next((each for each in candidates if each.convention == "writes"), candidates[0] if candidates else None)
    return None if base is None or base.text.count("\n") > LONGEST else base


def _of_base(base: Candidate | None, note: str, recipes: Sequence[tuple[str, ...]], signature: Signature) -> list[Candidate]:
    """What the recipes make of one candidate, in their order; the empty one leaves it as it is."""
    made: dict[tuple[str, ...], Candidate | None] = {}
    found = []
    for recipe in recipes if base is not None else ():
        assert base is not None
        current, done = base, ()
        for name in recipe:
            step = (*done, name)
            if step not in made:
                made[step] = derive_with(name, current, signature)
            if (next_form := made[step]) is not None:
                current, done = next_form, step
        if done or not recipe:
            found.append(replace(current, lineage=Lineage("seed", ", ".join((note, *done)))))
    return found


def derive_with(name: str, candidate: Candidate, signature: Signature) -> Candidate | None:
    """The form that the step `name` gives; None where it declines, or where the gate refuses what it made."""
    try:
        made = STEPS[name](candidate, signature)
        return None if made is None or check(made, signature) else made
    except (CandidateError, Undecided, RecursionError):
        return None                                 # the text is outside what this step understands: it declines
