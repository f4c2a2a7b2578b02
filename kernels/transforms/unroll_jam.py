"""Unroll and jam: several iterations of an outer loop run together, sharing the inner loops (register blocking).

Legality: the iterations of the outer loop are independent (no array dependence, every scalar private, no reduction), so
their statements may be interleaved in any way; inner loops are shared where their bounds do not depend on the
iteration, and repeated where they do.
"""
from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from ..analysis import Function, Loop, analyse
from ..analysis.legality import header_is_invariant, iterations_may_be_reordered
from ..analysis.names import loaded, own_jumps, stored
from ..candidate import Candidate
from ..signature import Signature
from .draft import Draft, Rewrite, assign, expression, loop_over, name, substitute

NAME = "unroll_jam"
FACTORS = (2, 4)
MAX_BODY = 40          # statements of the loop before it is unrolled


def propose(candidate: Candidate, signature: Signature) -> Iterator[Rewrite]:
    """For each legal loop around others, one rewrite with 2 and one with 4 iterations."""
    analysis = analyse(candidate, signature)
    for function, loop in analysis.loops:
        if not _legal(function, loop):
            continue
        for factor in FACTORS:
            draft = Draft(candidate, analysis)
            draft.replace(draft.of(loop.node), *_unrolled(draft, loop, factor))
            made = draft.finish(NAME, f"loop {loop.variable} (line {loop.line}) unrolled by {factor} and jammed")
            if made is not None:
                yield made


def _legal(function: Function, loop: Loop) -> bool:
    if not loop.unit_step or loop.parallel or not loop.children or any(inner.parallel for inner in loop.inside):
        return False
    size = sum(isinstance(n, ast.stmt) for s in loop.node.body for n in ast.walk(s))
    if size > MAX_BODY or own_jumps(loop.node.body) or not iterations_may_be_reordered(function, loop):
        return False
    if function.scalars(loop).carried or not header_is_invariant(loop, loop.node.body):
        return False
    return function.dependences.carried(loop) is None


def _unrolled(draft: Draft, loop: Loop, factor: int) -> list[ast.stmt]:
    node: ast.For = draft.of(loop.node)  # type: ignore[assignment]
    start, stop = (copy.deepcopy(a) for a in loop.range_arguments)
    private = stored(node.body)
    copies: list[dict[str, ast.expr]] = []
    for k in range(factor):
        parts: dict[str, ast.expr] = {p: name(p if k == 0 else draft.fresh(f"{p}_{k}")) for p in sorted(private)}
        if k:
            parts[loop.variable] = expression("variable + k", variable=loop.variable, k=k)
        copies.append(parts)
    middle = draft.fresh(f"{loop.variable}_main")
    limit = assign(middle, expression("start + max(stop - start, 0) // factor * factor", start=start, stop=stop, factor=factor))
    body = _jammed(node.body, copies, {loop.variable} | private)
    main = loop_over(loop.variable, start, name(middle), body, step=ast.Constant(factor))
    return [limit, main, loop_over(loop.variable, name(middle), stop, node.body)]


def _jammed(statements: list[ast.stmt], copies: list[dict[str, ast.expr]], varying: set[str]) -> list[ast.stmt]:
    """The statements once for each copy, side by side; loops with common bounds are shared."""
    found: list[ast.stmt] = []
    for statement in statements:
        if isinstance(statement, ast.For) and _is_shared(statement, varying):
            variable = statement.target.id  # type: ignore[attr-defined]
            inner = [{k: v for k, v in parts.items() if k != variable} for parts in copies]
            shared = copy.copy(statement)
            shared.body = _jammed(statement.body, inner, varying - {variable})
            found.append(shared)
        else:
            found += [substitute(statement, parts) for parts in copies]
    return found


def _is_shared(loop: ast.For, varying: set[str]) -> bool:
    variable = loop.target.id if isinstance(loop.target, ast.Name) else ""
    return bool(variable) and not loaded([loop.iter]) & varying and not own_jumps(loop.body) and variable not in stored(loop.body)
