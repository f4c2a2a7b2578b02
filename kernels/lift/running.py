"""Running sums, products and extremes along an axis, as `np.cumsum` and as `.accumulate` of ufuncs; and `.reduceat`."""
from __future__ import annotations

import ast

import numpy as np

from . import syntax
from .affine import ONE, Affine
from .calls import Lifted, arguments, axis_of, call, dtype_of
from .dtypes import BOOL, cast, literal
from .errors import CannotLift
from .expressions import Expressions
from .reductions import UFUNCS, axis_given, folding, merged, summed_dtype
from .values import Value

CALLS = {"cumsum": "sum", "cumprod": "prod", "nancumsum": "sum", "nancumprod": "prod"}


@call("cumsum", "cumprod", method=True)
@call("nancumsum", "nancumprod")
def _cumulative(e: Expressions, node: ast.Call) -> Lifted:
    name = syntax.text(node.func)[3:]
    value_node, axis, dtype = arguments(node, "a axis dtype")
    value = e.value(value_node)  # type: ignore[arg-type]
    if name[:3] == "nan" and value.dtype.kind in "fc":
        value = without_nan(e, value, literal(0 if name == "nancumsum" else 1, value.dtype))
    return running(e, node, CALLS[name], value, e.static(axis), dtype and dtype_of(e, dtype))


@call(*(f"{name}.accumulate" for name in UFUNCS))
def _accumulate(e: Expressions, node: ast.Call) -> Lifted:
    value_node, axis, dtype = arguments(node, "array axis dtype")
    value = e.value(value_node)  # type: ignore[arg-type]
    at = axis_given(e, node, axis, 0)
    if type(at) is not int:
        raise CannotLift("an accumulation along no axis")
    return running(e, node, UFUNCS[syntax.text(node.func).split(".")[1]], value, at, dtype and dtype_of(e, dtype))


def without_nan(e: Expressions, value: Value, instead: str) -> Value:
    """The value with another number in place of nan."""

    def element(texts: list[str]) -> str:
        bound = e.bind(texts[0], "element")
        return f"({bound} if {bound} == {bound} else {instead})"

    return e.elementwise((value,), value.dtype, element)


def running(e: Expressions, node: ast.AST, name: str, value: Value, axis: int | None, dtype: np.dtype | None) -> Value:
    """The reduction `name` of all elements up to each, along `axis` (None: of the flattened array), in a variable."""
    if value.ndim == 0:
        raise CannotLift("a running sum of a number")
    wanted = summed_dtype(value, dtype) if name in ("sum", "prod") else BOOL if name in ("any", "all") else value.dtype
    name = {"max": "any", "min": "all"}.get(name, name) if wanted == BOOL else name
    start, step = folding(name, wanted, e.finite)
    given = value
    value = e.elementwise((given,), wanted, lambda t: cast(t[0], given, wanted), 0) if given.dtype != wanted else given
    if axis is None and value.ndim > 1:
        return _flattened(e, node, value, start, step)
    along = axis_of(0 if axis is None else axis, value.ndim)
    result = e.allocate(e.name_for(node, "running"), wanted, value.extents, value.ones)
    before, after = tuple(range(along)), tuple(range(along + 1, value.ndim))
    trailing = tuple(value.extents[a] for a in after)
    accumulator = e.fresh("acc") if not after else ""
    totals = e.allocate(e.fresh("acc"), wanted, trailing) if after else None
    with e.nest(tuple(value.extents[a] for a in before)) as some:
        if totals is None:
            e.emit(f"{accumulator} = {start}")
        else:
            with e.nest(trailing) as inner:
                e.emit(f"{totals.element(inner)} = {start}")
        with e.nest((value.extents[along],)) as (at,), e.nest(trailing) as inner:
            index = (*some, at, *inner)
            into = accumulator if totals is None else totals.element(inner)
            text = value.element(index)
            e.emit(step(into, text))
            e.emit(f"{result.element(index)} = {into}")
    return result


def _flattened(e: Expressions, node: ast.AST, value: Value, start: str, step: object) -> Value:
    size = ONE
    for extent in value.extents:
        size = size.times(extent.length)
    result = e.allocate(e.name_for(node, "running"), value.dtype, (size,))
    accumulator, position = e.fresh("acc"), e.fresh("position")
    e.emit(f"{accumulator} = {start}")
    e.emit(f"{position} = 0")
    with e.nest(value.extents) as index:
        text = value.element(index)
        e.emit(step(accumulator, text))  # type: ignore[operator]
        e.emit(f"{result.element((Affine.atom(position),))} = {accumulator}")
        e.emit(f"{position} += 1")
    return result


@call(*(f"{name}.reduceat" for name in UFUNCS))
def _reduce_at(e: Expressions, node: ast.Call) -> Lifted:
    """Between each index and the next: the reduction of what lies there, or the one element where the next is no larger."""
    value_node, indices, axis, dtype = arguments(node, "array indices axis dtype", 2)
    value, starts = e.held(e.value(value_node)), e.held(e.value(indices))  # type: ignore[arg-type]
    name = UFUNCS[syntax.text(node.func).split(".")[1]]
    if starts.ndim != 1 or starts.dtype.kind not in "iu" or name in ("any", "all") or value.dtype == BOOL:
        raise CannotLift("np.ufunc.reduceat of these arguments")
    at = axis_of(axis_given(e, node, axis, 0), value.ndim)  # type: ignore[arg-type]
    wanted = summed_dtype(value, dtype and dtype_of(e, dtype)) if name in ("sum", "prod") else value.dtype
    start, step = folding(name, wanted, e.finite)
    count, extent = starts.extents[0], value.extents[at]
    extents = tuple(count if a == at else x for a, x in enumerate(value.extents))
    result = e.allocate(e.name_for(node, "pieces"), wanted, extents, tuple(o and a != at for a, o in enumerate(value.ones)))
    rest = tuple(a for a in range(value.ndim) if a != at)
    first, last = e.fresh("first"), e.fresh("last")
    with e.nest((count,)) as (piece,):
        e.emit(f"{first} = int({starts.element((piece,))})")
        e.emit(f"{last} = int({starts.element((piece + 1,))}) if {piece} + 1 < {count} else {extent}")
        e.emit(f"{last} = max({last}, {first} + 1)")
        with e.nest(tuple(value.extents[a] for a in rest)) as some:
            e.emit(f"{result.element(merged(value.ndim, rest, some, (at,), (piece,)))} = {start}")
        low, high = Affine.atom(first), Affine.atom(last)
        order = (at, *rest) if at != value.ndim - 1 else (*rest, at)
        spans = tuple(high - low if a == at else x for a, x in enumerate(value.extents))
        lows = tuple(low if a == at else Affine(0) for a in range(value.ndim))
        with e.nest(spans, lows, order) as index:
            where = tuple(i + low if a == at else i for a, i in enumerate(index))
            into = result.element(tuple(piece if a == at else i for a, i in enumerate(index)))
            text = cast(value.element(where), value, wanted)
            e.emit(step(into, text))
    return result
