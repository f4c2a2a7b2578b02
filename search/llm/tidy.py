"""Tidy: turns what models habitually write around a kernel (imports, decorators, annotations) into dialect text.

Only what carries no meaning for the kernel is removed; everything else is left to the gate. Edits are made in the
text, not in a tree, because comments declare tunables.
"""
from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...kernels.candidate import ENTRY

_JIT_NAMES = frozenset({"njit", "jit"})
_MODULES = {"numpy": "np", "math": "math"}


@dataclass(frozen=True)
class Tidied:
    """text: the module without imports, jit decorators, annotations and docstrings, its entry called `kernel`.

    jit: the literal keywords of the jit decorators, the entry's first; None if there was no decorator.
    """

    text: str
    jit: Mapping[str, Any] | None


def tidy(text: str, reference: str) -> Tidied:
    """`text` in the dialect's manner. reference: a name under which a model may define the entry instead of `kernel`.

    Raises SyntaxError, ValueError or RecursionError if `text` is no Python.
    """
    tree = ast.parse(text)
    entry = _entry(tree, reference)
    imported = _imports(tree)
    edits = _Edits(text)
    _Tidier(edits, entry, imported).run(tree)
    jit = _jit_keywords(tree, entry, imported)
    changed = edits.apply()
    try:
        ast.parse(changed)
    except (SyntaxError, ValueError):
        changed = text
    return Tidied(changed, jit)


def _entry(tree: ast.Module, reference: str) -> str | None:
    """The name of the function that is meant as the entry, or None."""
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    names = [function.name for function in functions]
    for name in (ENTRY, reference):
        if name in names:
            return name
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    free = [name for name in names if name not in called]
    return free[0] if len(free) == 1 else None


def _imports(tree: ast.Module) -> dict[str, str]:
    """What each imported name stands for, dotted from its module: {"np": "numpy", "sqrt": "math.sqrt"}."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update({alias.asname or alias.name.split(".")[0]: alias.name if alias.asname else alias.name.split(".")[0]
                          for alias in node.names})
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    return found


def _in_scope(dotted: str) -> str | None:
    """What the dialect calls an imported thing: `numpy.exp` is `np.exp`, `numba.prange` is `prange`; None if nothing."""
    module, _, rest = dotted.partition(".")
    if module in _MODULES:
        return _MODULES[module] + (f".{rest}" if rest else "")
    return "prange" if dotted == "numba.prange" else None


def _is_jit(decorator: ast.expr, imported: Mapping[str, str]) -> bool:
    function = decorator.func if isinstance(decorator, ast.Call) else decorator
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        module = imported.get(function.value.id, function.value.id)
        return function.attr in _JIT_NAMES and module in ("numba", "nb")
    return isinstance(function, ast.Name) and imported.get(function.id, function.id).split(".")[-1] in _JIT_NAMES


def _jit_keywords(tree: ast.Module, entry: str | None, imported: Mapping[str, str]) -> dict[str, Any] | None:
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    found: dict[str, Any] | None = None
    for function in sorted(functions, key=lambda f: f.name != entry):
        for decorator in function.decorator_list:
            if not _is_jit(decorator, imported):
                continue
            found = found or {}
            for keyword in decorator.keywords if isinstance(decorator, ast.Call) else ():
                try:
                    found.setdefault(keyword.arg or "", ast.literal_eval(keyword.value))
                except ValueError:
                    continue
    return found


class _Edits:
    """Replacements of stretches of a text, given by the positions of tree nodes."""

    def __init__(self, text: str) -> None:
        self.data = text.encode()
        self._starts = [0]
        for line in self.data.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._edits: list[tuple[int, int, bytes]] = []

    def span(self, node: Any) -> tuple[int, int]:
        return (self._starts[node.lineno - 1] + node.col_offset, self._starts[node.end_lineno - 1] + node.end_col_offset)

    def replace(self, start: int, end: int, new: str = "") -> None:
        self._edits.append((start, end, new.encode()))

    def apply(self) -> str:
        """The edited text; of overlapping edits the one that starts first wins."""
        out, at = bytearray(), 0
        for start, end, new in sorted(self._edits, key=lambda e: (e[0], -e[1])):
            if start >= at:
                out += self.data[at:start] + new
                at = end
        return (bytes(out) + self.data[at:]).decode()


class _Tidier:
    def __init__(self, edits: _Edits, entry: str | None, imported: Mapping[str, str]) -> None:
        self.edits = edits
        self.entry = entry
        self.imported = imported

    def run(self, tree: ast.Module) -> None:
        for statement in tree.body:
            if isinstance(statement, ast.If) and "__name__" in ast.dump(statement.test):
                self.edits.replace(*self.edits.span(statement))
        for node in ast.walk(tree):
            for edit in self._edits_of(node):
                self.edits.replace(*edit)

    def _edits_of(self, node: ast.AST) -> Iterator[tuple[int, int, str]]:
        span = self.edits.span
        if isinstance(node, (ast.Module, ast.FunctionDef)):
            yield from self._unneeded_statements(node)
        if isinstance(node, ast.FunctionDef):
            yield from self._heading(node)
        elif isinstance(node, ast.arg) and node.annotation:
            yield span(node)[0] + len(node.arg.encode()), span(node.annotation)[1], ""
        elif isinstance(node, ast.AnnAssign) and node.value:
            yield span(node.target)[1], span(node.annotation)[1], ""
        elif isinstance(node, ast.Name):
            name = self._renamed(node.id)
            if name != node.id:
                yield *span(node), name
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and (
                f"{self.imported.get(node.value.id)}.{node.attr}" == "numba.prange"):
            yield *span(node), "prange"

    def _renamed(self, name: str) -> str:
        if name == self.entry:
            return ENTRY
        return _in_scope(self.imported[name]) or name if name in self.imported else name

    def _unneeded_statements(self, node: ast.Module | ast.FunctionDef) -> Iterator[tuple[int, int, str]]:
        """Imports, docstrings and bare annotations among the body's statements."""
        needed = []
        for place, statement in enumerate(node.body):
            docstring = place == 0 and isinstance(statement, ast.Expr) and isinstance(
                getattr(statement.value, "value", None), str)
            bare = isinstance(statement, ast.AnnAssign) and statement.value is None
            known_import = isinstance(statement, (ast.Import, ast.ImportFrom)) and all(
                self.imported.get(alias.asname or alias.name.split(".")[0], "").split(".")[0] in (*_MODULES, "numba", "__future__", "typing")
                for alias in statement.names)
            if docstring or bare or known_import:
                yield *self.edits.span(statement), ""
            else:
                needed.append(statement)
        if not needed and isinstance(node, ast.FunctionDef):
            yield *self.edits.span(node.body[-1]), "pass"

    def _heading(self, node: ast.FunctionDef) -> Iterator[tuple[int, int, str]]:
        data, span = self.edits.data, self.edits.span
        start = span(node)[0]
        for decorator in node.decorator_list:
            if _is_jit(decorator, self.imported):
                begin, end = span(decorator)
                yield data.rindex(b"@", 0, begin), end, ""
        if node.name == self.entry and node.name != ENTRY:
            at = data.index(node.name.encode(), start + len("def"))
            yield at, at + len(node.name.encode()), ENTRY
        if node.returns:
            begin, end = span(node.returns)
            arrow = data.rindex(b"->", 0, begin)
            yield len(data[:arrow].rstrip()), end, ""
