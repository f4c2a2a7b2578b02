"""Calls that stand alone, for what they write: `np.add.at`, `np.putmask`, `np.put`, `np.fill_diagonal`."""
from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

import numpy as np

from . import syntax
from .affine import ZERO, Affine
from .assignments import Assignments
from .dtypes import cast, settled, stored_as
from .errors import CannotLift
from .values import Value

AT: Mapping[str, Callable[[str, str], str]] = {
    "add": lambda a, b: f"{a} + {b}", "subtract": lambda a, b: f"{a} - {b}", "multiply": lambda a, b: f"{a} * {b}",
    "bitwise_or": lambda a, b: f"{a} | {b}", "bitwise_and": lambda a, b: f"{a} & {b}", "bitwise_xor": lambda a, b: f"{a} ^ {b}",
    "logical_or": lambda a, b: f"{a} | {b}", "logical_and": lambda a, b: f"{a} & {b}",
    "maximum": lambda a, b: f"np.maximum({a}, {b})", "minimum": lambda a, b: f"np.minimum({a}, {b})",
}
"""How each ufunc that has an `.at` here takes an element in."""


class Effects(Assignments):
    """Lifts calls whose result nobody reads."""

    def effect(self, call: ast.Call) -> None:
        """Emits the loops of the call. Raises CannotLift."""
        match call:
            case ast.Call(func=ast.Attribute(value=ast.Attribute(value=ast.Name(id="np"), attr=name), attr="at"),
                          args=[ast.Name(), _, _], keywords=[]) if name in AT:
                self._at(call, name)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="putmask" | "place"), args=[array, mask, value], keywords=[]):
                self._put(array, mask, value, call.func.attr == "putmask")
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="put"), args=[array, index, value], keywords=[]) \
                    | ast.Call(func=ast.Attribute(value=array, attr="put"), args=[index, value], keywords=[]):
                if self.value(array).ndim != 1:
                    raise CannotLift("np.put into other than a vector")
                self._put(array, index, value)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="put_along_axis"), args=[ast.Name() as array, index, value, *axis]):
                self._put_along(call, array, index, value, (axis or [k.value for k in call.keywords])[0])
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="fill_diagonal"), args=[array, value], keywords=[]):
                self._diagonal(array, value)
            case ast.Call(func=ast.Name(id=name)) if name in self.helpers:
                self.emit(f"{self.call_text(call)}")
            case _:
                raise CannotLift(f"{syntax.text(call.func)} has no loop form here")

    def call_text(self, node: ast.Call) -> str:
        raise NotImplementedError

    def _put(self, array: ast.expr, index: ast.expr, value: ast.expr, masked: bool = False) -> None:
        """`array[index] = value`, which is the same as long as the value is a number, or fits the index. masked: values stand
        where the mask that is the index does, as np.putmask takes them."""
        if not isinstance(array, ast.Name):
            raise CannotLift("a write into an array that no variable holds")
        given, chosen = self.value(value), self.value(index)
        if given.ndim and masked and given.extents == chosen.extents == self.value(array).extents:
            value = ast.copy_location(ast.Subscript(value, index, ast.Load()), value)
        elif given.ndim and (chosen.dtype.kind == "b" or given.extents != chosen.extents):
            raise CannotLift("values that are repeated to fill the places")
        subscript = ast.copy_location(ast.Subscript(array, index, ast.Store()), array)
        self.assign(subscript, value)

    def _put_along(self, call: ast.Call, array: ast.Name, index: ast.expr, value: ast.expr, axis: ast.expr) -> None:
        """Along one axis an index names the places; along the others each is its own."""
        place, at = self.value(array), self.static(axis)
        if place.ndim not in (1, 2) or type(at) is not int or self.value(index).ndim != place.ndim:
            raise CannotLift("np.put_along_axis of more than two axes")
        if place.ndim == 2:
            rows = f"np.arange({array.id}.shape[{1 - at % 2}])[{':, None' if at % 2 else 'None, :'}]"
            index = ast.Tuple([syntax.parse(rows), index][::1 if at % 2 else -1], ast.Load())
        self.assign(ast.fix_missing_locations(ast.copy_location(ast.Subscript(array, index, ast.Store()), call)), value)

    def _diagonal(self, array: ast.expr, value: ast.expr) -> None:
        """A number on the diagonal of a matrix."""
        place, given = self.value(array), self.cheap(self.value(value))
        if place.ndim != 2 or place.root is None or given.ndim:
            raise CannotLift("a diagonal of other than a matrix, or filled by other than a number")
        k, (n, m) = self.fresh("k"), place.extents
        with self.block(f"for {k} in range({n if n == m else f'min({n}, {m})'}):"):
            at = Affine.atom(k)
            self.emit(f"{place.element((at, at))} = {stored_as(given.text, given, place.dtype)}")

    def _at(self, call: ast.Call, name: str) -> None:
        """Every element in turn: one that is named twice takes both."""
        array, index_node, value_node = call.args
        subscript = ast.copy_location(ast.Subscript(array, index_node, ast.Store()), call)
        value = self.cheap(self.value(value_node))
        place = self.target(subscript).place
        if name.startswith("logical") and (place.dtype.kind, value.dtype.kind) != ("b", "b"):
            raise CannotLift(f"np.{name}.at of other things than truth values")
        if not np.can_cast(self.arithmetic(np.add, place, value).dtype, place.dtype, "same_kind"):
            raise CannotLift("the result does not fit the array's dtype")
        value = self.stretched(value, place.extents, place.ones)
        *indices, _ = self.dry(place, (ZERO,) * place.ndim)
        if any(self.may_alias(root, sure, place) for root, sure, _ in indices):
            raise CannotLift(f"np.{name}.at by an index that it changes")
        if any(self.may_alias(root, sure, place) for root, sure, _ in self.dry(value, (ZERO,) * place.ndim)):
            value = self.filled(self.fresh("t"), value)
        with self.nest(place.extents) as index:
            at = place.element(index)
            self.emit(f"{at} = {self._taken_in(name, at, place, value.element(index), value)}")

    def _taken_in(self, name: str, at: str, place: Value, text: str, value: Value) -> str:
        if place.dtype.kind in "iu":
            return settled(AT[name](at, cast(text, value, place.dtype)), place.dtype)
        return AT[name](at, cast(text, value, place.dtype) if name in ("maximum", "minimum") else stored_as(text, value, place.dtype))
