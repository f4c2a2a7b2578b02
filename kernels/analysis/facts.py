"""What is known of forms at a place of the text: by guards, by the loops around, by how compiled code holds integers."""
from __future__ import annotations

import ast
from collections.abc import Iterable

from .affine import Affine, Symbol, SymbolTable
from .feasible import may_hold
from .model import FunctionAnalysis, Loop
from .types import Type, Types

LARGEST = 2**31
"""A product by more may leave 64 bits."""


class Facts:
    """The loops and guards around the place that a walk through a function has reached, and what follows from them."""

    def __init__(self, analysis: FunctionAnalysis, table: SymbolTable, types: Types) -> None:
        self.analysis = analysis
        self.table = table
        self.types = types
        self.loops: tuple[Loop, ...] = ()
        self.guards: tuple[Affine, ...] = ()

    def type_of(self, node: ast.expr) -> Type:
        return self.types.expression(self.analysis.node.name, node)

    def wraps(self, node: ast.expr, found: Affine, left: Affine, right: Affine) -> bool:
        """Whether compiled code may compute another value: what falls below 0 in unsigned integers comes out huge."""
        if not isinstance(node, ast.BinOp):
            return False
        sides = self.unsigned(node.left, left), self.unsigned(node.right, right)
        if isinstance(node.op, ast.Sub):
            return all(sides) and not self.nonnegative(found)
        return isinstance(node.op, ast.FloorDiv | ast.Mod) and any(sides) and not self.nonnegative(left)

    def unsigned(self, node: ast.expr, form: Affine) -> bool:
        """Whether compiled code may hold the expression in an unsigned integer. One signed part, a literal for example,
        makes it signed; but where a text casts to unsigned integers, the form does not show what is."""
        if self.types.has_unsigned:
            return self.type_of(node).dtype.startswith("uint") or any(symbol.unsigned for symbol, _ in form.terms)
        return bool(form.terms) and not form.constant and all(map(self._is_unsigned, (symbol for symbol, _ in form.terms)))

    def _is_unsigned(self, symbol: Symbol) -> bool:
        factors = self.table.factors(symbol)
        return symbol.unsigned if factors is None else all(map(self._is_unsigned, factors))

    def implied(self, test: ast.expr, holds: bool) -> tuple[Affine, ...]:
        """Forms that are at least 0 where `test` holds (or fails)."""
        match test:
            case ast.BoolOp(op=ast.And(), values=parts) if holds:
                return tuple(form for part in parts for form in self.implied(part, True))
            case ast.BoolOp(op=ast.Or(), values=parts) if not holds:
                return tuple(form for part in parts for form in self.implied(part, False))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self.implied(operand, not holds)
            case ast.Compare(left=left, ops=[operator], comparators=[right]):
                a, b = self.analysis.affine.get(id(left)), self.analysis.affine.get(id(right))
                if a is None or b is None or not (a.is_integer and b.is_integer):
                    return ()
                strict_less, less = (b - a - 1,), (b - a,)
                strict_more, more = (a - b - 1,), (a - b,)
                positive, negative = {ast.Lt: (strict_less, more), ast.LtE: (less, strict_more),
                                      ast.Gt: (strict_more, less), ast.GtE: (more, strict_less),
                                      ast.Eq: (less + more, ()), ast.NotEq: ((), less + more)}.get(type(operator), ((), ()))
                return positive if holds else negative
        return ()

    def nonnegative(self, form: Affine) -> bool:
        """Whether `form` is at least 0 here, by the bounds of the loops around and the guards."""
        if form.is_plainly_nonnegative:
            return True
        if form.is_constant:
            return form.constant >= 0
        if implied_by(form, [*self.guards, *(bound for loop in self.loops for bound in loop.bounds)]):
            return True
        chosen = next((symbol for symbol, _ in form.terms if symbol.cases), None)
        return chosen is not None and all(self._nonnegative_where(where, form.replaced(chosen, value)) for value, where in chosen.cases)

    def _nonnegative_where(self, guards: tuple[Affine, ...], form: Affine) -> bool:
        outer = self.guards
        self.guards = outer + guards
        found = self.nonnegative(form)
        self.guards = outer
        return found


def with_facts(forms: Iterable[Affine]) -> list[Affine]:
    """The forms and, transitively, what is known of their symbols; each form is at least 0."""
    found = list(forms)
    seen: set[Symbol] = set()
    for form in found:                       # grows while it is read
        for symbol, _ in form.terms:
            if symbol not in seen:
                seen.add(symbol)
                found += symbol.facts
                if symbol.nonnegative:
                    found.append(Affine.of(symbol))
    return found


def implied_by(form: Affine, known: Iterable[Affine]) -> bool:
    """Whether `form` is at least 0 wherever the forms of `known` are."""
    return not may_hold((), [(dict(f.terms), f.constant) for f in with_facts([*known, -form - 1])])
