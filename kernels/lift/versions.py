"""Gives a name that is assigned again in the same block a new name, so that most names are assigned once."""
from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection

from .names import bound_names, parameters_of
from .source import Rename


def split_versions(function: ast.FunctionDef, names: Collection[str] | None = None) -> None:
    """Rename in place. A name is split where all its uses lie in one block after its first assignment there, so that no
    loop carries it round and no other path reads it. names: those that may be split; None: all."""
    taken = set(bound_names(function))
    occurrences = _count(function.body)
    if names is not None:
        occurrences = Counter({name: count for name, count in occurrences.items() if name in names})
    arguments = set(parameters_of(function))
    _block(function.body, occurrences, arguments, taken, outermost=True)


def _count(statements: list[ast.stmt]) -> Counter[str]:
    return Counter(n.id for s in statements for n in ast.walk(s) if isinstance(n, ast.Name))


def _block(statements: list[ast.stmt], everywhere: Counter[str], arguments: set[str], taken: set[str], outermost: bool) -> None:
    here = _count(statements)
    direct: dict[str, list[int]] = {}
    for position, statement in enumerate(statements):
        for name in _direct_targets(statement):
            direct.setdefault(name, []).append(position)
    for name, positions in direct.items():
        is_argument = name in arguments
        if here[name] != everywhere[name] or (is_argument and not outermost):
            continue
        if _in_comprehension(statements, name):
            continue
        if not is_argument:
            first = positions[0]
            if any(name in _names(s) for s in statements[:first]) or _reads(statements[first], name):
                continue
            positions = positions[1:]
        _rename(statements, name, positions, taken)
    for statement in statements:
        for field in ("body", "orelse"):
            inner = getattr(statement, field, None)
            if isinstance(inner, list) and inner and not isinstance(statement, ast.FunctionDef):
                _block(inner, everywhere, arguments, taken, outermost=False)


def _direct_targets(statement: ast.stmt) -> list[str]:
    if not isinstance(statement, ast.Assign):
        return []
    found = []
    for target in statement.targets:
        elements = target.elts if isinstance(target, ast.Tuple) else [target]
        found += [e.id for e in elements if isinstance(e, ast.Name)]
    return found if len(set(found)) == len(found) else []


def _rename(statements: list[ast.stmt], name: str, positions: list[int], taken: set[str]) -> None:
    number = 2
    for index, start in enumerate(positions):
        while f"{name}_{number}" in taken:
            number += 1
        fresh = f"{name}_{number}"
        taken.add(fresh)
        end = positions[index + 1] if index + 1 < len(positions) else len(statements)
        statement = statements[start]
        assert isinstance(statement, ast.Assign)
        for target in statement.targets:
            _RenameStores(name, fresh).visit(target)
        for later in statements[start + 1:end]:
            Rename({name: fresh}).visit(later)
        if end < len(statements):
            following = statements[end]
            assert isinstance(following, ast.Assign)
            following.value = Rename({name: fresh}).visit(following.value)
            for target in following.targets:
                _RenameLoads(name, fresh).visit(target)
        for target in statement.targets:
            # A subscript beside the name, as in `x, a[x] = ...`, reads the new value.
            _RenameLoads(name, fresh).visit(target)


class _RenameStores(ast.NodeTransformer):
    def __init__(self, old: str, new: str) -> None:
        self.old, self.new = old, new

    def visit_Name(self, node: ast.Name) -> ast.Name:
        if node.id == self.old and isinstance(node.ctx, ast.Store):
            node.id = self.new
        return node


class _RenameLoads(_RenameStores):
    def visit_Name(self, node: ast.Name) -> ast.Name:
        if node.id == self.old and isinstance(node.ctx, ast.Load):
            node.id = self.new
        return node


def _names(statement: ast.stmt) -> set[str]:
    return {n.id for n in ast.walk(statement) if isinstance(n, ast.Name)}


def _reads(statement: ast.stmt, name: str) -> bool:
    return any(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load) for n in ast.walk(statement))


def _in_comprehension(statements: list[ast.stmt], name: str) -> bool:
    for statement in statements:
        for node in ast.walk(statement):
            if isinstance(node, ast.comprehension) and name in {n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)}:
                return True
    return False
