"""Rounding to single precision where no result shows what it costs.

The error of a float result is measured (`workers/precise`), so a kernel may compute parts of it as it likes. Where all
results are integers or booleans there is no such error: a value near the edge of a bin falls on one side or the other,
too rarely for any test to meet it. There a kernel keeps the precision of its reference.
"""
from __future__ import annotations

import ast

from ..candidate import Candidate
from ..signature import Signature
from .names import walk

_SINGLE = frozenset({"float32", "complex64", "single", "csingle"})
_TO_SINGLE = frozenset({"int8", "uint8", "int16", "uint16", "float16"})
"""NumPy divides these, or takes their square roots, in half or single precision."""


def narrowing(candidate: Candidate, signature: Signature, reference: str) -> tuple[str, ...]:
    """Each place that names a single-precision type although nothing that the reference reads, writes or names is of one,
    as a line of text; empty where there is none, or where a float is among the results. reference: its whole file.
    """
    written = [argument for argument in signature.arguments if argument.written]
    if any(_is_floating(value.dtype) for value in (*signature.outputs, *written)):
        return ()
    if any(argument.dtype in _SINGLE | _TO_SINGLE for argument in signature.arguments) or _names(ast.parse(reference)):
        return ()
    return tuple(f"line {line}: {name} is less precise than anything in the reference, and integer results hide what that costs; "
                 f"compute in double precision" for line, name in _names(candidate.tree))


def _is_floating(dtype: str) -> bool:
    return dtype.startswith(("float", "complex"))


def _names(tree: ast.AST) -> list[tuple[int, str]]:
    """The line and name of each single-precision type in `tree`, as an attribute, a name or a dtype's text."""
    found = []
    for node in walk(tree):
        match node:
            case ast.Attribute(attr=name) | ast.Name(id=name) if name in _SINGLE:
                found.append((node.lineno, name))
            case ast.Constant(value=str(name)) if name in {*_SINGLE, "f4", "c8", "<f4", "<c8", "f", "F"}:
                found.append((node.lineno, name))
    return sorted(set(found))
