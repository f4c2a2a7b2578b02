"""Blocks: the three-way merge of one function, statement by statement."""
from __future__ import annotations

import ast
import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from weakref import WeakKeyDictionary

from ..analysis.names import FreshNames, stored, used

Block = Sequence[ast.stmt]
_DUMPS: WeakKeyDictionary[ast.AST, str] = WeakKeyDictionary()
"""Elites are merged with one elite after another, and a nest's statements are compared at each depth."""


class Conflict(Exception):
    """Both sides changed the same thing, each in its own way."""


@dataclass(frozen=True)
class _Hunk:
    """A change of one side: base[start:stop] became `new`."""

    start: int
    stop: int
    new: Block

    @property
    def one(self) -> bool:
        """Whether one statement became another one."""
        return self.stop - self.start == len(self.new) == 1

    def meets(self, other: _Hunk) -> bool:
        """Whether both change a statement of the base, or one inserts in the midst of what the other replaces."""
        return max(self.start, other.start) < min(self.stop, other.stop) or (
            self.start == self.stop and other.start < self.start < other.stop) or (
            other.start == other.stop and self.start < other.start < self.stop)


class Merger:
    """Merges what `first` and `second` made of the function `base`. ours, theirs: how many changes came of each alone.

    Names that both introduced, each for something of its own, are told apart: the second's get new ones.
    """

    def __init__(self, base: ast.FunctionDef, first: ast.FunctionDef, second: ast.FunctionDef) -> None:
        self._versions = base, first, second
        self.ours = self.theirs = 0
        self._of_second: list[ast.AST] = []
        self._of_both: list[ast.AST] = []

    def function(self) -> ast.FunctionDef:
        """The merged function. Raises Conflict."""
        base, first, second = self._versions
        if not _same(first.args, base.args) or not _same(second.args, base.args):
            raise Conflict(base.name)
        made = copy.copy(first)
        made.body = self._block(base.body, first.body, second.body)
        before = used([base])
        clashing = (stored([first]) & stored(self._of_second)) - before - used(self._of_both)
        if clashing:
            fresh = FreshNames(ast.Module([base, first, second], []))
            renaming = _Renaming({name: fresh(name) for name in sorted(clashing)})
            for node in self._of_second:
                renaming.visit(node)
        return made

    def _block(self, base: Block, first: Block, second: Block) -> list[ast.stmt]:
        mine, other = _hunks(base, first), _hunks(base, second)
        made: list[ast.stmt] = []
        at = 0
        while mine or other:
            hunk, theirs = _next(mine, other)
            made += base[at:hunk.start]
            at = hunk.stop
            if theirs is None:
                self.ours += 1
                made += hunk.new
            elif theirs is hunk:
                self.theirs += 1
                made += self._second(hunk.new)
            elif _equal(hunk.new, theirs.new):
                self._of_both += hunk.new
                made += hunk.new
            else:
                made.append(self._compound(base[hunk.start], hunk.new[0], theirs.new[0]))
        return [*made, *base[at:]]

    def _compound(self, base: ast.stmt, first: ast.stmt, second: ast.stmt) -> ast.stmt:
        """A loop or `if` that both changed: header and body each merged."""
        if not type(base) is type(first) is type(second) or not isinstance(base, ast.For | ast.While | ast.If):
            raise Conflict(type(base).__name__)
        made = copy.copy(first)
        for field in ("target", "iter", "test"):
            if hasattr(base, field):
                setattr(made, field, self._header(*(getattr(node, field) for node in (base, first, second))))
        made.body = self._block(base.body, first.body, second.body)
        made.orelse = self._block(base.orelse, first.orelse, second.orelse)
        return made

    def _header(self, base: ast.expr, first: ast.expr, second: ast.expr) -> ast.expr:
        if _same(second, base):
            self.ours += not _same(first, base)
            return first
        if _same(first, second):
            self._of_both.append(first)
            return first
        if not _same(first, base):
            raise Conflict("header")
        self.theirs += 1
        return self._second([second])[0]

    def _second(self, nodes: Sequence[ast.AST]) -> list[ast.AST]:
        """Copies, in which names may still be changed."""
        copies = [copy.deepcopy(node) for node in nodes]
        self._of_second += copies
        return copies


class _Renaming(ast.NodeVisitor):
    """Renames in place."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> None:
        node.id = self._names.get(node.id, node.id)


def _hunks(base: Block, changed: Block) -> list[_Hunk]:
    """Where `changed` differs; of as many statements for as many, one hunk each."""
    matcher = SequenceMatcher(None, [_dump(s) for s in base], [_dump(s) for s in changed], autojunk=False)
    found = []
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            continue
        if j - i == m - k:
            found += [_Hunk(i + step, i + step + 1, changed[k + step:k + step + 1]) for step in range(j - i)]
        else:
            found.append(_Hunk(i, j, changed[k:m]))
    return found


def _next(mine: list[_Hunk], other: list[_Hunk]) -> tuple[_Hunk, _Hunk | None]:
    """Takes the next change off the lists: (ours, None), (theirs, theirs), or (ours, theirs) of the same statements.

    Raises Conflict where two overlap in another way.
    """
    if mine and other:
        ours, theirs = mine[0], other[0]
        place = ours.start, ours.stop
        if place == (theirs.start, theirs.stop) and (_equal(ours.new, theirs.new) or ours.one and theirs.one):
            return mine.pop(0), other.pop(0)
        if ours.meets(theirs):
            raise Conflict("overlap")
    # What is inserted before a statement comes before what replaces it.
    if not other or mine and (mine[0].start, mine[0].stop) <= (other[0].start, other[0].stop):
        return mine.pop(0), None
    hunk = other.pop(0)
    return hunk, hunk


def _same(one: ast.AST, two: ast.AST) -> bool:
    return _dump(one) == _dump(two)


def _equal(one: Block, two: Block) -> bool:
    return len(one) == len(two) and all(map(_same, one, two))


def _dump(node: ast.AST) -> str:
    """`ast.dump`, remembered as long as the node lives."""
    found = _DUMPS.get(node)
    if found is None:
        found = _DUMPS[node] = ast.dump(node)
    return found
