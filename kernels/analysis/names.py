"""Names of a text: what statements bind and read, jumps, and names that are still free."""
from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator

RESERVED = frozenset({"np", "math", "prange", "kernel"})


class _Parts(dict[type, tuple[str, ...]]):
    """By type of node, the fields that may hold further nodes, contexts apart."""

    def __missing__(self, kind: type[ast.AST]) -> tuple[str, ...]:
        found = self[kind] = () if kind is ast.Constant else tuple(field for field in kind._fields if field not in _WITHOUT_NODES)
        return found


_WITHOUT_NODES = frozenset({"ctx", "id", "attr", "arg", "kind", "type_comment", "name", "asname", "module", "level", "conversion", "is_async"})
_PARTS = _Parts()


def walk(node: ast.AST) -> list[ast.AST]:
    """The nodes that `ast.walk` gives but contexts (Load, Store), in the same order, in a fifth of the time; the tree may be changed
    meanwhile."""
    found = [node]
    for each in found:                          # grows while it is read
        for field in _PARTS[type(each)]:
            value = getattr(each, field, None)
            if isinstance(value, ast.AST):
                found.append(value)
            elif isinstance(value, list):
                found += [item for item in value if isinstance(item, ast.AST)]
    return found


def stored(nodes: Iterable[ast.AST]) -> set[str]:
    """Names that the nodes bind (assignment, augmented assignment, loop variables)."""
    return {n.id for node in nodes for n in walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def store_counts(node: ast.AST) -> Counter[str]:
    """How often each name is bound within the node."""
    return Counter(n.id for n in walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))


def loaded(nodes: Iterable[ast.AST]) -> set[str]:
    """Names that the nodes read (the target of an augmented assignment is read too)."""
    found = set()
    for node in nodes:
        for n in walk(node):
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load):
                found.add(n.id)
            elif isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name):
                found.add(n.target.id)
    return found


def used(nodes: Iterable[ast.AST]) -> set[str]:
    """All names that occur, in any role."""
    found = set()
    for node in nodes:
        for n in walk(node):
            if isinstance(n, ast.Name):
                found.add(n.id)
            elif isinstance(n, ast.arg):
                found.add(n.arg)
            elif isinstance(n, ast.FunctionDef):
                found.add(n.name)
    return found


class FreshNames:
    """Gives names that do not occur in a module yet, nor were given before."""

    def __init__(self, tree: ast.Module) -> None:
        self._taken = used([tree]) | RESERVED | set(dir(__builtins__) if not isinstance(__builtins__, dict) else __builtins__)

    def __call__(self, wanted: str) -> str:
        name, number = wanted, 1
        while name in self._taken:
            number += 1
            name = f"{wanted}_{number}"
        self._taken.add(name)
        return name


def entries(node: ast.Subscript) -> list[ast.expr]:
    """What stands between the brackets, one expression a dimension that is named."""
    return node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]


def own_jumps(body: list[ast.stmt]) -> set[str]:
    """The jumps that leave an iteration of the loop with this body: of "break", "continue" and "return"."""
    found: set[str] = set()

    def visit(statements: Iterable[ast.stmt], nested: bool) -> None:
        for statement in statements:
            if isinstance(statement, ast.Return):
                found.add("return")
            elif isinstance(statement, ast.Break) and not nested:
                found.add("break")
            elif isinstance(statement, ast.Continue) and not nested:
                found.add("continue")
            deeper = nested or isinstance(statement, ast.For | ast.While)
            for block in blocks(statement):
                visit(block, deeper)

    visit(body, False)
    return found


def falls_through(body: list[ast.stmt]) -> bool:
    """Whether control may reach the end of the block (a conservative yes)."""
    for statement in body:
        if isinstance(statement, ast.Return | ast.Break | ast.Continue):
            return False
        if isinstance(statement, ast.If) and not falls_through(statement.body) and statement.orelse \
                and not falls_through(statement.orelse):
            return False
    return True


def blocks(statement: ast.AST) -> Iterator[list[ast.stmt]]:
    """The statement lists directly within a statement."""
    for field in ("body", "orelse"):
        block = getattr(statement, field, None)
        if isinstance(block, list) and block:
            yield block


def all_blocks(function: ast.FunctionDef) -> Iterator[list[ast.stmt]]:
    """Every statement list of a function, outer ones first."""
    pending = [function.body]
    while pending:
        block = pending.pop(0)
        yield block
        for statement in block:
            pending += list(blocks(statement))
