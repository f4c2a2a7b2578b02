"""What a loop or a comprehension goes over, item by item, where the text says it: displays, `zip` and `enumerate` of displays,
dictionaries, a few numbers of a `range`."""
from __future__ import annotations

import ast
import copy
from collections.abc import Mapping
from typing import Any, TypeVar

from . import syntax
from .dictionaries import dictionaries
from .displays import MOST, Key, lengths

Node = TypeVar("Node", bound=ast.AST)
_AXIS_AT = {name: place for place, names in (
    (1, "sum prod mean std var min max amin amax all any argmin argmax cumsum cumprod flip expand_dims concatenate stack sort argsort "
        "median squeeze"),
    (2, "roll diff take swapaxes moveaxis rollaxis repeat delete")) for name in names.split()}
"""Functions that take an axis, and where: counted from the array, which a method has before its point."""


def items_of(iterated: ast.expr, target: ast.expr, read: list[ast.stmt] | list[ast.expr], function: ast.FunctionDef,
             constants: Mapping[str, Any], counted: bool = False) -> list[ast.expr] | None:
    """What a loop goes over, item by item, where that is written out: a display, `zip` or `enumerate` of displays; the keys, values
    or items of a dictionary; the numbers of a `range` where what is `read` of them asks for numbers that are known beforehand, or
    where all are `counted`. None elsewhere."""
    match _with_constants(iterated, constants):
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return items
        case ast.Call(func=ast.Name(id="enumerate"), args=[ast.Tuple(elts=items) | ast.List(elts=items)], keywords=[]):
            return [ast.Tuple([ast.Constant(place), item], ast.Load()) for place, item in enumerate(items)]
        case ast.Call(func=ast.Name(id="zip"), args=[_, *_] as several, keywords=[]) \
                if all(isinstance(each, ast.Tuple | ast.List) for each in several):
            return [ast.Tuple(list(row), ast.Load()) for row in zip(*(each.elts for each in several))]  # type: ignore[attr-defined]
        case ast.Name(id=name) if name in (known := dictionaries(function)):
            return [ast.Constant(key) for key in known[name]]
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="keys" | "values" | "items" as which), args=[], keywords=[]) \
                if name in (known := dictionaries(function)):
            return [_entry(which, name, key) for key in known[name]]
        case ast.Call(func=ast.Attribute(value=ast.Dict(keys=[_, *_] as keys, values=values), attr="keys" | "values" | "items" as which),
                      args=[], keywords=[]) if None not in keys:
            pairs = [ast.Tuple([key, value], ast.Load()) for key, value in zip(keys, values)]  # type: ignore[list-item]
            return {"keys": keys, "values": values, "items": pairs}[which]  # type: ignore[return-value]
        case ast.Call(func=ast.Name(id="range"), args=ends, keywords=[]) if isinstance(target, ast.Name):
            own = lengths(function)
            held = {name: len(value) for name, value in constants.items() if isinstance(value, tuple | list)} | own
            asked = set(own) | {name for name, value in constants.items() if _is_ragged(value)}
            numbers = [number_of(end, held) for end in ends]
            if numbers and None not in numbers and 0 not in numbers[2:] and len(range(*numbers)) <= MOST \
                    and (counted or any(_asks(node, target.id, asked) for node in read)):
                return [ast.Constant(number) for number in range(*numbers)]
    return None


def bound_to(target: ast.expr, item: ast.expr) -> dict[str, ast.expr] | None:
    """What the names of a loop's target stand for at one item."""
    if isinstance(target, ast.Name):
        return {target.id: item}
    if isinstance(target, ast.Tuple) and isinstance(item, ast.Tuple | ast.List) and len(target.elts) == len(item.elts):
        found: dict[str, ast.expr] = {}
        for one, value in zip(target.elts, item.elts):
            inner = bound_to(one, value)
            if inner is None:
                return None
            found |= inner
        return found
    return None


def _with_constants(iterated: ast.expr, constants: Mapping[str, Any]) -> ast.expr:
    """What a loop goes over, with tuples and lists that the module names written out."""

    def value_of(node: ast.expr) -> Any:
        match node:
            case ast.Name(id=name):
                return constants.get(name)
            case ast.Subscript(value=inner, slice=ast.Slice(lower, upper, step)):
                ends, value = [None if end is None else number_of(end, {}) for end in (lower, upper, step)], value_of(inner)
                known = all(end is None or number is not None for end, number in zip((lower, upper, step), ends))
                return value[slice(*ends)] if known and ends[2] != 0 and isinstance(value, tuple | list) else None
            case ast.Subscript(value=inner, slice=index) if (place := number_of(index, {})) is not None:
                value = value_of(inner)
                return value[place] if isinstance(value, tuple | list) and -len(value) <= place < len(value) else None
        return None

    def written(node: ast.expr) -> ast.expr:
        value = value_of(node)
        return literal_of(value) if isinstance(value, tuple | list) and len(value) <= MOST else node

    match iterated:
        case ast.Call(func=ast.Name(id="enumerate" | "zip") as function, args=given, keywords=keywords):
            return ast.Call(function, list(map(written, given)), keywords)
    return written(iterated)


def literal_of(value: Any) -> ast.expr:
    return copy.deepcopy(syntax.parse(repr(value)))


def _entry(which: str, name: str, key: Key) -> ast.expr:
    """What a loop over the keys, values or items of a dictionary is given for one of its keys."""
    value = ast.Subscript(syntax.name(name), ast.Constant(key), ast.Load())
    if which == "items":
        return ast.Tuple([ast.Constant(key), value], ast.Load())
    return value if which == "values" else ast.Constant(key)


def is_fixed(node: ast.expr) -> bool:
    """Whether an item may be written where it is used: numbers, names, what a dictionary holds, and tuples of them."""
    match node:
        case ast.Subscript(value=ast.Name(), slice=ast.Constant(value=str())):
            return True
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np")), args=[ast.Constant() | ast.UnaryOp() as number], keywords=[]):
            return is_fixed(number)             # a number of the module that has a dtype
    if isinstance(node, ast.Tuple | ast.List):
        return all(map(is_fixed, node.elts))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return is_fixed(node.operand)
    return isinstance(node, ast.Constant | ast.Name)


def number_of(node: ast.expr, held: Mapping[str, int]) -> int | None:
    """A number that is written out, or the length of a list that is."""
    match node:
        case ast.Constant(value=int() as value) if type(value) is int:
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as value)) if type(value) is int:
            return -value
        case ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=name)], keywords=[]):
            return held.get(name)
    return None


def _is_ragged(value: Any) -> bool:
    """Whether these are rows of several lengths."""
    return isinstance(value, tuple | list) and all(isinstance(row, tuple | list) for row in value) and len(set(map(len, value))) > 1


def _asks(node: ast.AST, name: str, held: set[str]) -> bool:
    """Whether something goes by the number `name` that must be known beforehand: an axis, or which thing of a list."""
    for each in ast.walk(node):
        match each:
            case ast.keyword(arg="axis" | "axes" | "axis1" | "axis2", value=value) if name in syntax.names_in(value):
                return True
            case ast.Call(func=ast.Name(id="slice")):
                return True
            case ast.Call(func=ast.Attribute(value=array, attr=function), args=args) if function in _AXIS_AT:
                place = _AXIS_AT[function] - (syntax.text(array) != "np")
                if place < len(args) and name in syntax.names_in(args[place]):
                    return True
            case ast.Subscript(value=ast.Name(id=listed), slice=index) if listed in held and name in syntax.names_in(index):
                return True
    return False


def truth_of(node: ast.expr) -> bool | None:
    """Whether a condition on numbers holds; None where it is not known beforehand."""
    try:
        allowed = (ast.Constant, ast.UnaryOp, ast.BinOp, ast.Compare, ast.BoolOp, ast.Tuple, ast.operator, ast.unaryop, ast.cmpop, ast.boolop, ast.Load)
        if not all(isinstance(n, allowed) for n in ast.walk(node)) or any(isinstance(n, ast.Pow | ast.LShift) for n in ast.walk(node)):
            return None
        tree = ast.fix_missing_locations(ast.Expression(copy.deepcopy(node)))
        return bool(eval(compile(tree, "<condition>", "eval"), {"__builtins__": {}}))  # noqa: S307 - numbers and operators alone
    except (ArithmeticError, TypeError, ValueError):
        return None


class _Substitute(ast.NodeTransformer):
    def __init__(self, given: dict[str, ast.expr]) -> None:
        self.given = given

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return copy.deepcopy(self.given[node.id]) if node.id in self.given else node


def written_with(node: Node, given: dict[str, ast.expr]) -> Node:
    return _Substitute(given).visit(copy.deepcopy(node))
