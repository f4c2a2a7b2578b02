"""Scalar replacement: an array element that a loop uses again and again becomes a scalar, stored back after the loop if the loop
stores it. An element that is only read is replaced where the loop writes into the same array: where it does not, the compiler
sees by itself that the element stays the same.

Legality: the subscripts do not change in the loop; the loop touches no other element that may be the same one; the
element is used in every iteration, so that reading it before the loop is in bounds (a test keeps the loop from being
prepared where it has no iteration, unless the element was used just before). Stores round to the array's dtype.
"""
from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from ..analysis import Access, Analysis, Function, Loop, analyse
from ..analysis.legality import can_be_evaluated_anywhere, keeps_its_variable
from ..analysis.names import entries, loaded, own_jumps, stored
from ..candidate import Candidate
from ..signature import Signature
from .draft import Draft, Rewrite, as_load, assign, name, shown
from .element import ElementToScalar, fits_a_scalar

NAME = "scalarise"


def propose(candidate: Candidate, signature: Signature) -> Iterator[Rewrite]:
    """One rewrite for each element and the outermost loop in which it stays the same."""
    analysis = analyse(candidate, signature)
    for function in analysis.functions:
        done: set[int] = set()
        for loop in function.facts.loops:
            for group in _groups(function, loop):
                if id(group[0].node) in done or not _legal(function, loop, group):
                    continue
                done |= {id(a.node) for a in group}
                made = _rewrite(candidate, analysis, function, loop, group)
                if made is not None:
                    yield made


def _groups(function: Function, loop: Loop) -> Iterator[list[Access]]:
    """Accesses in the loop's body to one element with constant subscripts, of an array into which the loop writes."""
    here = frozenset(loop.enclosing)
    found: dict[object, list[Access]] = {}
    written = {root for access in function.facts.in_body(loop) if access.write for root in access.origin.roots}
    for access in function.facts.in_body(loop):
        node = access.node
        if not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Name):
            continue
        subscripts = access.subscripts
        named = entries(node)
        if any(s is None or not s.loops <= here for s in subscripts) or len(subscripts) != len(named):
            continue
        found.setdefault((node.value.id, access.origin, subscripts), []).append(access)
    for group in found.values():
        if written & group[0].origin.roots:
            yield group


def _legal(function: Function, loop: Loop, group: list[Access]) -> bool:
    node: ast.Subscript = group[0].node  # type: ignore[assignment]
    if loop.kind != "range" or loop.step is None or loop.parallel or not keeps_its_variable(loop):
        return False
    if own_jumps(loop.node.body) & {"return", "continue"} or any(inner.parallel for inner in loop.inside):
        return False
    named = entries(node)
    array = function.type_of(node.value)
    if not array.is_array or array.ndim != len(named) or not all(can_be_evaluated_anywhere(e) for e in named):
        return False
    if loaded([node]) & stored([loop.node]) or not fits_a_scalar(function, [a.node for a in group]):  # type: ignore[misc]
        return False
    tests = function.dependences
    members = {id(a.node) for a in group}
    others = [a for a in function.facts.in_body(loop) if id(a.node) not in members]
    if any(tests.conflict(a, b, loop.enclosing) for a in group for b in others):
        return False
    for outer in loop.enclosing:
        if outer.parallel and tests.carried(outer, group) is not None:
            return False
    return any(_every_time(loop, a) for a in group)


def _every_time(loop: Loop, access: Access) -> bool:
    """Whether every iteration executes the access: it stands in a plain statement of the body, outside a ternary."""
    if access.statement not in loop.node.body or not isinstance(access.statement, ast.Assign | ast.AugAssign):
        return False
    lazy = [n for n in ast.walk(access.statement) if isinstance(n, ast.IfExp | ast.BoolOp)]
    return not any(n is access.node for part in lazy for n in ast.walk(part))


def _rewrite(candidate: Candidate, analysis: Analysis, function: Function, loop: Loop, group: list[Access]) -> Rewrite | None:
    draft = Draft(candidate, analysis)
    element: ast.Subscript = copy.deepcopy(group[0].node)  # type: ignore[assignment]
    node = draft.of(loop.node)
    known_in_bounds = _used_before(function, loop, group[0])
    scalar = draft.fresh(f"{element.value.id}_element")  # type: ignore[attr-defined]
    uses = list({id(a.node): a.node for a in group}.values())
    ElementToScalar(draft, function, uses, scalar).apply()  # type: ignore[arg-type]
    lines: list[ast.stmt] = [assign(scalar, as_load(element)), node]
    if any(a.write for a in group):
        lines.append(assign(element, name(scalar)))
    if known_in_bounds:
        draft.replace(node, *lines)
    else:
        if not all(can_be_evaluated_anywhere(a) for a in loop.range_arguments):
            return None
        draft.where_it_runs(loop, lines)
    return draft.finish(NAME, f"{shown(as_load(element))} kept in a scalar throughout loop {loop.variable} (line {loop.line})")


def _used_before(function: Function, loop: Loop, access: Access) -> bool:
    """Whether a plain statement in front of the loop, in the same block, uses the same element."""
    for block_owner in ast.walk(function.node):
        for field in ("body", "orelse"):
            block = getattr(block_owner, field, None)
            if not isinstance(block, list) or loop.node not in block:
                continue
            before = block[:block.index(loop.node)]
            return any(a.origin is access.origin and a.subscripts == access.subscripts and isinstance(s, ast.Assign)
                       and isinstance(s.targets[0], ast.Subscript) and a.node is s.targets[0]
                       for s in before for a in function.facts.within(s))
    return False
