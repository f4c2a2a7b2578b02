"""The proof of one candidate: its parallel loops, its whole-array statements, its indices."""
from __future__ import annotations

import ast
from dataclasses import asdict, dataclass
from typing import Any

from ..analysis import Analysis, Function, analyse_as_tuned
from ..candidate import Candidate
from ..interpret.scalars import is_prange, parallel_loops
from ..signature import Signature
from .bounds import Bounds
from .races import Races
from .solver import Solver
from .statements import complaints

SECONDS = 20.0
ASSUMPTIONS = (
    "arguments lie in memory of their own where one of them is written, and no array is longer in memory than its elements "
    "(a champion's guard asks for the former)",
    "the signature's relations between shapes hold and no argument is empty (a champion's guard asks for both)",
    "index arithmetic stays within 64 bits",
    "Numba runs the text as it is written: the iterations of an outermost prange loop in parallel, all else in order",
)


@dataclass(frozen=True)
class LoopProof:
    """Of the outermost parallel loop, or the whole-array statement, in `line`: no two of its iterations touch one
    element that one of them writes, at any size. reason: why that is not proven, "" where it is."""

    line: int
    proven: bool
    reason: str = ""


@dataclass(frozen=True)
class BoundsProof:
    """Every index into what the text calls `array` lies within it, at every size; else the first reason why not."""

    array: str
    proven: bool
    reason: str = ""


@dataclass(frozen=True)
class ParallelProof:
    """What holds for every size, under `assumptions`. loops: in the order of the text."""

    loops: tuple[LoopProof, ...]
    bounds: tuple[BoundsProof, ...]
    assumptions: tuple[str, ...] = ASSUMPTIONS

    @property
    def proven(self) -> bool:
        """Whether the candidate is legal in parallel at every size."""
        return all(loop.proven for loop in self.loops)

    @property
    def in_bounds(self) -> bool:
        return all(array.proven for array in self.bounds)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def prove_parallel(candidate: Candidate, signature: Signature, seconds: float = SECONDS) -> ParallelProof:
    """The proof of a candidate, as far as it succeeds within so many seconds. Raises CandidateError where the text does
    not parse or is nested too deeply."""
    if not candidate.options.parallel:
        return ParallelProof((), ())
    solver = Solver(seconds)
    analysis = analyse_as_tuned(candidate, signature)
    bounds = {function.node.name: Bounds(function, solver) for function in analysis.functions}
    loops = [proof for function in analysis.functions for proof in _loops(candidate, function, Races(function, solver, bounds))]
    loops += [LoopProof(line, False, reason) for function in analysis.functions for line, reason in complaints(function, solver)]
    loops += _left_out(analysis)
    arrays = [BoundsProof(name, not reason, reason) for each in bounds.values() for name, reason in each.proofs()]
    arrays += [BoundsProof(name, False, reason) for name, reason in analysis.undecided.items()]
    return ParallelProof(tuple(sorted(loops, key=lambda loop: loop.line)), tuple(arrays))


def _loops(candidate: Candidate, function: Function, races: Races) -> list[LoopProof]:
    scalars = parallel_loops(candidate.tree)
    found = []
    for loop in function.facts.loops:
        known = scalars.get((loop.node.lineno, loop.node.col_offset))
        if known is not None and loop.parallel:
            reason = races.complaint(loop, known)
            found.append(LoopProof(loop.line, not reason, reason))
    return found


def _left_out(analysis: Analysis) -> list[LoopProof]:
    """The parallel loops of functions that could not be analysed; at least one entry for each such function, as its
    whole-array statements are parallel too."""
    found = []
    for node in analysis.tree.body:
        if isinstance(node, ast.FunctionDef) and node.name in analysis.undecided:
            reason = f"the function {node.name} is outside what can be analysed: {analysis.undecided[node.name]}"
            lines = [loop.lineno for loop in ast.walk(node) if is_prange(loop)] or [node.lineno]
            found += [LoopProof(line, False, reason) for line in lines]
    return found
