"""Parallel loops: `range` becomes `prange`.

Legality: no iteration of the loop may touch an array element that another one writes; every scalar is bound in an
iteration before it is read there, or is a reduction that Numba knows (`+= -= *=`, `max`, `min`); none but reductions
is read afterwards; no `break` or `return` leaves the loop. A scratch array that is allocated before the loop and of
which each iteration writes all that it reads is allocated within the loop instead.
"""
from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import replace

from ..analysis import Analysis, Function, Loop, analyse
from ..analysis.legality import calls, can_be_evaluated_anywhere, iterations_may_be_reordered, uses_parallel
from ..analysis.names import own_jumps, stored
from ..analysis.privatise import Allocation, private_arrays
from ..candidate import Candidate
from ..signature import Signature
from .draft import Draft, Rewrite, assign, expression, loop_over
from .reductions import neutral, update_once

NAME = "parallel"
Site = tuple[Loop, list[Allocation]]


def propose(candidate: Candidate, signature: Signature) -> Iterator[Rewrite]:
    """One rewrite for each legal loop, and one that makes all outermost legal loops parallel."""
    analysis, legal = _legal_loops(candidate, signature)
    for site in legal:
        yield from _rewrite(candidate, analysis, [site])
    if len(outermost := _outermost(legal)) > 1:
        yield from _rewrite(candidate, analysis, outermost)


def deepest(candidate: Candidate, signature: Signature) -> Rewrite | None:
    """Of the outermost legal loops those that the deepest nests stand under, where most of the work is, parallel; None
    where there is none. A parallel copy loop costs more to compile and to start than it saves."""
    analysis, legal = _legal_loops(candidate, signature)
    outermost = _outermost(legal)
    depth = max((_depth(loop) for loop, _ in outermost), default=0)
    sites = [site for site in outermost if _depth(site[0]) == depth]
    return next(_rewrite(candidate, analysis, sites), None) if sites else None


def _depth(loop: Loop) -> int:
    """How many loops lie within one another, `loop` included."""
    return 1 + max((len(inner.enclosing) - len(loop.enclosing) for inner in loop.inside), default=0)


def _legal_loops(candidate: Candidate, signature: Signature) -> tuple[Analysis, list[Site]]:
    analysis = analyse(candidate, signature)
    entry = next((f for f in analysis.functions if f.is_entry), None)
    loops = entry.facts.loops if entry is not None else ()
    return analysis, [(loop, scratch) for loop in loops if (scratch := _legal(analysis, entry, loop)) is not None]


def _outermost(legal: list[Site]) -> list[Site]:
    return [(loop, scratch) for loop, scratch in legal if not any(outer in loop.enclosing for outer, _ in legal)]


def _legal(analysis: Analysis, function: Function, loop: Loop) -> list[Allocation] | None:
    """The arrays to allocate within `loop` for it to be parallel, or None where it may not be."""
    if loop.kind != "range" or loop.step is None or loop.descending or loop.parallel:
        return None
    if any(other.parallel for other in (*loop.enclosing, *loop.inside)) or _calls_parallel(analysis, loop):
        return None
    if own_jumps(loop.node.body) & {"break", "return"} or not iterations_may_be_reordered(function, loop) \
            or any(r.operator.startswith("np.") for r in function.scalars(loop).reductions):
        return None
    if not loop.unit_step and not all(can_be_evaluated_anywhere(a) and not _names(a) & stored([loop.node])
                                      for a in loop.node.iter.args):  # type: ignore[union-attr]
        return None
    return private_arrays(function, loop)


def _names(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _calls_parallel(analysis: Analysis, loop: Loop) -> bool:
    """Whether the body calls, at any depth, a helper that has a parallel loop itself."""
    helpers = {node.name: node for node in analysis.tree.body if isinstance(node, ast.FunctionDef)}
    pending, seen = calls(loop.node.body), set()
    while pending:
        called = pending.pop()
        if called in seen or called not in helpers:
            continue
        seen.add(called)
        if uses_parallel([helpers[called]]):
            return True
        pending |= calls([helpers[called]])
    return False


def _rewrite(candidate: Candidate, analysis: Analysis, sites: list[Site]) -> Iterator[Rewrite]:
    draft = Draft(candidate, analysis)
    function = next(f for f in analysis.functions if f.is_entry)
    for loop, scratch in sites:
        for allocation in scratch:
            moved = draft.of(allocation.statement)
            draft.replace(moved)
            draft.of(loop.node).body.insert(0, moved)
        for reduction in function.scalars(loop).reductions:
            update_once(draft, draft.of(loop.node).body, reduction.name, reduction.operator, neutral(function, reduction))
        draft.replace(draft.of(loop.node), _parallel(draft, loop))
    where = ", ".join(f"{loop.variable} (line {loop.line})" for loop, _ in sites)
    arrays = [a.name for _, scratch in sites for a in scratch]
    note = f"prange on loop{'s' if len(sites) > 1 else ''} {where}" + (f", {', '.join(arrays)} private" if arrays else "")
    made = draft.finish(NAME, note, options=replace(candidate.options, parallel=True))
    if made is not None:
        yield made


def _parallel(draft: Draft, loop: Loop) -> ast.For:
    node: ast.For = draft.of(loop.node)  # type: ignore[assignment]
    start, stop = (copy.deepcopy(a) for a in loop.range_arguments)
    if not loop.unit_step:
        step = draft.of(loop.node).iter.args[2]  # type: ignore[union-attr]
        counter = draft.fresh(f"{loop.variable}_block")
        value = expression("start + np.int64(counter) * step", start=start, counter=counter, step=step)
        count = expression("(stop - start + step - 1) // step", start=start, stop=stop, step=step)
        return loop_over(counter, ast.Constant(0), count, [assign(loop.variable, value), *node.body], parallel=True)
    if _is_safe_unsigned(node):
        return loop_over(loop.variable, start, stop, node.body, parallel=True)
    counter = draft.fresh(f"{loop.variable}_unsigned")
    signed = assign(loop.variable, expression("np.int64(counter)", counter=counter))
    return loop_over(counter, start, stop, [signed, *node.body], parallel=True)


def _is_safe_unsigned(node: ast.For) -> bool:
    """Whether the loop variable may be an unsigned integer, as Numba makes that of a `prange`: it is only an index
    by itself, or combined with an integer literal (`-i` would wrap around, `max(i, k)` be a float)."""
    variable = node.target.id  # type: ignore[attr-defined]

    def plain(expr: ast.expr) -> bool:
        match expr:
            case ast.Name() | ast.Constant():
                return True
            case ast.BinOp(left=ast.Name(), op=ast.Add() | ast.Sub() | ast.Mult(), right=ast.Constant()):
                return True
        return variable not in _names(expr)

    good = 0
    for part in (p for statement in node.body for p in ast.walk(statement)):
        if isinstance(part, ast.Subscript):
            for entry in part.slice.elts if isinstance(part.slice, ast.Tuple) else [part.slice]:
                if plain(entry):
                    good += sum(isinstance(n, ast.Name) and n.id == variable for n in ast.walk(entry))
    total = sum(isinstance(n, ast.Name) and n.id == variable for statement in node.body for n in ast.walk(statement))
    return good == total
