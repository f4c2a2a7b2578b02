"""Executing the reference's and the candidate's text so that what it computes with numbers is counted.

The text is rewritten: operators, comparisons, augmented assignments and calls go by way of `calls`. Arrays count for
themselves.
"""
from __future__ import annotations

import ast
import builtins
import functools
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from ..candidate import Candidate
from ..interpret import load
from ..spec import KernelSpec
from ..vecmath.exact import exactly
from . import calls, operators

REFERENCE = calls.FILENAMES[0]
_NAMES = {"_kw_binary": operators.binary, "_kw_in_place": operators.in_place, "_kw_augment": operators.augment, "_kw_compare": operators.compare,
          "_kw_call": calls.call, "_kw_slice": slice}
_FRAMES = frozenset({"super", "locals", "globals", "vars", "eval", "exec", "dir"})
"""Functions that look at the frame that calls them."""


def reference(spec: KernelSpec) -> Callable[..., Any]:
    """The spec's function, rewritten. Whatever its module raises comes out of this."""
    module = types.ModuleType("reference")
    scope = module.__dict__
    scope.update(_NAMES, _kw_decorator=_decorator, __builtins__=builtins)
    tree = ast.fix_missing_locations(_Rewriter().visit(ast.parse(spec.text)))
    exec(compile(tree, REFERENCE, "exec", dont_inherit=True), scope)  # noqa: S102 - the author's own
    return scope[spec.function]


def candidate(kernel: Candidate) -> Callable[..., Any]:
    """The candidate's entry function, rewritten; `prange` acts as `range`. Raises CandidateError."""
    tree = ast.fix_missing_locations(_Rewriter().visit(exactly(ast.parse(kernel.text))[0]))
    return load(tree, np, range, given=_NAMES)


def _decorator(decorator: Any) -> Any:
    """Decorators that compile, or declare a kernel, leave the function as it is."""
    home = getattr(decorator, "__module__", None) or type(decorator).__module__
    if home.partition(".")[0] in ("numba", "kernwright"):
        return lambda function: function
    return functools.partial(decorator) if isinstance(decorator, type) else decorator


class _Rewriter(ast.NodeTransformer):
    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        decorators = [_call(each, "_kw_decorator", each) for each in node.decorator_list
                      if not isinstance(each, ast.Name) or each.id not in ("property", "staticmethod", "classmethod")]
        kept = [each for each in node.decorator_list if isinstance(each, ast.Name) and each.id in ("property", "staticmethod", "classmethod")]
        node.decorator_list = []
        node.returns = None
        self.generic_visit(node)
        node.decorator_list = kept + decorators
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        decorators, node.decorator_list = node.decorator_list, []
        self.generic_visit(node)
        node.decorator_list = decorators
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        return _call(node, "_kw_binary", ast.Constant(type(node.op).__name__), node.left, node.right)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if len(node.ops) == 1 and isinstance(node.ops[0], ast.Is | ast.IsNot | ast.In | ast.NotIn):
            return node
        names = ast.Tuple([ast.Constant(type(op).__name__) for op in node.ops], ast.Load())
        nothing = ast.arguments([], [], None, [], [], None, [])
        return _call(node, "_kw_compare", node.left, names, *(ast.Lambda(nothing, each) for each in node.comparators))

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        step = ast.Constant(type(node.op).__name__)
        if isinstance(node.target, ast.Subscript):
            return ast.copy_location(ast.Expr(_call(
                node, "_kw_augment", step, node.target.value, _index(node.target.slice), node.value)), node)
        loaded = ast.parse(ast.unparse(node.target), mode="eval").body  # a name, or an attribute of one
        value = _call(node, "_kw_in_place", step, loaded, node.value)
        return ast.copy_location(ast.Assign([node.target], value), node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and (node.func.id in _FRAMES or node.func.id in _NAMES):
            return node
        return ast.copy_location(ast.Call(ast.Name("_kw_call", ast.Load()), [node.func, *node.args], node.keywords), node)


def _index(node: ast.expr) -> ast.expr:
    """An index as a value: slices become `slice(...)`."""
    if isinstance(node, ast.Slice):
        return ast.Call(ast.Name("_kw_slice", ast.Load()), [part or ast.Constant(None) for part in (node.lower, node.upper, node.step)], [])
    if isinstance(node, ast.Tuple):
        return ast.Tuple([_index(part) for part in node.elts], ast.Load())
    return node


def _call(place: ast.AST, name: str, *arguments: ast.expr) -> ast.Call:
    return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), list(arguments), []), place)
