"""What needs an order along one axis of several: rows are copied, sorted and read."""
from __future__ import annotations

import ast
from collections.abc import Callable

import numpy as np

from . import syntax
from .affine import ZERO, Affine
from .calls import Lifted, arguments, axis_of, call
from .dtypes import FLOAT64, cast, literal
from .errors import CannotLift
from .expressions import Expressions
from .reductions import axis_given, kept_shape
from .values import Value, number, scalar


@call("sort")
def _sort(e: Expressions, node: ast.Call) -> Lifted:
    x, axis = arguments(node, "a axis")
    value, at = e.value(x), axis_given(e, node, axis, -1)  # type: ignore[arg-type]
    if value.ndim < 2 or type(at) is not int or value.dtype.kind not in "iuf":
        raise CannotLift("np.sort of a vector, or of a flattened array")
    at = axis_of(at, value.ndim)
    result = e.allocate(e.name_for(node, "ordered"), value.dtype, value.extents, value.ones)

    def write(row: Value, some: tuple[Affine, ...]) -> None:
        with e.nest((value.extents[at],)) as (along,):
            e.emit(f"{result.element((*some[:at], along, *some[at:]))} = {row.element((along,))}")

    _by_rows(e, value, at, write)
    return result


def _by_rows(e: Expressions, value: Value, at: int, read: Callable[[Value, tuple[Affine, ...]], None]) -> None:
    """Loops over all axes but `at`; in them the elements along it, sorted, are handed to `read` with the others' index."""
    row = e.allocate(e.fresh("row"), value.dtype, (value.extents[at],))
    with e.nest((*value.extents[:at], *value.extents[at + 1:])) as some:
        with e.nest((value.extents[at],)) as (along,):
            text = value.element((*some[:at], along, *some[at:]))
            e.emit(f"{row.element((along,))} = {text}")
        e.emit(f"{row.name}.sort()")
        read(row, some)


@call("median", "percentile", "quantile")
def _quantile(e: Expressions, node: ast.Call) -> Lifted:
    """The middle of each row, or what lies at a share of it, interpolated."""
    name = syntax.text(node.func)[3:]
    if name == "median":
        (x, axis, keep), share = arguments(node, "a axis keepdims"), None
    else:
        x, share, axis, keep = arguments(node, "a q axis keepdims", 2)
    value, given, kept = e.value(x), e.static(axis), bool(e.static(keep))  # type: ignore[arg-type]
    wanted = value.dtype if value.dtype.kind == "f" else FLOAT64
    if value.ndim < 2 or type(given) is not int or value.dtype.kind not in "iuf" or share is not None and wanted != FLOAT64:
        raise CannotLift(f"np.{name} of all elements, or of {value.dtype}")
    at = axis_of(given, value.ndim)
    q = e.cheap(e.value(share)) if share is not None else None
    if q is not None and q.ndim:
        raise CannotLift(f"np.{name} at several places")
    extents, ones = kept_shape(value, (at,), kept)
    result = e.allocate(e.name_for(node, "middle"), wanted, extents, ones)
    n = value.extents[at]
    weight = None
    if q is not None:
        whole = e.arithmetic(np.true_divide, q, number(100.0)) if name == "percentile" else q
        place = e.bind(e.arithmetic(np.multiply, whole, scalar(f"({n} - 1)", np.dtype(np.int64), weak=True)).text, "place")
        low = Affine.atom(e.bind(f"int({place})", "low"))
        high = Affine.atom(e.bind(f"min({low} + 1, {n} - 1)", "high"))
        weight = e.bind(f"{place} - {low}", "weight")
    else:
        low, high = Affine.atom(e.bind(f"({n} - 1) // 2", "low")), Affine.atom(e.bind(f"{n} // 2", "high"))

    def write(row: Value, some: tuple[Affine, ...]) -> None:
        target = result.element((*some[:at], *([ZERO] if kept else []), *some[at:]))
        a, b = (cast(row.element((end,)), row, wanted) for end in (low, high))
        last = row.element((n - 1,))
        empty = f"{n} == 0" + (f" or {last} != {last}" if value.dtype.kind == "f" else "")
        with e.block(f"if {empty}:"):
            e.emit(f"{target} = np.nan")
        with e.block("else:"):
            if weight is None:
                e.emit(f"{target} = ({a} + {b}) * {literal(0.5, wanted)}")
            else:
                e.emit(f"{target} = {a} + ({b} - {a}) * {weight} if {weight} < 0.5 else {b} - ({b} - {a}) * (1.0 - {weight})")

    _by_rows(e, value, at, write)
    return result
