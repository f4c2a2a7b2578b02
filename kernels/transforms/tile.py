"""Tiling: some loops of a band are strip-mined and their tile loops moved outside the band; tile sizes are tunables.

Legality: the band is fully permutable (no dependence runs against any of its loops), rectangular (no loop's bounds
depend on what the band changes) and of step 1; scalars are private or reductions; nothing but `continue` jumps. The
last tile of each loop is cut off by `min`.
"""
from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from itertools import combinations

from ..analysis import Function, Loop, analyse
from ..analysis.legality import iterations_may_be_reordered, keeps_its_variable, perfect_chain, rectangular
from ..candidate import Candidate
from ..signature import Signature
from .draft import Draft, Rewrite, expression, loop_over, name

NAME = "tile"
CHOICES = (8, 16, 32, 64, 128, 256)
DEFAULT = 64
MAX_BAND = 3
MAX_TUNABLES = 6


def propose(candidate: Candidate, signature: Signature) -> Iterator[Rewrite]:
    """For each permutable band of two or three loops, one rewrite for each useful choice of loops to tile."""
    analysis = analyse(candidate, signature)
    for function, loop in analysis.loops:
        chain = perfect_chain(function, loop)
        for length in range(2, min(MAX_BAND, len(chain)) + 1):
            band = chain[:length]
            if not _legal(function, band):
                break
            for chosen in _choices(band):
                if len(candidate.tunables) + len(chosen) <= MAX_TUNABLES:
                    made = _tiled(Draft(candidate, analysis), band, chosen)
                    if made is not None:
                        yield made


def _choices(band: list[Loop]) -> Iterator[tuple[Loop, ...]]:
    """Subsets of the band worth tiling. Those that leave out the last loop are those of the band without it."""
    for size in range(1, len(band) + 1):
        for chosen in combinations(band, size):
            useful = band[-1] in chosen
            if useful and (not band[0].parallel or band[0] in chosen):
                yield chosen


def _legal(function: Function, band: list[Loop]) -> bool:
    if not all(loop.unit_step and keeps_its_variable(loop) for loop in band) or any(loop.parallel for loop in band[1:]):
        return False
    if len({loop.variable for loop in band}) < len(band) or any(_is_tile(loop) for loop in band):
        return False
    return (rectangular(band) and all(iterations_may_be_reordered(function, loop) for loop in band)
            and function.dependences.permutable(band))


def _is_tile(loop: Loop) -> bool:
    """Whether the loop runs within a tile already."""
    return any(isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "min"
               for n in ast.walk(loop.range_arguments[1]))


def _tiled(draft: Draft, band: list[Loop], chosen: tuple[Loop, ...]) -> Rewrite | None:
    body = draft.of(band[-1].node).body
    tiles = {loop: (draft.tunable(f"TILE_{_constant_name(loop)}", DEFAULT, CHOICES), draft.fresh(f"{loop.variable}_tile"))
             for loop in chosen}
    for loop in reversed(band):
        start, stop = (copy.deepcopy(a) for a in loop.range_arguments)
        if loop in tiles:
            size, first = tiles[loop]
            stop = expression("min(first + size, stop)", first=first, size=size, stop=stop)
            start = name(first)
        body = [loop_over(loop.variable, start, stop, body, parallel=loop.parallel and loop not in tiles)]
    for loop in reversed(chosen):
        size, first = tiles[loop]
        start, stop = (copy.deepcopy(a) for a in loop.range_arguments)
        if loop.parallel:
            counter = draft.fresh(f"{loop.variable}_block")
            count = expression("(stop - start + size - 1) // size", start=start, stop=stop, size=size)
            origin = expression("start + np.int64(counter) * size", start=start, counter=counter, size=size)
            assigned = ast.Assign([ast.Name(first, ast.Store())], origin, lineno=0)
            body = [loop_over(counter, ast.Constant(0), count, [assigned, *body], parallel=True)]
        else:
            body = [loop_over(first, start, stop, body, step=name(size))]
    draft.replace(draft.of(band[0].node), *body)
    which = ", ".join(loop.variable for loop in chosen)
    return draft.finish(NAME, f"loop{'s' if len(chosen) > 1 else ''} {which} tiled in the nest at line {band[0].line}")


def _constant_name(loop: Loop) -> str:
    kept = "".join(c for c in loop.variable.upper() if c.isascii() and (c.isalnum() or c == "_")).strip("_")
    return kept or "X"
