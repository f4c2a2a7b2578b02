"""Where values belong in a sorted vector, by bisection: searchsorted, digitize."""
from __future__ import annotations

import ast

import numpy as np

from . import syntax
from .affine import Affine
from .calls import Lifted, arguments, call
from .dtypes import INT64, cast
from .errors import CannotLift
from .expressions import Expressions
from .values import Value


@call("searchsorted", method=True)
def _searchsorted(e: Expressions, node: ast.Call) -> Lifted:
    edges, value, side, sorter = arguments(node, "a v side sorter", 2)
    if sorter is not None:
        raise CannotLift("np.searchsorted with `sorter=`")
    right = e.static(side) if side is not None else "left"
    if right not in ("left", "right"):
        raise CannotLift("np.searchsorted with a side that is not known beforehand")
    return _places(e, node, e.value(edges), e.value(value), right == "right", either_way=False)  # type: ignore[arg-type]


@call("digitize")
def _digitize(e: Expressions, node: ast.Call) -> Lifted:
    value, edges, closed = arguments(node, "x bins right", 2)
    return _places(e, node, e.value(edges), e.value(value), not e.static(closed), either_way=True)  # type: ignore[arg-type]


def _places(e: Expressions, node: ast.Call, edges: Value, value: Value, right: bool, either_way: bool) -> Value:
    """How many of the sorted `edges` come before each element of `value`. right: those equal to it as well. either_way: the edges
    may fall; then it is how many come before it from their end, as np.digitize counts."""
    if edges.ndim != 1 or any(v.dtype.kind not in "biuf" for v in (edges, value)):
        raise CannotLift(f"{syntax.text(node.func)} of these arrays")
    common = np.promote_types(edges.dtype, value.dtype)
    edges = e.held(edges, "edges")
    count = edges.extents[0]
    nan = common.kind == "f" and not e.finite
    result = e.allocate(e.name_for(node, "places"), INT64, value.extents, value.ones) if value.ndim else None
    falls = ""
    if either_way:
        falls = e.fresh("falls")
        e.emit(f"{falls} = {count} > 1 and {_edge(edges, Affine(0), common)} > {_edge(edges, count - 1, common)}")
    low, high, middle, sought, edge = (e.fresh(name) for name in ("low", "high", "middle", "sought", "edge"))

    def before(one: str, two: str) -> str:
        """`one < two`, where nan comes last."""
        return f"{one} < {two}" + (f" or ({two} != {two} and {one} == {one})" if nan else "")

    with e.nest(value.extents) as index:
        e.emit(f"{sought} = {cast(value.element(index), value, common)}")
        e.emit(f"{low} = 0")
        e.emit(f"{high} = {count}")
        with e.block(f"while {low} < {high}:"):
            e.emit(f"{middle} = ({low} + {high}) // 2")
            at = _edge(edges, Affine.atom(middle), common)
            if falls:
                at = f"{_edge(edges, count - 1 - Affine.atom(middle), common)} if {falls} else {at}"
            e.emit(f"{edge} = {at}")
            with e.block(f"if {before(sought, edge) if right else before(edge, sought)}:"):
                e.emit(f"{high} = {middle}" if right else f"{low} = {middle} + 1")
            with e.block("else:"):
                e.emit(f"{low} = {middle} + 1" if right else f"{high} = {middle}")
        found = f"{count} - {low} if {falls} else {low}" if falls else low
        if result is not None:
            e.emit(f"{result.element(index)} = {found}")
    if result is not None:
        return result
    place = e.bind(found, "place")
    return Value(INT64, (), lambda _: place, name=place)


def _edge(edges: Value, place: Affine, dtype: np.dtype) -> str:
    return cast(edges.element((place,)), edges, dtype)
