"""Affine forms: integer values of a kernel as linear combinations of symbols."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(eq=False)
class Symbol:
    """A value that is not known before the kernel runs: an argument, a loop variable, an extent, an array, ...

    name: for people. order: when it came into being, in program order. loops: the loops that enclose its definition;
    within one common iteration of all of them it has one value. integer: it is known to be an integer scalar.
    nonnegative: it is known to be at least 0. facts: affine forms that are at least 0 wherever it is defined.
    roots: for what may be an array, the memory it may stand for (see `aliases`); fresh: it is a new array of its own.
    cases: where its value is one of several forms, each with forms that are at least 0 where it is that one. unsigned:
    compiled code holds it in an unsigned integer, so that a difference or negation below 0 wraps around.
    """

    name: str
    order: int
    loops: frozenset[object] = frozenset()
    integer: bool = False
    nonnegative: bool = False
    facts: list[Affine] = field(default_factory=list)
    roots: frozenset[object] = frozenset()
    fresh: bool = False
    cases: tuple[Case, ...] = ()
    unsigned: bool = False

    def __repr__(self) -> str:
        return f"{self.name}#{self.order}"


@dataclass(frozen=True)
class Affine:
    """`constant` plus the sum of coefficient * symbol over `terms` (sorted by symbol, no coefficient is 0)."""

    terms: tuple[tuple[Symbol, int], ...] = ()
    constant: int = 0

    @classmethod
    def of(cls, symbol: Symbol) -> Affine:
        return cls(((symbol, 1),))

    @classmethod
    def collect(cls, pairs: Iterable[tuple[Symbol, int]], constant: int) -> Affine:
        """The sum of `pairs` and `constant`; equal symbols are merged."""
        total: dict[Symbol, int] = {}
        for symbol, coefficient in pairs:
            total[symbol] = total.get(symbol, 0) + coefficient
        terms = sorted(((s, c) for s, c in total.items() if c), key=lambda term: term[0].order)
        return cls(tuple(terms), constant)

    def __add__(self, other: Affine | int) -> Affine:
        if isinstance(other, int):
            return Affine(self.terms, self.constant + other)
        return Affine.collect((*self.terms, *other.terms), self.constant + other.constant)

    def __sub__(self, other: Affine | int) -> Affine:
        return self + (-other)

    def __neg__(self) -> Affine:
        return self.scaled(-1)

    def scaled(self, factor: int) -> Affine:
        if factor == 0:
            return Affine()
        return Affine(tuple((s, c * factor) for s, c in self.terms), self.constant * factor)

    @property
    def is_constant(self) -> bool:
        return not self.terms

    @property
    def largest(self) -> int:
        """The largest coefficient, without its sign; 0 where there is none."""
        return max((abs(c) for _, c in self.terms), default=0)

    @property
    def is_integer(self) -> bool:
        """Whether every symbol is known to be an integer scalar (and so the form itself)."""
        return all(symbol.integer for symbol, _ in self.terms)

    @property
    def is_plainly_nonnegative(self) -> bool:
        """Whether no term can be negative; a cheap test that says no when it does not see it."""
        return self.constant >= 0 and all(c > 0 and s.nonnegative for s, c in self.terms)

    @property
    def loops(self) -> frozenset[object]:
        """The loops with whose iterations the value may change."""
        return frozenset().union(*(symbol.loops for symbol, _ in self.terms))

    def replaced(self, symbol: Symbol, form: Affine) -> Affine:
        """The same with `form` in place of `symbol`."""
        coefficient = self.coefficient(symbol)
        return Affine(tuple(t for t in self.terms if t[0] is not symbol), self.constant) + form.scaled(coefficient)

    def coefficient(self, symbol: Symbol) -> int:
        return next((c for s, c in self.terms if s is symbol), 0)


Case = tuple[Affine, tuple[Affine, ...]]


class SymbolTable:
    """Makes symbols, and gives equal pure expressions of equal operands one symbol."""

    def __init__(self) -> None:
        self._count = 0
        self._known: dict[object, Symbol] = {}
        self._factors: dict[Symbol, tuple[Symbol, Symbol]] = {}

    def new(self, name: str, loops: frozenset[object] = frozenset(), **properties: object) -> Symbol:
        self._count += 1
        return Symbol(name, self._count, loops, **properties)  # type: ignore[arg-type]

    def extent(self, array: Symbol, dimension: int) -> Affine:
        """`array.shape[dimension]`."""
        key = ("extent", array, dimension)
        if key not in self._known:
            self._known[key] = self.new(f"{array.name}.shape[{dimension}]", array.loops, integer=True, nonnegative=True)
        return Affine.of(self._known[key])

    def constant(self, name: str, low: int | None, high: int | None) -> Affine:
        """A module constant whose value lies between `low` and `high` (a tunable: any choice must stay legal)."""
        key = ("constant", name)
        if key not in self._known:
            symbol = self._known[key] = self.new(name, integer=True, nonnegative=low is not None and low >= 0)
            if low is not None:
                symbol.facts.append(Affine.of(symbol) - low)
            if high is not None:
                symbol.facts.append(-Affine.of(symbol) + high)
        return Affine.of(self._known[key])

    def quotient(self, value: Affine, divisor: int) -> Affine | None:
        """`value // divisor` for a positive divisor; None where the value is not known to be an integer."""
        if divisor <= 0 or not value.is_integer:
            return None
        if value.is_constant:
            return Affine((), value.constant // divisor)
        if value.constant % divisor == 0 and all(c % divisor == 0 for _, c in value.terms):
            return Affine(tuple((s, c // divisor) for s, c in value.terms), value.constant // divisor)
        key = ("quotient", value, divisor)
        if key not in self._known:
            symbol = self._known[key] = self.new("//", value.loops, integer=True,
                                                 nonnegative=value.is_plainly_nonnegative)
            remainder = value - Affine.of(symbol).scaled(divisor)
            symbol.facts += [remainder, -remainder + (divisor - 1)]
        return Affine.of(self._known[key])

    def floor_ratio(self, value: Affine, divisor: Affine) -> Affine | None:
        """`value // divisor` for a divisor that is known to be at least 1; None where one may be no integer."""
        if not (value.is_integer and divisor.is_integer):
            return None
        if (exact := self._exact_ratio(value, divisor)) is not None:
            return exact
        key = ("quotient", value, divisor)
        if key not in self._known:
            symbol = self._known[key] = self.new("//", value.loops | divisor.loops, integer=True,
                                                 nonnegative=value.is_plainly_nonnegative)
            times = self.product(Affine.of(symbol), divisor)
            remainder = value - times  # type: ignore[operator]
            for part in (symbol, *(s for s, _ in times.terms)):  # type: ignore[union-attr]
                part.facts += [remainder, divisor - remainder - 1]
        return Affine.of(self._known[key])

    def _exact_ratio(self, value: Affine, divisor: Affine) -> Affine | None:
        """`value / divisor` where the divisor is a symbol and each term of the value a multiple of it, else None."""
        if len(divisor.terms) != 1 or divisor.terms[0][1] != 1 or divisor.constant or value.constant:
            return None
        by, total = divisor.terms[0][0], Affine()
        for symbol, coefficient in value.terms:
            factors = self._factors.get(symbol, ())
            if symbol is by:
                total += coefficient
            elif by in factors:
                total += Affine.of(factors[by is factors[0]]).scaled(coefficient)
            else:
                return None
        return total

    def extreme(self, values: tuple[Affine, ...], largest: bool) -> Affine | None:
        """`max(*values)` or `min(*values)`; None where some value is not known to be an integer."""
        if not all(value.is_integer for value in values):
            return None
        if all(value.is_constant for value in values):
            return Affine((), (max if largest else min)(value.constant for value in values))
        key = ("max" if largest else "min", frozenset(values))
        if key not in self._known:
            plain = [value.is_plainly_nonnegative for value in values]
            symbol = self._known[key] = self.new(key[0], frozenset().union(*(v.loops for v in values)), integer=True,
                                                 nonnegative=any(plain) if largest else all(plain),
                                                 unsigned=any(s.unsigned for v in values for s, _ in v.terms))
            symbol.cases = tuple((value, ()) for value in values)
            symbol.facts += [(Affine.of(symbol) - v) if largest else (v - Affine.of(symbol)) for v in values]
            if not largest and all(plain) or largest and any(plain):
                symbol.facts.append(Affine.of(symbol))
        return Affine.of(self._known[key])

    def product(self, left: Affine, right: Affine) -> Affine | None:
        """`left * right`, each product of two symbols being a symbol; None where an operand may be no integer."""
        if not (left.is_integer and right.is_integer):
            return None
        pairs = [(self._monomial(a, b), ca * cb) for a, ca in left.terms for b, cb in right.terms]
        pairs += [(a, ca * right.constant) for a, ca in left.terms]
        pairs += [(b, cb * left.constant) for b, cb in right.terms]
        return Affine.collect(pairs, left.constant * right.constant)

    def _monomial(self, a: Symbol, b: Symbol) -> Symbol:
        key = ("*", frozenset((a, b)))
        if key not in self._known:
            nonnegative = a is b or (a.nonnegative and b.nonnegative)
            symbol = self._known[key] = self.new(f"{a.name}*{b.name}", a.loops | b.loops, integer=True,
                                                 nonnegative=nonnegative)
            self._factors[symbol] = a, b
            if nonnegative:
                symbol.facts.append(Affine.of(symbol))
        return self._known[key]

    def factors(self, symbol: Symbol) -> tuple[Symbol, Symbol] | None:
        """The two factors of a product symbol, or None."""
        return self._factors.get(symbol)
