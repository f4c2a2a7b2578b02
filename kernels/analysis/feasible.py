"""Whether a system of integer linear constraints may have a solution."""
from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from math import gcd

Form = tuple[Mapping[Hashable, int], int]      # coefficients and constant
LIMIT = 300                                     # inequalities; beyond it the answer is "maybe"


def may_hold(zero: Iterable[Form], nonnegative: Iterable[Form]) -> bool:
    """False only where no integer point makes every form of `zero` 0 and every form of `nonnegative` at least 0.

    GCD test and exact substitution on the equations, then Fourier-Motzkin elimination with integer tightening, as in
    the first steps of the Omega test (Pugh, "The Omega test", 1991). True means "perhaps".
    """
    equations = [_Row(dict(c), k) for c, k in zero]
    rows = [_Row(dict(c), k) for c, k in nonnegative]
    while equations:
        row = equations.pop()
        if not row.tighten_equation():
            return False
        if not row.coefficients:
            continue
        variable = next((v for v, c in row.coefficients.items() if abs(c) == 1), None)
        if variable is None:
            rows += [row, row.negated()]
            continue
        for other in (*equations, *rows):
            other.substitute(variable, row)
    return _eliminate(rows)


class _Row:
    """`sum(coefficients * variables) + constant`, as a side of an equation or inequality with 0."""

    __slots__ = ("coefficients", "constant")

    def __init__(self, coefficients: dict[Hashable, int], constant: int) -> None:
        self.coefficients = {v: c for v, c in coefficients.items() if c}
        self.constant = constant

    def negated(self) -> _Row:
        return _Row({v: -c for v, c in self.coefficients.items()}, -self.constant)

    def tighten_equation(self) -> bool:
        """Divides by the GCD; False where the equation has no integer solution."""
        divisor = gcd(*self.coefficients.values()) if self.coefficients else 0
        if divisor == 0:
            return self.constant == 0
        if self.constant % divisor:
            return False
        self.coefficients = {v: c // divisor for v, c in self.coefficients.items()}
        self.constant //= divisor
        return True

    def tighten(self) -> bool:
        """Divides the inequality by the GCD, rounding its constant down; False where it cannot hold."""
        if not self.coefficients:
            return self.constant >= 0
        divisor = gcd(*self.coefficients.values())
        if divisor > 1:
            self.coefficients = {v: c // divisor for v, c in self.coefficients.items()}
            self.constant //= divisor
        return True

    def substitute(self, variable: Hashable, equation: _Row) -> None:
        """Replaces `variable`, whose coefficient in `equation` (= 0) is 1 or -1."""
        own = self.coefficients.get(variable)
        if not own:
            return
        factor = -own * equation.coefficients[variable]
        self.add(equation, factor)

    def add(self, other: _Row, factor: int) -> None:
        for v, c in other.coefficients.items():
            total = self.coefficients.get(v, 0) + factor * c
            if total:
                self.coefficients[v] = total
            else:
                self.coefficients.pop(v, None)
        self.constant += factor * other.constant


def _eliminate(rows: list[_Row]) -> bool:
    while True:
        tightest: dict[frozenset[tuple[Hashable, int]], _Row] = {}
        for row in rows:
            if not row.tighten():
                return False
            if row.coefficients:
                key = frozenset(row.coefficients.items())
                if key not in tightest or row.constant < tightest[key].constant:
                    tightest[key] = row
        rows = list(tightest.values())
        if not rows:
            return True
        if len(rows) > LIMIT:
            return True
        counts: dict[Hashable, list[int]] = {}
        for row in rows:
            for variable, coefficient in row.coefficients.items():
                counts.setdefault(variable, [0, 0])[coefficient > 0] += 1
        variable = min(counts, key=lambda v: counts[v][0] * counts[v][1] - sum(counts[v]))
        lower = [r for r in rows if r.coefficients.get(variable, 0) > 0]
        upper = [r for r in rows if r.coefficients.get(variable, 0) < 0]
        rows = [r for r in rows if variable not in r.coefficients]
        for low in lower:
            for high in upper:
                combined = _Row(dict(low.coefficients), low.constant)
                a, b = low.coefficients[variable], -high.coefficients[variable]
                combined.coefficients = {v: c * b for v, c in combined.coefficients.items()}
                combined.constant *= b
                combined.add(high, a)
                rows.append(combined)
