"""Masked sums: loops over groups that do nothing with the elements of arrays but sum or count those that a mask selects.

    for b in range(bins):
        inside = (r >= edges[b]) & (r < edges[b + 1])
        out[b] = x[inside].mean()
"""
from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from . import syntax
from .errors import CannotLift
from .group_masks import Bounds, GroupMasks, pure
from .names import assigned_in, uses_of
from .seen import Instance, identity

_EXTREMES = {"max": "max", "amax": "max", "min": "min", "amin": "min"}
_SUMS, _COUNTS = frozenset({"sum", "mean", *_EXTREMES}), frozenset({"sum", "any", "count_nonzero"})


@dataclass(frozen=True)
class MaskedSum:
    """One accumulator, an element for each group. values: what is summed where the mask is true; None: it is counted.
    rows: the mask selects rows, which are added up. seen: the dtype of the elements, as NumPy had them. kind: "sum", or "max"
    or "min", which is kept in place of the sum."""

    name: str
    values: ast.expr | None = None
    rows: bool = False
    seen: str = ""
    kind: str = "sum"


@dataclass
class Groups:
    """A loop over the groups from `start` (None: 0) to `stop`. first: statements that give the bounds their numbers. rest: the
    loop's body, with the accumulators in place of the sums. reads: the names on which masks, bounds and summands depend."""

    variable: str
    start: ast.expr | None
    stop: ast.expr
    bounds: Bounds
    sums: list[MaskedSum]
    first: list[ast.stmt]
    rest: list[ast.stmt]
    reads: frozenset[str]


def masked_sums(node: ast.For, seen: Instance, uses: Counter[str], fresh: Callable[[str], str]) -> Groups:
    """What the loop sums up. uses: how often each name is read in the whole function. Raises CannotLift where it is no such
    loop: where several masks are used, or what they select is read in any other way."""
    return _Reader(node, seen, uses, fresh).groups()


class _Reader(GroupMasks, ast.NodeTransformer):
    """Reads one loop. meanings: what private variables stand for, which are left out of the rest."""

    def __init__(self, node: ast.For, seen: Instance, uses: Counter[str], fresh: Callable[[str], str]) -> None:
        self.node, self.fresh = node, fresh
        match node:
            case ast.For(target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range"), args=[_] | [_, _], keywords=[]), orelse=[]):
                self.variable = name
            case _:
                raise CannotLift("no loop over the numbers of groups")
        if any(isinstance(n, ast.Break | ast.Return | ast.While) for n in ast.walk(node)):
            raise CannotLift("a loop that may end before its last group")
        self.assigned = assigned_in(node.body)
        super().__init__(seen, {*self.assigned, self.variable})
        self.uses = uses_of(node)
        self.private = {n for n, times in self.assigned.items() if times == 1 and self.uses[n] == uses[n]}
        self.meanings: dict[str, ast.expr] = {}
        self.mask: str | None = None
        self.bounds: Bounds | None = None
        self.sums: dict[tuple[str, bool, str], MaskedSum] = {}

    def groups(self) -> Groups:
        rest = self._block(self.node.body)
        arguments = self.node.iter.args  # type: ignore[attr-defined]
        if self.bounds is None or any(not self.same(each) for each in arguments) or self.variable in self.assigned:
            raise CannotLift("no sum of what a mask selects")
        if any(n in self.meanings for statement in rest for n in syntax.names_in(statement)):
            raise CannotLift("what the mask selects is not summed alone")
        numbers = (self.bounds.above[1], self.bounds.below[1])
        first = self._first(numbers)
        summed = [each.values for each in self.sums.values() if each.values is not None]
        read = [*arguments[:-1], *numbers, self.bounds.key, *self.bounds.also, *first, *summed]
        return Groups(self.variable, arguments[0] if len(arguments) == 2 else None, arguments[-1], self.bounds, list(self.sums.values()),
                      first, rest, frozenset().union(*map(syntax.names_in, read)))

    def _first(self, numbers: tuple[ast.expr, ...]) -> list[ast.stmt]:
        """The assignments of the body from which the bounds follow. Raises CannotLift unless each depends on its own turn alone."""
        wanted = frozenset().union(*map(syntax.names_in, numbers)) & set(self.assigned)
        found: list[ast.stmt] = []
        for statement in reversed(self.node.body):
            if not wanted & set(assigned_in([statement])):
                continue
            if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name) or not pure(statement.value):
                raise CannotLift("bounds that are not plain numbers of their group")
            found.insert(0, statement)
            wanted |= syntax.names_in(statement.value) & set(self.assigned)
        ready: set[str] = set()
        for statement in found:
            assert isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)
            if not syntax.names_in(statement.value) & set(self.assigned) <= ready or self.assigned[statement.targets[0].id] != 1:
                raise CannotLift("bounds that depend on another group")
            ready.add(statement.targets[0].id)
        if not wanted <= ready:
            raise CannotLift("bounds that depend on another group")
        for place, statement in enumerate(self.node.body):
            own = set(assigned_in(self.node.body[place:])) & ready
            if statement not in found and syntax.names_in(statement) & own:
                raise CannotLift("bounds that are read before they are known")
        return found

    # -- statements -----------------------------------------------------------------------------------------------

    def _block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        made = [self._statement(statement) for place, statement in enumerate(statements)
                if not self._means(statement, statements[place + 1:])]
        return made or [ast.Pass()]

    def _means(self, node: ast.stmt, later: list[ast.stmt]) -> bool:
        """Whether the statement gives a name to a mask, to what it selects, or to what is the same for all groups, and all
        that read it stand after it in its block."""
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=given) if name in self.private:
                if (self.type_of(given) or ("",))[0] != "array" or sum(uses_of(each)[name] for each in later) != self.uses[name]:
                    return False
                value = self._resolved(given)
                if self.bounds_of(self.mask_of(value)) is not None or self.selected(value) is not None or self.same(value):
                    self.meanings[name] = value
                    return True
        return False

    def _statement(self, node: ast.stmt) -> ast.stmt:
        made = copy.copy(node)
        for name, value in ast.iter_fields(node):
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                setattr(made, name, self._block(value))
            elif isinstance(value, list):
                setattr(made, name, [self.visit(each) for each in value])
            elif isinstance(value, ast.expr):
                setattr(made, name, self.visit(value))
        return made

    def visit(self, node: ast.AST) -> ast.AST:
        """The expression, which is copied, with accumulators in place of sums."""
        made = self._sum(self._resolved(node)) if isinstance(node, ast.expr) else None
        if made is not None:
            made.kernwright_id = identity(node)  # type: ignore[attr-defined]
            return ast.copy_location(made, node)
        whole = copy.copy(node)
        for name, value in ast.iter_fields(node):
            if isinstance(value, list):
                setattr(whole, name, list(value))   # generic_visit replaces in place what the original holds too
        return self.generic_visit(whole)

    # -- expressions ----------------------------------------------------------------------------------------------

    def _resolved(self, node: ast.expr) -> ast.expr:
        """The expression with what private variables mean in their place."""
        meanings = self.meanings

        class Resolver(ast.NodeTransformer):
            def visit_Name(self, name: ast.Name) -> ast.expr:
                return copy.deepcopy(meanings[name.id]) if isinstance(name.ctx, ast.Load) and name.id in meanings else name

        return Resolver().visit(copy.deepcopy(node)) if syntax.names_in(node) & set(meanings) else node

    def _sum(self, node: ast.expr) -> ast.expr | None:
        """What stands in place of the expression where it sums or counts what the mask selects; else None."""
        name, over, axis = _reduction(node)
        seen = self.type_of(node)
        if over is None or seen is None:
            return None
        if axis is None and name in _COUNTS and self.bounds_of(over) is not None:
            count = self._counted(over)
            if name == "any":
                return ast.Compare(count, [ast.Gt()], [ast.Constant(0)])
            return syntax.builtin_call("int", count) if seen[-1] is True else count
        if name in ("len", "size") and (mask := self.mask_of(over)) is not over and self.bounds_of(mask) is not None:
            return syntax.builtin_call("int", self._counted(mask))
        chosen = self.where(over) if name == "sum" and axis is None else None
        chosen = chosen or self.selected(over)
        if chosen is None:
            return None
        values, mask, rank = chosen
        if name == "len" or name == "size" and rank == 1:
            return syntax.builtin_call("int", self._counted(mask))
        rows = axis == 0 and rank == 2
        if name not in _SUMS or not rows and (rank != 1 or axis not in (None, 0)):
            return None
        kind = _EXTREMES.get(name, "sum")
        if kind != "sum" and rows:
            return None
        total = self._accumulated(mask, MaskedSum("", values, rows, (self.type_of(over) or ("", ""))[1], kind), name)
        if name != "mean":
            return total
        return syntax.binary(total, "/", syntax.builtin_call("int", self._counted(mask)))

    def _counted(self, mask: ast.expr) -> ast.expr:
        return self._accumulated(mask, MaskedSum(""), "count")

    def _accumulated(self, mask: ast.expr, wanted: MaskedSum, name: str) -> ast.expr:
        """The accumulator's element of the group at hand. Raises CannotLift for a second mask."""
        text = syntax.text(mask)
        if self.mask not in (None, text):
            raise CannotLift("several masks")
        self.mask, self.bounds = text, self.bounds_of(mask)
        exact = name if wanted.seen[1:2] not in ("f", "c") else ""
        hint = "counts" if wanted.values is None else {"sum": "sums", "max": "greatest", "min": "least"}[wanted.kind]
        key = (syntax.text(wanted.values) if wanted.values is not None else "", wanted.rows, exact or wanted.kind)
        if key not in self.sums:
            seen = "" if wanted.values is None else "f8" if exact == "mean" else wanted.seen
            self.sums[key] = replace(wanted, name=self.fresh(hint), seen=seen)
        at: ast.expr = syntax.name(self.variable)
        if len(self.node.iter.args) == 2:  # type: ignore[attr-defined]
            at = syntax.binary(at, "-", self.node.iter.args[0])  # type: ignore[attr-defined]
        return ast.Subscript(syntax.name(self.sums[key].name), at, ast.Load())


def _reduction(node: ast.expr) -> tuple[str, ast.expr | None, int | None]:
    """A reduction's name, what it reduces and along which axis; a length is "len"."""
    match node:
        case ast.Call(func=ast.Name(id="len"), args=[over], keywords=[]) \
                | ast.Subscript(value=ast.Attribute(value=over, attr="shape"), slice=ast.Constant(value=0)):
            return "len", over, None
        case ast.Attribute(value=over, attr="size"):
            return "size", over, None
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr=name), args=[over, *rest], keywords=keywords):
            pass
        case ast.Call(func=ast.Attribute(value=over, attr=name), args=rest, keywords=keywords):
            pass
        case _:
            return "", None, None
    given = [*rest, *(k.value for k in keywords if k.arg == "axis")]
    if len(given) != len(rest) + len(keywords) or len(given) > 1:
        return "", None, None
    axis = given[0].value if given and isinstance(given[0], ast.Constant) else None
    if given and axis not in (0, None) or axis is False or given and not isinstance(given[0], ast.Constant):
        return "", None, None
    return name, over, axis
