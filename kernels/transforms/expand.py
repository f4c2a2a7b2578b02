"""Accumulator expansion: a dot product a cell becomes a sum of rows (i-j-k with a scalar turns into i-k-j).

    for j: acc = e; for k: acc += A[i,k]*B[k,j]; C[i,j] = f(acc)
becomes
    for j: C[i,j] = e      for k: for j: C[i,j] += A[i,k]*B[k,j]      for j: C[i,j] = f(C[i,j])

Legality: the iterations of j are independent and each stores one element of C of its own, which nothing else in the
loop touches; all other scalars are private within one of the three parts; the bounds of the inner loops do not depend
on j. For one j the operations keep their order, so that nothing but the accumulator's dtype can change a result: C and
the accumulator must be both integer of one dtype, or both float, or of one other dtype.
"""
from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

from ..analysis import Access, Function, Loop, analyse
from ..analysis.legality import header_is_invariant, iterations_may_be_reordered, keeps_its_variable, perfect_chain
from ..analysis.liveness import exposed
from ..analysis.names import loaded, own_jumps, stored, used
from ..analysis.types import is_float
from ..candidate import Candidate
from ..signature import Signature
from .draft import Draft, Rewrite, as_load, as_store, shown

NAME = "expand"


@dataclass(frozen=True)
class _Site:
    """`loop` over j with `start` (accumulator = ...), the `nest` and the statements after it, the last being `store`."""

    loop: Loop
    start: ast.Assign
    nest: list[Loop]
    after: list[ast.stmt]
    accumulator: str
    store: ast.Assign

    @property
    def element(self) -> ast.Subscript:
        return self.store.targets[0]  # type: ignore[return-value]


def propose(candidate: Candidate, signature: Signature) -> Iterator[Rewrite]:
    """One rewrite for each legal accumulator."""
    analysis = analyse(candidate, signature)
    for function, loop in analysis.loops:
        site = _match(function, loop)
        if site is None or not _legal(function, site):
            continue
        draft = Draft(candidate, analysis)
        draft.replace(draft.of(loop.node), *_rewritten(draft, site))
        inner = ", ".join(nested.variable for nested in site.nest)
        note = f"accumulator {site.accumulator} expanded to {shown(site.element)}: loop {loop.variable} moved into {inner} (line {loop.line})"
        made = draft.finish(NAME, note)
        if made is not None:
            yield made


def _match(function: Function, loop: Loop) -> _Site | None:
    body = loop.node.body
    position = next((p for p, s in enumerate(body) if isinstance(s, ast.For)), None)
    if loop.kind != "range" or loop.parallel or position != 1 or len(body) < 3:
        return None
    nested = function.facts.loop_of(body[1])
    match body[0], body[-1]:
        case ast.Assign(targets=[ast.Name(id=accumulator)]) as start, \
                ast.Assign(targets=[ast.Subscript(value=ast.Name())]) as store if nested is not None:
            nest = perfect_chain(function, nested)
            return _Site(loop, start, nest, body[2:], accumulator, store)
    return None


def _legal(function: Function, site: _Site) -> bool:
    loop, name = site.loop, site.accumulator
    if not all(inner.kind == "range" and keeps_its_variable(inner) and not inner.parallel for inner in site.nest):
        return False
    if not iterations_may_be_reordered(function, loop) or function.scalars(loop).live_out:
        return False
    if own_jumps(loop.node.body) or own_jumps(site.nest[-1].node.body) & {"break", "return"}:
        return False
    changing = {loop.variable, *stored(loop.node.body)}
    if not all(header_is_invariant(inner, loop.node.body, changing) for inner in (loop, *site.nest)):
        return False
    return (_scalars_stay_in_their_part(site) and _element_is_stable(function, site) and _same_kind(function, site)
            and _element_is_private(function, site) and name not in loaded([site.start.value]))


def _scalars_stay_in_their_part(site: _Site) -> bool:
    """Whether the accumulator alone links the three parts, and each nest iteration binds what else it reads."""
    name, inner = site.accumulator, site.nest[-1].node.body
    in_nest, in_after = stored([site.nest[0].node]) - {name}, stored(site.after) - {name}
    if name in stored(site.after) or (in_nest & used([site.start, *site.after])) or (in_after & used([site.nest[0].node])):
        return False
    if exposed(inner) & stored(inner) - {name} or exposed(site.after) & stored(site.after):
        return False
    return name in stored(inner) and site.loop.variable not in in_nest


def _element_is_stable(function: Function, site: _Site) -> bool:
    """Whether C[i,j] may be evaluated in each part: integer subscripts made of names that the loop does not bind."""
    index = site.element.slice
    entries = index.elts if isinstance(index, ast.Tuple) else [index]
    rank = function.type_of(site.element.value).ndim
    names = loaded([index]) - {site.loop.variable}
    simple = all(isinstance(n, ast.Name | ast.Constant | ast.BinOp | ast.operator | ast.Tuple | ast.expr_context)
                 for n in ast.walk(index))
    array = site.element.value.id  # type: ignore[attr-defined]
    return (simple and len(entries) == rank and all(function.type_of(e).is_integer for e in entries)
            and not (names | {array}) & stored(site.loop.node.body))


def _same_kind(function: Function, site: _Site) -> bool:
    array, scalar = function.type_of(site.element.value).dtype, function.type_of_name(site.accumulator).dtype
    return bool(array) and (array == scalar or is_float(array) and is_float(scalar))


def _element_is_private(function: Function, site: _Site) -> bool:
    """Whether the loop touches C only by the last store, each iteration another element."""
    accesses = function.facts.in_body(site.loop)
    store: Access = next(a for a in accesses if a.node is site.element)
    others = [a for a in accesses if a is not store]
    outer = site.loop.enclosing
    tests = function.dependences
    if tests.carried(site.loop, [store]) is not None or any(a.write for a in others):
        return False
    return not any(tests.conflict(store, other, outer) for other in others)


class _Expansion(ast.NodeTransformer):
    """Replaces the accumulator by the element."""

    def __init__(self, accumulator: str, element: ast.expr) -> None:
        self.accumulator = accumulator
        self.element = element

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id != self.accumulator:
            return node
        return as_load(self.element) if isinstance(node.ctx, ast.Load) else as_store(self.element)


def _rewritten(draft: Draft, site: _Site) -> list[ast.stmt]:
    loop: ast.For = draft.of(site.loop.node)  # type: ignore[assignment]
    expansion = _Expansion(site.accumulator, site.element)

    def over(body: list[ast.stmt]) -> ast.For:
        return ast.For(copy.deepcopy(loop.target), copy.deepcopy(loop.iter), body, [], lineno=0)

    start = over([expansion.visit(draft.of(site.start))])
    nest, innermost = draft.of(site.nest[0].node), draft.of(site.nest[-1].node)
    innermost.body = [over([expansion.visit(s) for s in innermost.body])]
    plain = len(site.after) == 1 and isinstance(site.store.value, ast.Name) and site.store.value.id == site.accumulator
    if plain:
        return [start, nest]
    return [start, nest, over([expansion.visit(draft.of(s)) for s in site.after])]
