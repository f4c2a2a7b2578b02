"""NumPy's functions that choose, count and look up, along the values of the numbers."""
from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from . import choices, functions, ordering
from .arrays import Array, as_object, bare, converted, holds_numbers, integral, method, numbers, result_dtype, wrapped
from .choices import is_nan
from .draw import current
from .elementwise import apply
from .errors import Unsupported
from .number import ONE, ZERO, Number, trunc


def where(condition: Any, *branches: Any) -> Any:
    """np.where"""
    mask = _mask(condition)
    if not branches:
        return nonzero(mask)
    one, other = branches
    current().charge(mask.size)
    if integral(one) and integral(other):
        return wrapped(np.where(mask, bare(one), bare(other)))
    found = np.where(mask, numbers(one), numbers(other))
    return found[()] if not found.ndim else wrapped(found, result_dtype(one, other))


def _mask(condition: Any) -> np.ndarray:
    plain = bare(condition)
    if holds_numbers(plain):
        return np.asarray(as_object(np.frompyfunc(bool, 1, 1)(plain)), bool)
    return np.asarray(bool(plain) if isinstance(plain, Number) else plain, bool)


def select(conditions: Any, choices: Any, default: Any = 0) -> Any:
    """np.select"""
    found = default
    for condition, choice in reversed(list(zip(conditions, choices))):
        found = where(condition, choice, found)
    return found


def clip(a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, **options: Any) -> Any:
    """np.clip"""
    low, high = options.pop("min", a_min), options.pop("max", a_max)
    if options:
        raise Unsupported("np.clip with options")
    found = a
    if low is not None and low is not np._NoValue:
        found = apply(np.maximum, "__call__", (found, low), {})
    if high is not None and high is not np._NoValue:
        found = apply(np.minimum, "__call__", (found, high), {})
    if out is not None:
        out[...] = found
        return out
    return found


def nan_to_num(x: Any, copy: bool = True, nan: Any = 0, posinf: Any = None, neginf: Any = None) -> Any:
    """np.nan_to_num with the infinities' substitutes given, where there are any."""

    def plain(value: Any) -> Any:
        if is_nan(value):
            return functions.number(nan)
        if choices.is_inf(value):
            substitute = posinf if value > 0 else neginf
            if substitute is None:
                raise Unsupported("np.nan_to_num of an infinity")
            return functions.number(substitute)
        return value

    found = _mapped(plain, x)
    if not copy:
        x[...] = found
        return x
    return found


def rounded(a: Any, decimals: int = 0, out: Any = None) -> Any:
    """np.round"""
    if integral(a):
        return wrapped(np.round(bare(a), decimals))
    found = _mapped(lambda value: choices.rounded(value, decimals), a)
    if out is not None:
        out[...] = found
        return out
    return found


def _mapped(function: Callable[[Any], Any], value: Any, nominal: Any = None) -> Any:
    source = numbers(value)
    current().charge(source.size)
    found = np.frompyfunc(lambda each: function(functions.number(each)), 1, 1)(source)
    return wrapped(found, nominal or result_dtype(value)) if isinstance(found, np.ndarray) else found


def _each(function: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda value: _mapped(function, value)


def _part(name: str) -> Callable[..., Any]:
    def call(value: Any) -> Any:
        return getattr(value, name) if isinstance(value, Array) else getattr(functions.number(value), name)

    return call


def nonzero(a: Any) -> Any:
    """np.nonzero"""
    return tuple(part.view(Array) for part in np.nonzero(_mask(a)))


# --- counting and interpolation

def bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    """np.bincount"""
    places = bare(x)
    if weights is None:
        return np.bincount(places, minlength=minlength).view(Array)
    count = max(int(minlength), int(places.max()) + 1 if places.size else 0)
    made = np.full(count, ZERO, object)
    for place, weight in zip(places, numbers(weights)):
        made[int(place)] = made[int(place)] + weight
    return wrapped(made, np.float64)


def histogram(a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:  # noqa: A002
    """np.histogram"""
    from .allocation import linspace

    if density:
        raise Unsupported("np.histogram with density")
    values = list(numbers(a).reshape(-1))
    if np.ndim(bare(bins)) == 0:
        low, high = range or (functools.reduce(choices.minimum, values), functools.reduce(choices.maximum, values))
        edges = linspace(functions.number(low), functions.number(high), int(bins) + 1)
    else:
        edges = wrapped(numbers(bins), np.float64)
    steps = list(bare(edges))
    given = None if weights is None else list(numbers(weights).reshape(-1))
    made = [ZERO] * (len(steps) - 1)
    for number, value in enumerate(values):
        if is_nan(value) or value < steps[0] or value > steps[-1]:
            continue
        place = min(int(ordering.searchsorted(edges, value, "right")) - 1, len(made) - 1)
        made[place] = made[place] + (ONE if given is None else given[number])
    counts = np.empty(len(made), object)
    counts[:] = made
    counted = wrapped(counts, np.float64)
    return (converted(counted, np.int64) if given is None else counted), edges


def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """np.interp"""
    if period is not None:
        raise Unsupported("np.interp with a period")
    places, values = list(numbers(xp)), list(numbers(fp))

    def at(point: Any) -> Any:
        if point < places[0]:
            return values[0] if left is None else functions.number(left)
        if point > places[-1]:
            return values[-1] if right is None else functions.number(right)
        if point == places[-1]:
            return values[-1]
        low = int(ordering.searchsorted(xp, point, "right")) - 1
        slope = (values[low + 1] - values[low]) / (places[low + 1] - places[low])
        return slope * (point - places[low]) + values[low]

    return _mapped(at, x, np.float64)


# --- comparisons of whole arrays

def isclose(a: Any, b: Any, rtol: Any = None, atol: Any = None, equal_nan: bool = False) -> Any:
    """np.isclose"""
    from .constants import literal

    rtol = literal(1e-5) if rtol is None else functions.number(rtol)
    atol = literal(1e-8) if atol is None else functions.number(atol)

    def close(one: Any, other: Any) -> bool:
        if is_nan(one) or is_nan(other):
            return equal_nan and is_nan(one) and is_nan(other)
        if choices.is_inf(one) or choices.is_inf(other):
            return bool(one == other)
        return bool(abs(one - other) <= atol + rtol * abs(other))

    found = np.frompyfunc(close, 2, 1)(numbers(a), numbers(b))
    return found.astype(bool).view(Array) if isinstance(found, np.ndarray) else np.bool_(found)


def array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> bool:
    """np.array_equal"""
    one, other = numbers(a1), numbers(a2)
    pairs = zip(one.flat, other.flat)
    return one.shape == other.shape and all(bool(x == y) or equal_nan and is_nan(x) and is_nan(y) for x, y in pairs)


def isin(element: Any, test_elements: Any, **_: Any) -> Any:
    """np.isin"""
    if not integral(element) or not integral(test_elements):
        raise Unsupported("np.isin of real numbers")
    return wrapped(np.isin(bare(element), bare(test_elements)))


def copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:  # noqa: A002
    """np.copyto"""
    if where is True:
        dst[...] = src
    else:
        mask = np.broadcast_to(_mask(where), dst.shape)
        source = numbers(src) if holds_numbers(dst) else bare(src)
        dst[mask] = wrapped(np.broadcast_to(source, dst.shape)[mask])


def putmask(a: Any, mask: Any, values: Any) -> None:
    """np.putmask for values of the array's shape, or one."""
    if np.ndim(bare(values)) and np.shape(bare(values)) != np.shape(bare(a)):
        raise Unsupported("np.putmask with values of another shape")
    copyto(a, values, where=mask)


def put_along_axis(arr: Any, indices: Any, values: Any, axis: Any) -> None:
    """np.put_along_axis"""
    np.put_along_axis(bare(arr), bare(indices), numbers(values) if holds_numbers(arr) else bare(values), axis)


def _dtype_of(value: Any) -> Any:
    return value.dtype if hasattr(value, "dtype") else result_dtype(value) if not isinstance(value, int | type | str) else value


TABLE: Mapping[str, Callable[..., Any]] = {
    "where": where, "select": select, "clip": clip, "nan_to_num": nan_to_num, "round": rounded, "around": rounded,
    "fix": _each(trunc), "real": _part("real"), "imag": _part("imag"), "angle": _each(choices.angle),
    "sinc": _each(functions.sinc), "nonzero": nonzero,
    "flatnonzero": lambda a: nonzero(_mask(a).reshape(-1))[0], "argwhere": lambda a: np.argwhere(_mask(a)).view(Array),
    "bincount": bincount, "histogram": histogram, "interp": interp, "isclose": isclose,
    "allclose": lambda *arguments, **options: bool(np.all(bare(isclose(*arguments, **options)))),
    "array_equal": array_equal, "isin": isin, "copyto": copyto, "putmask": putmask, "put_along_axis": put_along_axis,
    "iscomplexobj": lambda x: _dtype_of(x).kind == "c", "isrealobj": lambda x: _dtype_of(x).kind != "c",
    "result_type": lambda *values: np.result_type(*(_dtype_of(value) for value in values)),
    "isscalar": lambda value: not isinstance(value, np.ndarray),
}
for _name in ("clip", "nonzero", "round"):
    setattr(Array, _name, method(TABLE[_name]))
Array.conj = Array.conjugate = lambda self: apply(np.conjugate, "__call__", (self,), {})  # type: ignore[method-assign]
