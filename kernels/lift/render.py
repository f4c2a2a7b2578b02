"""A program as the text of a candidate."""
from __future__ import annotations

import ast
import copy
import math
from typing import Any

import numpy as np

from ..candidate import ENTRY
from . import syntax
from .source import Program, Rename, dtype_name


def module_text(program: Program, outputs: tuple[str, ...] = ()) -> str:
    """Constants, helpers, then the entry, called `kernel`; `outputs` are further parameters of the entry.

    Numbers become module constants. NumPy scalars, infinities and tuples, which the dialect has not there, are written
    where they are read; arrays are made at the top of the functions that read them.
    """
    used = {n.id for f in program.functions.values() for n in ast.walk(f) if isinstance(n, ast.Name)}
    constants = {name: value for name, value in program.constants.items() if name in used}
    lines = [f"{name} = {value!r}" for name, value in constants.items() if _literal(value)]
    others = {name: value for name, value in constants.items() if not _literal(value)}
    helpers = [_function(program, name, others, ()) for name in program.functions if name != program.entry]
    entry = _function(program, program.entry, others, outputs)
    return "\n\n\n".join([*(["\n".join(lines)] if lines else []), *reversed(helpers), entry]) + "\n"


def _literal(value: Any) -> bool:
    return type(value) in (bool, int) or (type(value) is float and math.isfinite(value))


def _function(program: Program, name: str, constants: dict[str, Any], outputs: tuple[str, ...]) -> str:
    function = copy.deepcopy(program.functions[name])
    function.name = ENTRY if name == program.entry else name
    function.decorator_list, function.returns = [], None
    function.args.defaults, function.args.kw_defaults = [], []
    function.args.args = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    function.args.posonlyargs, function.args.kwonlyargs = [], []
    function.args.args += [ast.arg(output) for output in outputs]
    if program.entry in [n.id for n in ast.walk(function) if isinstance(n, ast.Name)]:
        Rename({program.entry: ENTRY}).visit(function)
    read = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and n.id in constants}
    body = _Spell({n: v for n, v in constants.items() if not isinstance(v, np.ndarray)}).visit(ast.Module(function.body, [])).body
    made = [_constant(n, constants[n]) for n in sorted(read) if isinstance(constants[n], np.ndarray)]
    function.body = [*made, *body]
    return ast.unparse(ast.fix_missing_locations(function))


def _constant(name: str, value: np.ndarray) -> ast.Assign:
    """`name = np.array([...], dtype=...)`; an empty array is np.empty."""
    dtype = ast.keyword("dtype", syntax.numpy(dtype_name(value.dtype)))
    if value.size == 0:
        made = ast.Call(syntax.numpy("empty"), [syntax.sequence([syntax.number(n) for n in value.shape])], [dtype])
    elif value.ndim == 0:
        made = ast.Call(syntax.numpy("full"), [syntax.sequence([]), spelled(value[()])], [])
    else:
        made = ast.Call(syntax.numpy("array"), [_nested(value)], [dtype])
    return ast.Assign([ast.Name(name, ast.Store())], made)


def _nested(value: np.ndarray) -> ast.expr:
    if value.ndim == 0:
        return syntax.number(value.item())
    return ast.List([_nested(np.asarray(v)) for v in value], ast.Load())


def spelled(value: Any) -> ast.expr:
    """The expression of a number, a NumPy scalar, a tuple of those, or None."""
    if value is None:
        return ast.Constant(None)
    if isinstance(value, tuple | list):
        return syntax.sequence([spelled(v) for v in value])
    if isinstance(value, np.generic):
        return syntax.numpy_call(dtype_name(value.dtype), syntax.number(value.item()))
    return syntax.number(value)


class _Spell(ast.NodeTransformer):
    def __init__(self, constants: dict[str, Any]) -> None:
        self.constants = constants

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.constants and isinstance(node.ctx, ast.Load):
            return spelled(self.constants[node.id])
        return node
