"""What was seen of a reference: the types of its expressions and variables, the ends of its slices."""
from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Type = tuple[Any, ...]


@dataclass
class Seen:
    """What one expression was: `type` is None where it changed from one evaluation to the next."""

    type: Type | None
    count: int = 0
    ones: list[bool] = field(default_factory=list)
    least: int | None = None
    greatest: int | None = None


@dataclass
class EndSeen:
    """One end of a slice in one run: its least and greatest value, and the tightest array that it was counted on.

    tight: (how far from the array's start or, if negative, from its end it lay; the extent), where least was left.
    """

    least: int
    greatest: int
    tight: tuple[int, int]

    def note(self, value: int, extent: int) -> None:
        self.least, self.greatest = min(self.least, value), max(self.greatest, value)
        if extent - abs(value) < self.tight[1] - self.tight[0]:
            self.tight = (abs(value), extent)


@dataclass
class SliceSeen:
    """What one slice of a subscript was: its ends, run by run, and whether it ever ended before it started.

    single: whether it always held one element.
    """

    starts: list[EndSeen] = field(default_factory=list)
    stops: list[EndSeen] = field(default_factory=list)
    crossed: bool = False
    single: bool = True


@dataclass
class Instance:
    """Observations of one function for one combination of argument types."""

    function: str
    arguments: tuple[Type, ...]
    expressions: dict[int, Seen] = field(default_factory=dict)
    slices: dict[tuple[int, int], SliceSeen] = field(default_factory=dict)
    bindings: dict[str, set[Type]] = field(default_factory=dict)
    bound_at: dict[tuple[int, str], Seen] = field(default_factory=dict)
    overlaps: dict[int, set[str]] = field(default_factory=dict)
    argument_ones: dict[str, list[bool]] = field(default_factory=dict)

    def type_of(self, node: ast.AST) -> Type | None:
        seen = self.expressions.get(identity(node))
        return seen.type if seen else None


Instances = dict[tuple[str, tuple[Type, ...]], Instance]
"""Instances by the function's name and the types of its arguments."""


def number_nodes(functions: dict[str, ast.FunctionDef]) -> None:
    """Gives every node an identity that copies of it keep."""
    counter = 0
    for function in functions.values():
        for node in ast.walk(function):
            if isinstance(node, ast.expr | ast.stmt):
                node.kernwright_id = counter  # type: ignore[union-attr]
                counter += 1


def identity(node: ast.AST) -> int:
    return getattr(node, "kernwright_id", -1)


def seen_type(node: ast.AST, instances: Iterable[Instance]) -> Type | None:
    """The one type that an expression was seen to have, in all instances that saw it; None where there is no such."""
    types = {instance.type_of(node) for instance in instances if identity(node) in instance.expressions}
    return types.pop() if len(types) == 1 else None


def type_of(value: Any) -> Type:
    """The type of a value as the lift sees it: `weak` scalars are Python's own, which do not widen an array."""
    if isinstance(value, np.ndarray):
        return ("array", value.dtype.str, value.ndim)
    if isinstance(value, np.generic):
        return ("scalar", value.dtype.str, False)
    if isinstance(value, bool):
        return ("scalar", np.dtype(bool).str, True)
    if isinstance(value, int):
        return ("scalar", np.dtype(np.int64).str, True)
    if isinstance(value, float):
        return ("scalar", np.dtype(np.float64).str, True)
    if isinstance(value, complex):
        return ("scalar", np.dtype(np.complex128).str, True)
    if isinstance(value, tuple):
        return ("tuple", tuple(type_of(v) for v in value))
    if value is None:
        return ("none",)
    return ("other", type(value).__name__)


def joined_type(a: Type | None, b: Type | None) -> Type | None:
    """The type that holds both: Python's float and NumPy's float64 are one in compiled code. None if there is none."""
    if a == b or a is None or b is None:
        return a if a == b else None
    return (*a[:2], False) if a[0] == b[0] == "scalar" and a[1] == b[1] else None


def widest(types: set[Type]) -> Type | None:
    """The type of a variable that holds Python's integers at some times and floats at others, which compiled code keeps as a
    float. None for any other change of type."""
    if types and all(t[0] == "scalar" and np.dtype(t[1]) in (np.int64, np.float64) for t in types):
        return ("scalar", np.dtype(np.float64).str, all(t[2] for t in types))
    return None


def merge(instances: Instances, added: Instances) -> None:
    for key, new in added.items():
        old = instances.get(key)
        if old is None:
            instances[key] = new
            continue
        for table, other in ((old.expressions, new.expressions), (old.bound_at, new.bound_at)):
            for node, seen in other.items():
                table[node] = _merged(table[node], seen) if node in table else seen  # type: ignore[index]
        for place, ends in new.slices.items():
            mine = old.slices.setdefault(place, SliceSeen())
            mine.starts += ends.starts
            mine.stops += ends.stops
            mine.crossed |= ends.crossed
            mine.single &= ends.single
        for name, types in new.bindings.items():
            old.bindings.setdefault(name, set()).update(types)
        for statement, names in new.overlaps.items():
            old.overlaps.setdefault(statement, set()).update(names)
        for name, ones in new.argument_ones.items():
            known = old.argument_ones.get(name, ones)
            old.argument_ones[name] = [a and b for a, b in zip(known, ones)]


def _merged(a: Seen, b: Seen) -> Seen:
    def ends(pick: Callable[..., int], x: int | None, y: int | None) -> int | None:
        return y if x is None else x if y is None else pick(x, y)

    same = a.type == b.type
    return Seen(joined_type(a.type, b.type), a.count + b.count, [x and y for x, y in zip(a.ones, b.ones)] if same else [], ends(min, a.least, b.least), ends(max, a.greatest, b.greatest))
