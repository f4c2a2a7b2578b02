"""Unsigned indices: an index that is never negative is cast to `np.uint64`, which spares Numba's wrap-around test.

Legality: the index expression is an integer that the bounds of the loops around it and the tests before it keep at 0
or above.
"""
from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis import Function, Loop, analyse
from ..candidate import Candidate
from ..signature import Signature
from .draft import Draft, Rewrite, name

NAME = "unsigned"


def propose(candidate: Candidate, signature: Signature) -> Iterator[Rewrite]:
    """One rewrite for the indices of all innermost loops."""
    analysis = analyse(candidate, signature)
    draft = Draft(candidate, analysis)
    changed = 0
    lines = []
    for function, loop in analysis.loops:
        if loop.children:
            continue
        indices = list(_indices(function, loop))
        changed += len(indices)
        lines += [loop.line] if indices else []
        for subscript, entry in indices:
            cast = ast.Call(ast.Attribute(name("np"), "uint64", ast.Load()), [draft.of(entry)], [])
            copied: ast.Subscript = draft.of(subscript)
            if isinstance(copied.slice, ast.Tuple):
                position = next(p for p, e in enumerate(copied.slice.elts) if e is draft.of(entry))
                copied.slice.elts[position] = cast
            else:
                copied.slice = cast
    if changed:
        made = draft.finish(NAME, f"{changed} unsigned indices in the innermost loops (lines {', '.join(map(str, lines))})")
        if made is not None:
            yield made


def _indices(function: Function, loop: Loop) -> Iterator[tuple[ast.Subscript, ast.expr]]:
    """Subscripts of arrays in the body, with each of their indices that may be cast."""
    for statement in loop.node.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Subscript) and function.type_of(node.value).is_array:
                for entry in node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]:
                    if isinstance(entry, ast.Name | ast.BinOp) and id(entry) in function.facts.nonnegative \
                            and function.type_of(entry).is_integer and function.type_of(entry).dtype != "uint64":
                        yield node, entry
