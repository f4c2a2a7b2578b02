"""The initialiser's module as a function within the spec's text: names of its own, draws from a generator of ours."""
from __future__ import annotations

import ast
from pathlib import Path

from ..spec import SpecError

MAKER, DRAWS = "_npbench_initialiser", "_npbench_random"
_ZEROED = {"empty": "zeros", "empty_like": "zeros_like", "ndarray": "zeros"}
"""Memory that an initialiser leaves unwritten would differ from one call to the next."""


def nested(text: str, function: str, path: Path) -> str:
    """Source of `_npbench_initialiser(_npbench_random)`, which returns the module's `function`.

    text: the module's, which defines the function. Whatever it calls numpy.random or random is the argument, and what it
    leaves uninitialised is zero. Raises SpecError for an import of everything, which no function may hold.
    """
    tree = ast.parse(text)
    maker = ast.parse(f"def {MAKER}({DRAWS}):\n    return {function}").body[0]
    assert isinstance(maker, ast.FunctionDef)
    maker.body[:0] = [_Redirected(tree, path).visit(node) for node in tree.body if not _only_at_top(node)]
    return ast.unparse(ast.fix_missing_locations(ast.Module([maker], [])))


def _only_at_top(node: ast.stmt) -> bool:
    """Docstrings, future imports, and what runs only when the file is the main programme."""
    if isinstance(node, ast.ImportFrom):
        return node.module == "__future__"
    if isinstance(node, ast.If):
        return any(isinstance(n, ast.Name) and n.id == "__name__" for n in ast.walk(node.test))
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


class _Redirected(ast.NodeTransformer):
    """Replaces the random modules, however they are imported, and uninitialised arrays."""

    def __init__(self, tree: ast.Module, path: Path) -> None:
        self.path = path
        imported = [alias for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
        self.numpy = {alias.asname or "numpy" for alias in imported
                      if alias.name == "numpy" or (alias.name.startswith("numpy.") and not alias.asname)}

    def visit_Import(self, node: ast.Import) -> list[ast.stmt]:
        made: list[ast.stmt] = []
        for alias in node.names:
            if alias.name == "random":
                made.append(_bound(alias.asname or "random", f"{DRAWS}.python"))
            elif alias.name == "numpy.random":
                made.append(_bound(alias.asname, DRAWS) if alias.asname else ast.Import([ast.alias("numpy")]))
            else:
                made.append(ast.Import([alias]))
        return made

    def visit_ImportFrom(self, node: ast.ImportFrom) -> list[ast.stmt]:
        made: list[ast.stmt] = []
        for alias in node.names:
            if alias.name == "*":
                raise SpecError(f"{self.path}, line {node.lineno}: import the names one by one in place of *")
            name = alias.asname or alias.name
            if node.module == "numpy.random":
                made.append(_bound(name, f"{DRAWS}.{alias.name}"))
            elif node.module == "random":
                made.append(_bound(name, f"{DRAWS}.python.{alias.name}"))
            elif node.module == "numpy" and alias.name == "random":
                made.append(_bound(name, DRAWS))
            elif node.module == "numpy" and alias.name in ("empty", "empty_like"):
                made.append(ast.ImportFrom("numpy", [ast.alias(_ZEROED[alias.name], name)], 0))
            else:
                made.append(ast.ImportFrom(node.module, [alias], node.level))
        return made

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.value, ast.Name) and node.value.id in self.numpy:
            if node.attr == "random":
                return ast.Name(DRAWS, ast.Load())
            if node.attr in ("empty", "empty_like"):
                node.attr = _ZEROED[node.attr]
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        called = node.func
        if isinstance(called, ast.Attribute) and called.attr == "ndarray" and isinstance(called.value, ast.Name) \
                and called.value.id in self.numpy and len(node.args) + len(node.keywords) <= 2:
            called.attr = _ZEROED["ndarray"]
        return node

    def visit_Global(self, node: ast.Global) -> ast.stmt:
        return ast.Nonlocal(node.names)


def _bound(name: str, source: str) -> ast.stmt:
    return ast.parse(f"{name} = {source}").body[0]
