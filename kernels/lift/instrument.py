"""The instrumented reference: each expression hands its value to the recorder."""
from __future__ import annotations

import ast
import copy
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..spec import OpenSpec
from . import syntax
from .names import parameters_of
from .recorder import Recorder
from .seen import identity


def instrumented(spec: OpenSpec, functions: dict[str, ast.FunctionDef], entry: str, recorder: Recorder) -> Callable[..., Any]:
    namespace = dict(vars(spec.module))
    namespace.update({"np": np, "math": math, "itertools": itertools, "kernwright_watch": recorder, "kernwright_slice": slice})
    tree = ast.Module([], [])
    for function in functions.values():
        tree.body.append(_Instrument(frozenset(functions)).function(copy.deepcopy(function)))
    ast.fix_missing_locations(tree)
    exec(compile(tree, f"<observed {spec.spec.name}>", "exec"), namespace)  # noqa: S102 - the author's own code
    for name in functions:
        namespace[name] = _entered(recorder, name, parameters_of(functions[name]), namespace[name])
    return namespace[entry]


def _entered(recorder: Recorder, name: str, parameters: list[str], function: Callable[..., Any]) -> Callable[..., Any]:
    def observed(*arguments: Any, **named: Any) -> Any:
        recorder.enter(name, parameters, (*arguments, *(named[each] for each in parameters[len(arguments):] if each in named)))
        try:
            return function(*arguments, **named)
        finally:
            recorder.leave()

    return observed


class _Instrument(ast.NodeTransformer):
    """Wraps expressions in calls of the recorder."""

    def __init__(self, functions: frozenset[str]) -> None:
        self.functions = functions

    def function(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.body = self._block(node.body)
        return node

    def _block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        result: list[ast.stmt] = []
        for statement in statements:
            result += self._statement(statement)
        return result

    def _statement(self, node: ast.stmt) -> list[ast.stmt]:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            return [node]
        before: list[ast.stmt] = []
        after: list[ast.stmt] = []
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign | ast.For) else []
        for target in targets:
            if isinstance(target, ast.Subscript) or (isinstance(node, ast.AugAssign) and isinstance(target, ast.Name)):
                before.append(self._store(node, target))
            for name in ast.walk(target):
                if isinstance(name, ast.Name) and not isinstance(name.ctx, ast.Load):
                    after.append(_expression("bound", ast.Constant(identity(node)), ast.Constant(name.id), syntax.name(name.id)))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and node.value.args \
                and isinstance(node.value.func, ast.Attribute) and isinstance(node.value.args[0], ast.Name | ast.Subscript):
            before.append(self._store(node, node.value.args[0]))
        for name, value in ast.iter_fields(node):
            if name in ("body", "orelse"):
                setattr(node, name, self._block(value))
            elif isinstance(value, ast.expr):
                setattr(node, name, self.visit(value))
            elif name == "targets":
                node.targets = [self.visit(t) for t in value]  # type: ignore[attr-defined]
        if isinstance(node, ast.For):
            node.body = after + node.body
            return [*before, node]
        return [*before, node, *after]

    def _store(self, statement: ast.stmt, target: ast.expr) -> ast.stmt:
        base = copy.deepcopy(target)
        while isinstance(base, ast.Subscript):
            base = base.value
        for node in ast.walk(base):
            if hasattr(node, "ctx"):
                node.ctx = ast.Load()  # type: ignore[attr-defined]
        header = [statement.iter] if isinstance(statement, ast.For) else [statement]
        names = sorted({n.id for part in header for n in ast.walk(part)
                        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load) and n.id not in ("np", "math")
                        and n.id not in self.functions and n.id not in _comprehension_names(statement)})
        others = ast.Dict([ast.Constant(n) for n in names], [syntax.name(n) for n in names])
        return _expression("store", ast.Constant(identity(statement)), base, others)

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.Subscript):
            return self._subscript(node)
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                node.func.value = self.visit(node.func.value)
            elif not isinstance(node.func, ast.Name):
                node.func = self.visit(node.func)
            node.args = [a if isinstance(a, ast.GeneratorExp) else self.visit(a) for a in node.args]
            for keyword in node.keywords:
                keyword.value = self.visit(keyword.value)
            return _record("value", node, node)
        if isinstance(node, ast.Name):
            plain = isinstance(node.ctx, ast.Load) and node.id not in ("np", "math") and node.id not in self.functions
            return _record("value", node, node) if plain else node
        if isinstance(node, ast.Attribute):
            if not isinstance(node.ctx, ast.Load) or _dotted(node):
                return node
            self.generic_visit(node)
            return _record("value", node, node)
        if isinstance(node, ast.Constant | ast.Starred | ast.Lambda | ast.GeneratorExp | ast.JoinedStr):
            return node
        if isinstance(node, ast.expr) and not isinstance(getattr(node, "ctx", ast.Load()), ast.Store):
            self.generic_visit(node)
            return node if isinstance(node, ast.Slice) else _record("value", node, node)
        return self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> ast.comprehension:
        return node

    def _subscript(self, node: ast.Subscript) -> ast.expr:
        base, index = copy.deepcopy(node.value), self._index(node.slice)
        if isinstance(node.ctx, ast.Load):
            return _record("subscript", node, self.visit(node.value), index)
        for inner in ast.walk(base):
            if hasattr(inner, "ctx"):
                inner.ctx = ast.Load()  # type: ignore[attr-defined]
        node.value = self.visit(node.value)
        node.slice = _record("index", node, base, index)
        return node

    def _index(self, node: ast.expr) -> ast.expr:
        """The index as a value, with `slice(...)` in place of colons."""
        if isinstance(node, ast.Tuple):
            return ast.Tuple([self._index(e) for e in node.elts], ast.Load())
        if isinstance(node, ast.Slice):
            parts = [ast.Constant(None) if p is None else self.visit(p) for p in (node.lower, node.upper, node.step)]
            return syntax.builtin_call("kernwright_slice", *parts)
        return self.visit(node)


def _comprehension_names(statement: ast.stmt) -> frozenset[str]:
    return frozenset(n.id for c in ast.walk(statement) if isinstance(c, ast.comprehension)
                     for n in ast.walk(c.target) if isinstance(n, ast.Name))


def _dotted(node: ast.Attribute) -> bool:
    """Whether it is an attribute of a module: `np.pi`, `np.linalg.norm`."""
    value: ast.expr = node
    while isinstance(value, ast.Attribute):
        value = value.value
    return isinstance(value, ast.Name) and value.id in ("np", "math")


def _record(method: str, node: ast.AST, *arguments: Any) -> ast.Call:
    return ast.Call(syntax.attribute(syntax.name("kernwright_watch"), method), [ast.Constant(identity(node)), *arguments], [])


def _expression(method: str, *arguments: ast.expr) -> ast.Expr:
    return ast.Expr(ast.Call(syntax.attribute(syntax.name("kernwright_watch"), method), list(arguments), []))
