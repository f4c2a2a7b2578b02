"""NumPy's functions that make arrays: of our numbers for float and complex dtypes, of NumPy's integers for the others."""
from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .arrays import Array, bare, converted, holds_numbers, integral, nested, numbers, result_dtype, wrapped
from .draw import current
from .errors import Unsupported
from .functions import number, power
from .number import ONE, ZERO, ceil, exact

MAX_ELEMENTS = 2**22
"""Of one allocation: the inputs are small, and so are a kernel's arrays over them."""
_FLOAT = np.dtype(np.float64)


def full(shape: Any, fill_value: Any, dtype: Any = None, order: str = "C") -> Any:
    """np.full"""
    if dtype is None:
        dtype = result_dtype(fill_value) if not integral(fill_value) else np.asarray(bare(fill_value)).dtype
    made = _unwritten(shape, dtype, order)
    made[...] = fill_value
    return made


def _unwritten(shape: Any, dtype: Any, order: str = "C") -> Any:
    dtype = np.dtype(dtype)
    extents = tuple(int(extent) for extent in (shape if isinstance(shape, tuple | list | np.ndarray) else (shape,)))
    count = 1
    for extent in extents:
        count *= max(0, extent)
    if count > MAX_ELEMENTS:
        raise Unsupported(f"an array of {count:,} elements for inputs this small")
    current().charge(count)
    if dtype.kind in "biu":
        return np.zeros(extents, dtype, order).view(Array)
    if dtype.kind not in "fc" or dtype.itemsize == 2:
        raise Unsupported(f"an array of dtype {dtype}")
    if dtype in (np.float32, np.complex64):
        current().conversions.add("to float32")
    return wrapped(np.empty(extents, object, order), dtype)


def _made(value: Any) -> Callable[..., Any]:
    def call(shape: Any, dtype: Any = float, order: str = "C", **_: Any) -> Any:
        made = _unwritten(shape, dtype if dtype is not None else float, order)
        if value is not None:
            made[...] = value
        return made

    return call


def _like(value: Any) -> Callable[..., Any]:
    def call(prototype: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None) -> Any:
        made = _prototype(prototype, dtype, shape)
        if value is not None:
            made[...] = value
        return made

    return call


def full_like(
    prototype: Any, fill_value: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None
) -> Any:
    """np.full_like"""
    made = _prototype(prototype, dtype, shape)
    made[...] = fill_value
    return made


def _prototype(prototype: Any, dtype: Any, shape: Any) -> Any:
    plain = bare(prototype)
    if dtype is None:
        dtype = prototype.dtype if isinstance(prototype, np.ndarray) else np.int64 if integral(prototype) else _FLOAT
    return _unwritten(np.shape(plain) if shape is None else shape, dtype)


def array(value: Any, dtype: Any = None, copy: Any = True, order: str = "K", subok: bool = False, ndmin: int = 0) -> Any:
    """np.array"""
    if isinstance(value, np.ndarray):
        made = converted(value, dtype) if dtype is not None and np.dtype(dtype) != value.dtype else value
        made = made.copy() if copy and made is value else made
        made = made if isinstance(made, Array) else wrapped(made)
    else:
        if isinstance(value, list | tuple | range):
            source = nested(list(value))
        else:
            source = np.asarray(value) if integral(value) else numbers(value)
        made = wrapped(source, _kind_of(source))
        if dtype is not None and np.dtype(dtype) != made.dtype:
            made = converted(made, dtype)
    return made if made.ndim >= ndmin else wrapped(bare(made).reshape((1,) * (ndmin - made.ndim) + made.shape), made.dtype)


def _kind_of(source: np.ndarray) -> Any:
    return result_dtype(*source.flat) if holds_numbers(source) and source.size else None


def asarray(value: Any, dtype: Any = None, order: Any = None, **_: Any) -> Any:
    """np.asarray"""
    return array(value, dtype, copy=False)


def _contiguous(order: str) -> Callable[..., Any]:
    def call(value: Any, dtype: Any = None, **_: Any) -> Any:
        made = array(value, dtype, copy=False)
        return wrapped(np.require(bare(made), requirements=order), made.dtype)

    return call


def copy(value: Any, order: str = "K", subok: bool = False) -> Any:
    """np.copy"""
    return array(value)


def arange(*bounds: Any, dtype: Any = None, **options: Any) -> Any:
    """np.arange"""
    bounds = (*bounds, *(options[key] for key in ("start", "stop", "step") if key in options))
    start, stop, step = (0, bounds[0], 1) if len(bounds) == 1 else (*bounds, 1)[:3]
    if all(integral(bound) for bound in (start, stop, step)):
        if step and abs((int(stop) - int(start)) / int(step)) > MAX_ELEMENTS:
            raise Unsupported("np.arange with so many elements")
        made = np.arange(start, stop, step).view(Array)
        current().charge(made.size)
        return made if dtype is None else converted(made, dtype)
    first, gap = number(start), number(step)
    count = max(0, int(ceil((number(stop) - first) / gap)))
    if count > MAX_ELEMENTS:
        raise Unsupported("np.arange with so many elements")
    return array([first + gap * exact(i) for i in range(count)], dtype)


def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None, axis: int = 0
) -> Any:
    """np.linspace"""
    if axis or np.ndim(bare(start)) or np.ndim(bare(stop)):
        raise Unsupported("np.linspace between arrays")
    parts = int(num) - 1 if endpoint else int(num)
    first = number(start)
    gap = (number(stop) - first) / exact(parts) if parts > 0 else number(stop) - first
    made = array([first + gap * exact(i) for i in range(int(num))], dtype) if num else _unwritten(0, _FLOAT)
    return (made, gap) if retstep else made


def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10, dtype: Any = None, axis: int = 0
) -> Any:
    """np.logspace"""
    return array([power(number(base), each) for each in numbers(linspace(start, stop, num, endpoint)).flat], dtype)


def eye(N: int, M: Any = None, k: int = 0, dtype: Any = float, **_: Any) -> Any:  # noqa: N803 - NumPy's names
    """np.eye"""
    return _selected(np.eye(N, M, k, dtype=bool), dtype)


def tri(N: int, M: Any = None, k: int = 0, dtype: Any = float, **_: Any) -> Any:  # noqa: N803 - NumPy's names
    """np.tri"""
    return _selected(np.tri(N, M, k, dtype=bool), dtype)


def _selected(mask: np.ndarray, dtype: Any) -> Any:
    made = _unwritten(mask.shape, dtype if dtype is not None else float)
    made[...] = ZERO if holds_numbers(made) else 0
    made[mask] = ONE if holds_numbers(made) else 1
    return made


def fill_diagonal(target: Any, value: Any, wrap: bool = False) -> None:
    """np.fill_diagonal"""
    if wrap:
        raise Unsupported("np.fill_diagonal with wrap")
    values = itertools.cycle(numbers(value).flat if not integral(value) else np.ravel(bare(value)))
    for i in range(min(target.shape)):
        target[(i,) * target.ndim] = next(values)


def vander(x: Any, N: Any = None, increasing: bool = False) -> Any:  # noqa: N803 - NumPy's names
    """np.vander"""
    source = numbers(x)
    count = len(source) if N is None else int(N)
    powers = range(count) if increasing else range(count - 1, -1, -1)
    return array([[power(value, exact(k)) for k in powers] for value in source])


def ndenumerate(source: Any) -> Any:
    """np.ndenumerate"""
    for index in np.ndindex(source.shape):
        current().tick()
        yield index, source[index]


TABLE: Mapping[str, Callable[..., Any]] = {
    "empty": _made(None), "zeros": _made(0), "ones": _made(1), "full": full, "empty_like": _like(None), "zeros_like": _like(0),
    "ones_like": _like(1), "full_like": full_like, "array": array, "asarray": asarray, "asanyarray": asarray, "copy": copy,
    "ascontiguousarray": _contiguous("C"), "asfortranarray": _contiguous("F"), "arange": arange, "linspace": linspace,
    "logspace": logspace, "eye": eye, "identity": lambda n, dtype=float: eye(n, dtype=dtype), "tri": tri, "vander": vander,
    "fill_diagonal": fill_diagonal, "ndenumerate": ndenumerate,
}
