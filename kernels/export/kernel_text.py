"""The kernel's text as it stands in the exported file: its functions decorated, its names kept apart."""
from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Mapping

from ..candidate import ENTRY, Candidate
from ..vecmath import VecFunction, recognise
from .names import Names

_LINEAR_ALGEBRA = frozenset({"dot", "vdot", "linalg"})


def kernel_source(candidate: Candidate, names: Names, decorator: str, vectorised: str) -> tuple[str, str]:
    """The candidate's text with `@decorator` on each function, `@vectorised` on those of vecmath, and what its entry is
    called there.

    Comments stay. Names are changed only where they mean something else in the file.
    """
    text = "\n".join(candidate.text.splitlines()) + "\n"
    tree = ast.parse(text)
    if tree.body and isinstance(tree.body[0], ast.Expr):
        # A module's docstring would be a loose string here.
        lines = text.split("\n")
        text = "\n".join(lines[tree.body[0].end_lineno :])
        tree = ast.parse(text)
    mapping = _mapping(tree, names)
    renamed = rename(text, mapping)
    lines = renamed.strip("\n").split("\n")
    functions = [node for node in ast.parse("\n".join(lines)).body if isinstance(node, ast.FunctionDef)]
    for function in reversed(functions):
        lines.insert(function.lineno - 1, f"@{vectorised if recognise(function) else decorator}")
    return "\n".join(line.rstrip() for line in lines) + "\n", mapping.get(ENTRY, ENTRY)


def functions_of_vecmath(candidate: Candidate) -> tuple[VecFunction, ...]:
    """Those that the candidate's text holds."""
    return tuple(known for node in candidate.tree.body if isinstance(node, ast.FunctionDef) and (known := recognise(node)))


def needs_scipy(candidate: Candidate) -> bool:
    """Whether the kernel calls BLAS or LAPACK, which Numba takes from SciPy."""
    for node in ast.walk(candidate.tree):
        if isinstance(node, ast.MatMult):
            return True
        if isinstance(node, ast.Attribute) and node.attr in _LINEAR_ALGEBRA:
            return True
    return False


def rename(text: str, mapping: Mapping[str, str]) -> str:
    """`text` with its variables and functions renamed in place, so that comments and layout stay.

    For text in the kernel dialect: no name has two meanings, no string is formatted.
    """
    if not mapping:
        return text
    tree = ast.parse(text)
    lines = [line.encode() for line in text.split("\n")]
    places = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in mapping:
            places.append((node.lineno, node.col_offset, node.id))
        elif isinstance(node, ast.FunctionDef) and node.name in mapping:
            head = re.match(rb"def\s+", lines[node.lineno - 1][node.col_offset :])
            places.append((node.lineno, node.col_offset + (head.end() if head else 0), node.name))
    for line, column, name in sorted(places, reverse=True):
        old = lines[line - 1]
        lines[line - 1] = old[:column] + mapping[name].encode() + old[column + len(name) :]
    renamed = b"\n".join(lines).decode()
    wanted = ast.unparse(_Rename(mapping).visit(tree))
    try:
        faithful = ast.unparse(ast.parse(renamed)) == wanted
    except SyntaxError:
        faithful = False
    # A `def` that is broken over lines is not found in place; the tree then gives the text, without comments.
    return renamed if faithful else wanted + "\n"


def _mapping(tree: ast.Module, names: Names) -> dict[str, str]:
    """Old name -> new name, for those that change."""
    defined = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            defined.append(node.name)
        elif isinstance(node, ast.Assign):
            defined += [target.id for target in node.targets if isinstance(target, ast.Name)]
    new = {name: names.of_kernel(name) for name in dict.fromkeys(defined)}
    names_in = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    read = {node.id for node in names_in if isinstance(node.ctx, ast.Load)}
    own = {node.id for node in names_in if not isinstance(node.ctx, ast.Load)}  # a function's own, whatever else is called so
    own |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    for name in sorted(read - set(defined) - own):
        if name in ("np", "math", "prange") or hasattr(builtins, name):
            new[name] = names.known(name)
    return {old: name for old, name in new.items() if old != name}


class _Rename(ast.NodeTransformer):
    def __init__(self, mapping: Mapping[str, str]) -> None:
        self.mapping = mapping

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self.mapping.get(node.id, node.id), node.ctx)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.name = self.mapping.get(node.name, node.name)
        self.generic_visit(node)
        return node
