"""Loop fission: a loop's body is cut in two, each part in a loop of its own.

Legality: no statement before the cut depends on one after the cut in an earlier iteration; the parts share no scalar
except such as each binds before reading it; nothing jumps.
"""
from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from ..analysis import Analysis, Function, Loop, analyse
from ..analysis.legality import header_is_invariant, keeps_its_variable
from ..analysis.liveness import exposed
from ..analysis.names import own_jumps, stored, used
from ..candidate import Candidate
from ..signature import Signature
from .draft import Draft, Rewrite
from .reductions import stays_scalar

NAME = "fission"


def propose(candidate: Candidate, signature: Signature) -> Iterator[Rewrite]:
    """One rewrite for each legal cut beside an inner loop, or in front of largest and least floats."""
    analysis = analyse(candidate, signature)
    for function, loop in analysis.loops:
        body = loop.node.body
        beside = [cut for cut in range(1, len(body)) if any(isinstance(s, ast.For) for s in body[cut - 1:cut + 1])]
        for cut in beside or _before_extremes(function, loop):
            yield from _rewrite(candidate, analysis, function, loop, cut)


def before_extremes(candidate: Candidate, signature: Signature) -> Rewrite | None:
    """The first cut in front of largest and least floats; None where there is none."""
    analysis = analyse(candidate, signature)
    cuts = ((function, loop, cut) for function, loop in analysis.loops for cut in _before_extremes(function, loop))
    return next((made for site in cuts for made in _rewrite(candidate, analysis, *site)), None)


def _before_extremes(function: Function, loop: Loop) -> list[int]:
    """Where the updates of extremes begin that an innermost loop ends with, after something else."""
    extremes = {id(s) for r in function.scalars(loop).reductions if stays_scalar(function, r) for s in r.statements}
    others = [position for position, statement in enumerate(loop.node.body, 1) if id(statement) not in extremes]
    return [others[-1]] if not loop.children and others and others[-1] < len(loop.node.body) else []


def _rewrite(candidate: Candidate, analysis: Analysis, function: Function, loop: Loop, cut: int) -> Iterator[Rewrite]:
    body = loop.node.body
    if not _legal(function, loop, cut):
        return
    draft = Draft(candidate, analysis)
    node: ast.For = draft.of(loop.node)  # type: ignore[assignment]
    rest = ast.For(copy.deepcopy(node.target), copy.deepcopy(node.iter), node.body[cut:], [], lineno=0)
    node.body = node.body[:cut]
    draft.replace(node, node, rest)
    made = draft.finish(NAME, f"loop {loop.variable} (line {loop.line}) cut before line {body[cut].lineno}")
    if made is not None:
        yield made


def _legal(function: Function, loop: Loop, cut: int) -> bool:
    body = loop.node.body
    before, after = body[:cut], body[cut:]
    if not keeps_its_variable(loop) or own_jumps(body) or not header_is_invariant(loop, body):
        return False
    if loop.variable in function.liveness.after(loop.node):
        return False
    shared = (stored(before) & used(after)) | (stored(after) & used(before))
    live = function.scalars(loop).live_out
    if any(n in exposed(before) or n in exposed(after) or n in live for n in shared):
        return False
    if shared and any(n not in stored(part) for n in shared for part in (before, after)):
        return False
    facts = function.facts
    if loop.parallel and function.dependences.carried(loop) is not None:
        return False
    return not function.dependences.reversed_by_fission(loop, facts.within(*before), facts.within(*after))
