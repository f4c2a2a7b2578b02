"""NumPy's reductions and what is made of them: sums, means, extrema, norms, running sums, differences, averages."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from . import functions
from .arrays import Array, bare, integral, method, numbers, wrapped
from .choices import is_nan
from .elementwise import apply
from .errors import Unsupported
from .number import ONE, ZERO, exact, floor

_UNSET = np._NoValue


def _reduction(ufunc: np.ufunc) -> Callable[..., Any]:
    def call(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, initial: Any = _UNSET,
        where: Any = True,
    ) -> Any:
        options = {} if initial is _UNSET else {"initial": initial}
        return apply(ufunc, "reduce", (_array(a),), {
            "axis": axis, "dtype": dtype, "out": out, "keepdims": bool(keepdims) and keepdims is not _UNSET,
            "where": True if where is _UNSET else where, **options})

    return call


def _extremum(ufunc: np.ufunc) -> Callable[..., Any]:
    reduce = _reduction(ufunc)

    def call(
        a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, initial: Any = _UNSET, where: Any = True
    ) -> Any:
        return reduce(a, axis, None, out, keepdims, initial, where)

    return call


def _accumulation(ufunc: np.ufunc) -> Callable[..., Any]:
    def call(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
        source = _array(a)
        if axis is None:
            source, axis = source.reshape(-1), 0
        return apply(ufunc, "accumulate", (source,), {"axis": axis, "dtype": dtype, "out": out})

    return call


sum_, prod, max_, min_ = _reduction(np.add), _reduction(np.multiply), _extremum(np.maximum), _extremum(np.minimum)
all_, any_ = _extremum(np.logical_and), _extremum(np.logical_or)
cumsum, cumprod = _accumulation(np.add), _accumulation(np.multiply)


def mean(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, where: Any = True) -> Any:
    """np.mean"""
    source = _real_array(a)
    count = _count(source, axis, keepdims, where)
    return _delivered(sum_(source, axis, None, None, keepdims, where=where) / count, out, dtype)


def var(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = False, where: Any = True,
    **more: Any,
) -> Any:
    """np.var"""
    if set(more) - {"correction"}:
        raise Unsupported("np.var with mean=")
    source = _real_array(a)
    gaps = source - mean(source, axis, keepdims=True, where=where)
    squares = gaps * gaps.conj() if source.dtype.kind == "c" else gaps * gaps
    squares = squares.real if source.dtype.kind == "c" else squares
    count = _count(source, axis, keepdims, where) - more.get("correction", ddof)
    return _delivered(sum_(squares, axis, None, None, keepdims, where=where) / count, out, dtype)


def std(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = False, where: Any = True,
    **more: Any,
) -> Any:
    """np.std"""
    return _delivered(_elementwise(np.sqrt, var(a, axis, None, None, ddof, keepdims, where, **more)), out, dtype)


def average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, keepdims: Any = False) -> Any:
    """np.average"""
    if returned:
        raise Unsupported("np.average with returned=")
    if weights is None:
        return mean(a, axis, keepdims=keepdims)
    source, weights = _real_array(a), _real_array(weights)
    if weights.shape != source.shape:
        if axis is None or weights.ndim != 1:
            raise Unsupported("np.average with weights of another shape")
        weights = weights.reshape(tuple(-1 if place == axis % source.ndim else 1 for place in range(source.ndim)))
    weights = weights + source * ZERO
    return sum_(source * weights, axis, keepdims=keepdims) / sum_(weights, axis, keepdims=keepdims)


def ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    """np.ptp"""
    return _delivered(max_(a, axis, keepdims=keepdims) - min_(a, axis, keepdims=keepdims), out, None)


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:  # noqa: A002 - NumPy's name
    """np.linalg.norm of vectors, and of matrices without `ord`."""
    source = _real_array(x)
    vector = axis is not None and not isinstance(axis, tuple) or axis is None and source.ndim == 1
    if ord is None or ord == "fro" or vector and ord == 2:
        sizes = abs(source) if source.dtype.kind == "c" else source
        return _elementwise(np.sqrt, sum_(sizes * sizes, axis, keepdims=keepdims))
    if vector and ord == 1:
        return sum_(abs(source), axis, keepdims=keepdims)
    if vector and ord in (np.inf, -np.inf):
        return (max_ if ord > 0 else min_)(abs(source), axis, keepdims=keepdims)
    raise Unsupported(f"np.linalg.norm with ord={ord}")


def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = _UNSET, append: Any = _UNSET) -> Any:
    """np.diff"""
    if prepend is not _UNSET or append is not _UNSET:
        raise Unsupported("np.diff with prepend or append")
    source = _array(a)
    for _ in range(n):
        ahead, behind = [slice(None)] * source.ndim, [slice(None)] * source.ndim
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        later, earlier = source[tuple(ahead)], source[tuple(behind)]
        source = later != earlier if source.dtype.kind == "b" else later - earlier
    return source


def gradient(f: Any, *spacing: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """np.gradient over one dimension with even spacing."""
    source = _real_array(f)
    if source.ndim != 1 or edge_order != 1 or len(spacing) > 1 or spacing and np.ndim(bare(spacing[0])):
        raise Unsupported("np.gradient in more than one dimension or with uneven spacing")
    gap = spacing[0] if spacing else 1
    made = wrapped(np.empty(source.shape, object), source.dtype)
    made[1:-1] = (source[2:] - source[:-2]) / (exact(2) * functions.number(gap))
    made[0], made[-1] = (source[1] - source[0]) / gap, (source[-1] - source[-2]) / gap
    return made


def trapezoid(y: Any, x: Any = None, dx: Any = ONE, axis: int = -1) -> Any:
    """np.trapezoid"""
    source = _real_array(y)
    if source.ndim != 1:
        raise Unsupported("np.trapezoid in more than one dimension")
    gaps = dx if x is None else diff(x)
    return sum_((source[1:] + source[:-1]) * gaps) / exact(2)


def median(a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, keepdims: bool = False) -> Any:
    """np.median"""
    return _along(a, axis, keepdims, _middle)


def _middle(values: list[Any]) -> Any:
    from .ordering import sorted_numbers

    if any(is_nan(value) for value in values):
        raise Unsupported("np.median of nan")
    ordered = sorted_numbers(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / exact(2)


def quantile(a: Any, q: Any, axis: Any = None, **options: Any) -> Any:
    """np.quantile with linear interpolation, for one q."""
    if options or np.ndim(bare(q)):
        raise Unsupported("np.quantile with options or for several q")

    def pick(values: list[Any]) -> Any:
        from .ordering import sorted_numbers

        ordered = sorted_numbers(values)
        place = functions.number(q) * exact(len(ordered) - 1)
        low = int(floor(place))
        high = min(low + 1, len(ordered) - 1)
        return ordered[low] + (ordered[high] - ordered[low]) * (place - exact(low))

    return _along(a, axis, False, pick)


def _along(a: Any, axis: Any, keepdims: bool, function: Callable[[list[Any]], Any]) -> Any:
    if isinstance(axis, tuple):
        raise Unsupported("a quantile over several axes")
    source = numbers(_array(a))
    source = source.reshape(-1) if axis is None else source
    if keepdims:
        raise Unsupported("a quantile with keepdims")
    rows = np.moveaxis(source, axis or 0, -1)
    made = np.empty(rows.shape[:-1], object)
    for place in np.ndindex(made.shape):
        made[place] = function(list(rows[place]))
    return made[()] if not made.ndim else wrapped(made)


def _without_nan(function: Callable[..., Any], substitute: Any) -> Callable[..., Any]:
    """The variant that leaves nan out. substitute: what stands for nan, None where the mask is given as `where`."""

    def call(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, **options: Any) -> Any:
        source = _real_array(a)
        given = ~_elementwise(np.isnan, source)
        keepdims = bool(keepdims) and keepdims is not _UNSET
        if options:
            raise Unsupported("a nan-function with options")
        return _delivered(function(source, axis=axis, keepdims=keepdims, where=given, **substitute), out, dtype)

    return call


def _counted(source: Any, axis: Any = None, keepdims: bool = False) -> Any:
    given = _array(source)
    marks = bare(given != 0) if given.dtype.kind != "b" else bare(given)
    found = np.count_nonzero(marks, axis=axis, keepdims=keepdims)
    return found.view(Array) if isinstance(found, np.ndarray) else found


def _count(source: Array, axis: Any, keepdims: Any, where: Any) -> Any:
    if where is not True and where is not _UNSET:
        mask = np.broadcast_to(np.asarray(bare(where), bool), source.shape)
        found = np.sum(mask, axis=axis, keepdims=bool(keepdims))
        return found.view(Array) if isinstance(found, np.ndarray) else exact(int(found))
    axes = range(source.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    count = 1
    for each in axes:
        count *= source.shape[each]
    return exact(count)


def _array(value: Any) -> Any:
    from .allocation import asarray

    return asarray(value)


def _real_array(value: Any) -> Any:
    found = _array(value)
    return wrapped(numbers(found), np.float64) if integral(found) else found


def _elementwise(ufunc: np.ufunc, value: Any) -> Any:
    return apply(ufunc, "__call__", (value,), {})


def _delivered(result: Any, out: Any, dtype: Any) -> Any:
    if out is not None:
        out[...] = result
        return out
    if dtype is not None and isinstance(result, Array) and np.dtype(dtype) != result.dtype:
        return result.astype(dtype)
    return result


TABLE: Mapping[str, Callable[..., Any]] = {
    "sum": sum_, "prod": prod, "max": max_, "min": min_, "amax": max_, "amin": min_, "all": all_, "any": any_,
    "cumsum": cumsum, "cumprod": cumprod, "mean": mean, "var": var, "std": std, "average": average, "ptp": ptp,
    "linalg.norm": norm, "diff": diff, "gradient": gradient, "trapezoid": trapezoid, "median": median, "quantile": quantile,
    "percentile": lambda a, q, axis=None, **options: quantile(a, functions.number(q) / exact(100), axis, **options),
    "count_nonzero": _counted,
    "nansum": _without_nan(sum_, {}), "nanprod": _without_nan(prod, {}), "nanmean": _without_nan(mean, {}),
    "nanvar": _without_nan(var, {}), "nanstd": _without_nan(std, {}), "nanmax": _without_nan(max_, {}),
    "nanmin": _without_nan(min_, {}),
}
METHODS = ("sum", "prod", "max", "min", "all", "any", "cumsum", "cumprod", "mean", "var", "std")
for _name in METHODS:
    setattr(Array, _name, method(TABLE[_name]))
