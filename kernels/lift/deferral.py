"""Which arrays need no memory: those that are read once, further down the same block, are computed where they are read."""
from __future__ import annotations

import ast

from . import syntax
from .affine import ZERO, Affine
from .expressions import bound_by
from .indexing import Indexing
from .names import assigned_in, mutated_in, parameters_of, uses_of
from .values import Pack, Value

LARGEST = 60
"""Cost of an element beyond which an array is stored, so that texts stay readable."""


class Deferral(Indexing):
    """Keeps values in `environment` that no variable holds yet; each is stored before anything that it reads changes."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.deferred: set[str] = set()
        self._once: set[str] = set()
        self._readers: dict[str, ast.stmt] = {}

    def prepare(self, function: ast.FunctionDef) -> None:
        """Notes the variables that are assigned once and read once."""
        uses, assigned = uses_of(function), assigned_in(function.body)
        self._once = {n for n in assigned if assigned[n] == 1 and uses[n] == 1} - set(parameters_of(function))

    def enter_block(self, statements: list[ast.stmt]) -> None:
        """Notes where in this block such variables are read."""
        for position, statement in enumerate(statements):
            if not isinstance(statement, ast.Assign | ast.AugAssign | ast.Return):
                continue
            earlier = {name for s in statements[:position] if isinstance(s, ast.Assign) for name in bound_by(s)}
            for name in _reads(statement) & self._once & earlier:
                self._readers[name] = statement

    def may_wait(self, name: str, value: Value) -> bool:
        """Whether the value need not be stored in the variable now."""
        return name in self._readers and value.ndim > 0 and value.name is None and value.root is None and value.cost <= LARGEST

    def settle(self, statement: ast.stmt) -> None:
        """Stores what may not wait any longer: what `statement` changes, or all before a loop or a branch."""
        compound = not isinstance(statement, ast.Assign | ast.AugAssign | ast.Return)
        bound = set(bound_by(statement))
        written: set[str | None] = set()
        for name in mutated_in([statement]):
            known = self.environment.get(name)
            written.add(known.root if isinstance(known, Value) and known.sure else None)
        for name in sorted(self.deferred):
            reader = self._readers[name] is statement
            names, roots, sure = self._reads_of(name)
            uncertain = None in written or bool(written) and not sure
            if compound or bound & names or uncertain or written & roots and not reader:
                self.store_deferred(name)

    def store_deferred(self, name: str) -> None:
        value = self.environment[name]
        assert isinstance(value, Value)
        self.deferred.discard(name)
        self.environment[name] = self.filled(name, value)

    def consumed(self, statement: ast.stmt) -> None:
        """Forgets the values that `statement` has read."""
        for name in self.deferred & _reads(statement):
            self.deferred.discard(name)
            self.environment.pop(name, None)

    def _reads_of(self, name: str) -> tuple[set[str], set[str | None], bool]:
        """The variables and the memory on which a waiting value depends, and whether the memory is certain."""
        value = self.environment[name]
        assert isinstance(value, Value) and not isinstance(value, Pack)
        index = tuple(ZERO if e.constant == 1 else Affine.atom(f"axis{n}") for n, e in enumerate(value.extents))
        lines, taken = self.lines, set(self.taken)
        self.lines = []
        text = value.element(index)
        names = set(syntax.names_in_text(text))
        for line in self.lines:
            names |= syntax.names_in(ast.parse(line.strip()))
        self.lines, self.taken = lines, taken
        reads = self.dry(value, index)
        for extent in value.extents:
            names |= extent.names
        return names, {root for root, _, _ in reads}, all(sure for _, sure, _ in reads)


def _reads(statement: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
