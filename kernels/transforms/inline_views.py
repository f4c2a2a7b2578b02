"""Views written out: with `part = a[k:, 2 + d:m]`, `part[i, j]` becomes `a[k + i, 2 + d + j]`, and the view is no more.

What is read then is known to be contiguous, also in a parallel loop, into which Numba takes the strides of a view as numbers that it
knows nothing of. Legality: the view is bound once, and used by its elements alone, in the statements that follow in its block, of
which none binds what the view is made of; its slices begin at 0 or above, and so do the indices into it.
"""
from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

from ..analysis import Function, analyse
from ..analysis.legality import can_be_evaluated_anywhere
from ..analysis.names import all_blocks, entries, loaded, store_counts, stored
from ..candidate import Candidate
from ..signature import Signature
from .draft import Draft, Rewrite, expression, name

NAME = "inline_views"


@dataclass(frozen=True)
class _View:
    """`statement` binds it; entries: of the slice of its array, one a dimension; uses: the elements that are used."""

    statement: ast.Assign
    array: str
    entries: tuple[ast.expr, ...]
    uses: tuple[ast.Subscript, ...]


def propose(candidate: Candidate, signature: Signature) -> Iterator[Rewrite]:
    """One rewrite for all such views together."""
    analysis = analyse(candidate, signature)
    draft, written = Draft(candidate, analysis), []
    for function in analysis.functions:
        for view in _views(function):
            for use in view.uses:
                subscript: ast.Subscript = draft.of(use)
                subscript.slice = _index(draft, view, entries(use))
                subscript.value = name(view.array)
            draft.replace(draft.of(view.statement))
            written.append(view.statement.targets[0].id)  # type: ignore[attr-defined]
    if written:
        made = draft.finish(NAME, f"views written out: {', '.join(written)}")
        if made is not None:
            yield made


def _views(function: Function) -> Iterator[_View]:
    """Views of names that are none of these views themselves: one level at a time."""
    counts = store_counts(function.node)
    found: set[str] = set()
    for block in all_blocks(function.node):
        for position, statement in enumerate(block):
            match statement:
                case ast.Assign(targets=[ast.Name(id=bound)], value=ast.Subscript(value=ast.Name(id=array)) as value) \
                        if counts[bound] == 1 and array not in found and (view := _view(function, statement, value, block[position + 1:])):
                    found.add(bound)
                    yield view


def _view(function: Function, statement: ast.Assign, value: ast.Subscript, following: list[ast.stmt]) -> _View | None:
    bound: str = statement.targets[0].id  # type: ignore[attr-defined]
    base, made_of = function.type_of(value.value), entries(value)
    if not base.is_array or base.ndim is None or len(made_of) > base.ndim or not any(isinstance(e, ast.Slice) for e in made_of):
        return None
    dimensions = (*made_of, *(ast.Slice() for _ in range(base.ndim - len(made_of))))
    if not all(_begins_within(function, e) for e in dimensions):
        return None
    if (loaded([e.lower if isinstance(e, ast.Slice) else e for e in made_of if not isinstance(e, ast.Slice) or e.lower]) | {value.value.id}) \
            & (stored(following) | {bound}):  # type: ignore[attr-defined]
        return None
    names = [n for n in ast.walk(function.node) if isinstance(n, ast.Name) and n.id == bound and isinstance(n.ctx, ast.Load)]
    uses = [n for s in following for n in ast.walk(s) if isinstance(n, ast.Subscript) and isinstance(n.value, ast.Name) and n.value.id == bound]
    free = [e for e in dimensions if isinstance(e, ast.Slice)]
    if not uses or len(uses) != len(names) or not all(_is_element(function, free, use) for use in uses):
        return None
    return _View(statement, value.value.id, dimensions, tuple(uses))  # type: ignore[attr-defined]


def _begins_within(function: Function, entry: ast.expr) -> bool:
    """Whether a slice begins at 0 or above and goes on one by one; or an index may be written where the view is used."""
    if not isinstance(entry, ast.Slice):
        return can_be_evaluated_anywhere(entry) and function.type_of(entry).is_integer
    plain = entry.step is None or isinstance(entry.step, ast.Constant) and entry.step.value == 1
    return plain and (entry.lower is None or can_be_evaluated_anywhere(entry.lower) and _is_nonnegative(function, entry.lower))


def _is_element(function: Function, free: list[ast.Slice], use: ast.Subscript) -> bool:
    indices = entries(use)
    return len(indices) == len(free) and all(
        not isinstance(index, ast.Slice) and function.type_of(index).is_integer
        and (_is_nonnegative(function, index) or entry.lower is None and entry.upper is None) for index, entry in zip(indices, free))


def _is_nonnegative(function: Function, node: ast.expr) -> bool:
    return id(node) in function.facts.nonnegative or isinstance(node, ast.Constant) and type(node.value) is int and node.value >= 0


def _index(draft: Draft, view: _View, indices: list[ast.expr]) -> ast.expr:
    """The element's index in the view's array."""
    given = iter(indices)
    made = []
    for entry in view.entries:
        if not isinstance(entry, ast.Slice):
            made.append(copy.deepcopy(entry))
            continue
        index = copy.deepcopy(draft.of(next(given)))
        made.append(index if entry.lower is None else expression("lower + index", lower=copy.deepcopy(entry.lower), index=index))
    return made[0] if len(made) == 1 else ast.Tuple(made, ast.Load())
