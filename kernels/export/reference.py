"""The reference as it is bundled: of its file what it needs to run, and nothing of Kernwright."""
from __future__ import annotations

import ast
import builtins
import re
import symtable
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..spec import KernelSpec, SpecError

_PACKAGE = "kernwright"
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Bundle:
    """future: the `from __future__` statement of the file, or "". statements: the source of what the reference needs, in
    its order, with its comments; the reference among it is called as asked for. parameters: its parameter list as
    source, defaults included, annotations left out. packages: what else than NumPy and Numba it imports, sorted.
    """

    future: str
    statements: tuple[str, ...]
    parameters: str
    packages: tuple[str, ...]

    def text(self, imported: Collection[str] = ()) -> str:
        """The statements without those of `imported`; two empty lines around definitions, none between others."""
        text, was_definition = "", False
        for source in self.statements:
            if source in imported:
                continue
            definition = isinstance(ast.parse(source).body[0], _Definition)
            if text:
                text += "\n\n\n" if definition or was_definition else "\n"
            text, was_definition = text + source, definition
        return text + "\n"


def bundle(spec: KernelSpec, bound: Mapping[str, Any], name: str) -> Bundle:
    """The reference of `spec`, called `name`.

    bound: what the names of the spec's module stand for once it was executed. Raises SpecError where the function is
    not defined at the top of the file.
    """
    text = spec.text.replace("\r\n", "\n").replace("\r", "\n")
    tree = ast.parse(text)
    statements = [s for s in (_Statement.read(node, text) for node in tree.body) if s is not None]
    _forget_package(statements)
    found = [s for s in statements if isinstance(s.node, ast.FunctionDef) and s.node.name == spec.function]
    if not found:
        raise SpecError(f"{spec.function} is not defined at the top of its file")
    reference = found[-1]
    kept = _needed(reference, statements, bound)
    read = set().union(*(s.reads for s in kept))
    sources = []
    for statement in kept:
        source = statement.source(text, read)
        if statement is reference:
            source = re.sub(rf"^(def\s+){re.escape(spec.function)}\b", rf"\g<1>{name}", source, count=1, flags=re.M)
            if spec.function in read:
                # It calls itself, or is read before the public function of that name is defined below.
                source += f"\n\n\n{spec.function} = {name}"
        if source:
            sources.append(source)
    futures = sorted({alias.name for node in tree.body if _is_future(node) for alias in node.names})
    return Bundle(
        f"from __future__ import {', '.join(futures)}" if futures else "", tuple(sources),
        _parameters(reference.node), _packages("\n".join(sources)),
    )


@dataclass
class _Statement:
    """One statement at the top of the file. first_line: its decorators included. binds, reads: module names. changes:
    names whose objects it changes."""

    node: ast.stmt
    first_line: int
    binds: set[str] = field(default_factory=set)
    reads: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, node: ast.stmt, text: str) -> _Statement | None:
        """None for docstrings, future imports and what only runs when the file is the main programme."""
        if _is_future(node) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            return None
        if isinstance(node, ast.If) and any(isinstance(n, ast.Name) and n.id == "__name__" for n in ast.walk(node.test)):
            return None
        statement = cls(node, min([node.lineno, *(d.lineno for d in _decorators(node))]))
        if not isinstance(node, _Definition):
            statement.changes = _changed(node)
        statement.find_names()
        return statement

    def find_names(self) -> None:
        """Learns `binds` and `reads`, by Python's own rules of scope."""
        table = symtable.symtable(ast.unparse(self.node), "<statement>", "exec")
        self.binds = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()}
        self.reads = {s.get_name() for s in table.get_symbols() if s.is_referenced()}
        pending = list(table.get_children())
        while pending:
            inner = pending.pop()
            self.reads |= {s.get_name() for s in inner.get_symbols() if s.is_global()}
            pending += inner.get_children()

    def source(self, text: str, read: set[str]) -> str:
        """The statement as it is written, with the comment above it; of an import, the names in `read`."""
        node = self.node
        if isinstance(node, ast.Import | ast.ImportFrom):
            aliases = [a for a in node.names if a.name == "*" or _bound_by(a) in read]
            kept = ast.Import(aliases) if isinstance(node, ast.Import) else ast.ImportFrom(node.module, aliases, node.level)
            return ast.unparse(ast.fix_missing_locations(kept)) if aliases else ""
        lines = text.split("\n")
        first, last = node.lineno - 1, node.end_lineno or node.lineno
        rest = lines[last - 1].encode()[node.end_col_offset or 0 :].decode().strip()
        if node.col_offset == 0 and (not rest or rest.startswith("#")):
            own = "\n".join(lines[first:last])
        else:
            own = ast.get_source_segment(text, node) or ast.unparse(node)
        above = self.first_line - 1
        comment: list[str] = []
        while above and lines[above - 1].startswith("#") and not lines[above - 1].startswith("#!"):
            above -= 1
            comment.insert(0, lines[above])
        decorators = [f"@{ast.get_source_segment(text, d) or ast.unparse(d)}" for d in _decorators(node)]
        return "\n".join([*comment, *decorators, own])


def _forget_package(statements: list[_Statement]) -> None:
    """Takes out imports of Kernwright, its decorators, and statements that apply them by hand."""
    defined = {s.node.name for s in statements if isinstance(s.node, ast.FunctionDef)}
    ours: set[str] = set()
    for statement in list(statements):
        node = statement.node
        for imported in (n for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom)):
            for alias in imported.names:
                module = alias.name if isinstance(imported, ast.Import) else imported.module or ""
                if module.split(".")[0] == _PACKAGE:
                    ours.add(_bound_by(alias))
        if isinstance(node, _Definition):
            node.decorator_list = [d for d in node.decorator_list if not _names(d) & ours]
            statement.find_names()
        elif not isinstance(node, ast.Import | ast.ImportFrom) and statement.reads & ours:
            if statement.binds & defined:
                statements.remove(statement)
            else:
                ours |= statement.binds


def _needed(reference: _Statement, statements: list[_Statement], bound: Mapping[str, Any]) -> list[_Statement]:
    """The reference and all statements on which it depends, in the order of the file."""
    binds = set().union(*(s.binds for s in statements))
    imported = set().union(*(s.binds for s in statements if isinstance(s.node, ast.Import | ast.ImportFrom)))
    same_name = {id(s) for s in statements if s is not reference and reference.node.name in s.binds}  # type: ignore[attr-defined]
    kept, needed = {id(reference)}, set(reference.reads)
    grown = True
    while grown:
        grown = False
        for statement in statements:
            if id(statement) in kept | same_name:
                continue
            star = isinstance(statement.node, ast.ImportFrom) and statement.node.names[0].name == "*" \
                and (statement.node.module or "").split(".")[0] != _PACKAGE
            if star:
                wanted = any(n in bound for n in needed - binds - {"__builtins__", "__name__", "__file__", "__doc__"})
            else:
                wanted = bool(statement.binds & needed or (statement.changes - imported) & needed)
            if wanted:
                kept.add(id(statement))
                needed |= statement.reads
                grown = True
    return [s for s in statements if id(s) in kept]


def _changed(node: ast.stmt) -> set[str]:
    """Names whose objects a statement may change: stored into, or handed to a call whose result nobody takes."""
    found: set[str] = set()
    for n in ast.walk(node):
        if isinstance(n, ast.Subscript | ast.Attribute) and not isinstance(n.ctx, ast.Load):
            found |= _root(n)
        elif isinstance(n, ast.Expr) and isinstance(n.value, ast.Call):
            called = n.value
            if not (isinstance(called.func, ast.Name) and called.func.id == "print"):
                found |= _root(called.func) if isinstance(called.func, ast.Attribute) else set()
                found |= set().union(*(_names(a) for a in called.args)) if called.args else set()
    return found - set(dir(builtins))


def _root(node: ast.expr) -> set[str]:
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def _names(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _bound_by(alias: ast.alias) -> str:
    return alias.asname or alias.name.split(".")[0]


def _decorators(node: ast.stmt) -> list[ast.expr]:
    return node.decorator_list if isinstance(node, _Definition) else []


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _parameters(function: ast.FunctionDef) -> str:
    given = function.args
    plain = ast.arguments(
        [ast.arg(a.arg) for a in given.posonlyargs], [ast.arg(a.arg) for a in given.args], None,
        [ast.arg(a.arg) for a in given.kwonlyargs], given.kw_defaults, None, given.defaults,
    )
    return ast.unparse(plain)


def _packages(text: str) -> tuple[str, ...]:
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").split(".")[0])
    return tuple(sorted(found - set(sys.stdlib_module_names) - {"numpy", "numba"}))
