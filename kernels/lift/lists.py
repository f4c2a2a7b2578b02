"""Lists that a loop fills with one element a turn, or as many in each: arrays with one row an element, as many as the loop adds."""
from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from . import syntax
from .affine import Affine
from .dtypes import stored_as
from .effects import Effects
from .errors import CannotLift
from .names import assigned_in, root_name
from .values import Value
from .writer import allocation


@dataclass
class _List:
    """A list that is being filled. places: where something is appended. block: how deep the block lies that it begins in; a loop further in
    does not fill it, but goes on where an earlier turn ended. length: what the loop adds at most, as text. line, indent: where it is to be allocated, once its
    elements are known. bound: what the loop assigns, in which the length of an element may not be told. before: names that were there
    before it. conditional: a turn may add nothing, or be the last. complete: the loop has ended."""

    places: int = 1
    block: int = 0
    loop: ast.For | None = None
    length: str = ""
    line: int = 0
    indent: int = 0
    bound: frozenset[str] = frozenset()
    before: frozenset[str] = frozenset()
    array: Value | None = None
    counter: str = ""
    conditional: bool = False
    complete: bool = False


class Lists(Effects):
    """Lifts `rows = []`, `rows.append(row)` in one loop, and what reads `rows` after it."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.lists: dict[str, _List] = {}

    def prepare(self, function: ast.FunctionDef) -> None:
        super().prepare(function)
        self.lists = {name: _List(places) for name, places in _filled(function)}

    def begins_list(self, name: str) -> bool:
        """Whether `name = []` begins a list whose filling is understood."""
        if name not in self.lists:
            return False
        self.lists[name] = _List(self.lists[name].places, self.indent)
        self.forget({name})
        return True

    def stays_list(self, node: ast.stmt, reason: str) -> None:
        """Makes lists of the lists that a statement which stays as it is fills or reads. Raises CannotLift for a part of the
        loop that fills one, as the whole loop must stay then."""
        for name in sorted(set(self.lists) & syntax.names_in(node)):
            known = self.lists[name]
            if known.complete and known.loop is not node:
                continue
            if known.loop is not None and known.loop is not node and any(inside is node for inside in ast.walk(known.loop)):
                raise CannotLift(reason)
            self.emit(f"{name} = []")
            del self.lists[name]

    def enters_loop(self, node: ast.For, turns: str) -> None:
        """Notes where lists that this loop fills are to be allocated: before it. turns: how many it has, as text."""
        for name, known in self.lists.items():
            if known.loop is None and known.block == self.indent and len(statements := appends_in(node, name)) == known.places:
                known.loop, known.line, known.indent = node, len(self.lines), self.indent
                known.length = turns if known.places == 1 else f"{known.places} * ({turns})"
                known.bound, known.before = frozenset(assigned_in([node])), frozenset(self.taken)
                known.counter = self.fresh(f"{name}_count")
                known.conditional = any(all(statement is not direct for direct in node.body) for statement in statements) \
                    or any(isinstance(n, ast.Break | ast.Continue) for s in node.body for n in ast.walk(s))

    def leaves_loop(self, node: ast.For) -> None:
        """Makes the lists that the loop has filled known as arrays."""
        for name, known in self.lists.items():
            if known.loop is node and known.array is not None:
                array, known.complete = known.array, True
                if known.conditional:
                    self.emit(f"{name} = {name}[:{known.counter}]")
                    array = self.array(name, array.dtype, (Affine.atom(f"{name}.shape[0]"), *array.extents[1:]), array.ones, contiguous=True)
                self.environment[name] = array

    def append(self, name: str, element: ast.expr) -> None:
        """One element more. Raises CannotLift."""
        known = self.lists[name]
        if known.loop is None:
            raise CannotLift("a list that is not filled by one loop right behind its beginning, and is read or changed otherwise")
        value = self.value(element)
        if known.array is not None and (value.dtype != known.array.dtype or value.ndim != known.array.ndim - 1):
            raise CannotLift("a list whose elements differ in type")
        if value.ndim and value.root is not None and ({value.root, *root_name(element)} & self.mutated or not value.sure and self.mutated):
            raise CannotLift("a list of arrays that change afterwards")
        if known.array is not None:
            self._put_in(known, known.array, value)
            return
        early = self._early(known, {name for extent in value.extents for name in extent.names})
        if value.ndim and value.cost > 1:
            value = self.held(value)
        extents = (Affine.of(ast.parse(known.length, mode="eval").body), *value.extents)
        known.array = self.array(name, value.dtype, extents, (False, *value.ones), contiguous=True)
        self._put_in(known, known.array, value)
        margin = "    " * known.indent
        self.lines[known.line:known.line] = [*(margin + line for line in early), margin + allocation(name, value.dtype, extents),
                                             f"{margin}{known.counter} = 0"]

    def _put_in(self, known: _List, array: Value, value: Value) -> None:
        with self.nest(value.extents) as index:
            self.emit(f"{array.element((Affine.atom(known.counter), *index))} = {stored_as(value.element(index), value, value.dtype)}")
        self.emit(f"{known.counter} += 1")

    def _early(self, known: _List, wanted: set[str]) -> list[str]:
        """Takes out of the loop, and returns, the lines that set the lengths of an element, which are the same in each turn. Raises
        CannotLift where they are not."""
        places: set[int] = set()
        pending, margin = list(wanted), "    " * (known.indent + 1)
        while pending:
            name = pending.pop()
            if name in known.bound:
                raise CannotLift("a list of arrays whose length changes")
            if name in known.before or name not in self.taken:
                continue
            at = [n for n in range(known.line, len(self.lines)) if self.lines[n].lstrip().startswith(f"{name} = ")]
            if len(at) != 1 or not self.lines[at[0]].startswith(f"{margin}{name} = "):
                raise CannotLift("a list of arrays whose length is not known before the loop")
            if at[0] not in places:
                places.add(at[0])
                pending += syntax.names_in_text(self.lines[at[0]].partition(" = ")[2])
        early = [self.lines[place].strip() for place in sorted(places)]
        for place in sorted(places, reverse=True):
            del self.lines[place]
        return early


def _filled(function: ast.FunctionDef) -> list[tuple[str, int]]:
    """Variables that are nothing but lists filled by `append`: bound once, to `[]`; and at how many places they are appended to."""
    counts = assigned_in(function.body)
    begun = [s.targets[0].id for s in ast.walk(function)
             if isinstance(s, ast.Assign) and isinstance(s.targets[0], ast.Name) and isinstance(s.value, ast.List) and not s.value.elts]
    methods = {name: _methods(function, name) for name in begun}
    joined = joined_lists(function, begun)
    return [(name, len(methods[name])) for name in begun
            if counts[name] == 1 and set(methods[name]) == {"append"} and name not in joined]


def joined_lists(function: ast.FunctionDef, lists: Iterable[str]) -> set[str]:
    """Those of the lists that operators take, whole or a slice of them: `a + b`, `a[1:] * 2`, `c = a; c += b`, `a < b` mean for lists
    what they do not mean for arrays."""
    shown = {name: {name} for name in lists}

    def of(node: ast.expr) -> set[str]:
        match node:
            case ast.Name(id=name):
                return shown.get(name, set())
            case ast.Subscript(value=value, slice=ast.Slice()):
                return of(value)
            case ast.IfExp(body=body, orelse=orelse):
                return of(body) | of(orelse)
        return set()

    bound = [(n.targets[0].id, n.value) for n in ast.walk(function) if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name)]
    while more := [(name, found) for name, value in bound if (found := of(value)) - shown.get(name, set())]:
        for name, found in more:
            shown[name] = shown.get(name, set()) | found
    joined: set[str] = set()
    for node in ast.walk(function):
        match node:
            case ast.BinOp(left=left, right=right):
                joined |= of(left) | of(right)
            case ast.AugAssign(target=ast.Name(id=name), value=value):
                joined |= shown.get(name, set()) | of(value)
            case ast.Compare(left=left, comparators=others, ops=ops) if not isinstance(ops[0], ast.In | ast.NotIn):
                joined.update(*map(of, (left, *others)))
    return joined


def _methods(function: ast.FunctionDef, name: str) -> list[str]:
    return [n.func.attr for n in ast.walk(function) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)
            and isinstance(n.func.value, ast.Name) and n.func.value.id == name]


def appends_in(node: ast.For, name: str) -> list[ast.stmt]:
    """The statements `name.append(...)` in the loop's body, or under conditions there; not those in a loop within it."""
    found: list[ast.stmt] = []
    pending = list(node.body)
    while pending:
        statement = pending.pop()
        if isinstance(statement, ast.If):
            pending += [*statement.body, *statement.orelse]
        elif isinstance(statement, ast.Expr) and appended(statement.value) is not None and appended(statement.value)[0] == name:  # type: ignore[index]
            found.append(statement)
    return found


def appended(node: ast.expr) -> tuple[str, ast.expr] | None:
    """The list and the element of `list.append(element)`."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append"), args=[element], keywords=[]):
            return name, element
    return None
