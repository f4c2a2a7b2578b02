"""Jit options: how a file has its kernel compiled."""
from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from ...kernels.candidate import FASTMATH_FLAGS, JitOptions
from .module import Module

_READ = ("parallel", "fastmath", "error_model")
_RUN_THREADS = re.compile(r"^Found by Kernwright .{0,300}?(\d+)\s+thread\(s\)\.", re.MULTILINE | re.DOTALL)


def options_of(module: Module, entry: ast.FunctionDef, prange: bool) -> JitOptions:
    """The options of the entry's jit decorator; without one, Numba's own, and `parallel` where there is a `prange`.

    prange: whether the kernel has one. Raises RunError for an option that is no literal, or none of Numba's.
    """
    jit = module.jit_of(entry)
    given = {} if jit is None else _keywords(module, jit)
    parallel = prange and bool(given.get("parallel", jit is None))
    error_model = given.get("error_model", "python")
    if error_model not in ("python", "numpy"):
        raise module.refuse(entry.lineno, f"error_model is {error_model!r}; choose python or numpy")
    return JitOptions(parallel, _fastmath(module, entry, given.get("fastmath", False)), error_model,
                      _threads(module) if parallel else None)


def _keywords(module: Module, call: ast.expr) -> dict[str, Any]:
    """The keywords of a jit decorator, those behind `**` and names of module constants included."""
    found: dict[str, Any] = {}
    for keyword in call.keywords if isinstance(call, ast.Call) else ():
        if keyword.arg is None:
            value = _literal(module, keyword.value)
            if not isinstance(value, dict):
                raise module.refuse(keyword.value.lineno, "the jit options behind ** are no dictionary")
            found |= value
        elif keyword.arg in _READ:
            found[keyword.arg] = _literal(module, keyword.value)
    return found


def _literal(module: Module, node: ast.expr) -> Any:
    value = module.values.get(node.id, node) if isinstance(node, ast.Name) else node
    try:
        return ast.literal_eval(value)
    except (ValueError, TypeError):
        raise module.refuse(node.lineno, "a jit option is no literal; write it out") from None


def _fastmath(module: Module, entry: ast.FunctionDef, value: Any) -> tuple[str, ...]:
    if isinstance(value, bool) or value is None or isinstance(value, int):
        return FASTMATH_FLAGS if value else ()
    flags = [value] if isinstance(value, str) else list(value) if isinstance(value, set | frozenset | list | tuple | dict) else []
    if "fast" in flags:
        return FASTMATH_FLAGS
    unknown = sorted(str(flag) for flag in flags if flag not in FASTMATH_FLAGS)
    if unknown:
        raise module.refuse(entry.lineno, f"unknown fastmath flag {unknown[0]!r}; choose from {', '.join(FASTMATH_FLAGS)}")
    return tuple(flags)


def _threads(module: Module) -> int | None:
    """The threads that a champion limits itself to, where they are fewer than its run had; None for all."""
    run = _RUN_THREADS.search(ast.get_docstring(module.tree) or "")
    limits = list(_limits(module))
    return limits[0] if run and limits and 1 <= limits[0] < int(run[1]) else None


def _limits(module: Module) -> Iterator[int]:
    """Integer constants of the file among the arguments of `set_num_threads`."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "set_num_threads":
            for inner in ast.walk(node):
                value = module.values.get(inner.id) if isinstance(inner, ast.Name) else None
                if isinstance(value, ast.Constant) and type(value.value) is int:
                    yield value.value
