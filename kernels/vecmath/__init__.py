"""vecmath: elementary functions in plain kernel-dialect source that loops can call and LLVM can vectorise.

pip's Numba has no vector mathematics library, so `np.exp` in a loop is a scalar call of libm. The functions here have no
branch, no table and no call: LLVM inlines them, and turns the loop around them into packed instructions. Each family is a
file of ordinary functions; a candidate carries their text, with the pieces that several share spliced in (`splice.py`).
`docs/vecmath.md` holds their measured errors and speed.

The helpers rest on exact roundings: they are compiled with `JIT_OPTIONS`, whatever the options of the kernel around them (flags
belong to instructions, and survive inlining). Of fastmath they bear `contract` alone, which saves a quarter of the time: where
a rounding error is computed, each product is exact by its factors' lengths, so that fusing it with an addition changes nothing.
"""
from __future__ import annotations

import ast
import functools
import importlib
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from ..candidate import canonical_text
from .function import VecFunction

__all__ = ["FUNCTIONS", "JIT_OPTIONS", "VecFunction", "recognise", "with_needs"]

FAMILIES = ("exponential", "logarithm", "trigonometric", "hyperbolic", "inverse", "power", "error_function")
"""The modules of this package that hold functions, one family a file."""

JIT_OPTIONS: Mapping[str, object] = MappingProxyType({"fastmath": {"contract"}, "error_model": "numpy", "forceinline": True})
"""What `numba.njit` is given for a helper, whatever the kernel that calls it is given."""


def _collect() -> Mapping[tuple[str, str], VecFunction]:
    found = {}
    for family in FAMILIES:
        for value in vars(importlib.import_module(f".{family}", __name__)).values():
            if isinstance(value, VecFunction):
                found[value.name, value.dtype] = value
    return MappingProxyType(found)


FUNCTIONS = _collect()
"""Every function by (name, dtype), as in FUNCTIONS["exp", "float64"]."""


def with_needs(functions: Iterable[VecFunction]) -> tuple[VecFunction, ...]:
    """`functions` and all helpers that they call, each once, a helper before its callers."""
    by_helper = {function.helper: function for function in FUNCTIONS.values()}
    ordered: dict[str, VecFunction] = {}

    def add(function: VecFunction) -> None:
        if function.helper not in ordered:
            for needed in function.needs:
                add(by_helper[needed])
            ordered[function.helper] = function

    for function in functions:
        add(function)
    return tuple(ordered.values())


def recognise(node: ast.FunctionDef) -> VecFunction | None:
    """The function of vecmath whose text `node` is, its own name, the names of its variables and comments apart; or None."""
    known = _by_canonical_text()
    if len(node.args.args) not in _arities():
        return None
    return known.get(_canonical(node))


@functools.cache
def _by_canonical_text() -> Mapping[str, VecFunction]:
    return {_canonical(ast.parse(function.text).body[0]): function for function in FUNCTIONS.values()}


@functools.cache
def _arities() -> frozenset[int]:
    return frozenset(function.arity for function in FUNCTIONS.values())


def _canonical(node: ast.stmt) -> str:
    return canonical_text(ast.Module([node], []))
