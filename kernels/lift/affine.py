"""Affine integer expressions: extents of arrays, bounds of loops, and subscripts."""
from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from . import syntax

_EXTENT = re.compile(r"\w+\.shape\[\d+\]")
_SIMPLE = re.compile(r"\w+(\.shape\[\d+\])?")


@dataclass(frozen=True)
class Affine:
    """`const` plus the sum of `coefficient * atom`; an atom is the text of any integer expression.

    Terms keep the order in which they were added, so that the text reads as its author wrote it; equality ignores it.
    """

    const: int = 0
    terms: tuple[tuple[str, int], ...] = ()

    @classmethod
    def atom(cls, text: str) -> Affine:
        return cls(0, ((text, 1),))

    @classmethod
    def of(cls, node: ast.expr) -> Affine:
        """The affine reading of an integer expression; what is not affine in it becomes an atom."""
        if isinstance(node, ast.Constant) and type(node.value) is int:
            return cls(node.value)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return cls.of(node.operand) * -1
        if isinstance(node, ast.BinOp):
            left, right = cls.of(node.left), cls.of(node.right)
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                if not right.terms:
                    return left * right.const
                if not left.terms:
                    return right * left.const
        return cls.atom(syntax.text(node))

    def __add__(self, other: Affine | int) -> Affine:
        if isinstance(other, int):
            return Affine(self.const + other, self.terms)
        merged = dict(self.terms)
        for atom, coefficient in other.terms:
            merged[atom] = merged.get(atom, 0) + coefficient
        return Affine(self.const + other.const, tuple((a, c) for a, c in merged.items() if c))

    def __sub__(self, other: Affine | int) -> Affine:
        return self + (-other if isinstance(other, int) else other * -1)

    def __mul__(self, factor: int) -> Affine:
        if factor == 0:
            return Affine()
        return Affine(self.const * factor, tuple((a, c * factor) for a, c in self.terms))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Affine) and self.const == other.const and dict(self.terms) == dict(other.terms)

    def __hash__(self) -> int:
        return hash((self.const, frozenset(self.terms)))

    @property
    def constant(self) -> int | None:
        """The value, where it is known."""
        return None if self.terms else self.const

    @property
    def names(self) -> frozenset[str]:
        """Identifiers that occur in it."""
        found: frozenset[str] = frozenset()
        for atom, _ in self.terms:
            found |= syntax.names_in_text(atom)
        return found

    @property
    def simple(self) -> bool:
        """Whether it depends on variables and shapes alone, not on what arrays hold."""
        return all(_SIMPLE.fullmatch(atom) for atom, _ in self.terms)

    def times(self, other: Affine) -> Affine:
        """The product; a product of two symbols becomes an atom."""
        if other.constant is not None:
            return self * other.constant
        if self.constant is not None:
            return other * self.constant
        return Affine.atom(syntax.text(syntax.binary(self.node(), "*", other.node())))

    def floordiv(self, other: Affine) -> Affine:
        if other.constant == 1:
            return self
        if self.constant is not None and other.constant:
            return Affine(self.constant // other.constant)
        return Affine.atom(syntax.text(syntax.binary(self.node(), "//", other.node())))

    def node(self) -> ast.expr:
        ordered = [t for t in self.terms if t[1] > 0] + [t for t in self.terms if t[1] < 0]
        result: ast.expr | None = None
        const = self.const
        if const > 0 and ordered and ordered[0][1] < 0:
            result, const = syntax.number(const), 0
        for atom, coefficient in ordered:
            piece = syntax.parse(atom)
            if abs(coefficient) != 1:
                piece = syntax.binary(syntax.number(abs(coefficient)), "*", piece)
            if result is None:
                result = piece if coefficient > 0 else syntax.negative(piece)
            else:
                result = syntax.binary(result, "+" if coefficient > 0 else "-", piece)
        if result is None:
            return syntax.number(const)
        if const:
            result = syntax.binary(result, "+" if const > 0 else "-", syntax.number(abs(const)))
        return result

    def __str__(self) -> str:
        return syntax.text(self.node())

    @property
    def length(self) -> Affine:
        """It as the length of a dimension: a slice that ends before it starts holds nothing, where the form is below 0."""
        if self.const >= 0 and all(coefficient > 0 for _, coefficient in self.terms):
            return self
        return Affine.atom(f"max({self}, 0)")

    @property
    def nonnegative(self) -> bool:
        """Whether it is a sum of extents and numbers that are not below 0."""
        return self.const >= 0 and all(coefficient > 0 and _EXTENT.fullmatch(atom) for atom, coefficient in self.terms)


ZERO, ONE = Affine(0), Affine(1)


def total(parts: list[Affine]) -> Affine:
    result = ZERO
    for part in parts:
        result = result + part
    return result
