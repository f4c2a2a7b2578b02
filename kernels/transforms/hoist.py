"""Hoisting of allocations: a scratch array allocated anew in every iteration is allocated once, before the loop.

Legality: its extents do not change in the loop, it is used by its elements alone and in the loop alone, and the loop is
not parallel. An `np.empty` array holds nothing that may be read before it is written, so an old one serves as well; an
`np.zeros` array is filled with zeros again in each iteration.
"""
from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis import Function, Loop, analyse
from ..analysis.legality import can_be_evaluated_anywhere
from ..analysis.names import blocks, loaded, stored, walk
from ..analysis.privatise import Allocation, allocations
from ..candidate import Candidate
from ..signature import Signature
from .draft import Draft, Rewrite, expression

NAME = "hoist"


def propose(candidate: Candidate, signature: Signature) -> Iterator[Rewrite]:
    """One rewrite for each allocation that can leave the loops around it, as far as it goes."""
    analysis = analyse(candidate, signature)
    for function in analysis.functions:
        for allocation in allocations(function):
            loops = _leavable(function, allocation)
            if not loops:
                continue
            draft = Draft(candidate, analysis)
            statement = draft.of(allocation.statement)
            again = [] if allocation.function == "empty" else [ast.Expr(expression("array.fill(0)", array=allocation.name))]
            draft.replace(statement, *again)
            outermost = draft.of(loops[-1].node)
            draft.replace(outermost, statement, outermost)
            which = ", ".join(loop.variable or "while" for loop in loops)
            made = draft.finish(NAME, f"allocation of {allocation.name} (line {allocation.statement.lineno}) hoisted out of loop {which}")
            if made is not None:
                yield made


def _leavable(function: Function, allocation: Allocation) -> list[Loop]:
    """The loops around the allocation that it may leave, innermost first."""
    if allocation.function not in ("empty", "zeros"):
        return []
    call = allocation.call
    shape = call.args[0] if call.args else None
    parts = shape.elts if isinstance(shape, ast.Tuple) else [shape] if shape is not None else []
    if not parts or not all(can_be_evaluated_anywhere(p) for p in parts):
        return []
    found: list[Loop] = []
    for loop in _around(function, allocation.statement):
        if loop.kind != "range" or loop.parallel or loaded([call]) & stored([loop.node]):
            break
        if not found and allocation.statement not in loop.node.body:
            break                       # under a condition: it may never have been executed
        if found and found[-1].node not in loop.node.body:
            break
        found.append(loop)
    return found


def _around(function: Function, statement: ast.stmt) -> list[Loop]:
    """The loops around a statement, innermost first."""
    found = [loop for loop in function.facts.loops
             if any(n is statement for body in blocks(loop.node) for s in body for n in walk(s))]
    return sorted(found, key=lambda loop: -len(loop.enclosing))
