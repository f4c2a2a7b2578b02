"""What needs an order: rows along one axis, or all elements, are copied, sorted and read."""
from __future__ import annotations

import ast
from collections.abc import Callable

import numpy as np

from . import syntax
from .affine import ZERO, Affine
from .calls import Lifted, arguments, axis_of, call
from .dtypes import FLOAT64, INT64, cast, literal
from .errors import CannotLift
from .expressions import Expressions
from .reductions import axis_given, kept_shape
from .values import Value, number, scalar


@call("sort")
def _sort(e: Expressions, node: ast.Call) -> Lifted:
    x, axis, _ = arguments(node, "a axis kind")
    return _ordered(e, node, x, axis)


@call("sorted", prefix="")
def _sorted(e: Expressions, node: ast.Call) -> Lifted:
    """Of numbers."""
    (x,) = arguments(node, "iterable")
    if node.keywords or e.value(x).ndim != 1:  # type: ignore[arg-type]
        raise CannotLift("sorted() of other things than numbers, or by a key")
    return _ordered(e, node, x, None)


@call("partition")
def _partition(e: Expressions, node: ast.Call) -> Lifted:
    """Sorted: the element that is asked for stands where it belongs, no smaller one after it."""
    x, _, axis = arguments(node, "a kth axis", 2)
    return _ordered(e, node, x, axis)


def _ordered(e: Expressions, node: ast.Call, x: ast.expr | None, axis: ast.expr | None) -> Value:
    value, at = e.value(x), axis_given(e, node, axis, -1)  # type: ignore[arg-type]
    if value.dtype.kind not in "iuf" or value.ndim == 0 or at is not None and type(at) is not int:
        raise CannotLift(f"an order of {value.dtype}")
    if at is None or value.ndim == 1:
        return all_ordered(e, value, value.dtype, e.name_for(node, "ordered"))
    at = axis_of(at, value.ndim)
    result = e.allocate(e.name_for(node, "ordered"), value.dtype, value.extents, value.ones)

    def write(row: Value, some: tuple[Affine, ...]) -> None:
        with e.nest((value.extents[at],)) as (along,):
            e.emit(f"{result.element((*some[:at], along, *some[at:]))} = {row.element((along,))}")

    _by_rows(e, value, at, write)
    return result


def all_ordered(e: Expressions, value: Value, dtype: np.dtype, name: str) -> Value:
    """A vector of all elements, sorted, as `dtype`."""
    if value.ndim == 1:
        result = e.allocate(name, dtype, value.extents)
        with e.nest(value.extents) as index:
            e.emit(f"{result.element(index)} = {cast(value.element(index), value, dtype)}")
    else:
        value = e.cheap(value)
        size = Affine.atom(e.bind(" * ".join(f"({extent})" for extent in value.extents), "size"))
        result, position = e.allocate(name, dtype, (size,)), e.fresh("position")
        e.emit(f"{position} = 0")
        with e.nest(value.extents) as index:
            e.emit(f"{result.element((Affine.atom(position),))} = {cast(value.element(index), value, dtype)}")
            e.emit(f"{position} += 1")
    e.emit(f"{result.name}.sort()")
    return result


@call("argsort", method=True)
def _argsort(e: Expressions, node: ast.Call) -> Lifted:
    """A merge sort of positions, in which equal elements keep their order. Other kinds leave open what becomes of those: numbers are taken
    to differ, which floats mostly do."""
    x, axis, kind = arguments(node, "a axis kind")
    stable = isinstance(kind, ast.Constant) and kind.value in ("stable", "mergesort")
    value, along = e.value(x), axis_given(e, node, axis, -1)  # type: ignore[arg-type]
    if value.ndim == 0 or value.dtype.kind not in "iuf" or type(along) is not int:
        raise CannotLift("np.argsort of this")
    if not stable and value.dtype.kind != "f":
        raise CannotLift("np.argsort other than a stable one, of integers")
    value, at = e.held(value), axis_of(along, value.ndim)
    n = value.extents[at]
    if value.ndim == 1:
        order, spare = e.allocate(e.name_for(node, "order"), INT64, (n,)), e.allocate(e.fresh("spare"), INT64, (n,))
        _merged(e, order, spare, n, lambda place: value.element((place,)), value.dtype)
        return order
    result = e.allocate(e.name_for(node, "order"), INT64, value.extents, value.ones)
    order, spare = e.allocate(e.fresh("row"), INT64, (n,)), e.allocate(e.fresh("spare"), INT64, (n,))
    with e.nest((*value.extents[:at], *value.extents[at + 1:])) as some:
        _merged(e, order, spare, n, lambda place: value.element((*some[:at], place, *some[at:])), value.dtype)
        with e.nest((n,)) as (k,):
            e.emit(f"{result.element((*some[:at], k, *some[at:]))} = {order.element((k,))}")
    return result


def _merged(e: Expressions, order: Value, spare: Value, n: Affine, element: Callable[[Affine], str], dtype: np.dtype) -> None:
    """Writes the positions of `n` elements into `order`, the smallest element's first."""
    with e.nest((n,)) as (k,):
        e.emit(f"{order.element((k,))} = {k}")
    width, low, middle, high, a, b, k = (e.fresh(hint) for hint in ("width", "low", "middle", "high", "left", "right", "k"))
    left, right = (element(Affine.atom(f"{order.name}[{end}]")) for end in (a, b))
    before = f"{right} < {left}" + (f" or {left} != {left} and {right} == {right}" if dtype.kind == "f" else "")
    e.emit(f"{width} = 1")
    with e.block(f"while {width} < {n}:"):
        with e.block(f"for {low} in range(0, {n}, 2 * {width}):"):
            e.emit(f"{middle} = min({low} + {width}, {n})")
            e.emit(f"{high} = min({low} + 2 * {width}, {n})")
            e.emit(f"{a} = {low}")
            e.emit(f"{b} = {middle}")
            with e.block(f"for {k} in range({low}, {high}):"):
                with e.block(f"if {a} < {middle} and ({b} >= {high} or not ({before})):"):
                    e.emit(f"{spare.name}[{k}] = {order.name}[{a}]")
                    e.emit(f"{a} += 1")
                with e.block("else:"):
                    e.emit(f"{spare.name}[{k}] = {order.name}[{b}]")
                    e.emit(f"{b} += 1")
        with e.block(f"for {k} in range({n}):"):
            e.emit(f"{order.name}[{k}] = {spare.name}[{k}]")
        e.emit(f"{width} *= 2")


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
    """The middle of each row or of all elements, or what lies at a share of them, interpolated."""
    name = syntax.text(node.func)[3:]
    if name == "median":
        (x, axis, keep), share = arguments(node, "a axis keepdims"), None
    else:
        x, share, axis, keep = arguments(node, "a q axis keepdims", 2)
    value, given, kept = e.value(x), e.static(axis), bool(e.static(keep))  # type: ignore[arg-type]
    wanted = value.dtype if value.dtype.kind == "f" else FLOAT64
    if value.ndim == 0 or value.dtype.kind not in "iuf" or share is not None and wanted != FLOAT64 or given is not None and type(given) is not int:
        raise CannotLift(f"np.{name} of {value.dtype}")
    if given is None or value.ndim == 1:
        if kept:
            raise CannotLift(f"np.{name} of all elements that keeps dimensions")
        return _of_all(e, node, name, value, share, wanted)
    at = axis_of(given, value.ndim)
    q = e.cheap(e.value(share)) if share is not None else None
    if q is not None and q.ndim:
        raise CannotLift(f"np.{name} at several places")
    extents, ones = kept_shape(value, (at,), kept)
    result = e.allocate(e.name_for(node, "middle"), wanted, extents, ones)
    ends = _ends(e, name, q, value.extents[at])

    def write(row: Value, some: tuple[Affine, ...]) -> None:
        _between(e, row, ends, wanted, result.element((*some[:at], *([ZERO] if kept else []), *some[at:])))

    _by_rows(e, value, at, write)
    return result


def _of_all(e: Expressions, node: ast.Call, name: str, value: Value, share: ast.expr | None, wanted: np.dtype) -> Value:
    shares: list[Value | None] = [None]
    if isinstance(share, ast.List | ast.Tuple):
        shares = [e.value(each) for each in share.elts]
    elif share is not None:
        shares = [e.cheap(e.value(share))]
    if any(q is not None and q.ndim for q in shares):
        raise CannotLift(f"np.{name} at places that are not written out")
    row = all_ordered(e, value, value.dtype, e.fresh("row"))
    several = isinstance(share, ast.List | ast.Tuple)
    target = e.name_for(node, "middle") if several else e.fresh("middle")
    if several:
        result = e.allocate(target, wanted, (Affine(len(shares)),))
    for position, q in enumerate(shares):
        place = f"{target}[{position}]" if several else target
        _between(e, row, _ends(e, name, q, row.extents[0]), wanted, place)
    return result if several else scalar(target, wanted)


def _ends(e: Expressions, name: str, q: Value | None, n: Affine) -> tuple[Affine, Affine, str | None]:
    """Between which two of `n` sorted elements the share lies, and how far from the first; the two in the middle without a share."""
    if q is None:
        return Affine.atom(e.bind(f"({n} - 1) // 2", "low")), Affine.atom(e.bind(f"{n} // 2", "high")), None
    whole = e.arithmetic(np.true_divide, q, number(100.0)) if name == "percentile" else q
    place = e.bind(e.arithmetic(np.multiply, whole, scalar(f"({n} - 1)", np.dtype(np.int64), weak=True)).text, "place")
    low = Affine.atom(e.bind(f"int({place})", "low"))
    return low, Affine.atom(e.bind(f"min({low} + 1, {n} - 1)", "high")), e.bind(f"{place} - {low}", "weight")


def _between(e: Expressions, row: Value, ends: tuple[Affine, Affine, str | None], wanted: np.dtype, target: str) -> None:
    """Assigns to `target` what lies between two elements of a sorted row: nan where the row is empty or holds one."""
    low, high, weight = ends
    n = row.extents[0]
    a, b = (cast(row.element((end,)), row, wanted) for end in (low, high))
    last = row.element((n - 1,))
    empty = f"{n} == 0" + (f" or {last} != {last}" if row.dtype.kind == "f" else "")
    with e.block(f"if {empty}:"):
        e.emit(f"{target} = {literal(np.nan, wanted)}")
    with e.block("else:"):
        if weight is None:
            e.emit(f"{target} = ({a} + {b}) * {literal(0.5, wanted)}")
        else:
            e.emit(f"{target} = {a} + ({b} - {a}) * {weight} if {weight} < 0.5 else {b} - ({b} - {a}) * (1.0 - {weight})")
