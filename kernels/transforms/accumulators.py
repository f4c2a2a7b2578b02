"""Several accumulators: a reduction loop is unrolled, each copy of its body accumulating in a scalar of its own.

Legality: a loop of step 1 whose body only reduces scalars of known dtype (by + - * or largest and least values), writes no array, binds its
other scalars before reading them, contains no loop and no jump. The reduced scalars are bound whatever path leads to the loop, as
they are read even where it runs not once. Integer results do not change; float sums are
reassociated, and the tolerance decides.
"""
from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from functools import reduce

from ..analysis import Analysis, Function, Loop, Reduction, analyse
from ..analysis.legality import header_is_invariant, iterations_may_be_reordered
from ..analysis.names import stored, walk
from ..candidate import Candidate
from ..signature import Signature
from .draft import Draft, Rewrite, assign, expression, loop_over, name, substitute
from .reductions import neutral, stays_scalar

NAME = "accumulators"
FACTORS = (2, 4, 8)


def propose(candidate: Candidate, signature: Signature) -> Iterator[Rewrite]:
    """For each legal loop one rewrite with 2, 4 and 8 accumulators."""
    analysis = analyse(candidate, signature)
    for function, loop in analysis.loops:
        if _legal(function, loop):
            for factor in FACTORS:
                yield from _rewrite(candidate, analysis, function, loop, factor)


def widest_of_extremes(candidate: Candidate, signature: Signature) -> Rewrite | None:
    """The first loop that only looks for largest and least floats, with as many accumulators as there are; None where there is none."""
    analysis = analyse(candidate, signature)
    for function, loop in analysis.loops:
        if _legal(function, loop) and all(stays_scalar(function, r) for r in function.scalars(loop).reductions):
            return next(_rewrite(candidate, analysis, function, loop, max(FACTORS)), None)
    return None


def _rewrite(candidate: Candidate, analysis: Analysis, function: Function, loop: Loop, factor: int) -> Iterator[Rewrite]:
    draft = Draft(candidate, analysis)
    draft.replace(draft.of(loop.node), *_unrolled(draft, function, loop, factor))
    names = ", ".join(r.name for r in function.scalars(loop).reductions)
    made = draft.finish(NAME, f"{factor} accumulators for {names} in loop {loop.variable} (line {loop.line})")
    if made is not None:
        yield made


def _legal(function: Function, loop: Loop) -> bool:
    if not loop.unit_step or loop.parallel or not iterations_may_be_reordered(function, loop):
        return False
    scalars = function.scalars(loop)
    if not scalars.reductions or any(neutral(function, r) is None for r in scalars.reductions):
        return False
    if any(_may_be_unbound(function, r.name) for r in scalars.reductions):
        return False
    if _is_remainder(function, loop) or any(a.write for a in function.facts.in_body(loop)) or not header_is_invariant(loop, loop.node.body):
        return False
    return all(isinstance(n, ast.Assign | ast.AugAssign | ast.If) for s in loop.node.body for n in ast.walk(s)
               if isinstance(n, ast.stmt))


def _is_remainder(function: Function, loop: Loop) -> bool:
    """Whether it begins where an unrolled loop before it ends, at a multiple of a number."""
    start = loop.range_arguments[0]
    for node in walk(function.node) if isinstance(start, ast.Name) else ():
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name == start.id:     # type: ignore[union-attr]
                parts = [value.right, value] if isinstance(value, ast.BinOp) else []
                if any(isinstance(p, ast.BinOp) and isinstance(p.op, ast.Mult) and isinstance(p.left, ast.BinOp)
                       and isinstance(p.left.op, ast.FloorDiv) and ast.dump(p.left.right) == ast.dump(p.right) for p in parts):
                    return True
    return False


def _may_be_unbound(function: Function, variable: str) -> bool:
    """Whether some path through the function reads `variable` before it binds it."""
    return variable in function.liveness.before and variable not in {a.arg for a in function.node.args.args}


def _unrolled(draft: Draft, function: Function, loop: Loop, factor: int) -> list[ast.stmt]:
    node: ast.For = draft.of(loop.node)  # type: ignore[assignment]
    start, stop = (copy.deepcopy(a) for a in loop.range_arguments)
    reductions = function.scalars(loop).reductions
    copies = {r.name: [r.name, *(draft.fresh(f"{r.name}_{k}") for k in range(1, factor))] for r in reductions}
    private = sorted(stored(node.body) - set(copies))
    before = [assign(extra, neutral(function, r)) for r in reductions for extra in copies[r.name][1:]]  # type: ignore[arg-type]
    middle = draft.fresh(f"{loop.variable}_main")
    before.append(assign(middle, expression("start + max(stop - start, 0) // factor * factor", start=start, stop=stop, factor=factor)))
    body: list[ast.stmt] = []
    for k in range(factor):
        parts: dict[str, ast.expr] = {r: name(c[k]) for r, c in copies.items()}
        parts |= {p: name(p if k == 0 else draft.fresh(f"{p}_{k}")) for p in private}
        if k:
            parts[loop.variable] = expression("variable + k", variable=loop.variable, k=k)
        body += [substitute(s, parts) for s in node.body]
    main = loop_over(loop.variable, start, name(middle), body, step=ast.Constant(factor))
    rest = loop_over(loop.variable, name(middle), stop, node.body)
    return [*before, main, *(_combined(r, copies[r.name]) for r in reductions), rest]


def _combined(reduction: Reduction, accumulators: list[str]) -> ast.stmt:
    template = {"+": "a + b", "-": "a + b", "*": "a * b"}.get(reduction.operator, f"{reduction.operator}(a, b)")
    parts: list[ast.expr] = [name(a) for a in accumulators]
    while len(parts) > 1:                    # pairwise: shorter chains, smaller rounding error
        parts = [reduce(lambda a, b: _pair(template, a, b), parts[i:i + 2]) for i in range(0, len(parts), 2)]
    return assign(reduction.name, parts[0])


def _pair(template: str, a: ast.expr, b: ast.expr) -> ast.expr:
    made = ast.parse(template, mode="eval").body
    return substitute(made, {"a": a, "b": b})
