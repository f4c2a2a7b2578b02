"""Group masks: masks that put the elements of an array into groups, and what is computed of those that one selects."""
from __future__ import annotations

import ast
import copy
from collections.abc import Container
from dataclasses import dataclass

from . import syntax
from .masks import POINTWISE
from .seen import Instance

_MIRRORED: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE, ast.Eq: ast.Eq}
_OF_NUMBERS = frozenset({"min", "max", "int", "float", "abs", "len"})


@dataclass(frozen=True)
class Bounds:
    """What a group's mask compares: `key` with numbers that change from group to group, and whatever else must hold.

    above, below: the comparison (`>`, `>=`; `<`, `<=`) and the number. Both are "==" where the key equals it.
    """

    key: ast.expr
    above: tuple[str, ast.expr]
    below: tuple[str, ast.expr]
    also: tuple[ast.expr, ...]


class GroupMasks:
    """Reads the expressions of a loop over groups. changing: the variables that are not the same for all groups."""

    def __init__(self, seen: Instance, changing: Container[str]) -> None:
        self.seen, self.changing = seen, changing

    def type_of(self, node: ast.AST) -> tuple | None:
        return self.seen.type_of(node)

    def same(self, node: ast.AST) -> bool:
        """Whether it is the same for all groups, as far as names say."""
        return not any(n in self.changing for n in syntax.names_in(node)) and (not isinstance(node, ast.expr) or pure(node))

    def bounds_of(self, node: ast.expr) -> Bounds | None:
        """The expression as a mask that puts an element into a group."""
        key: ast.expr | None = None
        sides: dict[str, tuple[str, ast.expr]] = {}
        also = []
        for part in _conjuncts(node):
            if self.same(part):
                if (self.type_of(part) or ("", ""))[1] != "|b1":
                    return None
                also.append(part)
                continue
            if not isinstance(part, ast.Compare) or len(part.ops) != 1 or type(part.ops[0]) not in _MIRRORED:
                return None
            left, sign, right = part.left, type(part.ops[0]), part.comparators[0]
            if not self.same(left):
                left, sign, right = right, _MIRRORED[sign], left
            if not self.same(left) or (self.type_of(left) or ("",))[0] != "array" or (self.type_of(right) or ("",))[0] != "scalar":
                return None
            if key is not None and syntax.text(key) != syntax.text(left):
                return None
            key = left
            spelled = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "=="}[sign]
            for side in ("above", "below") if sign is ast.Eq else ("above",) if spelled[0] == ">" else ("below",):
                if side in sides or not pure(right):
                    return None
                sides[side] = spelled, right
        if key is None or len(sides) != 2:
            return None
        return Bounds(key, sides["above"], sides["below"], tuple(also))

    def selected(self, node: ast.expr) -> tuple[ast.expr, ast.expr, int] | None:
        """The expression as something of each selected element: the same of all elements, the mask, and the rank."""
        match node:
            case ast.Subscript(value=base, slice=index) if self.same(base) and self.bounds_of(chosen_by := self.mask_of(index)) is not None:
                seen, mask = self.type_of(node), self.type_of(chosen_by)
                if seen is None or mask is None or seen[0] != "array" or mask[0] != "array":
                    return None
                return base, chosen_by, seen[2]
            case ast.BinOp(left=left, op=op, right=right) if not isinstance(op, ast.MatMult):
                parts = [left, right]
            case ast.UnaryOp(operand=operand):
                parts = [operand]
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr=name), args=parts, keywords=[]) if name in POINTWISE:
                pass
            case _:
                return None
        found = [self.selected(part) for part in parts]
        chosen = [each for each in found if each is not None]
        if not chosen or len({(syntax.text(mask), rank) for _, mask, rank in chosen}) != 1:
            return None
        for part, each in zip(parts, found):
            if each is None and not (self.same(part) and (isinstance(part, ast.Constant) or (self.type_of(part) or ("",))[0] == "scalar")):
                return None
        whole = iter([part if each is None else each[0] for part, each in zip(parts, found)])
        made = copy.copy(node)
        made.kernwright_id = -1  # type: ignore[attr-defined]
        match made:
            case ast.BinOp():
                made.left, made.right = next(whole), next(whole)
            case ast.UnaryOp():
                made.operand = next(whole)
            case ast.Call():
                made.args = list(whole)
        return made, chosen[0][1], chosen[0][2]

    def mask_of(self, node: ast.expr) -> ast.expr:
        """The mask of one dimension whose true places the expression lists; any other expression is given back."""
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="flatnonzero"), args=[mask], keywords=[]) | ast.Subscript(
                    value=ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="where" | "nonzero"), args=[mask], keywords=[]),
                    slice=ast.Constant(value=0)) if (self.type_of(mask) or ("",))[::2] == ("array", 1):
                return mask
        return node

    def where(self, node: ast.expr) -> tuple[ast.expr, ast.expr, int] | None:
        """The same for `np.where(mask, values, 0)`."""
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="where"), args=[mask, values, ast.Constant(value=zero)], keywords=[]) \
                    if zero == 0 and self.bounds_of(mask) is not None and self.same(values):
                return values, mask, 1
        return None


def _conjuncts(node: ast.expr) -> list[ast.expr]:
    match node:
        case ast.BinOp(left=left, op=ast.BitAnd(), right=right):
            return [*_conjuncts(left), *_conjuncts(right)]
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="logical_and"), args=[left, right], keywords=[]):
            return [*_conjuncts(left), *_conjuncts(right)]
    return [node]


def pure(node: ast.expr) -> bool:
    """Whether it only computes: it calls nothing but NumPy's and Python's functions of numbers."""
    for each in ast.walk(node):
        if isinstance(each, ast.Call):
            function = each.func
            known = isinstance(function, ast.Name) and function.id in _OF_NUMBERS or isinstance(function, ast.Attribute) \
                and isinstance(function.value, ast.Name) and function.value.id in ("np", "math") and function.attr in POINTWISE | {"float64"}
            if not known or each.keywords:
                return False
    return True
