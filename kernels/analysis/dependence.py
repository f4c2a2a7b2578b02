"""Dependence tests: may two accesses touch the same element in given iterations? Unsure means yes."""
from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterable, Sequence
from typing import Literal

from .affine import Affine, Symbol
from .facts import with_facts
from .feasible import Form, may_hold
from .model import Access, FunctionAnalysis, Loop

Order = tuple[Loop, Loop, Literal["<", ">"]]     # a's iteration of the first loop precedes (follows) b's of the second


class Dependences:
    """Answers about one function. Every answer errs towards "dependent"."""

    def __init__(self, analysis: FunctionAnalysis) -> None:
        self.analysis = analysis
        self._memory: dict[Hashable, bool] = {}

    def conflict(self, a: Access, b: Access, same: Iterable[Loop] = (), order: Sequence[Order] = ()) -> bool:
        """Whether `a` and `b` may touch the same element, at least one of them writing it.

        They belong to two instances: equal iterations of the loops in `same`, iterations of others related by `order`,
        else not related at all.
        """
        if not (a.write or b.write):
            return False
        key = (a.order, b.order, frozenset(same), tuple(order))
        if key not in self._memory:
            self._memory[key] = self._conflict(a, b, frozenset(same), order)
        return self._memory[key]

    def _conflict(self, a: Access, b: Access, same: frozenset[Loop], order: Sequence[Order]) -> bool:
        subscripts = list(zip(a.subscripts, b.subscripts))
        one, other = a.origin, b.origin
        if one is other:
            if not one.loops <= same:
                renewed = any(first is second and first in one.loops for first, second, _ in order)
                if one.fresh and renewed:
                    return False
                if not one.fresh:
                    subscripts = []
        elif self.apart(one, other, same):
            return False
        else:
            subscripts = []
        return self._system(a, b, same, order, subscripts)

    def apart(self, one: Symbol, other: Symbol, same: frozenset[Loop]) -> bool:
        """Whether two arrays share no memory within one common iteration of the loops in `same`."""
        if not one.roots & other.roots:
            return True
        if not (one.loops <= same and other.loops <= same):
            return False
        if frozenset((one, other)) in self.analysis.distinct:
            return True
        return any(x.fresh and x.order > y.order and y.loops <= x.loops for x, y in ((one, other), (other, one)))

    def separate(self, some: Iterable[Access], others: Iterable[Access], same: frozenset[Loop]) -> bool:
        """Whether within one common iteration of the loops in `same` neither writes into an array that the other touches."""
        others = list(others)
        pairs = {(a.origin, b.origin) for a in some for b in others if a.write or b.write}
        return all(self.apart(one, other, same) for one, other in pairs)

    def _system(self, a: Access, b: Access, same: frozenset[Loop], order: Sequence[Order],
                subscripts: list[tuple[Affine | None, Affine | None]]) -> bool:
        first, second = _Instance(1, same), _Instance(2, same)
        zero: list[Form] = []
        for x, y in subscripts:
            if x is not None and y is not None:
                zero.append(_difference(first.form(x), second.form(y)))
        forms = [*first.execution(a), *second.execution(b)]
        auxiliary = itertools.count()
        for instance, access in ((first, a), (second, b)):
            zero += instance.lattices(access, auxiliary)
        for loop, counterpart, relation in order:
            form = _precedes(loop, counterpart, relation, first, second)
            if form is not None:
                forms.append(form)
        return may_hold(zero, forms)

    # questions about loops

    def carried(self, loop: Loop, accesses: Sequence[Access] | None = None) -> tuple[Access, Access] | None:
        """A pair of accesses that may make one iteration of `loop` depend on another, or None if there is none.

        accesses: those to look at; by default all in the loop's body.
        """
        found = self.analysis.in_body(loop) if accesses is None else accesses
        outer = loop.enclosing
        for a, b in pairs(found):
            if self.conflict(a, b, outer, [(loop, loop, "<")]) or a is not b and self.conflict(a, b, outer, [(loop, loop, ">")]):
                return a, b
        return None

    def permutable(self, band: Sequence[Loop]) -> bool:
        """Whether the nested loops of `band` (outermost first) may be put in any order, and tiled.

        No dependence within one iteration of the loops around the band may run against any of its loops.
        """
        found = self.analysis.in_body(band[-1])
        outer = band[0].enclosing
        if any(loop.step is None for loop in band):
            return False
        for a, b in itertools.product(found, found):
            for level, loop in enumerate(band[:-1]):
                same = (*outer, *band[:level])
                for inner in band[level + 1:]:
                    if self.conflict(a, b, same, [(loop, loop, "<"), (inner, inner, ">")]):
                        return False
        return True

    def reversed_by_fusion(self, first: Loop, second: Loop) -> bool:
        """Whether some iteration of `second` may depend on a later iteration of `first`, its neighbour before it."""
        outer = first.enclosing
        for a in self.analysis.in_body(first):
            for b in self.analysis.in_body(second):
                if self.conflict(a, b, outer, [(first, second, ">")]):
                    return True
        return False

    def reversed_by_fission(self, loop: Loop, before: Sequence[Access], after: Sequence[Access]) -> bool:
        """Whether `before` in some iteration may depend on `after` in an earlier one."""
        return any(self.conflict(a, b, loop.enclosing, [(loop, loop, ">")]) for a in before for b in after)


def pairs(accesses: Sequence[Access]) -> Iterable[tuple[Access, Access]]:
    """Each unordered pair with a write, an access with itself included."""
    for position, a in enumerate(accesses):
        for b in accesses[position:]:
            if a.write or b.write:
                yield a, b


class _Instance:
    """One execution of an access: symbols that may differ between the two executions get its number."""

    def __init__(self, number: int, same: frozenset[Loop]) -> None:
        self.number = number
        self.same = same

    def variable(self, symbol: Symbol) -> Hashable:
        return symbol if symbol.loops <= self.same else (symbol, self.number)

    def form(self, form: Affine) -> Form:
        total: dict[Hashable, int] = {}
        for symbol, coefficient in form.terms:
            total[self.variable(symbol)] = coefficient
        return total, form.constant

    def execution(self, access: Access) -> list[Form]:
        """What holds whenever the access is executed."""
        known = [*access.guards, *(bound for loop in access.loops for bound in loop.bounds)]
        known += [s for s in access.subscripts if s is not None]
        return [self.form(f) for f in with_facts(known)]

    def lattices(self, access: Access, auxiliary: Iterable[int]) -> list[Form]:
        """Equations which say that loop variables advance in steps of more than 1."""
        found = []
        for loop in access.loops:
            if loop.step is None or not loop.step.is_constant or loop.start is None or not loop.start.is_integer \
                    or abs(loop.step.constant) == 1 or loop in self.same or loop.symbol is None:
                continue
            form = self.form(Affine.of(loop.symbol) - loop.start)
            found.append(({**form[0], ("step", next(auxiliary)): -loop.step.constant}, form[1]))  # type: ignore[call-overload]
        return found


def _precedes(loop: Loop, counterpart: Loop, relation: str, first: _Instance, second: _Instance) -> Form | None:
    """The form that is at least 0 if the first instance's iteration precedes (">": follows) the second's."""
    if loop.symbol is None or counterpart.symbol is None or loop.step is None:
        return None
    early, late = (first.form(Affine.of(loop.symbol)), second.form(Affine.of(counterpart.symbol)))
    if (relation == ">") != loop.descending:
        early, late = late, early
    step = first.form(loop.step if not loop.descending else -loop.step)
    return _difference(_difference(late, early), step)


def _difference(x: Form, y: Form) -> Form:
    total = dict(x[0])
    for variable, coefficient in y[0].items():
        total[variable] = total.get(variable, 0) - coefficient
    return total, x[1] - y[1]
