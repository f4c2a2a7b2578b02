"""Rewrites a kernel's tree so that plain Python executes it as compiled code would be, and the log learns of its loops.

Line numbers stay those of the text.
"""
from __future__ import annotations

import ast
import copy
from collections.abc import Mapping
from typing import Any

from . import machine
from .scalars import ParallelLoop, Place, is_prange

TICK, REDUCE, REBIND, PRANGE = "__tick", "__reduce", "__rebind", "__parallel"
_ALWAYS: Mapping[type[ast.operator], str] = {ast.Mult: "__multiply", ast.LShift: "__shift_left", ast.Pow: "__power"}
_DIVISIONS: Mapping[type[ast.operator], str] = {
    ast.Div: "__divide", ast.FloorDiv: "__floor_divide", ast.Mod: "__remainder",
}
MACHINE: Mapping[str, Any] = {
    "__multiply": machine.multiply, "__shift_left": machine.shift_left, "__power": machine.power,
    "__divide": machine.divide, "__floor_divide": machine.floor_divide, "__remainder": machine.remainder,
}


def instrumented(tree: ast.Module, loops: Mapping[Place, ParallelLoop], divide_as_numpy: bool) -> ast.Module:
    """A rewritten copy. loops: what is known of each outermost prange loop, by its `for`'s line and column. divide_as_numpy: the error model is "numpy"."""
    return ast.fix_missing_locations(_Rewriter(loops, divide_as_numpy).visit(copy.deepcopy(tree)))


class _Rewriter(ast.NodeTransformer):
    def __init__(self, loops: Mapping[Place, ParallelLoop], divide_as_numpy: bool) -> None:
        self.loops = loops
        self.operators = {**_ALWAYS, **(_DIVISIONS if divide_as_numpy else {})}
        self.reductions: frozenset[str] = frozenset()

    def visit_For(self, node: ast.For) -> ast.AST:
        loop = self.loops.get((node.lineno, node.col_offset))
        node.iter = self.visit(node.iter)
        if loop is None:
            if is_prange(node):  # inside another: compiled code runs it serially
                node.iter.func = _at(node.iter, ast.Name("range", ast.Load()))
            self._body(node)
            return node
        node.iter.func = _at(node.iter, ast.Name(PRANGE, ast.Load()))
        outer, self.reductions = self.reductions, loop.reductions
        self._body(node)
        self.reductions = outer
        for name in sorted(loop.unset):
            node.body[:0] = [
                _at(node, ast.Assign([ast.Name(name, ast.Store())], ast.Constant(None))),
                _at(node, ast.Delete([ast.Name(name, ast.Del())])),
            ]
        return node

    def visit_While(self, node: ast.While) -> ast.AST:
        node.test = self.visit(node.test)
        self._body(node)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        name = self.operators.get(type(node.op))
        if name is None:
            return node
        return _at(node, ast.Call(ast.Name(name, ast.Load()), [node.left, node.right], []))

    def visit_Assign(self, node: ast.Assign) -> Any:
        self.generic_visit(node)
        target = node.targets[0]
        if len(node.targets) == 1 and isinstance(target, ast.Name) and target.id in self.reductions:
            node.value = _at(node, ast.Call(ast.Name(REBIND, ast.Load()), [node.value, ast.Constant(target.id)], []))
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        self.generic_visit(node)
        if not isinstance(node.target, ast.Name):
            return node
        name, operator = node.target.id, self.operators.get(type(node.op))
        if name in self.reductions or operator is not None:
            step = ast.Constant(type(node.op).__name__)
            shared = ast.Constant(name in self.reductions)
            value = ast.Call(ast.Name(REDUCE, ast.Load()), [step, ast.Name(name, ast.Load()), node.value, shared], [])
            return _at(node, ast.Assign([ast.Name(name, ast.Store())], value))
        return node

    def _body(self, node: ast.For | ast.While) -> None:
        body: list[ast.stmt] = [_at(node, ast.Expr(ast.Call(ast.Name(TICK, ast.Load()), [], [])))]
        for statement in node.body:
            made = self.visit(statement)
            body += made if isinstance(made, list) else [made]
        node.body = body


def _at(place: ast.AST, node: Any) -> Any:
    return ast.fix_missing_locations(ast.copy_location(node, place))
