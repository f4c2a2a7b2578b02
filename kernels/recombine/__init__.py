"""Crossover: candidates made of two others, each way of combining them a file with `NAME` and `propose(pair)`.

What comes out need not mean what its parents mean; it is judged like every candidate. But each way takes only what
should fit, so that few are wrong.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from ..candidate import CandidateError
from ..idle_flags import awake
from . import helpers, merge, tunables
from .pair import Pair, Recombined

__all__ = ["KINDS", "Pair", "Recombined", "recombined"]

Propose = Callable[[Pair], Iterator[Recombined]]
KINDS: Mapping[str, Propose] = {module.NAME: module.propose for module in (merge, helpers, tunables)}


def recombined(kind: str, pair: Pair) -> list[Recombined]:
    """What `kind` makes of the pair, in no order of worth and without flags that are idle there; empty where the two have nothing
    for it, or cannot be read."""
    try:
        first = awake(pair.first)
        found = [replace(each, candidate=awake(each.candidate)) for each in KINDS[kind](pair)]
        return [each for each in found if each.candidate.identity != first.identity]
    except (CandidateError, RecursionError, ValueError):
        return []
