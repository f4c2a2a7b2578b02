"""Replaces all uses of one array element by a scalar that is rounded like the element."""
from __future__ import annotations

import ast
from collections.abc import Sequence

from ..analysis import Function
from .draft import Draft, name

CASTS = {"bool": "bool_"}


def fits_a_scalar(function: Function, uses: Sequence[ast.Subscript]) -> bool:
    """Whether every store into the element can be rounded to the array's dtype, which is known."""
    return all(function.type_of(use.value).dtype for use in uses) and all(
        _store_of(function, use) is not None for use in uses if isinstance(use.ctx, ast.Store))


def _store_of(function: Function, use: ast.Subscript) -> ast.Assign | ast.AugAssign | None:
    """The plain assignment that stores into `use`."""
    for node in ast.walk(function.node):
        if isinstance(node, ast.Assign) and node.targets == [use] or isinstance(node, ast.AugAssign) and node.target is use:
            return node
    return None


class ElementToScalar(ast.NodeTransformer):
    """`apply` puts the scalar in the place of `uses` (nodes of the original) in a draft."""

    def __init__(self, draft: Draft, function: Function, uses: Sequence[ast.Subscript], scalar: str) -> None:
        self.draft = draft
        self.function = function
        self.scalar = scalar
        self.uses = {id(draft.of(use)) for use in uses}
        self.dtype = function.type_of(uses[0].value).dtype
        self.values: dict[int, ast.stmt] = {}
        for use in uses:
            if isinstance(use.ctx, ast.Store):
                original = _store_of(function, use)
                self.values[id(draft.of(original))] = original  # type: ignore[arg-type, assignment]

    def apply(self) -> None:
        self.visit(self.draft.of(self.function.node))

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:
        original = self.values.get(id(node))
        if original is not None:
            node.value = self.visit(node.value)
            same = self.function.type_of(original.value).dtype == self.dtype  # type: ignore[attr-defined]
            node.value = node.value if same else rounded(node.value, self.dtype)
            node.targets = [ast.Name(self.scalar, ast.Store())]
            return node
        return self.generic_visit(node)  # type: ignore[return-value]

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt:
        original = self.values.get(id(node))
        if original is None:
            return self.generic_visit(node)  # type: ignore[return-value]
        node.value = self.visit(node.value)
        combined = ast.BinOp(original.target, original.op, original.value)  # type: ignore[attr-defined]
        if self.function.type_of(combined).dtype == self.dtype:
            node.target = ast.Name(self.scalar, ast.Store())
            return node
        value = rounded(ast.BinOp(name(self.scalar), node.op, node.value), self.dtype)
        return ast.Assign([ast.Name(self.scalar, ast.Store())], value, lineno=node.lineno)

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        if id(node) in self.uses:
            return ast.Name(self.scalar, node.ctx)
        return self.generic_visit(node)  # type: ignore[return-value]


def rounded(value: ast.expr, dtype: str) -> ast.expr:
    """The value as an array of the dtype would keep it."""
    return ast.Call(ast.Attribute(name("np"), CASTS.get(dtype, dtype), ast.Load()), [value], [])
