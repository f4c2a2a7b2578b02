"""Whether two iterations of a parallel loop may touch one element which one of them writes."""
from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from ..analysis import Function
from ..analysis.affine import Affine
from ..analysis.legality import calls
from ..analysis.model import Access, Loop
from ..interpret.scalars import ParallelLoop
from .bounds import Bounds
from .solver import Solver, Unsolved
from .system import System, distinct

FIRST, SECOND = 1, 2


class Races:
    """Answers about the loops of one function. bounds: of every function of the candidate, by name."""

    def __init__(self, function: Function, solver: Solver, bounds: Mapping[str, Bounds]) -> None:
        self._function = function
        self._solver = solver
        self._bounds = bounds

    def complaint(self, loop: Loop, scalars: ParallelLoop) -> str:
        """Why the loop's iterations are not shown to be independent; "" where they are."""
        if loop.symbol is None or loop.step != Affine((), 1):
            return f"line {loop.line}: the values that the loop runs through are not affine"
        found = self._variables(loop, scalars) or self._helpers(loop)
        if found:
            return found
        accesses = distinct(self._function.facts.in_body(loop))
        shared = [a for a in accesses if not (a.origin.fresh and loop in a.origin.loops)]
        checked: set[int] = set()
        for a, b in _pairs(shared):
            if a.origin is not b.origin and self._function.dependences.apart(a.origin, b.origin, frozenset(loop.enclosing)):
                continue
            if _reduced(a, scalars) and _reduced(b, scalars):
                continue
            for access in (a, b):
                if id(access) not in checked:
                    checked.add(id(access))
                    if found := self._placed(access):
                        return found
            try:
                free = self._independent(loop, a, b)
            except Unsolved as reason:
                return f"{_said(a, b)}: {reason}"
            if not free:
                return f"{_said(a, b)}: iterations are not shown to keep apart"
        return ""

    def _variables(self, loop: Loop, scalars: ParallelLoop) -> str:
        if scalars.races:
            return scalars.races[0]
        if scalars.unset:
            return f"line {loop.line}: an iteration might read {min(scalars.unset)} before it assigns it"
        for name in sorted(scalars.reductions):
            kind = self._function.type_of_name(name)
            if kind.is_scalar and kind.dtype:
                continue
            rebound = any(isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets)
                          for node in ast.walk(loop.node))
            if not kind.is_array or rebound:
                return f"line {loop.line}: the type of {name}, which the loop reduces, is not known to be one that Numba reduces"
        return ""

    def _helpers(self, loop: Loop) -> str:
        """Why a helper that the loop calls might leave the arrays that it is given, and so what is known of the call."""
        helpers, pending = self._function.types.functions, calls(loop.node.body)
        seen: set[str] = set()
        while pending - seen:
            name = min(pending - seen)
            seen.add(name)
            if name not in helpers or name in self._function.types.helpers:     # those of vecmath take and return numbers
                continue
            if name not in self._bounds:
                return f"line {loop.line}: the helper {name} is outside what can be analysed"
            if found := self._bounds[name].first_complaint():
                return found
            pending |= calls(helpers[name].body)
        return ""

    def _placed(self, access: Access) -> str:
        """Why it is not known which element of a shared array the access touches. An index beyond the end of an inner
        axis is an element of another row; of an array with one axis alone, it is none of the array's. One beyond the end of
        a view whose indices cannot be translated may be an element of what the view leaves out."""
        if access.view.dimensions and not access.view.exact:
            return self._bounds[self._function.node.name].complaint(access)
        fixed = [d for d in access.view.dimensions if not d.free]
        if not fixed or self._rank(access) == 1 and access.view.exact and all(d.offset is not None for d in fixed):
            return ""
        return self._bounds[self._function.node.name].complaint(access)

    def _rank(self, access: Access) -> int:
        """How many axes the whole array has; -1 where that is not known."""
        shape = self._function.facts.shapes.get(access.origin)
        if shape is not None:
            return len(shape)
        owner = access.node.value if isinstance(access.node, ast.Subscript) else access.node
        kind = self._function.type_of(owner)
        return kind.ndim if kind.is_array and len(access.view.dimensions) == 1 and not access.view.partial \
            and isinstance(owner, ast.Name) and kind.ndim == 1 else -1

    def _independent(self, loop: Loop, a: Access, b: Access) -> bool:
        """Raises Unsolved."""
        orders = [(a, b)] if a is b else [(a, b), (b, a)]
        return all(self._solver.impossible(self._conflict(loop, early, late).constraints) for early, late in orders)

    def _conflict(self, loop: Loop, early: Access, late: Access) -> System:
        """That `early` touches in one iteration what `late` touches in a later one."""
        same = frozenset(loop.enclosing)
        system = System(self._function.facts.symbols, same)
        system.executes(early, FIRST)
        system.executes(late, SECOND)
        variable = Affine.of(loop.symbol)  # type: ignore[arg-type]
        system.at_least(system.polynomial(variable, SECOND), system.polynomial(variable, FIRST), 1)
        if early.origin is late.origin and early.origin.loops <= same:
            for one, other in zip(early.view.dimensions, late.view.dimensions):
                element = system.variable()
                system.covers(one, element, FIRST)
                system.covers(other, element, SECOND)
        return system


def _pairs(accesses: list[Access]) -> Iterator[tuple[Access, Access]]:
    """Each unordered pair with a write, an access with itself included; writes with themselves first, as most fail there."""
    for a in accesses:
        if a.write:
            yield a, a
    for position, a in enumerate(accesses):
        for b in accesses[position + 1:]:
            if a.write or b.write:
                yield a, b


def _reduced(access: Access, scalars: ParallelLoop) -> bool:
    """Whether it is the update of an array that the loop reduces."""
    return isinstance(access.node, ast.Name) and access.node.id in scalars.reductions


def _said(a: Access, b: Access) -> str:
    """The two accesses, as the text has them."""
    first = f"line {a.node.lineno}: {'write to' if a.write else 'read of'} {ast.unparse(a.node)[:60]}"
    if a is b:
        return first
    return f"{first} and {'write to' if b.write else 'read of'} {ast.unparse(b.node)[:60]} (line {b.node.lineno})"
