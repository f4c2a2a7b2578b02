"""Array contraction: a temporary array that one iteration writes and reads at one index only becomes a scalar, and one
of whose dimensions only the iteration's own index is used loses that dimension.

Legality (scalar): all uses of the array lie in one loop and have the same subscripts, which do not change within an
iteration, and each iteration writes the element before it reads it. The value is rounded to the array's dtype as before.
Legality (dimension): all uses lie in one loop; the dimension is always indexed by one form, different in different
iterations; the array comes from `np.empty` in the same iteration of the loops around. So no iteration can read what
another wrote, and what was never written is never read.
"""
from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from ..analysis import Access, Analysis, Function, Loop, analyse
from ..analysis.affine import Affine
from ..analysis.liveness import exposed
from ..analysis.names import entries
from ..analysis.privatise import Allocation, accesses_of, all_logged, allocations
from ..candidate import Candidate
from ..signature import Signature
from .draft import Draft, Rewrite, shown
from .element import ElementToScalar, fits_a_scalar

NAME = "contract"


def propose(candidate: Candidate, signature: Signature) -> Iterator[Rewrite]:
    """One rewrite for each array that can become a scalar, or else lose a dimension."""
    analysis = analyse(candidate, signature)
    for function in analysis.functions:
        for allocation in allocations(function):
            accesses = accesses_of(function, allocation)
            if not accesses or not all_logged(allocation, accesses):
                continue
            made = _to_scalar(candidate, analysis, function, allocation, accesses) if allocation.by_elements else None
            if made is not None:
                yield made
                continue
            for loop in _common_loops(accesses):
                for dimension in range(min(len(a.subscripts) for a in accesses)):
                    if _droppable(function, allocation, accesses, loop, dimension):
                        made = _drop(candidate, analysis, function, allocation, loop, dimension)
                        if made is not None:
                            yield made


def _common_loops(accesses: Sequence[Access]) -> list[Loop]:
    """The loops around all accesses, innermost first."""
    return [loop for loop in reversed(accesses[0].loops) if all(loop in a.loops for a in accesses)]


def _to_scalar(candidate: Candidate, analysis: Analysis, function: Function, allocation: Allocation,
               accesses: list[Access]) -> Rewrite | None:
    common = _common_loops(accesses)
    subscripts = accesses[0].subscripts
    if not common or any(s is None for s in subscripts) or any(a.subscripts != subscripts for a in accesses):
        return None
    loop = common[0]
    here = frozenset((*loop.enclosing, loop))
    inside = any(allocation.statement is n for s in loop.node.body for n in ast.walk(s))
    if not all(s.loops <= here for s in subscripts if s is not None) or not fits_a_scalar(function, allocation.uses):
        return None
    draft = Draft(candidate, analysis)
    scalar = draft.fresh(f"{allocation.name}_value")
    ElementToScalar(draft, function, allocation.uses, scalar).apply()
    draft.replace(draft.of(allocation.statement))
    if scalar in exposed(draft.of(loop.node).body):
        return None
    note = f"array {allocation.name} (line {allocation.statement.lineno}) contracted to a scalar"
    return draft.finish(NAME, note + (" within one iteration" if inside else f" of loop {loop.variable}"))


def _droppable(function: Function, allocation: Allocation, accesses: list[Access], loop: Loop, dimension: int) -> bool:
    form, origin = accesses[0].subscripts[dimension], accesses[0].origin
    if loop.symbol is None or loop.step is None or form is None:
        return False
    if any(a.origin is not origin or a.subscripts[dimension] != form for a in accesses):
        return False
    rest = form - Affine.of(loop.symbol).scaled(form.coefficient(loop.symbol))
    return (allocation.function in ("empty", "empty_like") and origin.fresh
            and origin.loops == frozenset(loop.enclosing) and form.coefficient(loop.symbol) != 0
            and rest.loops <= frozenset(loop.enclosing)
            and isinstance(allocation.call.args[0], ast.Tuple) and not loop.parallel)


def _drop(candidate: Candidate, analysis: Analysis, function: Function, allocation: Allocation, loop: Loop,
          dimension: int) -> Rewrite | None:
    draft = Draft(candidate, analysis)
    shape: ast.Tuple = draft.of(allocation.call).args[0]  # type: ignore[assignment]
    if not isinstance(shape, ast.Tuple) or len(shape.elts) < 2:
        return None
    extent = shown(shape.elts[dimension])
    del shape.elts[dimension]
    for use in allocation.uses:
        node: ast.Subscript = draft.of(use)     # type: ignore[assignment]
        kept = [entry for number, entry in enumerate(entries(node)) if number != dimension]
        if kept:
            node.slice = kept[0] if len(kept) == 1 else ast.Tuple(kept, ast.Load())
        else:
            draft.put(node, node.value)
    note = f"array {allocation.name} (line {allocation.statement.lineno}) lost its dimension {dimension} ({extent}): one slice an iteration of {loop.variable}"
    return draft.finish(NAME, note)
