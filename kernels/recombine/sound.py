"""Sound: whether a text put together of parts reads nothing that was not bound before; what a merge may break first."""
from __future__ import annotations

import ast
import builtins

from .module import Module

_GIVEN = frozenset({"np", "math", "prange", *dir(builtins)})


def is_sound(module: Module) -> bool:
    """Whether every name that a function reads is a parameter, the module's, given, or bound earlier in the text."""
    known = {*_GIVEN, *module.constants, *module.functions}
    return all(_Reading(known | {a.arg for a in function.args.args}).sound(function.body) for function in module.functions.values())


class _Reading(ast.NodeVisitor):
    """Visits a body in the order in which it is executed, branches one after the other."""

    def __init__(self, known: set[str]) -> None:
        self._known = known
        self._sound = True

    def sound(self, body: list[ast.stmt]) -> bool:
        for statement in body:
            self.visit(statement)
        return self._sound

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._sound &= node.id in self._known
        else:
            self._known.add(node.id)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.visit(node.value)
        if isinstance(node.target, ast.Name):
            self._sound &= node.target.id in self._known
        self.visit(node.target)

    def visit_For(self, node: ast.For) -> None:
        self.visit(node.iter)
        self.visit(node.target)
        for statement in [*node.body, *node.orelse]:
            self.visit(statement)
