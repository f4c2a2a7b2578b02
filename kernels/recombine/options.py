"""Options: the first candidate's text under jit options of the second, or in its calling convention.

Threads, and whether loops run in parallel, are taken together, and only by a text that has a `prange`: for any other the
option would leave it to Numba to find parallel loops.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations

from ..analysis.legality import uses_parallel
from ..candidate import Candidate
from .convention import in_convention
from .pair import Pair, Recombined

NAME = "options"


def propose(pair: Pair) -> Iterator[Recombined]:
    """Each set of the options in which the two differ, the whole set first."""
    genes = _genes(pair.first, pair.second)
    for size in range(len(genes), 0, -1):
        for names in combinations(genes, size):
            made: Candidate | None = pair.first
            options = made.options
            for name in names:
                if name != "convention":
                    options = replace(options, **genes[name])
            made = replace(made, options=options)
            if "convention" in names:
                made = in_convention(made, pair.second.convention, pair.signature)
            if made is not None:
                yield Recombined(made, NAME, ", ".join(_said(name, pair.second) for name in names))


def _genes(first: Candidate, second: Candidate) -> dict[str, Mapping[str, object]]:
    mine, other = first.options, second.options
    genes: dict[str, Mapping[str, object]] = {}
    if mine.fastmath != other.fastmath:
        genes["fastmath"] = {"fastmath": other.fastmath}
    if mine.error_model != other.error_model:
        genes["error_model"] = {"error_model": other.error_model}
    if (mine.parallel, mine.threads) != (other.parallel, other.threads) and uses_parallel([first.tree]):
        genes["parallel"] = {"parallel": other.parallel, "threads": other.threads}
    if first.convention != second.convention:
        genes["convention"] = {}
    return genes


def _said(name: str, candidate: Candidate) -> str:
    options = candidate.options
    return {"fastmath": f"fastmath {', '.join(options.fastmath) or 'off'}", "error_model": f"error_model {options.error_model}",
            "parallel": f"parallel {'on' if options.parallel else 'off'}" + (f" with {options.threads} threads" if options.threads else ""),
            "convention": f"convention {candidate.convention}"}[name]
