"""Sums term by term, as a plain loop adds them, in place of NumPy's pairwise and BLAS's blocked ones.

A kernel that is written as loops adds one term after the other, which is a legitimate order, though NumPy's errs less.
How much it errs is measured with these.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from math import prod
from typing import Any

import numpy as np

_MOST_TERMS = 2**15
"""Of one contraction, each a step over whole arrays here."""
_METHODS = {"sum", "mean", "var", "std", "dot"}
Function = Callable[..., Any]


class OtherOrder(Exception):
    """The sums of this call are not taken term by term here."""


def summed(function: Any, arguments: tuple[Any, ...], options: dict[str, Any], tick: Function) -> Any:
    """What `function(*arguments, **options)` gives where its sums are taken term by term. Raises OtherOrder where that is
    not known. tick: called now and then; may raise."""
    owner, name = getattr(function, "__self__", None), getattr(function, "__name__", "")
    if isinstance(owner, np.ndarray | np.generic) and name in _METHODS:
        function, arguments = _BY_NAME[name], (owner, *arguments)
    elif owner is np.add and name == "reduce":
        function = np.sum
        if len(arguments) == 1 and "axis" not in options:
            options = {**options, "axis": 0}
    ours = _OURS.get(function) if getattr(function, "__hash__", None) else None
    if ours is None:
        raise OtherOrder
    return ours(tick, *arguments, **options)


def matmul(tick: Function, a: Any, b: Any) -> Any:
    """a @ b, the terms of each element in the order of the inner index."""
    a, b = np.asarray(a), np.asarray(b)
    if not _floats(a, b) or not a.ndim or not b.ndim:
        raise OtherOrder
    left, right = a if a.ndim > 1 else a[None, :], b if b.ndim > 1 else b[:, None]
    if left.shape[-1] != right.shape[-2] or not left.shape[-1] or left.shape[-1] > _MOST_TERMS:
        raise OtherOrder
    total = left[..., :, 0, None] * right[..., None, 0, :]
    for k in range(1, left.shape[-1]):
        tick()
        total = total + left[..., :, k, None] * right[..., None, k, :]
    if b.ndim == 1:
        total = total[..., 0]
    if a.ndim == 1:
        total = total[..., 0] if b.ndim == 1 else total[..., 0, :]
    return total[()]


def _sum(tick: Function, a: Any, axis: Any = None, dtype: Any = None, *, keepdims: Any = False) -> Any:
    """As np.sum."""
    array = np.asarray(a)
    if dtype is not None:
        array = array.astype(dtype)
    if not _floats(array) or not array.size:
        raise OtherOrder
    axes = _axes(axis, array.ndim)
    kept = [length for number, length in enumerate(array.shape) if number not in axes]
    last = np.moveaxis(array, axes, range(array.ndim - len(axes), array.ndim)).reshape(*kept, -1)
    tick()
    total = np.add.accumulate(last, axis=-1)[..., -1]
    if keepdims:
        total = total.reshape([1 if number in axes else length for number, length in enumerate(array.shape)])
    return total[()]


def _mean(tick: Function, a: Any, axis: Any = None, dtype: Any = None, *, keepdims: Any = False) -> Any:
    array = np.asarray(a)
    total = _sum(tick, array, axis, dtype, keepdims=keepdims)
    return total / total.dtype.type(_count(array, axis))


def _var(tick: Function, a: Any, axis: Any = None, dtype: Any = None, *, ddof: Any = 0, keepdims: Any = False) -> Any:
    array = np.asarray(a)
    offset = array - _mean(tick, array, axis, dtype, keepdims=True)
    squares = offset * offset if array.dtype.kind == "f" else offset.real**2 + offset.imag**2
    total = _sum(tick, squares, axis, keepdims=keepdims)
    return total / total.dtype.type(_count(array, axis) - ddof)


def _std(tick: Function, a: Any, *arguments: Any, **options: Any) -> Any:
    return np.sqrt(_var(tick, a, *arguments, **options))


def _dot(tick: Function, a: Any, b: Any) -> Any:
    one, other = np.asarray(a), np.asarray(b)
    if not one.ndim or not other.ndim:
        return one * other
    if one.ndim == other.ndim == 1 and one.size and _floats(one, other) and one.shape == other.shape:
        return _sum(tick, one * other)
    if one.ndim > 2 or other.ndim > 2:
        raise OtherOrder
    return matmul(tick, one, other)


def _inner(tick: Function, a: Any, b: Any) -> Any:
    return _dot(tick, a, np.asarray(b).T if np.ndim(b) == 2 else b)


def _vdot(tick: Function, a: Any, b: Any) -> Any:
    return _dot(tick, np.ravel(np.conj(a)), np.ravel(b))


def _norm(tick: Function, x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    array = np.asarray(x)
    if ord is not None and not (ord == 2 and (array.ndim == 1 or isinstance(axis, int))):
        raise OtherOrder
    return np.sqrt(_sum(tick, (array * np.conj(array)).real, axis, keepdims=keepdims))


def _einsum(tick: Function, subscripts: Any, *operands: Any, **options: Any) -> Any:
    """As np.einsum with an explicit result; the summed indices are stepped through in their alphabetical order."""
    arrays = [np.asarray(operand) for operand in operands]
    if not isinstance(subscripts, str) or "." in subscripts or set(options) - {"optimize"} or not _floats(*arrays):
        raise OtherOrder
    given, arrow, result = subscripts.replace(" ", "").partition("->")
    terms = given.split(",")
    if not arrow:
        letters = "".join(terms)
        result = "".join(sorted(letter for letter in set(letters) if letters.count(letter) == 1))
    if [len(term) for term in terms] != [array.ndim for array in arrays]:
        raise OtherOrder
    extents = {letter: length for term, array in zip(terms, arrays) for letter, length in zip(term, array.shape)}
    within = sorted(set("".join(terms)) - set(result))
    if not 0 < prod(extents[letter] for letter in within) <= _MOST_TERMS or not within:
        raise OtherOrder
    rest = ",".join("".join(letter for letter in term if letter not in within) for term in terms) + "->" + result
    total: Any = None
    for place in _places(extents, within):
        tick()
        parts = [array[tuple(place.get(letter, slice(None)) for letter in term)] for term, array in zip(terms, arrays)]
        step = np.einsum(rest, *parts)
        total = step if total is None else total + step
    return total


def _places(extents: dict[str, int], letters: list[str]) -> Iterator[dict[str, int]]:
    for numbers in product(*(range(extents[letter]) for letter in letters)):
        yield dict(zip(letters, numbers))


def _axes(axis: Any, ndim: int) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(ndim))
    return tuple(int(a) % ndim for a in (axis if isinstance(axis, tuple) else (axis,)))


def _count(array: np.ndarray, axis: Any) -> int:
    return prod(array.shape[a] for a in _axes(axis, array.ndim))


def _floats(*arrays: np.ndarray) -> bool:
    return any(array.dtype.kind in "fc" for array in arrays) and all(array.dtype.kind in "biufc" for array in arrays)


_BY_NAME: dict[str, Function] = {"sum": np.sum, "mean": np.mean, "var": np.var, "std": np.std, "dot": np.dot}
_OURS: dict[Any, Function] = {
    np.sum: _sum, np.mean: _mean, np.var: _var, np.std: _std, np.dot: _dot, np.matmul: matmul, np.inner: _inner,
    np.vdot: _vdot, np.einsum: _einsum, np.linalg.norm: _norm,
}
