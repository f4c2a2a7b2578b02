"""Module: a Python file as its syntax tree shows it. Nothing of it is executed."""
from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ...kernels.candidate import parse
from ..schema import RunError

MOST_BYTES = 1_000_000
"""Of a file. The dialect's own limit is far below, but a champion bundles its reference too."""
_JIT = frozenset({"numba.njit", "numba.jit"})


@dataclass(frozen=True)
class Module:
    """text: with plain line ends. functions: those at its top, by name; of two with one name the later."""

    path: Path
    text: str
    tree: ast.Module

    @cached_property
    def functions(self) -> Mapping[str, ast.FunctionDef]:
        return {node.name: node for node in self.tree.body if isinstance(node, ast.FunctionDef)}

    @cached_property
    def values(self) -> Mapping[str, ast.expr]:
        """What is assigned to each name at the file's top, `NAME = value`; the last of several."""
        return {node.targets[0].id: node.value for node in self.tree.body
                if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)}

    @cached_property
    def imported(self) -> Mapping[str, str]:
        """What the names that the file's top imports stand for, dotted: {"np": "numpy", "fast_max": "builtins.max"}."""
        found = {}
        for node in self.tree.body:
            if isinstance(node, ast.Import):
                found |= {alias.asname or alias.name.split(".")[0]: alias.name if alias.asname else alias.name.split(".")[0]
                          for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        return found

    def jit_of(self, function: ast.FunctionDef) -> ast.expr | None:
        """The jit decorator of `function`; where it is decorated with a function of this file that calls `njit`, as a champion's
        kernel is, that call. None where it is not compiled."""
        for decorator in function.decorator_list:
            if self.is_jit(decorator):
                return decorator
            if isinstance(decorator, ast.Name) and decorator.id in self._compilers:
                return self._compilers[decorator.id]
        return None

    def compiles(self, decorator: ast.expr) -> bool:
        """Whether all that it does is to compile: numba's, or a function of this file that calls that."""
        return self.is_jit(decorator) or self.wraps_jit(decorator)

    def wraps_jit(self, decorator: ast.expr) -> bool:
        """Whether it is a function of this file that calls `njit`."""
        return isinstance(decorator, ast.Name) and decorator.id in self._compilers

    def is_jit(self, node: ast.expr) -> bool:
        """Whether it is numba's `njit` or `jit`, or a call of it. A name that the file does not import is taken for numba's."""
        function = node.func if isinstance(node, ast.Call) else node
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
            return f"{self.imported.get(function.value.id, 'numba')}.{function.attr}" in _JIT
        return isinstance(function, ast.Name) and self.imported.get(function.id, f"numba.{function.id}") in _JIT

    def refuse(self, line: int, reason: str) -> RunError:
        """The error that names the place and says why the file cannot be used."""
        return RunError(f"{self.path}, line {line}: {reason}" if line else f"{self.path}: {reason}")

    @cached_property
    def _compilers(self) -> Mapping[str, ast.Call]:
        """The functions of this file that call `njit`, with the first such call."""
        found = {}
        for name, function in self.functions.items():
            call = next((node for node in ast.walk(function) if isinstance(node, ast.Call) and self.is_jit(node)), None)
            if call is not None and call not in function.decorator_list:
                found[name] = call
        return found


def read_module(path: Path) -> Module:
    """The file as a tree. Raises RunError for what is no file, too long, or no Python."""
    if not path.exists():
        raise RunError(f"{path} does not exist")
    if not path.is_file():
        raise RunError(f"{path} is neither a file nor a run's directory")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise RunError(f"{path} is too long to be a kernel: {path.stat().st_size} bytes, where {MOST_BYTES} are read at most")
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its style Python may speak to its author
            return Module(path, text, parse(text))
    except SyntaxError as error:
        raise RunError(f"{path}, line {error.lineno}: syntax error: {error.msg}") from None
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        if isinstance(error, RunError):
            raise
        raise RunError(f"{path} is no Python source: it holds binary data") from None
    except (RecursionError, MemoryError):
        raise RunError(f"{path} is nested too deeply for Python's parser") from None


def names_read(node: ast.stmt) -> set[str]:
    """The names that a statement at the file's top reads of the file: those that a function binds itself are its own."""
    names = [inner for inner in ast.walk(node) if isinstance(inner, ast.Name)]
    if not isinstance(node, ast.FunctionDef):
        return {name.id for name in names}
    own = {inner.arg for inner in ast.walk(node) if isinstance(inner, ast.arg)}
    own |= {name.id for name in names if not isinstance(name.ctx, ast.Load)}
    outer = [inner for decorator in node.decorator_list for inner in ast.walk(decorator)]
    return {name.id for name in names} - own | {inner.id for inner in outer if isinstance(inner, ast.Name)}
