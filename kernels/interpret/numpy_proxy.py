"""The `np` that an interpreted kernel sees: NumPy's functions over logged arrays, and allocators that give such arrays."""
from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..dialect import NUMPY_ALLOWED
from .arrays import LoggedArray, apply, fresh, take
from .memory import Log

MAX_ELEMENTS = 2**26
"""Of one allocation: the inputs are small, and so are a kernel's arrays over them."""
_SHAPE_ONLY = {"shape", "size", "ndim"}


def proxy(log: Log) -> types.SimpleNamespace:
    """A namespace with everything that the dialect allows of NumPy."""
    names: dict[str, Any] = {}
    nested: dict[str, dict[str, Any]] = {}
    special = _special(log)
    for dotted in NUMPY_ALLOWED:
        module, _, name = dotted.rpartition(".")
        real: Any = np
        for part in dotted.split("."):
            real = getattr(real, part, None)
        if dotted in special:
            real = special[dotted]
        elif real is not None and callable(real) and not isinstance(real, type):
            real = _logged(log, real, reads=name not in _SHAPE_ONLY)
        (nested.setdefault(module, {}) if module else names)[name] = real
    return types.SimpleNamespace(**names, **{module: types.SimpleNamespace(**inner) for module, inner in nested.items()})


def _logged(log: Log, function: Callable[..., Any], reads: bool) -> Callable[..., Any]:
    def call(*arguments: Any, **options: Any) -> Any:
        if not reads:
            return function(*(a.data if isinstance(a, LoggedArray) else a for a in arguments))
        return apply(log, function, arguments, options)

    return call


def _special(log: Log) -> dict[str, Callable[..., Any]]:
    def made(function: Callable[..., np.ndarray], unwritten: bool = False) -> Callable[..., LoggedArray]:
        def call(*arguments: Any, **options: Any) -> LoggedArray:
            shape = arguments[0] if arguments else options.get("shape", 0)
            extents = shape if isinstance(shape, tuple) else (shape,)
            count = 1
            for extent in extents:
                count *= max(0, int(extent))
            if count > MAX_ELEMENTS:
                raise MemoryError(f"an array of {count:,} elements for inputs this small")
            log.charge(count)
            return fresh(log, function(*arguments, **options), unwritten=unwritten)

        return call

    def like(function: Callable[..., np.ndarray], unwritten: bool = False) -> Callable[..., LoggedArray]:
        def call(array: Any, *arguments: Any, **options: Any) -> LoggedArray:
            bare = array.data if isinstance(array, LoggedArray) else array
            log.charge(np.size(bare))
            return fresh(log, function(bare, *arguments, **options), unwritten=unwritten)

        return call

    def ndenumerate(array: LoggedArray) -> Iterator[tuple[tuple[int, ...], Any]]:
        for index in np.ndindex(array.shape):
            log.tick()
            yield index, array[index]

    def fill_diagonal(array: LoggedArray, value: Any) -> None:
        for i in range(min(array.shape)):
            array[(i,) * array.ndim] = value

    def arange(*arguments: Any, **options: Any) -> LoggedArray:
        bounds = [a for a in arguments[:3] if isinstance(a, int | float | np.number)]
        start, stop, step = (0, bounds[0], 1) if len(bounds) == 1 else (*bounds, 1)[:3] if len(bounds) > 1 else (0, 0, 1)
        if step and abs((stop - start) / step) > MAX_ELEMENTS:
            raise MemoryError(f"np.arange up to {stop:,} for inputs this small")
        return fresh(log, np.arange(*arguments, **options))

    return {
        # Its content is arbitrary; zeros make a run repeatable, and reading it is reported in any case.
        "empty": made(np.zeros, unwritten=True), "zeros": made(np.zeros), "ones": made(np.ones), "full": made(np.full),
        "eye": made(np.eye), "identity": made(np.identity),
        "empty_like": like(np.zeros_like, unwritten=True), "zeros_like": like(np.zeros_like),
        "ones_like": like(np.ones_like), "full_like": like(np.full_like),
        "arange": arange, "ndindex": np.ndindex, "ndenumerate": ndenumerate, "fill_diagonal": fill_diagonal,
        "take": lambda array, indices, axis=None: take(log, array, indices, axis),
        "finfo": np.finfo, "iinfo": np.iinfo,
    }
