"""Translates what the analysis knows of accesses into constraints on one or two executions of them."""
from __future__ import annotations

from collections.abc import Hashable, Iterable

from ..analysis.affine import Affine, Symbol, SymbolTable
from ..analysis.model import Access, Dimension, Loop
from .solver import Constraints, Monomial, Polynomial, product


class System:
    """Constraints on executions that have equal iterations of the loops in `same`, and any iterations of the others.

    Each execution has a number; a symbol that may differ between them is one variable for each.
    """

    def __init__(self, table: SymbolTable, same: frozenset[Loop]) -> None:
        self._table = table
        self._same = same
        self._known: set[tuple[Symbol, int]] = set()
        self._count = 0
        self.constraints = Constraints()

    def polynomial(self, form: Affine, execution: int) -> Polynomial:
        """`form` in that execution; what is known of its symbols is added to the constraints."""
        total: dict[Monomial, int] = {}
        for symbol, coefficient in form.terms:
            monomial = self._monomial(symbol, execution)
            total[monomial] = total.get(monomial, 0) + coefficient
        if form.constant:
            total[()] = form.constant
        return total

    def holds(self, form: Affine, execution: int) -> None:
        """Adds that `form` is at least 0."""
        self.constraints.nonnegative.append(self.polynomial(form, execution))

    def executes(self, access: Access, execution: int) -> None:
        """Adds what is true whenever the access is executed: guards, and the values that its loops run through."""
        for guard in access.guards:
            self.holds(guard, execution)
        for loop in access.loops:
            for bound in loop.bounds:
                self.holds(bound, execution)
            if loop.symbol is not None and loop.start is not None and loop.start.is_integer and loop.step is not None \
                    and loop.step.is_constant and abs(loop.step.constant) != 1:
                turns = self.variable()
                advance = self.polynomial(Affine.of(loop.symbol) - loop.start, execution)
                self.constraints.zero.append({**advance, turns: -loop.step.constant})

    def covers(self, dimension: Dimension, element: Monomial, execution: int) -> None:
        """Adds that `element` is an index which this dimension of a view covers."""
        if dimension.offset is None:
            return
        offset = self.polynomial(dimension.offset, execution)
        if not dimension.free:
            self.equal({element: 1}, offset)
            return
        self.at_least({element: 1}, offset)
        if dimension.stop is not None:
            self.at_least(self.polynomial(dimension.stop, execution), {element: 1}, 1)

    def equal(self, one: Polynomial, other: Polynomial) -> None:
        self.constraints.zero.append(difference(one, other))

    def at_least(self, one: Polynomial, other: Polynomial, distance: int = 0) -> None:
        """Adds that `one` is at least `other` + `distance`."""
        form = dict(difference(one, other))
        form[()] = form.get((), 0) - distance
        self.constraints.nonnegative.append(form)

    def variable(self) -> Monomial:
        """A new variable of any integer value."""
        self._count += 1
        return (f"free {self._count}",)

    def _monomial(self, symbol: Symbol, execution: int) -> Monomial:
        factors = self._table.factors(symbol)
        if factors is not None:
            self._learn(symbol, execution)
            return product(*(self._monomial(factor, execution) for factor in factors))
        self._learn(symbol, execution)
        return (self._variable(symbol, execution),)

    def _variable(self, symbol: Symbol, execution: int) -> Hashable:
        return symbol if symbol.loops <= self._same else (symbol, execution)

    def _learn(self, symbol: Symbol, execution: int) -> None:
        """Adds what holds for the symbol's value wherever it is defined."""
        shared = symbol.loops <= self._same
        key = (symbol, 0 if shared else execution)
        if key in self._known:
            return
        self._known.add(key)
        facts = [*symbol.facts, Affine.of(symbol)] if symbol.nonnegative else symbol.facts
        self.constraints.nonnegative += [self.polynomial(fact, execution) for fact in facts]
        if symbol.cases:
            self.constraints.choices.append([
                ([self.polynomial(Affine.of(symbol) - value, execution)], [self.polynomial(form, execution) for form in where])
                for value, where in symbol.cases])
        if shared and symbol.nonnegative and self._table.factors(symbol) is None:
            self.constraints.invariant.add(symbol)


def difference(one: Polynomial, other: Polynomial) -> Polynomial:
    total = dict(one)
    for monomial, coefficient in other.items():
        total[monomial] = total.get(monomial, 0) - coefficient
    return total


def distinct(accesses: Iterable[Access]) -> list[Access]:
    """The accesses without those that say the same of the same array."""
    kept: dict[Hashable, Access] = {}
    for access in accesses:
        kept.setdefault((access.origin, access.view, access.write, access.loops, frozenset(access.guards)), access)
    return list(kept.values())
