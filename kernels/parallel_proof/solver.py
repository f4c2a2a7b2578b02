"""Integer constraints, polynomial in their variables, and the question whether any values satisfy them all."""
from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from time import monotonic

import islpy

Monomial = tuple[Hashable, ...]                  # sorted by the system; () stands for 1
Polynomial = Mapping[Monomial, int]
Case = tuple[Sequence[Polynomial], Sequence[Polynomial]]     # polynomials that are 0, and that are at least 0
MAX_OPERATIONS = 400_000                         # of one question to isl: about a tenth of a second
MAX_MONOMIALS, MAX_ROWS = 120, 900
MAX_DEGREE = 3
LARGEST = 2**31
"""Numbers beyond it might wrap around in compiled code; a system that holds one is not decided."""


class Unsolved(Exception):
    """The question was too large, or the time is over."""


@dataclass
class Constraints:
    """zero: polynomials that are 0. nonnegative: those that are at least 0. choices: of each, one case holds. invariant: variables that are known to be at least 0, by which constraints may be multiplied."""

    zero: list[Polynomial] = field(default_factory=list)
    nonnegative: list[Polynomial] = field(default_factory=list)
    choices: list[Sequence[Case]] = field(default_factory=list)
    invariant: set[Hashable] = field(default_factory=set)


class Solver:
    """Decides systems by isl (Verdoolaege, "isl: an integer set library for the polyhedral model", ICMS 2010).

    Products of variables are variables of their own to it. What ties them to their factors is added beforehand: each
    constraint, multiplied by quantities that are at least 0 (reformulation-linearisation: Sherali and Adams, 1990).
    """

    def __init__(self, seconds: float) -> None:
        self._context = islpy.Context()
        self._context.set_max_operations(MAX_OPERATIONS)
        self._end = monotonic() + seconds

    def impossible(self, constraints: Constraints) -> bool:
        """Whether no values satisfy the constraints; False means "perhaps some do". Raises Unsolved."""
        rows = _Rows(constraints)
        return self._impossible(rows, list(constraints.choices))

    def _impossible(self, rows: _Rows, choices: list[Sequence[Case]]) -> bool:
        if self._empty(rows):
            return True
        if not choices:
            return False
        first, rest = choices[0], choices[1:]
        return all(self._impossible(rows.limited(*case), rest) for case in first)

    def _empty(self, rows: _Rows) -> bool:
        if monotonic() > self._end:
            raise Unsolved("the time for the proof is over")
        columns = rows.columns()
        if len(columns) > MAX_MONOMIALS or len(rows.zero) + len(rows.nonnegative) > MAX_ROWS:
            raise Unsolved("the constraints are too many")
        space = islpy.Space.create_from_names(self._context, set=[f"x{n}" for n in range(len(columns))])
        found = islpy.BasicSet.universe(space)
        names = {monomial: f"x{n}" for n, monomial in enumerate(columns)}
        self._context.reset_operations()
        try:
            for row in rows.zero:
                found = found.add_constraint(islpy.Constraint.eq_from_names(space, _named(row, names)))
            for row in rows.nonnegative:
                found = found.add_constraint(islpy.Constraint.ineq_from_names(space, _named(row, names)))
            return bool(found.is_empty())
        except islpy.Error:
            raise Unsolved("the constraints are too hard for the integer solver") from None


def _named(row: Polynomial, names: Mapping[Monomial, str]) -> dict[str | int, int]:
    return {names.get(monomial, 1): coefficient for monomial, coefficient in row.items() if coefficient}


class _Rows:
    """The rows that isl sees: the constraints and their multiples."""

    def __init__(self, constraints: Constraints) -> None:
        self.zero = list(constraints.zero)
        self.nonnegative = list(constraints.nonnegative)
        self._factors = sorted(_multipliers(
            [*self.zero, *self.nonnegative, *(p for choice in constraints.choices for case in choice for part in case for p in part)], constraints.invariant), key=repr)
        self.zero += [m for row in constraints.zero for m in self._multiples(row)]
        self.nonnegative += [m for row in constraints.nonnegative for m in self._multiples(row)]
        if any(abs(c) > LARGEST for row in (*self.zero, *self.nonnegative) for c in row.values()):
            raise Unsolved("a number in it is so large that it might wrap around")
        self.nonnegative = _tightest(self.nonnegative)

    def limited(self, zero: Sequence[Polynomial], nonnegative: Sequence[Polynomial]) -> _Rows:
        """These rows and more."""
        made = object.__new__(_Rows)
        made._factors = self._factors
        made.zero = [*self.zero, *zero, *(m for row in zero for m in self._multiples(row))]
        made.nonnegative = [*self.nonnegative, *nonnegative, *(m for row in nonnegative for m in self._multiples(row))]
        return made

    def columns(self) -> list[Monomial]:
        return list(dict.fromkeys(m for row in (*self.zero, *self.nonnegative) for m, c in row.items() if m and c))

    def _multiples(self, row: Polynomial) -> Iterator[Polynomial]:
        for factor in self._factors:
            if all(len(monomial) + len(factor) <= MAX_DEGREE for monomial in row):
                yield {product(monomial, factor): coefficient for monomial, coefficient in row.items()}


def _multipliers(polynomials: Iterable[Polynomial], invariant: set[Hashable]) -> set[Monomial]:
    """What constraints are multiplied by: the invariant parts of the products that occur."""
    found: set[Monomial] = set()
    for monomial in {m for p in polynomials for m in p if len(m) > 1}:
        shared = [v for v in monomial if v in invariant]
        for size in range(1, min(len(shared), len(monomial) - 1) + 1):
            found.update(combinations(shared, size))
    return found


def product(one: Monomial, other: Monomial) -> Monomial:
    """Their product, its variables in one fixed order."""
    return tuple(sorted((*one, *other), key=repr))


def _tightest(rows: Iterable[Polynomial]) -> list[Polynomial]:
    """Of rows that differ by their constant alone, the one that says most."""
    kept: dict[frozenset[tuple[Monomial, int]], Polynomial] = {}
    for row in rows:
        key = frozenset((m, c) for m, c in row.items() if m and c)
        if key not in kept or row.get((), 0) < kept[key].get((), 0):
            kept[key] = row
    return list(kept.values())
