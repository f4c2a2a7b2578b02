"""Share: how many of a reference's array statements became loops."""
from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..spec import OpenSpec
from .kept import Kept
from .seen import Instance
from .source import read_program
from .watch import watch

Simple = ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Expr | ast.Return
_COMPUTED = (ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.ListComp)
_OF_SCALARS = frozenset({"range", "len", "enumerate"})


@dataclass(frozen=True)
class Share:
    """lifted: array statements that are plain loops in the lifted seeds, out of `statements`."""

    lifted: int
    statements: int

    def __add__(self, other: Share) -> Share:
        return Share(self.lifted + other.lifted, self.statements + other.statements)

    @property
    def value(self) -> float:
        """Between 0 and 1; 1 where there is nothing to lift."""
        return self.lifted / self.statements if self.statements else 1.0


def share(spec: OpenSpec, kept: Sequence[Kept], any_lifted: bool, seed: int = 0) -> Share:
    """The share of `spec`'s reference, its helpers included, where `kept` stayed as it was.

    any_lifted: whether there is a lifted seed at all; where there is none, nothing lifted. Statements of functions that are
    never called are not counted. Of a reference that cannot be watched all statements count, as none lifted.
    """
    try:
        statements = array_statements(spec, seed)
    except Exception:  # noqa: BLE001 - rewritten for watching, the author's code may raise anything; the lift says what
        return Share(0, sum(1 for function in read_program(spec).functions.values() for _ in _parts(function.body)))
    spans = _spans(spec, kept)
    lifted = sum(not any(first <= line <= last for first, last in spans) for line in statements) if any_lifted else 0
    return Share(lifted, len(statements))


def array_statements(spec: OpenSpec, seed: int = 0) -> list[int]:
    """The lines of the statements that compute or write arrays, or reduce them, in the order of the file; a line that
    holds two such statements comes twice. The reference is run at small sizes to learn what is an array.
    Raises what it raises at its tiny size."""
    program = read_program(spec)
    observed = watch(spec, program.functions, program.entry, seed)
    found: list[int] = []
    for name, function in program.functions.items():
        instances = [instance for (called, _), instance in observed.items() if called == name]
        found += [part.lineno for part in _parts(function.body) if instances and _on_arrays(part, instances, set(program.functions))]
    return sorted(found)


def _parts(body: Sequence[ast.stmt]) -> Iterator[ast.stmt | ast.expr]:
    """Simple statements, and what conditions and loops evaluate."""
    for statement in body:
        if isinstance(statement, Simple):
            yield statement
        elif isinstance(statement, ast.If | ast.While):
            yield statement.test
        elif isinstance(statement, ast.For):
            yield statement.iter
        for field in ("body", "orelse"):
            yield from _parts(getattr(statement, field, []) if not isinstance(statement, ast.FunctionDef) else [])


def _on_arrays(part: ast.stmt | ast.expr, instances: Sequence[Instance], helpers: set[str]) -> bool:
    def array(node: ast.AST) -> bool:
        return any((instance.type_of(node) or ("",))[0] == "array" for instance in instances)

    value = getattr(part, "value", None)
    if isinstance(value, ast.Subscript) and array(value):
        return True                     # it binds or returns a part of an array
    for node in ast.walk(part):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in helpers | _OF_SCALARS:
                continue                # a helper's own statements count
            method = [node.func.value] if isinstance(node.func, ast.Attribute) else []
            if array(node) or any(array(each) for each in (*node.args, *method)):
                return True
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            if any(_selects_many(index) or array(index) for index in _indices(node)):
                return True
        elif isinstance(node, _COMPUTED) and array(node):
            return True
    return False


def _indices(node: ast.Subscript) -> list[ast.expr]:
    return node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]


def _selects_many(index: ast.expr) -> bool:
    return isinstance(index, ast.Slice) or (isinstance(index, ast.Constant) and index.value in (None, Ellipsis))


def _spans(spec: OpenSpec, kept: Sequence[Kept]) -> list[tuple[int, int]]:
    """First and last lines of the statements that were kept."""
    ends: dict[int, int] = {}
    for node in ast.walk(ast.parse(spec.spec.text)):
        if isinstance(node, ast.stmt):
            ends[node.lineno] = max(ends.get(node.lineno, 0), node.end_lineno or node.lineno)
    return [(each.line, ends.get(each.line, each.line)) for each in kept]
