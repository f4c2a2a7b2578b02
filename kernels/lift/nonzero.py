"""Where an array is not zero: the positions, counted first and then written one after the other."""
from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager

from .affine import Affine
from .calls import Lifted, arguments, call
from .dtypes import BOOL, INT64, cast
from .errors import CannotLift
from .expressions import Expressions
from .values import Index, Pack, Value


def positions(e: Expressions, mask: Value) -> tuple[Value, ...]:
    """The indices of the elements that are not zero, one vector a dimension, in the order of memory."""
    mask, count = counted(e, mask)
    found = tuple(e.allocate(e.fresh("places"), INT64, (count,)) for _ in mask.extents)
    with _each(e, mask) as (index, place):
        for array, at in zip(found, index):
            e.emit(f"{array.element((place,))} = {at}")
    return found


def counted(e: Expressions, mask: Value) -> tuple[Value, Affine]:
    """The array in a variable, and how many of its elements are not zero."""
    if mask.ndim == 0:
        raise CannotLift("where a number is not zero")
    mask, count = e.held(mask, "mask"), e.fresh("count")
    e.emit(f"{count} = 0")
    with e.nest(mask.extents) as index, e.block(f"if {cast(mask.element(index), mask, BOOL)}:"):
        e.emit(f"{count} += 1")
    return mask, Affine.atom(count)


@contextmanager
def _each(e: Expressions, mask: Value) -> Iterator[tuple[Index, Affine]]:
    """Loops over the elements that are not zero; gives an element's index and how many came before it."""
    position = e.fresh("position")
    e.emit(f"{position} = 0")
    with e.nest(mask.extents) as index, e.block(f"if {cast(mask.element(index), mask, BOOL)}:"):
        yield index, Affine.atom(position)
        e.emit(f"{position} += 1")


@call("nonzero", method=True)
def _nonzero(e: Expressions, node: ast.Call) -> Lifted:
    (condition,) = arguments(node, "condition")
    found = positions(e, e.value(condition))  # type: ignore[arg-type]
    return Pack(found, f"({', '.join(str(f.name) for f in found)}{',' if len(found) == 1 else ''})")


@call("argwhere")
def _argwhere(e: Expressions, node: ast.Call) -> Lifted:
    (condition,) = arguments(node, "a")
    mask, count = counted(e, e.value(condition))  # type: ignore[arg-type]
    result = e.allocate(e.name_for(node), INT64, (count, Affine(mask.ndim)))
    with _each(e, mask) as (index, place):
        for axis, at in enumerate(index):
            e.emit(f"{result.element((place, Affine(axis)))} = {at}")
    return result


@call("flatnonzero")
def _flatnonzero(e: Expressions, node: ast.Call) -> Lifted:
    (condition,) = arguments(node, "a")
    mask, count = counted(e, e.value(condition))  # type: ignore[arg-type]
    result = e.allocate(e.name_for(node), INT64, (count,))
    with _each(e, mask) as (index, place):
        flat = str(index[0])
        for extent, at in zip(mask.extents[1:], index[1:]):
            flat = f"({flat}) * ({extent}) + {at}"
        e.emit(f"{result.element((place,))} = {flat}")
    return result
