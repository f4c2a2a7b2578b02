"""Loop interchange: of two nested loops, the inner one becomes the outer one.

Between them may stand scalars and views, which are then evaluated anew in each iteration of both.

Legality: neither loop's bounds depend on the other's variable or body; no array dependence runs forward in the outer
loop and backward in the inner one; scalars are private to an iteration or reductions; nothing but `continue` jumps. What stands
between writes no array, reads none that the inner loop writes, and binds names that nothing else binds or reads later.
"""
from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis import Analysis, Function, Loop, analyse
from ..analysis.legality import header_is_invariant, iterations_may_be_reordered, keeps_its_variable
from ..analysis.liveness import exposed
from ..analysis.names import stored
from ..candidate import Candidate
from ..signature import Signature
from .draft import Draft, Rewrite

NAME = "interchange"


def propose(candidate: Candidate, signature: Signature) -> Iterator[Rewrite]:
    """One rewrite for each legal pair of adjacent loops."""
    analysis = analyse(candidate, signature)
    for function, outer in analysis.loops:
        inner = _inner(function, outer)
        if inner is not None and _legal(function, outer, inner) and (made := _interchanged(candidate, analysis, outer, inner)):
            yield made


def independent_outward(candidate: Candidate, signature: Signature) -> Rewrite | None:
    """The first interchange that moves a loop of independent iterations, with a loop in it, out of one whose iterations depend on
    each other; None where there is none such. What goes over all rows again and again then goes over one row as often."""
    analysis = analyse(candidate, signature)
    for function, outer in analysis.loops:
        inner = _inner(function, outer)
        if inner is not None and inner.children and _is_independent(function, inner, outer) and not _is_independent(function, outer, outer) \
                and _legal(function, outer, inner) and (made := _interchanged(candidate, analysis, outer, inner)):
            return made
    return None


def _interchanged(candidate: Candidate, analysis: Analysis, outer: Loop, inner: Loop) -> Rewrite | None:
    draft = Draft(candidate, analysis)
    first, second = draft.of(outer.node), draft.of(inner.node)
    first.target, second.target = second.target, first.target      # type: ignore[union-attr]
    first.iter, second.iter = second.iter, first.iter              # type: ignore[union-attr]
    first.body, second.body = [second], [*first.body[:-1], *second.body]
    return draft.finish(NAME, f"loops {outer.variable} and {inner.variable} interchanged (line {outer.line})")


def _is_independent(function: Function, loop: Loop, within: Loop) -> bool:
    """Whether iterations of `loop` touch nothing that another one writes, in whatever iterations of `within` and the loops between."""
    accesses, conflict = function.facts.in_body(loop), function.dependences.conflict
    return not any(conflict(a, b, within.enclosing, [(loop, loop, order)]) for a in accesses if a.write for b in accesses for order in "<>")


def _inner(function: Function, outer: Loop) -> Loop | None:
    """The loop that ends the outer one's body, in front of which nothing but assignments to names stands."""
    *between, last = outer.node.body
    plain = all(isinstance(s, ast.Assign) and all(isinstance(t, ast.Name) for t in s.targets) for s in between)
    return function.facts.loop_of(last) if plain else None


def _legal(function: Function, outer: Loop, inner: Loop) -> bool:
    if any(loop.kind != "range" or loop.parallel for loop in (outer, inner)) or outer.variable == inner.variable:
        return False
    bound, between = stored([outer.node]), outer.node.body[:-1]
    return (header_is_invariant(outer, inner.node.body, bound) and header_is_invariant(inner, inner.node.body, bound)
            and keeps_its_variable(inner) and iterations_may_be_reordered(function, inner)
            and iterations_may_be_reordered(function, outer) and function.dependences.permutable((outer, inner))
            and (not between or _may_move_in(function, outer, inner, between)))


def _may_move_in(function: Function, outer: Loop, inner: Loop, between: list[ast.stmt]) -> bool:
    names, accesses = stored(between), function.facts.within(*between)
    if names & (stored([inner.node]) | function.scalars(outer).live_out) or exposed(between) & stored([outer.node]) - {outer.variable}:
        return False
    if any(isinstance(s, ast.Assign) and not function.type_of(s.value).is_scalar and not isinstance(s.value, ast.Subscript) for s in between):
        return False
    writes = [a for a in function.facts.in_body(inner) if a.write]
    return not any(a.write or function.dependences.conflict(a, w, outer.enclosing) for a in accesses for w in [*writes, a])
