"""The reference as syntax: its function, the helpers that it reaches, and the module constants that they read."""
from __future__ import annotations

import ast
import builtins
import copy
import importlib
import itertools
import math
import types
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..candidate import ENTRY
from ..spec import OpenSpec, is_numeric
from . import syntax
from .literals import literal_of, settle_literals
from .names import bound_names, parameters_of

MOST_KEYS = 32
RESERVED = frozenset({"np", "math", "prange", ENTRY})
ALIASES = {"concat": "concatenate", "bitwise_invert": "invert", "bitwise_left_shift": "left_shift", "bitwise_right_shift": "right_shift",
           "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh"}
"""Names that NumPy 2 has given to functions beside the older ones, which Numba knows too."""
INFINITE = {"inf": "inf", "+inf": "inf", "-inf": "inf", "infinity": "inf", "-infinity": "inf", "nan": "nan"}
"""What float() makes of these strings, in the module math."""
IMPORTED = frozenset({"numpy", "numpy.linalg", "math", "collections", "itertools", "functools", "operator"})
"""Modules of which a function may import something itself."""


@dataclass
class Program:
    """Functions with normalised names: NumPy is `np`, `math` is `math`, whatever the file calls them.

    functions: the entry first. constants: module-level numbers, arrays and tuples by name. foreign: other globals that
    are read, with the line where each is first read.
    """

    entry: str
    functions: dict[str, ast.FunctionDef]
    constants: dict[str, Any] = field(default_factory=dict)
    foreign: dict[str, tuple[int, str]] = field(default_factory=dict)


def read_program(spec: OpenSpec) -> Program:
    """The syntax of the spec's function and of every helper of the same file that it reaches."""
    tree = ast.parse(spec.spec.text)
    defined = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    program = Program(spec.spec.function, {})
    todo = [spec.spec.function]
    while todo:
        wanted = todo.pop(0)
        if wanted in program.functions:
            continue
        function = copy.deepcopy(defined[wanted])
        function.decorator_list = []
        function.returns = None
        arguments = function.args
        arguments.args, arguments.posonlyargs = [*arguments.posonlyargs, *arguments.args], []
        _LocalImports(spec.module).visit(function)
        resolver = _Resolver(spec.module, defined, bound_names(function))
        resolver.visit(function)
        function.body[:0] = [ast.fix_missing_locations(ast.copy_location(ast.Assign([ast.Name(name, ast.Store())], value), function.body[0]))
                             for name, value in resolver.written.items()]
        program.functions[wanted] = function
        program.constants.update(resolver.constants)
        for name, place in resolver.foreign.items():
            program.foreign.setdefault(name, place)
        todo.extend(resolver.helpers)
    settle_literals(program.functions, program.entry, _given(spec), call_arguments)
    _avoid_reserved(program)
    return program


def _given(spec: OpenSpec) -> dict[str, ast.expr]:
    """What the parameters hold that are no arguments of the kernel. Those without a literal are left, and stop the lift."""
    found = {name: literal_of(value) for name, value in spec.fixed.items()}
    return {name: literal for name, literal in found.items() if literal is not None}


class _LocalImports(ast.NodeTransformer):
    """Drops an import inside a function, of what a module of IMPORTED has, where the file knows no other object by that name."""

    def __init__(self, module: types.ModuleType) -> None:
        self.module = module

    def visit_Import(self, node: ast.Import) -> ast.stmt:
        if not all(alias.name in IMPORTED and (alias.asname or "." not in alias.name) for alias in node.names):
            return node
        return self._known(node, {alias.asname or alias.name: importlib.import_module(alias.name) for alias in node.names})

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.stmt:
        found = importlib.import_module(node.module) if node.module in IMPORTED and not node.level else None
        if found is None or not all(hasattr(found, alias.name) for alias in node.names):
            return node
        return self._known(node, {alias.asname or alias.name: getattr(found, alias.name) for alias in node.names})

    def _known(self, node: ast.stmt, objects: dict[str, Any]) -> ast.stmt:
        held = vars(self.module)
        if any(held.get(name, value) is not value for name, value in objects.items()):
            return node
        held.update(objects)
        return ast.copy_location(ast.Pass(), node)


class _Resolver(ast.NodeTransformer):
    """Replaces global names by what they mean: `xp.exp`, `exp` and `numpy.exp` all become `np.exp`."""

    def __init__(self, module: types.ModuleType, defined: dict[str, ast.FunctionDef], bound: frozenset[str]) -> None:
        self.module, self.defined, self.bound = module, defined, bound
        self.helpers: list[str] = []
        self.constants: dict[str, Any] = {}
        self.foreign: dict[str, tuple[int, str]] = {}
        self.written: dict[str, ast.expr] = {}

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.bound or not isinstance(node.ctx, ast.Load):
            return node
        if node.id not in vars(self.module):
            if not hasattr(builtins, node.id):
                self.foreign.setdefault(node.id, (node.lineno, f"{node.id} is not defined"))
            return node
        value = vars(self.module)[node.id]
        known = known_object(value)
        if known is not None:
            return ast.copy_location(copy.deepcopy(syntax.parse(known)), node)
        if (written := self._written(node.id, value)) is not None:
            self.written[node.id] = written
            return node
        if self._is_helper(node.id, value):
            self.helpers.append(node.id)
        elif is_constant(value):
            self.constants[node.id] = value
        else:
            self.foreign.setdefault(node.id, (node.lineno, f"{node.id} is neither a number, nor of NumPy or math"))
        return node

    def _written(self, name: str, value: Any) -> ast.expr | None:
        """A slice, several of them, or a dictionary of numbers and arrays, written out."""
        if isinstance(value, slice):
            ends = [end.item() if isinstance(end, np.generic) else end for end in (value.start, value.stop, value.step)]
            return syntax.parse(f"slice({', '.join(map(repr, ends))})") if all(type(end) in (int, type(None)) for end in ends) else None
        if isinstance(value, tuple) and value and all(isinstance(each, slice) for each in value):
            parts = [self._written(name, each) for each in value]
            return None if None in parts else ast.Tuple(parts, ast.Load())  # type: ignore[arg-type]
        if isinstance(value, dict) and 0 < len(value) <= MOST_KEYS and all(type(key) in (str, int) for key in value) \
                and all(is_numeric(each) and (not isinstance(each, np.ndarray) or is_constant(each)) for each in value.values()):
            held = {key: f"{name}_{key}" if str(key).isidentifier() else f"{name}_{place}" for place, key in enumerate(value)}
            known = vars(self.module)
            if any(other in self.bound or known.get(other, value[key]) is not value[key] for key, other in held.items()):
                return None
            known.update({held[key]: each for key, each in value.items()})      # where the reference is watched it reads them by these names
            self.constants.update({held[key]: each for key, each in value.items()})
            return ast.Dict([ast.Constant(key) for key in value], [syntax.name(held[key]) for key in value])
        return None

    def _is_helper(self, name: str, value: Any) -> bool:
        """Whether the name is a function of this file, undecorated or compiled by Numba."""
        if name not in self.defined:
            return False
        function = getattr(value, "py_func", value)
        plain = not self.defined[name].decorator_list or function is not value
        return plain and isinstance(function, types.FunctionType) and function.__module__ == self.module.__name__

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.value, ast.Name) and node.value.id == "np" and "np" not in self.bound:
            value = getattr(np, node.attr, None)
            if isinstance(value, type) and issubclass(value, np.generic) and np.dtype(value).kind in "biufc":
                node.attr = dtype_name(np.dtype(value))
            node.attr = ALIASES.get(node.attr, node.attr)
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Name(id="float"), args=[ast.Constant(value=str() as text)], keywords=[]) if "float" not in self.bound \
                    and text.strip().lower() in INFINITE:
                made: ast.expr = syntax.attribute(syntax.name("math"), INFINITE[text.strip().lower()])
                return ast.copy_location(ast.UnaryOp(ast.USub(), made) if text.strip().startswith("-") else made, node)
        for keyword in node.keywords:
            if keyword.arg == "dtype":
                keyword.value = dtype_written(keyword.value)
        called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if called == "ndarray" and syntax.text(node.func) == "np.ndarray" and len(node.args) + len(node.keywords) <= 2:
            node.func = ast.copy_location(syntax.numpy("empty"), node.func)
            called = "empty"
        position = {"astype": 0, "view": 0, "zeros": 1, "ones": 1, "empty": 1, "array": 1, "asarray": 1, "zeros_like": 1,
                    "ones_like": 1, "empty_like": 1, "full": 2, "full_like": 2}.get(called)
        if position is not None and len(node.args) > position:
            node.args[position] = dtype_written(node.args[position])
        return node


def dtype_written(node: ast.expr) -> ast.expr:
    """A dtype as the dialect writes it: `np.int64` for `int`, `np.float32` for "float32", `a.dtype` as it is."""
    given: Any = None
    if isinstance(node, ast.Name) and node.id in ("int", "float", "bool", "complex"):
        given = getattr(builtins, node.id)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        given = node.value
    if given is None:
        return node
    try:
        dtype = np.dtype(given)
    except TypeError:
        return node
    return ast.copy_location(copy.deepcopy(syntax.parse(f"np.{dtype_name(dtype)}")), node) if dtype.kind in "biufc" else node


def known_object(value: Any) -> str | None:
    """`np.exp` and the like for an object of NumPy, math or itertools, None for any other."""
    if isinstance(value, np.ndarray | np.generic):
        return None
    if value is np:
        return "np"
    if value is math:
        return "math"
    if value is itertools:
        return "itertools"
    if value is np.linalg:
        return "np.linalg"
    if value in (int, float, bool, complex):
        return value.__name__
    if isinstance(value, np.dtype):
        return f"np.{dtype_name(value)}" if value.kind in "biufc" else None
    if isinstance(value, type) and issubclass(value, np.generic):
        return f"np.{dtype_name(np.dtype(value))}" if np.dtype(value).kind in "biufc" else None
    if value is np.lib.stride_tricks or value is np.lib.stride_tricks.sliding_window_view:
        return "np.lib.stride_tricks" + ("" if value is np.lib.stride_tricks else ".sliding_window_view")
    name = getattr(value, "__name__", None)
    if isinstance(name, str) and callable(value):
        for module, prefix in ((np, "np"), (math, "math"), (np.linalg, "np.linalg"), (itertools, "itertools")):
            if getattr(module, name, None) is value and value is not getattr(builtins, name, None):
                return f"{prefix}.{name}"
    return None


def is_constant(value: Any) -> bool:
    """Whether a module variable is a number, a small numeric array, or a tuple or list of numbers."""
    if isinstance(value, np.ndarray):
        return is_numeric(value) and value.size <= 256
    if isinstance(value, tuple | list):
        return len(value) <= 256 and all(is_constant(v) for v in value)
    return is_numeric(value) or value is None


def dtype_name(dtype: np.dtype) -> str:
    """NumPy's attribute for a dtype: `float64`, `bool_`."""
    return "bool_" if dtype.kind == "b" else dtype.name


def _avoid_reserved(program: Program) -> None:
    """Renames locals and helpers that carry a name which the harness puts in scope, or that the builtins have."""
    taken = set(program.functions) | set(program.constants) | RESERVED
    renamed = {}
    for name in list(program.functions):
        if name in RESERVED or hasattr(builtins, name):
            renamed[name] = _free(name, taken)
    for function in program.functions.values():
        bound = bound_names(function)
        local = {n: _free(n, taken | bound) for n in bound
                 if n in RESERVED or n in program.functions or n in program.constants or n in _USED_BUILTINS}
        mapping = {**{k: v for k, v in renamed.items() if k not in bound}, **local}
        if mapping:
            Rename(mapping).visit(function)
    program.functions = {renamed.get(n, n): f for n, f in program.functions.items()}
    for name, function in program.functions.items():
        function.name = name
    program.entry = renamed.get(program.entry, program.entry)


_USED_BUILTINS = frozenset("range len abs min max int float bool complex round sum enumerate zip divmod pow".split())


class Rename(ast.NodeTransformer):
    """Renames variables, parameters included."""

    def __init__(self, mapping: dict[str, str]) -> None:
        self.mapping = mapping

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self.mapping.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.arg = self.mapping.get(node.arg, node.arg)
        return node


def _free(name: str, taken: set[str] | frozenset[str]) -> str:
    number = 2
    candidate = f"{name}_"
    while candidate in taken:
        candidate, number = f"{name}_{number}", number + 1
    return candidate


def call_arguments(function: ast.FunctionDef, node: ast.Call) -> list[ast.expr] | None:
    """The positional arguments of a call of `function`, keywords and defaults resolved; None if that is impossible."""
    names = parameters_of(function)
    given: dict[str, ast.expr] = {}
    if function.args.vararg or function.args.kwarg or any(isinstance(a, ast.Starred) for a in node.args):
        return None
    if len(node.args) > len(names):
        return None
    given.update(zip(names, node.args))
    for keyword in node.keywords:
        if keyword.arg is None or keyword.arg not in names or keyword.arg in given:
            return None
        given[keyword.arg] = keyword.value
    positional = [*function.args.posonlyargs, *function.args.args]
    defaults = dict(zip([a.arg for a in positional[len(positional) - len(function.args.defaults):]], function.args.defaults))
    defaults |= {a.arg: d for a, d in zip(function.args.kwonlyargs, function.args.kw_defaults) if d is not None}
    for name in names:
        if name not in given:
            if name not in defaults:
                return None
            given[name] = copy.deepcopy(defaults[name])
    return [given[name] for name in names]
