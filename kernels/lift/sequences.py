"""Vectors and matrices of numbers by formula: geometric sequences, powers, window functions, indices of triangles."""
from __future__ import annotations

import ast
import copy
from dataclasses import replace

import numpy as np

from . import syntax
from .affine import ONE, ZERO, Affine
from .calls import Lifted, arguments, call
from .dtypes import BOOL, FLOAT64, INT64, cast, literal, settled
from .errors import CannotLift
from .expressions import Expressions
from .joining import array_like
from .nonzero import positions
from .values import Index, Pack, Value, number

TAPERS = {
    # the point `x` is an odd or even number from 1 - m to m - 1, `m` the length less one
    "hanning": "0.5 + 0.5 * math.cos(math.pi * {x} / {m})",
    "hamming": "0.54 + 0.46 * math.cos(math.pi * {x} / {m})",
    "blackman": "0.42 + 0.5 * math.cos(math.pi * {x} / {m}) + 0.08 * math.cos(2.0 * math.pi * {x} / {m})",
    "bartlett": "1.0 - abs({x}) / {m}",
}
"""Window functions as NumPy defines them."""


def _linear(e: Expressions, start: ast.expr, stop: ast.expr, node: ast.Call) -> Value:
    """np.linspace from `start` to `stop`, with the `num=` and `endpoint=` that a call was given."""
    inner = ast.copy_location(ast.Call(syntax.numpy("linspace"), [start, stop, *node.args[2:]],
                                       [copy.copy(k) for k in node.keywords if k.arg in ("num", "endpoint")]), node)
    return e.value(inner)


@call("logspace")
def _logspace(e: Expressions, node: ast.Call) -> Lifted:
    start, stop, _, _, base, *_ = arguments(node, "start stop num endpoint base", 2)
    if len(node.args) > 4:
        raise CannotLift("np.logspace with these arguments")
    powers = _linear(e, start, stop, node)  # type: ignore[arg-type]
    foot = e.cheap(e.value(base)) if base is not None else number(10.0)
    if foot.ndim or foot.dtype.kind not in "iuf":
        raise CannotLift("np.logspace of other things than numbers")
    return e.ufunc(np.power, (foot, powers), lambda x, y: f"({x} ** {y})", 20)


@call("geomspace")
def _geomspace(e: Expressions, node: ast.Call) -> Lifted:
    """Powers of 10 between the logarithms of the ends; the ends themselves are exact."""
    start, stop, count, endpoint = arguments(node, "start stop num endpoint", 2)
    ends = [e.value(n) for n in (start, stop)]  # type: ignore[arg-type]
    if any(v.ndim or v.dtype != FLOAT64 and not v.weak or v.dtype.kind == "c" for v in ends):
        raise CannotLift("np.geomspace of other things than two numbers")
    extent = e.affine(e.value(count)) if count is not None else Affine(50)
    closed = e.static(endpoint) is not False
    first, last = (e.bind(cast(v.text, v, FLOAT64)) for v in ends)
    low, high, width = e.fresh("low"), e.fresh("high"), e.fresh("width")
    steps = e.bind(str(extent - 1 if closed else extent), "steps")
    e.emit(f"{low} = math.log10(abs({first}))")
    e.emit(f"{high} = math.log10(abs({last}))")
    e.emit(f"{width} = ({high} - {low}) / {steps} if {steps} > 0 else 0.0")
    sign = e.bind(f"1.0 if {first} > 0.0 else -1.0", "sign")
    result = e.allocate(e.name_for(node, "points"), FLOAT64, (extent,))
    with e.nest((extent,)) as (i,):
        e.emit(f"{result.element((i,))} = {sign} * 10.0 ** ({i} * {width} + {low})")
    with e.block(f"if {extent} > 0:"):
        e.emit(f"{result.element((ZERO,))} = {first}")
    if closed:
        with e.block(f"if {extent} > 1:"):
            e.emit(f"{result.element((extent - 1,))} = {last}")
    return result


@call("vander")
def _vander(e: Expressions, node: ast.Call) -> Lifted:
    """Each row holds the powers of one number."""
    x, columns, increasing = arguments(node, "x N increasing")
    value, up = array_like(e, x), e.static(increasing) is True
    if value.ndim != 1 or value.dtype == BOOL:
        raise CannotLift("np.vander of this array")
    dtype = np.promote_types(value.dtype, INT64)
    value = e.cheap(value)
    width = e.affine(e.value(columns)) if columns is not None else value.extents[0]
    result = e.allocate(e.name_for(node, "powers"), dtype, (value.extents[0], width))
    power = e.fresh("power")
    with e.nest((value.extents[0],)) as (i,):
        e.emit(f"{power} = {literal(1, dtype)}")
        with e.nest((width,)) as (j,):
            e.emit(f"{result.element((i, j if up else width - 1 - j))} = {power}")
            e.emit(f"{power} = {settled(f'{power} * {cast(value.element((i,)), value, dtype)}', dtype)}")
    return result


@call(*TAPERS)
def _taper(e: Expressions, node: ast.Call) -> Lifted:
    (size,) = arguments(node, "M")
    given = e.value(size)  # type: ignore[arg-type]
    if given.ndim or given.dtype.kind not in "iu":
        raise CannotLift("a window function of other than a whole number of points")
    extent = e.affine(e.cheap(given))
    formula = TAPERS[syntax.text(node.func)[3:]]

    def element(index: Index) -> str:
        return f"({formula.format(x=f'({index[0] * 2 - extent + 1})', m=f'({extent - 1})')} if {extent} > 1 else 1.0)"

    return Value(FLOAT64, (extent,), element, cost=40)


@call("tril_indices", "triu_indices")
def _triangle(e: Expressions, node: ast.Call) -> Lifted:
    """Rows and columns of the elements on one side of a diagonal, row by row."""
    n, k, m = arguments(node, "n k m")
    rows = e.affine(e.cheap(e.value(n)))  # type: ignore[arg-type]
    columns = e.affine(e.cheap(e.value(m))) if m is not None else rows
    offset = e.affine(e.cheap(e.value(k))) if k is not None else ZERO
    lower = syntax.text(node.func) == "np.tril_indices"

    def ends(row: Affine) -> tuple[str, str]:
        return ("0", f"max(min({row + offset + 1}, {columns}), 0)") if lower else (f"min(max({row + offset}, 0), {columns})", str(columns))

    count, position = e.fresh("count"), e.fresh("position")
    e.emit(f"{count} = 0")
    with e.nest((rows,)) as (i,):
        low, high = ends(i)
        e.emit(f"{count} += {high}" if lower else f"{count} += {high} - {low}")
    found = [e.allocate(e.fresh(name), INT64, (Affine.atom(count),)) for name in ("rows", "columns")]
    e.emit(f"{position} = 0")
    column = e.fresh("column")
    with e.nest((rows,)) as (i,), e.block(f"for {column} in range({', '.join(ends(i))}):"):
        for array, text in zip(found, (str(i), column)):
            e.emit(f"{array.element((Affine.atom(position),))} = {text}")
        e.emit(f"{position} += 1")
    return Pack(tuple(found), f"({found[0].name}, {found[1].name})")


@call("diag_indices")
def _diagonal_indices(e: Expressions, node: ast.Call) -> Lifted:
    n, rank = arguments(node, "n ndim")
    extent, count = e.affine(e.cheap(e.value(n))), e.static(rank) or 2  # type: ignore[arg-type]
    return Pack((Value(INT64, (extent,), lambda i: f"({i[0]})"),) * count, "?")


@call("ix_")
def _open_mesh(e: Expressions, node: ast.Call) -> Lifted:
    """Vectors of indices, each along an axis of its own."""
    vectors = [positions(e, v)[0] if v.dtype == BOOL and v.ndim == 1 else e.cheap(v) for v in (array_like(e, a) for a in node.args)]
    if not vectors or node.keywords or any(v.ndim != 1 or v.dtype.kind not in "iu" for v in vectors):
        raise CannotLift("np.ix_ of other things than vectors of indices")

    def along(vector: Value, axis: int) -> Value:
        extents = tuple(vector.extents[0] if d == axis else ONE for d in range(len(vectors)))
        return vector.lazily(extents=extents, ones=(), element=lambda i: vector.element((i[axis],)))

    return Pack(tuple(along(vector, axis) for axis, vector in enumerate(vectors)), "?")


@call("broadcast_arrays")
def _broadcast_arrays(e: Expressions, node: ast.Call) -> Lifted:
    values = tuple(e.cheap(array_like(e, a)) for a in node.args)
    if not values or node.keywords:
        raise CannotLift("np.broadcast_arrays with these arguments")
    extents, ones = e.broadcast(values)
    return Pack(tuple(replace(e.stretched(v, extents, ones), weak=False) for v in values), "?")
