"""Row views: in an innermost loop, `a[i, k, j]` with fixed i and k becomes `row[j]` with `row = a[i, k]` before it.

Numba's alias and wrap-around tests then cost less, and more loops vectorise.
Legality: the leading indices do not change in the loop and are known to be in bounds, or the loop uses them in every
iteration (a test then skips the views where there is no iteration); the array's name keeps its array.
"""
from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

from ..analysis import Function, Loop, analyse
from ..analysis.facts import implied_by
from ..analysis.legality import can_be_evaluated_anywhere, keeps_its_variable
from ..analysis.names import loaded, stored
from ..candidate import Candidate
from ..signature import Signature
from .draft import Draft, Rewrite, assign, name

NAME = "views"


@dataclass(frozen=True)
class _Row:
    """`array[leading]`, used by the subscripts `uses`; certain: it is in bounds even where the loop has no iteration."""

    array: str
    leading: tuple[ast.expr, ...]
    uses: tuple[ast.Subscript, ...]
    certain: bool


def propose(candidate: Candidate, signature: Signature) -> Iterator[Rewrite]:
    """One rewrite for all innermost loops together, and one for each of them."""
    analysis = analyse(candidate, signature)
    sites = [(loop, rows) for function, loop in analysis.loops if not loop.children and (rows := _rows(function, loop))]
    choices = [[site] for site in sites] + ([sites] if len(sites) > 1 else [])
    for chosen in choices:
        draft = Draft(candidate, analysis)
        for loop, rows in chosen:
            _insert(draft, loop, rows)
        where = ", ".join(f"{loop.variable} (line {loop.line})" for loop, _ in chosen)
        made = draft.finish(NAME, f"row views in loop{'s' if len(chosen) > 1 else ''} {where}")
        if made is not None:
            yield made


def _rows(function: Function, loop: Loop) -> list[_Row]:
    if loop.kind != "range" or loop.step is None or loop.parallel or not keeps_its_variable(loop):
        return []
    changing = stored([loop.node])
    groups: dict[tuple[str, str], list[ast.Subscript]] = {}
    for statement in loop.node.body:
        for node in ast.walk(statement):
            if not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Name) or not isinstance(node.slice, ast.Tuple):
                continue
            array = function.type_of(node.value)
            entries = node.slice.elts
            if not array.is_array or array.ndim != len(entries) or node.value.id in changing:
                continue
            if not all(function.type_of(e).is_integer for e in entries) or not _names(entries[-1]) & {loop.variable}:
                continue
            leading = entries[:-1]
            if all(can_be_evaluated_anywhere(e) for e in leading) and not loaded(leading) & changing:
                groups.setdefault((node.value.id, ast.dump(ast.Tuple(leading, ast.Load()))), []).append(node)
    found = []
    for (array_name, _), uses in groups.items():
        leading = tuple(uses[0].slice.elts[:-1])  # type: ignore[attr-defined]
        certain = all(_in_bounds(function, loop, uses[0], position, e) for position, e in enumerate(leading))
        if certain or any(_every_time(loop, use) for use in uses):
            found.append(_Row(array_name, leading, tuple(uses), certain))
    return found


def _names(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _in_bounds(function: Function, loop: Loop, use: ast.Subscript, position: int, index: ast.expr) -> bool:
    """Whether the index lies within the array by the bounds of the loops around `loop`."""
    facts = function.facts
    form, view = facts.affine.get(id(index)), facts.views.get(id(use.value))
    if form is None or view is None or view.dimensions or view.swapped or not view.exact or not form.is_integer:
        return False
    shape = facts.shapes.get(view.origin, ())
    extent = shape[position] if position < len(shape) else facts.symbols.extent(view.origin, position)
    known = [bound for outer in loop.enclosing for bound in outer.bounds]
    return extent is not None and implied_by(form, known) and implied_by(extent - form - 1, known)


def _every_time(loop: Loop, use: ast.Subscript) -> bool:
    """Whether every iteration executes the access."""
    for statement in loop.node.body:
        if any(isinstance(n, ast.Continue | ast.Break | ast.Return) for n in ast.walk(statement)):
            return False
        if not isinstance(statement, ast.Assign | ast.AugAssign):
            continue
        lazy = [n for n in ast.walk(statement) if isinstance(n, ast.IfExp | ast.BoolOp)]
        if any(n is use for n in ast.walk(statement)):
            return not any(n is use for part in lazy for n in ast.walk(part))
    return False


def _insert(draft: Draft, loop: Loop, rows: list[_Row]) -> None:
    node = draft.of(loop.node)
    lines: list[ast.stmt] = []
    for row in rows:
        view = draft.fresh(f"{row.array}_row")
        leading = [copy.deepcopy(e) for e in row.leading]
        index = leading[0] if len(leading) == 1 else ast.Tuple(leading, ast.Load())
        lines.append(assign(view, ast.Subscript(name(row.array), index, ast.Load())))
        for use in row.uses:
            subscript: ast.Subscript = draft.of(use)
            subscript.value = name(view)
            subscript.slice = subscript.slice.elts[-1]  # type: ignore[attr-defined]
    if all(row.certain for row in rows):
        draft.replace(node, *lines, node)
        return
    draft.where_it_runs(loop, [*lines, node])
