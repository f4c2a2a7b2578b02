"""Statistics: spread, weighted means, counts, covariances, and the forms that leave out nan."""
from __future__ import annotations

import ast

import numpy as np

from . import syntax
from .affine import ONE, Affine
from .calls import Lifted, arguments, call, dtype_of
from .dtypes import BOOL, FLOAT64, INT64, cast, joined, literal
from .elementwise import squared
from .errors import CannotLift
from .expressions import Expressions
from .reductions import axes_of, count_of, counted, divided, mean, reduced
from .running import without_nan
from .values import Value, scalar


@call("var", "std", method=True)
@call("nanvar", "nanstd")
def _variance(e: Expressions, node: ast.Call) -> Lifted:
    name = syntax.text(node.func)[3:]
    value_node, axis, dtype, out, ddof, keep, where = arguments(node, "a axis dtype out ddof keepdims where")
    if out is not None:
        raise CannotLift(f"np.{name} within an expression into `out=`")
    value = e.value(value_node)  # type: ignore[arg-type]
    value = e.held(value) if value.cost and value.ndim else value
    mask = e.value(where) if where is not None else None
    if name[:3] == "nan" and value.dtype.kind in "fc":
        if mask is not None:
            raise CannotLift(f"np.{name} with `where=`")
        mask, value = _known(e, value), without_nan(e, value, literal(0, value.dtype))
    wanted = dtype_of(e, dtype, value.dtype if value.dtype.kind in "fc" else FLOAT64)
    subtracted = scalar(e.value(ddof).text, e.value(ddof).dtype, weak=True) if ddof is not None else None
    if subtracted is not None and subtracted.dtype.kind not in "iu":
        raise CannotLift("`ddof=` that is no integer")
    axes, kept = axes_of(e.static(axis), value.ndim), bool(e.static(keep))
    centre = mean(e, ast.Pass(), value, axes, True, wanted, mask)
    square = _squared_distance(e, e.arithmetic(np.subtract, value, centre))
    result_dtype = square.dtype

    def degrees(count: str) -> str:
        return f"max({count} - {subtracted.text}, 0)" if subtracted is not None else count

    def finish(total: Value) -> Value:
        ratio = e.arithmetic(np.true_divide, total, scalar(degrees(count_of(value, axes)), INT64, weak=True))
        return _root(e, ratio) if name.endswith("std") else ratio

    if mask is None:
        return reduced(e, node, "sum", square, axes, kept, result_dtype, finish=finish)
    total = reduced(e, ast.Pass(), "sum", square, axes, kept, result_dtype, mask)
    count = counted(e, value, axes, kept, mask)
    freedom = e.elementwise((count,), INT64, lambda t: degrees(t[0]))
    ratio = divided(e, total, freedom, result_dtype)
    return e.filled(e.name_for(node, "spread"), _root(e, ratio) if name.endswith("std") else ratio)


def _squared_distance(e: Expressions, deviation: Value) -> Value:
    if deviation.dtype.kind != "c":
        return e.elementwise((deviation,), deviation.dtype, lambda t: squared(e, t[0]))

    def element(texts: list[str]) -> str:
        bound = e.bind(texts[0])
        return f"({bound}.real * {bound}.real + {bound}.imag * {bound}.imag)"

    return e.elementwise((deviation,), np.dtype(np.float32 if deviation.dtype == np.complex64 else np.float64), element, 2)


def _root(e: Expressions, value: Value) -> Value:
    return e.ufunc(np.sqrt, (value,), lambda t: f"np.sqrt({t})", 10)


def _known(e: Expressions, value: Value) -> Value:
    """Which elements are no nan."""

    def element(texts: list[str]) -> str:
        bound = e.bind(texts[0], "element")
        return f"({bound} == {bound})"

    return e.elementwise((value,), BOOL, element)


@call("nansum", "nanprod", "nanmax", "nanmin", "nanmean")
def _without_nan(e: Expressions, node: ast.Call) -> Lifted:
    name = syntax.text(node.func)[6:]
    names = "a axis dtype keepdims" if name in ("sum", "prod", "mean") else "a axis keepdims"
    given = dict(zip(names.split(), arguments(node, names)))
    value = e.value(given["a"])  # type: ignore[arg-type]
    axis, keep = e.static(given["axis"]), bool(e.static(given["keepdims"]))
    dtype = dtype_of(e, given["dtype"]) if given.get("dtype") is not None else None
    mask = None
    if value.dtype.kind in "fc" and name in ("max", "min"):
        name = f"f{name}"
    elif value.dtype.kind in "fc":
        value = e.held(value) if value.cost and value.ndim and name == "mean" else value
        mask = _known(e, value) if name == "mean" else None
        value = without_nan(e, value, literal(1 if name == "prod" else 0, value.dtype))
    return reduced(e, node, name, value, axis, keep, dtype, mask)


@call("ptp")
def _range(e: Expressions, node: ast.Call) -> Lifted:
    value_node, axis, keep = arguments(node, "a axis keepdims")
    value = e.value(value_node)  # type: ignore[arg-type]
    value = e.held(value) if value.cost and value.ndim else value
    ends = [reduced(e, ast.Pass(), name, value, e.static(axis), bool(e.static(keep))) for name in ("max", "min")]
    return e.arithmetic(np.subtract, *ends).lazily()


@call("average")
def _average(e: Expressions, node: ast.Call) -> Lifted:
    value_node, axis, weights, keep = arguments(node, "a axis weights keepdims")
    value, given, kept = e.value(value_node), e.static(axis), bool(e.static(keep))  # type: ignore[arg-type]
    if weights is None:
        return mean(e, node, value, axes_of(given, value.ndim), kept, None)
    weight = e.value(weights)
    weight = e.held(weight) if weight.ndim and weight.cost else weight
    dtype = joined(value, weight)
    dtype = np.result_type(dtype, FLOAT64) if dtype.kind in "biu" else dtype
    axes = axes_of(given, value.ndim)
    if weight.ndim != value.ndim:
        if weight.ndim != 1 or len(axes) != 1:
            raise CannotLift("np.average with weights of another rank")
        vector, at = weight, axes[0]
        weight = vector.lazily(extents=tuple(vector.extents[0] if a == at else ONE for a in range(value.ndim)), ones=(),
                               element=lambda i: vector.element((i[at],)))
    product = e.elementwise((value, weight), dtype, lambda t: f"({cast(t[0], value, dtype)} * {cast(t[1], weight, dtype)})")
    scale = reduced(e, ast.Pass(), "sum", weight, axes, kept, dtype)
    if scale.ndim:
        return divided(e, reduced(e, ast.Pass(), "sum", product, axes, kept, dtype), scale, dtype)
    return reduced(e, node, "sum", product, axes, kept, dtype, finish=lambda total: e.arithmetic(np.true_divide, total, scale))


@call("count_nonzero")
def _nonzero(e: Expressions, node: ast.Call) -> Lifted:
    value_node, axis, keep = arguments(node, "a axis keepdims")
    value, kept = e.value(value_node), bool(e.static(keep))  # type: ignore[arg-type]
    count = e.elementwise((value,), INT64, lambda t: f"np.int64({cast(t[0], value, BOOL)})")
    found = reduced(e, node, "sum", count, e.static(axis), kept)
    return found if found.ndim else Value(INT64, (), found.element, weak=True, name=found.name)


@call("cov", "corrcoef")
def _covariance(e: Expressions, node: ast.Call) -> Lifted:
    """Rows are variables: the products of their deviations, summed; for corrcoef over the roots of the diagonal."""
    name = syntax.text(node.func)[3:]
    if name == "cov":
        x, y, by_rows, bias, ddof = arguments(node, "m y rowvar bias ddof")
    else:
        (x, y, by_rows), bias, ddof = arguments(node, "x y rowvar"), None, None
    first = _variables(e, x, by_rows)
    second = _variables(e, y, by_rows) if y is not None else None
    if {v.dtype.kind for v in (first, second) if v is not None} - set("biuf"):
        raise CannotLift(f"np.{name} of complex numbers")
    dtype = np.result_type(FLOAT64, first.dtype, *([second.dtype] if second is not None else []))
    rows = first.extents[0] if second is None else first.extents[0] + second.extents[0]
    length = first.extents[1]
    taken = e.static(ddof) if ddof is not None else 0 if e.static(bias) else 1
    deviations = e.allocate(e.fresh("deviation"), dtype, (rows, length))
    below = Affine(0)
    centre = e.fresh("centre")
    for part in (first, second):
        if part is None:
            continue
        with e.nest(part.extents[:1]) as (row,):
            e.emit(f"{centre} = 0.0")
            with e.nest((length,)) as (column,):
                text = cast(part.element((row, column)), part, dtype)
                e.emit(f"{centre} += {text}")
            e.emit(f"{centre} = {centre} / {length}")
            with e.nest((length,)) as (column,):
                text = cast(part.element((row, column)), part, dtype)
                e.emit(f"{deviations.element((row + below, column))} = {text} - {centre}")
        below = below + part.extents[0]
    result = e.allocate(e.name_for(node, "covariance"), dtype, (rows, rows))
    total = e.fresh("acc")
    with e.nest((rows, rows)) as (one, other):
        e.emit(f"{total} = 0.0")
        with e.nest((length,)) as (column,):
            e.emit(f"{total} += {deviations.element((one, column))} * {deviations.element((other, column))}")
        e.emit(f"{result.element((one, other))} = {total} / max({length} - {taken}, 0)")
    if name == "corrcoef":
        spread = e.allocate(e.fresh("spread"), dtype, (rows,))
        with e.nest((rows,)) as (one,):
            e.emit(f"{spread.element((one,))} = np.sqrt({result.element((one, one))})")
        with e.nest((rows, rows)) as (one, other):
            at = result.element((one, other))
            e.emit(f"{total} = {at} / {spread.element((one,))} / {spread.element((other,))}")
            e.emit(f"{at} = np.minimum(np.maximum({total}, -1.0), 1.0)")
    return result


def _variables(e: Expressions, node: ast.expr | None, by_rows: ast.expr | None) -> Value:
    """An array of one variable a row. Raises CannotLift for a single variable, whose covariance is a number in an array."""
    value = e.value(node)  # type: ignore[arg-type]
    value = e.held(value) if value.cost and value.ndim else value
    if value.ndim == 1:
        return value.lazily(extents=(ONE, *value.extents), ones=(), element=lambda i: value.element(i[1:]))
    if value.ndim != 2:
        raise CannotLift("the covariance of this array")
    return value if by_rows is None or e.static(by_rows) else e.transposed(value, (1, 0))


