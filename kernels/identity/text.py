"""Executing the reference's and the candidate's text over our numbers.

Both are rewritten alike: float constants become numbers, `/` and `**` between integers stay exact, conversions to float
are ours, and every loop counts its turns. What the reference imports of NumPy and `math` is ours.
"""
from __future__ import annotations

import ast
import builtins
import importlib
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from ..candidate import Candidate
from ..interpret import load, machine
from ..interpret.instrument import MACHINE, PRANGE, REBIND, REDUCE, TICK, instrumented
from ..spec import KernelSpec
from ..vecmath.exact import exactly
from . import functions
from .arrays import wrapped
from .constants import literal
from .draw import current
from .errors import Unsupported
from .namespaces import Numeric, Refusal, divide, is_instance, mathematics, power, to_complex, to_float

REFERENCE = "<reference>"
_TURN, _DIVIDE, _POWER, _STEP = "_kw_turn", "_kw_quotient", "_kw_power", "_kw_step"
_CALLS = {"float": "_kw_float", "complex": "_kw_complex", "isinstance": "_kw_isinstance", "pow": _POWER}
_OPERATORS = {**machine.OPERATORS, "Div": divide}
_ALLOWED_IMPORTS = frozenset(
    "__future__ typing collections collections.abc dataclasses functools itertools operator abc enum warnings".split())


def reference(spec: KernelSpec) -> Callable[..., Any]:
    """The spec's function over our numbers. Whatever its module raises comes out of this.

    What a statement of the module computes outside of the fragment (a table of random numbers) is taken as it is.
    """
    scope = types.ModuleType("reference").__dict__
    scope.update(_names(), __builtins__={**vars(builtins), "__import__": _import})
    for node in _rewritten(ast.parse(spec.text), scope, ticking=True).body:
        try:
            exec(compile(ast.Module([node], []), REFERENCE, "exec", dont_inherit=True), scope)  # noqa: S102 - the author's own
        except Unsupported:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                raise
            made = vars(spec.open().module)
            scope.update({name: _adopted(made[name]) for name in _stored(node) if name in made})
    return scope[spec.function]


def _stored(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}


def _adopted(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return wrapped(value)
    return functions.number(value) if isinstance(value, float | complex | np.inexact) else value


def candidate(kernel: Candidate) -> Callable[..., Any]:
    """The candidate's entry function over our numbers; `prange` acts as `range`. Raises CandidateError."""
    given = {**MACHINE, "__divide": divide, "__power": _machine_power, **_names(), TICK: current().tick, PRANGE: range,
             REDUCE: _reduce, REBIND: lambda value, name: value, "int": _to_int}
    tree = instrumented(exactly(kernel.tree)[0], {}, divide_as_numpy=True)
    tree = _rewritten(tree, given, ticking=False)
    return load(tree, Numeric(), range, math_module=mathematics(), given=given)


def _names() -> dict[str, Any]:
    return {_TURN: current().tick, _DIVIDE: divide, _POWER: power, _STEP: _step, "_kw_float": to_float,
            "_kw_complex": to_complex, "_kw_isinstance": is_instance}


def _reduce(step: str, value: Any, change: Any, shared: bool) -> Any:
    return machine.IN_PLACE[step](value, change) if isinstance(value, np.ndarray) else _OPERATORS[step](value, change)


def _step(step: str, value: Any, change: Any) -> Any:
    """`value /= change` and `value **= change` in plain Python."""
    if isinstance(value, np.ndarray):
        return machine.IN_PLACE[step](value, change)
    return divide(value, change) if step == "Div" else power(value, change)


def _machine_power(a: Any, b: Any) -> Any:
    if isinstance(a, int | np.integer) and isinstance(b, int | np.integer):
        return machine.power(int(a), int(b)) if b >= 0 else functions.power(a, b)
    return a**b


def _to_int(value: Any = 0) -> Any:
    if isinstance(value, np.ndarray):
        value = value.item()
    try:
        return machine.wrap(int(value))
    except ValueError:
        return -(2**63)


def _import(name: str, scope: Any = None, _: Any = None, wanted: Any = (), level: int = 0) -> Any:
    top = name.partition(".")[0]
    if top == "numpy":
        if name == "numpy" or not wanted:
            return Numeric()
        return Numeric(f"{name.partition('.')[2]}.")
    if name == "math":
        return mathematics()
    if top == "kernwright":
        return types.SimpleNamespace(kernel=lambda **_: lambda function: function)
    if top == "numba":
        return types.SimpleNamespace(njit=_decorator, jit=_decorator, prange=range)
    if name in _ALLOWED_IMPORTS:
        return importlib.import_module(name) if wanted else builtins.__import__(name)
    return Refusal(name)


def _decorator(*arguments: Any, **_: Any) -> Any:
    if arguments and isinstance(arguments[0], types.FunctionType):
        return arguments[0]
    return lambda function: function


def _rewritten(tree: ast.Module, scope: dict[str, Any], ticking: bool) -> ast.Module:
    """The tree over our numbers; the constants' names are put into `scope`."""
    return ast.fix_missing_locations(_Rewriter(scope, ticking).visit(tree))


class _Rewriter(ast.NodeTransformer):
    def __init__(self, scope: dict[str, Any], ticking: bool) -> None:
        self.scope = scope
        self.ticking = ticking

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if not isinstance(node.value, float | complex):
            return node
        name = f"_kw_constant_{len(self.scope)}"
        self.scope[name] = literal(node.value)
        return ast.copy_location(ast.Name(name, ast.Load()), node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if node.value is None:
            return ast.copy_location(ast.Pass(), node)
        return self.visit(ast.copy_location(ast.Assign([node.target], node.value), node))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        name = {ast.Div: _DIVIDE, ast.Pow: _POWER}.get(type(node.op))
        return node if name is None else _call(node, name, node.left, node.right)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Div | ast.Pow) or not isinstance(node.target, ast.Name):
            return node
        step = ast.Constant(type(node.op).__name__)
        value = _call(node, _STEP, step, ast.Name(node.target.id, ast.Load()), node.value)
        return ast.copy_location(ast.Assign([node.target], value), node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in _CALLS:
            node.func = ast.copy_location(ast.Name(_CALLS[node.func.id], ast.Load()), node.func)
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        return self._loop(node)

    def visit_While(self, node: ast.While) -> ast.AST:
        return self._loop(node)

    def _loop(self, node: Any) -> ast.AST:
        self.generic_visit(node)
        if self.ticking:
            node.body.insert(0, ast.copy_location(ast.Expr(_call(node, _TURN)), node))
        return node


def _call(place: ast.AST, name: str, *arguments: ast.expr) -> ast.Call:
    return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), list(arguments), []), place)


def line_of(error: BaseException, filename: str) -> int:
    """The line of the text at which an exception left it; 0 where it never was there."""
    trace, line = error.__traceback__, 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == filename:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def plain(value: Any) -> Any:
    """A result of a text: an array, a number or an integer. Raises Unsupported for anything else."""
    if isinstance(value, np.ndarray | int | np.integer | np.bool_):
        return value
    if value is None or isinstance(value, str):
        raise Unsupported("a result that is no number")
    return functions.number(value)
