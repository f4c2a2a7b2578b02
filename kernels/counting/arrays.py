"""CountingArray: NumPy's array, whose operations are counted while NumPy itself carries them out."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .tally import Masks, current

_UNKNOWN: Any = object()
_BASIC = (int, np.integer, slice, type(None), type(Ellipsis))
_get, _set = np.ndarray.__getitem__, np.ndarray.__setitem__


class CountingArray(np.ndarray):
    """An array of the kernel that is counted: universal functions, NumPy's other functions and element accesses come by here."""

    _masks: Any

    def __array_finalize__(self, source: Any) -> None:
        self._masks = _UNKNOWN

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        from .universal import apply

        return apply(ufunc, method, inputs, options)

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        from .functions import apply

        return apply(function, arguments, options)

    def __getitem__(self, index: Any) -> Any:
        tally = current()
        tally.step()
        found = _get(self, index)
        if not isinstance(found, np.ndarray):
            tally.touched += self.itemsize
            masks = self.masks() if self._masks is _UNKNOWN else self._masks
            if masks is not None:
                tally.read(masks, index, whole=False)
            if tally.compiled and isinstance(found, np.integer) and not isinstance(found, np.uint64):
                return int(found)  # compiled code computes with integers of 64 bits
            return found
        if not _is_basic(index):
            _read_indices(index)
            tally.touched += 2 * found.nbytes
            tally.read(self.masks(), index, whole=False)
        return found

    def __setitem__(self, index: Any, value: Any) -> None:
        tally = current()
        tally.step()
        element = _is_element(index, self.ndim)
        if isinstance(value, CountingArray):
            read(value)
        if not element and not _is_basic(index):
            _read_indices(index)
        try:
            _set(self, index, value)
        except OverflowError:
            if not tally.compiled:
                raise
            _set(self, index, np.array(int(value) & (2 ** (8 * self.itemsize) - 1), np.uint64).astype(self.dtype))
        tally.touched += self.itemsize if element else np.size(_get(self, index)) * self.itemsize
        masks = self.masks() if self._masks is _UNKNOWN else self._masks
        if masks is not None:
            tally.wrote(masks, index)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    @property
    def flat(self) -> Any:  # type: ignore[override]
        read(self)
        return bare(self).flat

    def dot(self, other: Any, out: Any = None) -> Any:  # type: ignore[override]
        return np.dot(self, other) if out is None else np.dot(self, other, out)

    def trace(self, *arguments: Any, **options: Any) -> Any:  # type: ignore[override]
        return np.trace(self, *arguments, **options)

    def masks(self) -> Masks | None:
        """The marks of the argument that it is a view of."""
        if self._masks is _UNKNOWN:
            self._masks = current().masks(self)
        return self._masks


def bare(value: Any) -> Any:
    """NumPy's own array in place of a counted one, also inside of tuples and lists."""
    if isinstance(value, CountingArray):
        return value.view(np.ndarray)
    if type(value) in (tuple, list):
        return type(value)(bare(part) for part in value)
    return value


def wrapped(value: Any) -> Any:
    """`value` with its arrays counted from now on, also those inside of tuples and lists."""
    kind = type(value)
    if kind is np.ndarray:
        return value.view(CountingArray)
    if kind is tuple and any(type(part) in (np.ndarray, tuple, list) for part in value):
        return tuple(wrapped(part) for part in value)
    if kind is list:
        for place, part in enumerate(value):
            if type(part) in (np.ndarray, tuple, list):
                value[place] = wrapped(part)
    return value


def read(array: CountingArray, index: Any = ...) -> None:
    """Notes that all of the array is read, or what `index` names of it."""
    tally = current()
    tally.touched += array.nbytes
    tally.read(array.masks(), index)


def wrote(array: CountingArray, index: Any = ...) -> None:
    """Notes that all of the array is written, or what `index` names of it."""
    tally = current()
    tally.touched += array.nbytes
    tally.wrote(array.masks(), index)


def counted_in(value: Any) -> Iterator[CountingArray]:
    """The counted arrays that `value` is, or holds in tuples, lists and dictionaries."""
    if isinstance(value, CountingArray):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from counted_in(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from counted_in(part)


def _is_element(index: Any, ndim: int) -> bool:
    """Whether the index names one element by whole numbers."""
    if type(index) is tuple:
        return len(index) == ndim and all(type(part) is int or isinstance(part, np.integer) for part in index)
    return ndim == 1 and (type(index) is int or isinstance(index, np.integer))


def _is_basic(index: Any) -> bool:
    if type(index) is tuple:
        return all(isinstance(part, _BASIC) for part in index)
    return isinstance(index, _BASIC)


def _read_indices(index: Any) -> None:
    for array in counted_in(index):
        read(array)
