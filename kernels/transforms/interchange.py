"""Loop interchange: of two nested loops, the inner one becomes the outer one.

Between them may stand scalars and views, which are then evaluated anew in each iteration of both.

Legality: neither loop's bounds depend on the other's variable or body; no array dependence runs forward in the outer
loop and backward in the inner one; scalars are private to an iteration or reductions; nothing but `continue` jumps. What stands
between writes no array, reads none that the inner loop writes, and binds names that nothing else binds or reads later.
"""
from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from ..analysis import Access, Analysis, Function, Loop, analyse
from ..analysis.legality import header_is_invariant, iterations_may_be_reordered, keeps_its_variable
from ..analysis.liveness import exposed
from ..analysis.names import stored, walk
from ..candidate import Candidate
from ..signature import Signature
from .draft import Draft, Rewrite

NAME = "interchange"
LINE = 8
"""Elements in a cache line."""


def propose(candidate: Candidate, signature: Signature) -> Iterator[Rewrite]:
    """One rewrite for each legal pair of adjacent loops."""
    analysis = analyse(candidate, signature)
    for function, outer, inner in _pairs(analysis):
        if _legal(function, outer, inner) and (made := _interchanged(candidate, analysis, outer, inner)):
            yield made


def independent_outward(candidate: Candidate, signature: Signature) -> Rewrite | None:
    """The first interchange that moves a loop of independent iterations, with a loop in it, out of one whose iterations depend on
    each other; None where there is none such. What goes over all rows again and again then goes over one row as often."""
    analysis = analyse(candidate, signature)
    for function, outer, inner in _pairs(analysis):
        if inner.children and _is_independent(function, inner, outer) and not _is_independent(function, outer, outer) \
                and _legal(function, outer, inner) and (made := _interchanged(candidate, analysis, outer, inner)):
            return made
    return None


def contiguous_inward(candidate: Candidate, signature: Signature) -> Rewrite | None:
    """The first interchange after which the innermost loop goes from element to neighbouring element where it went from row to row,
    and has independent iterations, sums apart; None where there is none such, or only one that repeats a division or a call. The cost
    of an order of loops is that of Carr, McKinley and Tseng (ASPLOS 1994): cache lines touched along the innermost one."""
    if any(argument.layout != "C" for argument in signature.arguments):
        return None
    analysis = analyse(candidate, signature)
    for function, outer, inner in _pairs(analysis):
        if inner.children or inner.symbol is None or outer.symbol is None \
                or any(isinstance(n, ast.Call | ast.Div | ast.Pow) for s in outer.node.body[:-1] for n in walk(s)):
            continue
        now, then = _lines(function, function.facts.in_body(inner), inner), _lines(function, function.facts.in_body(outer), outer)
        if then < now >= 1 and _legal(function, outer, inner) and _sums_apart(function, outer, inner) \
                and (made := _interchanged(candidate, analysis, outer, inner)):
            return made
    return None


def _lines(function: Function, accesses: Sequence[Access], loop: Loop) -> float:
    """Cache lines that the accesses touch in an iteration of `loop`, as if all its loops were innermost."""
    total = 0.0
    for access in accesses:
        along = [position for position, form in enumerate(access.subscripts) if form is None or form.coefficient(loop.symbol)]   # type: ignore[arg-type]
        if along:
            last = isinstance(access.node, ast.Subscript) and function.type_of(access.node.value).ndim - 1
            form = access.subscripts[along[0]]
            neighbours = along == [last] and form is not None and abs(form.coefficient(loop.symbol)) == 1                        # type: ignore[arg-type]
            total += 1 / LINE if neighbours else 1
    return total


def _sums_apart(function: Function, outer: Loop, inner: Loop) -> bool:
    """Whether iterations of `outer` within one of `inner` depend on each other by `a[...] += ...` alone."""
    accesses, same = function.facts.in_body(inner), (*outer.enclosing, inner)

    def is_sum(a: Access, b: Access) -> bool:
        return a.statement is b.statement and isinstance(a.statement, ast.AugAssign) and a.node is b.node is a.statement.target

    return not any(function.dependences.conflict(a, b, same, [(outer, outer, order)])
                   for a in accesses if a.write for b in accesses if not is_sum(a, b) for order in "<>")


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


def _pairs(analysis: Analysis) -> Iterator[tuple[Function, Loop, Loop]]:
    """Each loop with the one that ends its body, in front of which nothing but assignments to names stands."""
    for function, outer in analysis.loops:
        *between, last = outer.node.body
        plain = all(isinstance(s, ast.Assign) and all(isinstance(t, ast.Name) for t in s.targets) for s in between)
        if plain and (inner := function.facts.loop_of(last)) is not None:
            yield function, outer, inner


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
