"""NumPy's functions that order numbers: sorting, places of extrema, searching in ordered arrays."""
from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from . import functions
from .arrays import Array, bare, holds_numbers, integral, method, numbers, result_dtype, wrapped
from .choices import is_nan
from .draw import current
from .errors import Unsupported
from .number import order


def sorted_numbers(values: Any) -> list[Any]:
    """In ascending order, nan last; equal ones keep their order."""
    return [value for _, value in sorted(enumerate(values), key=_KEY)]


def _smaller(one: tuple[int, Any], other: tuple[int, Any]) -> int:
    a, b = functions.real(one[1]), functions.real(other[1])
    found = order(a, b)
    return is_nan(a) - is_nan(b) if found is None else found


_KEY = functools.cmp_to_key(_smaller)


def sort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, stable: Any = None) -> Any:  # noqa: A002
    """np.sort"""
    if holds_numbers(a):
        return _along(a, axis, sorted_numbers, result_dtype(a))
    return wrapped(np.sort(bare(a), axis))


def _sort_in_place(self: Array, axis: Any = -1, kind: Any = None, order: Any = None, stable: Any = None) -> None:  # noqa: A002
    self[...] = sort(self, axis)


def argsort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, stable: Any = None) -> Any:  # noqa: A002
    """np.argsort"""
    if holds_numbers(a):
        return _along(a, axis, lambda row: [place for place, _ in sorted(enumerate(row), key=_KEY)], np.int64)
    return wrapped(np.argsort(bare(a), axis, kind="stable"))


def _along(a: Any, axis: Any, function: Callable[[Any], list[Any]], dtype: Any) -> Any:
    source = bare(a)
    current().charge(source.size)
    if axis is None:
        source, axis = source.reshape(-1), 0
    rows = np.moveaxis(source, axis, -1)
    made = np.empty(rows.shape, object if np.dtype(dtype).kind in "fc" else dtype)
    for place in np.ndindex(rows.shape[:-1]):
        made[place] = function(list(rows[place]))
    return wrapped(np.moveaxis(made, -1, axis), dtype)


def _extreme_place(ufunc: np.ufunc, skip_nan: bool = False) -> Callable[..., Any]:
    sign = 1 if ufunc is np.maximum else -1

    def best(row: list[Any]) -> int:
        found = None
        for place, value in enumerate(row):
            value = functions.real(value)
            if is_nan(value):
                if skip_nan:
                    continue
                return place
            if found is None or order(value, row[found]) == sign:
                found = place
        if found is None:
            raise ValueError("attempt to get the place of an extremum of an empty sequence")
        return found

    def call(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
        source = bare(a)
        keep = bool(keepdims) and keepdims is not np._NoValue
        if not holds_numbers(source):
            return wrapped((np.argmax if sign > 0 else np.argmin)(source, axis, keepdims=keep))
        current().charge(source.size)
        if axis is None:
            return np.int64(best(list(source.reshape(-1))))
        rows = np.moveaxis(source, axis, -1)
        made = np.empty(rows.shape[:-1], np.int64)
        for place in np.ndindex(made.shape):
            made[place] = best(list(rows[place]))
        if keep:
            made = np.expand_dims(made, axis)
        return made.view(Array) if made.ndim else made[()]

    return call


def searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    """np.searchsorted"""
    if sorter is not None:
        raise Unsupported("np.searchsorted with a sorter")
    if integral(a) and integral(v):
        return wrapped(np.searchsorted(bare(a), bare(v), side))
    edges = list(numbers(a))

    def place(value: Any) -> int:
        low, high = 0, len(edges)
        while low < high:
            middle = (low + high) // 2
            if edges[middle] < value or side == "right" and not edges[middle] > value:
                low = middle + 1
            else:
                high = middle
        return low

    return _integers(place, v)


def digitize(x: Any, bins: Any, right: bool = False) -> Any:
    """np.digitize for ascending bins."""
    edges = list(numbers(bins))
    if any(later < earlier for earlier, later in zip(edges, edges[1:])):
        raise Unsupported("np.digitize with descending bins")
    return searchsorted(bins, x, "left" if right else "right")


def _integers(function: Callable[[Any], int], value: Any) -> Any:
    found = np.frompyfunc(function, 1, 1)(numbers(value))
    return np.asarray(found, np.int64).view(Array) if isinstance(found, np.ndarray) else np.int64(found)


def unique(ar: Any, **options: Any) -> Any:
    """np.unique without options for numbers; NumPy's own for integers."""
    if integral(ar):
        found = np.unique(bare(ar), **options)
        return tuple(wrapped(part) for part in found) if isinstance(found, tuple) else wrapped(found)
    if options:
        raise Unsupported("np.unique with options")
    kept: list[Any] = []
    for value in sorted_numbers(numbers(ar).reshape(-1)):
        if not kept or value != kept[-1]:
            kept.append(value)
    made = np.empty(len(kept), object)
    made[:] = kept
    return wrapped(made, result_dtype(ar))


TABLE: Mapping[str, Callable[..., Any]] = {
    "sort": sort, "argsort": argsort, "argmax": _extreme_place(np.maximum), "argmin": _extreme_place(np.minimum),
    "nanargmax": _extreme_place(np.maximum, True), "nanargmin": _extreme_place(np.minimum, True),
    "searchsorted": searchsorted, "digitize": digitize, "unique": unique,
}
for _name in ("argsort", "argmax", "argmin", "searchsorted"):
    setattr(Array, _name, method(TABLE[_name]))
Array.sort = _sort_in_place  # type: ignore[method-assign]
