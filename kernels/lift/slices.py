"""Slices in variables, written where they are used: `inner = slice(1, -1)`, then `a[inner, inner]`; the same of `np.s_[1:-1]`."""
from __future__ import annotations

import ast
import copy
from collections.abc import Mapping

from ..analysis.names import all_blocks
from . import syntax
from .names import assigned_in, uses_of

Known = Mapping[str, ast.expr]


def with_slices(function: ast.FunctionDef) -> None:
    """Works in place. The assignments go where nothing reads them any more."""
    if not any(isinstance(node, ast.Assign) and _slice(node.value) is not None for node in ast.walk(function)):
        return
    slices: list[ast.Assign] = []
    _block(function.body, {}, slices)
    while (unread := [one for one in slices if not uses_of(function)[one.targets[0].id]]):  # type: ignore[attr-defined]
        slices = [one for one in slices if one not in unread]
        for block in list(all_blocks(function)):
            if any(statement in unread for statement in block):
                block[:] = [statement for statement in block if statement not in unread] or [ast.Pass()]
    ast.fix_missing_locations(function)


def _slice(value: ast.expr) -> ast.expr | None:
    """What a subscript holds in place of a variable with this value: a slice, several of them, None for anything else."""
    match value:
        case ast.Call(func=ast.Name(id="slice"), args=[stop], keywords=[]):
            return ast.Slice(None, _bound(stop), None)
        case ast.Call(func=ast.Name(id="slice"), args=[start, stop, *step], keywords=[]) if len(step) < 2:
            return ast.Slice(_bound(start), _bound(stop), _bound(step[0]) if step else None)
        case ast.Subscript(value=array, slice=index) if syntax.text(array) == "np.s_" and any(
                isinstance(n, ast.Slice) for n in ([index, *index.elts] if isinstance(index, ast.Tuple) else [index])):
            return index
    return None


def _several(value: ast.expr, known: Known) -> ast.expr | None:
    """The same of a tuple of slices and numbers, such as `(inner, inner)`."""
    if not isinstance(value, ast.Tuple):
        return None
    parts = [known.get(e.id) if isinstance(e, ast.Name) else _slice(e) or (e if isinstance(e, ast.Constant) else None) for e in value.elts]
    whole = parts and all(part is not None and not isinstance(part, ast.Tuple) for part in parts) and any(isinstance(p, ast.Slice) for p in parts)
    return ast.Tuple([copy.deepcopy(part) for part in parts], ast.Load()) if whole else None  # type: ignore[misc]


def _bound(node: ast.expr) -> ast.expr | None:
    return None if isinstance(node, ast.Constant) and node.value is None else node


def _block(statements: list[ast.stmt], known: Known, slices: list[ast.Assign]) -> None:
    """Substitutes in the statements; the assignments of what is substituted join `slices`."""
    now = dict(known)
    for statement in statements:
        changed = set(assigned_in([statement]))
        if isinstance(statement, ast.For | ast.While | ast.If | ast.With | ast.Try):
            within = now if isinstance(statement, ast.If) else _unless(now, changed)
            for field, child in ast.iter_fields(statement):
                if field in ("body", "orelse", "finalbody"):
                    _block(child, within, slices)
                elif isinstance(child, ast.expr):
                    _In(now if isinstance(statement, ast.If) or field == "iter" else within).visit(child)
        elif not isinstance(statement, ast.FunctionDef):
            _In(now).visit(statement)
        now = _unless(now, changed)
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name):
            name, value = statement.targets[0].id, statement.value
            found = now.get(value.id) if isinstance(value, ast.Name) else _slice(value) or _several(value, now)
            if found is not None and name not in syntax.names_in(found) and _is_still(found):
                now[name] = found
                slices.append(statement)


def _unless(known: Known, changed: set[str]) -> dict[str, ast.expr]:
    """Without what was changed, itself or what it reads."""
    return {name: value for name, value in known.items() if name not in changed and not syntax.names_in(value) & changed}


def _is_still(value: ast.expr) -> bool:
    """Whether it is the same wherever its names are: it reads no array's elements, and calls nothing but len()."""
    return not any(isinstance(n, ast.Call) and syntax.text(n.func) != "len"
                   or isinstance(n, ast.Subscript) and not (isinstance(n.value, ast.Attribute) and n.value.attr == "shape")
                   for n in ast.walk(value))


class _In(ast.NodeTransformer):
    def __init__(self, known: Known) -> None:
        self.known = known

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        self.generic_visit(node)
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        made = [copy.deepcopy(self.known[p.id]) if isinstance(p, ast.Name) and p.id in self.known else p for p in parts]
        if any(one is not other for one, other in zip(made, parts)) and not (len(made) > 1 and any(isinstance(m, ast.Tuple) for m in made)):
            node.slice = made[0] if len(made) == 1 and not isinstance(node.slice, ast.Tuple) else ast.Tuple(made, ast.Load())
        return node
