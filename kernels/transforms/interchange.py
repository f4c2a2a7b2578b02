"""Loop interchange: of two perfectly nested loops, the inner one becomes the outer one.

Legality: neither loop's bounds depend on the other's variable or body; no array dependence runs forward in the outer
loop and backward in the inner one; scalars are private to an iteration or reductions; nothing but `continue` jumps.
"""
from __future__ import annotations

from collections.abc import Iterator

from ..analysis import Function, Loop, analyse
from ..analysis.legality import iterations_may_be_reordered, keeps_its_variable, perfect_chain, rectangular
from ..candidate import Candidate
from ..signature import Signature
from .draft import Draft, Rewrite

NAME = "interchange"


def propose(candidate: Candidate, signature: Signature) -> Iterator[Rewrite]:
    """One rewrite for each legal pair of adjacent loops."""
    analysis = analyse(candidate, signature)
    for function, loop in analysis.loops:
        band = perfect_chain(function, loop)[:2]
        if len(band) < 2 or not _legal(function, band):
            continue
        draft = Draft(candidate, analysis)
        outer, inner = draft.of(band[0].node), draft.of(band[1].node)
        outer.target, inner.target = inner.target, outer.target      # type: ignore[union-attr]
        outer.iter, inner.iter = inner.iter, outer.iter              # type: ignore[union-attr]
        note = f"loops {band[0].variable} and {band[1].variable} interchanged (line {band[0].line})"
        made = draft.finish(NAME, note)
        if made is not None:
            yield made


def _legal(function: Function, band: list[Loop]) -> bool:
    outer, inner = band
    if any(loop.kind != "range" or loop.parallel for loop in band) or outer.variable == inner.variable:
        return False
    return (rectangular(band) and keeps_its_variable(inner) and iterations_may_be_reordered(function, inner)
            and iterations_may_be_reordered(function, outer) and function.dependences.permutable(band))
