"""Which arrays need no memory: those that are read once, further down the same block, are computed where they are read."""
from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable

from . import syntax
from .affine import ZERO, Affine
from .errors import CannotLift
from .expressions import bound_by
from .indexing import Indexing
from .mixed_integers import width_free
from .names import assigned_in, bound_names, handed_on, mutated_in, parameters_of, root_name, uses_of, written_behind
from .values import Index, Value

LARGEST = 60
"""Cost of an element beyond which an array is stored, so that texts stay readable."""


class Deferral(Indexing):
    """Keeps values in `environment` that no variable holds yet; each is stored before anything that it reads changes."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.deferred: set[str] = set()
        self._uses: Counter[str] = Counter()
        self._single: set[str] = set()
        self.own: frozenset[str] = frozenset()
        self.handed_on: frozenset[str] = frozenset()
        self.written_behind: frozenset[str] = frozenset()
        self._readers: dict[str, ast.stmt] = {}

    def mark(self) -> Callable[[], None]:
        lines_back, waiting = super().mark(), set(self.deferred)

        def back() -> None:
            lines_back()
            self.deferred = waiting

        return back

    def prepare(self, function: ast.FunctionDef) -> None:
        """Notes the function's own names, the variables that are assigned once, and how often each is read."""
        assigned = assigned_in(function.body)
        self._uses = uses_of(function)
        self.own = bound_names(function)
        self.handed_on = handed_on(function)
        self.width_free = width_free(function)
        self.written_behind = written_behind(function)
        self.unsteady = frozenset(n for n in assigned if assigned[n] > 1)
        self._single = {n for n in assigned if assigned[n] == 1} - set(parameters_of(function))

    def enter_block(self, statements: list[ast.stmt]) -> None:
        """Notes where in this block such variables are read for the last time, if it is there that they always are."""
        earlier: set[str] = set()
        uses: Counter[str] = Counter()
        last: dict[str, ast.stmt] = {}
        for statement in statements:
            if not isinstance(statement, ast.Assign | ast.AugAssign | ast.Return):
                continue
            for name, times in uses_of(statement).items():
                if name in earlier:
                    uses[name] += times
                    last[name] = statement
            if isinstance(statement, ast.Assign):
                earlier |= set(bound_by(statement))
        self._readers.update({n: s for n, s in last.items() if n in self._single and uses[n] == self._uses[n]})

    def may_wait(self, name: str, value: Value) -> bool:
        """Whether the value need not be stored in the variable now: it is read once, or costs nothing but its index."""
        if name not in self._readers or value.ndim == 0 or value.name is not None or value.root is not None:
            return False
        return value.cost <= LARGEST and (
            self._uses[name] == 1 or value.cost <= 1 and name not in self.handed_on and not self._reads_of(value)[1])

    def chosen(self, target: ast.expr, choice: ast.IfExp) -> bool:
        """Whether `x = a if c else b` of arrays became a value that waits, with the choice made at each element.

        Refused where anything but the test would be computed beforehand, or x stored: a branch is cheaper then.
        """
        if self._is_written_through(target, choice):
            return False
        mark, taken, read = len(self.lines), set(self.taken), len(self.reads)
        try:
            test = self.truth(self.value(choice.test))
            if len(self.reads) > read:  # what the array holds may change before the choice is made
                test = self.bind(test, "chosen")
            start = len(self.lines)
            then, otherwise = self.value(choice.body), self.value(choice.orelse)
        except CannotLift:
            start, then, otherwise = -1, None, None
        if then is not None and otherwise is not None and isinstance(target, ast.Name) and start == len(self.lines) \
                and (then.dtype, then.extents, then.ones) == (otherwise.dtype, otherwise.extents, otherwise.ones):
            cost = 1 - min(then.cost, otherwise.cost)
            value = self.elementwise((then, otherwise), then.dtype, lambda x: f"({x[0]} if {test} else {x[1]})", cost)
            if self.may_wait(target.id, value) and not self._text(value)[1]:
                self.wait(target.id, value)
                return True
        del self.lines[mark:]
        self.taken = taken
        return False

    def _is_written_through(self, target: ast.expr, choice: ast.IfExp) -> bool:
        """Whether a branch is a variable or a view of one, and something is written into it or into the target."""
        for branch in (choice.body, choice.orelse):
            for name in root_name(branch):
                known = self.environment.get(name)
                roots = {name, *root_name(target), known.root if isinstance(known, Value) else name}
                if roots & self.written_behind:
                    return True
        return False

    def wait(self, name: str, value: Value) -> None:
        """Lets the variable stand for a value that is stored nowhere yet."""
        self.forget({name})
        self.environment[name] = value
        self.deferred.add(name)

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
            value = self.environment[name]
            assert isinstance(value, Value)
            names, roots, sure = self._reads_of(value)
            uncertain = None in written or bool(written) and not sure
            if compound or bound & names or uncertain or written & roots and not reader:
                self.store_deferred(name)

    def store_deferred(self, name: str) -> None:
        value = self.environment[name]
        assert isinstance(value, Value)
        self.deferred.discard(name)
        self.environment[name] = self.filled(name, value)

    def consumed(self, statement: ast.stmt) -> None:
        """Forgets the values that `statement` has been the last to read."""
        for name in [n for n in self.deferred if self._readers[n] is statement]:
            self.deferred.discard(name)
            self.environment.pop(name, None)

    def _reads_of(self, value: Value) -> tuple[set[str], set[str | None], bool]:
        """The variables and the memory on which a waiting value depends, and whether the memory is certain."""
        text, lines = self._text(value)
        names = set(syntax.names_in_text(text))
        for line in lines:
            names |= syntax.names_in(ast.parse(line.strip()))
        reads = self.dry(value, _anywhere(value))
        for extent in value.extents:
            names |= extent.names
        return names, {root for root, _, _ in reads}, all(sure for _, sure, _ in reads)

    def _text(self, value: Value) -> tuple[str, list[str]]:
        """An element as it will be written, and the lines that will stand before it in the loop."""
        lines, taken, reads = self.lines, set(self.taken), list(self.reads)
        self.lines = []
        text = value.element(_anywhere(value))
        before, self.lines, self.taken, self.reads = self.lines, lines, taken, reads
        return text, before


def _anywhere(value: Value) -> Index:
    return tuple(ZERO if e.constant == 1 else Affine.atom(f"axis{n}") for n, e in enumerate(value.extents))
