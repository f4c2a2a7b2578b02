"""NumPy's functions that only move elements: NumPy itself carries them out, over whatever the elements are."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .arrays import Array, bare, holds_numbers, nested, numbers, result_dtype, wrapped
from .draw import current

_VIEWS_AND_COPIES = (
    "reshape ravel transpose permute_dims swapaxes moveaxis rollaxis expand_dims squeeze broadcast_to broadcast_arrays atleast_1d "
    "atleast_2d atleast_3d concatenate concat stack vstack hstack dstack column_stack repeat tile roll flip fliplr flipud rot90 diag "
    "diagonal diagflat take take_along_axis compress extract delete split array_split hsplit vsplit dsplit ix_ meshgrid "
    "block resize append insert unstack matrix_transpose lib.stride_tricks.sliding_window_view pad tril triu"
).split()
_INDICES_ONLY = (
    "unravel_index ravel_multi_index indices tril_indices triu_indices tril_indices_from triu_indices_from diag_indices "
    "diag_indices_from ndindex broadcast_shapes mask_indices"
).split()
_SHAPES = "shape ndim size".split()


def moved(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` of NumPy over arrays of ours; what comes back are views where NumPy gives views."""

    def call(*arguments: Any, **options: Any) -> Any:
        arrays = list(_arrays((arguments, options)))
        current().charge(sum(array.size for array in arrays))
        with_numbers = any(holds_numbers(array) for array in arrays)
        nominal = result_dtype(*arrays) if with_numbers and arrays else None
        return _wrapped(function(*map(_bare, arguments), **{key: _bare(value) for key, value in options.items()}), nominal)

    return call


def _arrays(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _arrays(part)
    elif isinstance(value, dict):
        yield from _arrays(tuple(value.values()))


def _bare(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return bare(value)
    if isinstance(value, list | tuple):
        parts = [_bare(part) for part in value]
        if parts and any(holds_numbers(part) for part in parts if isinstance(part, np.ndarray)):
            parts = [numbers(part) if isinstance(part, np.ndarray) else part for part in parts]
        return type(value)(parts)
    return value


def _wrapped(value: Any, nominal: Any) -> Any:
    if isinstance(value, np.ndarray):
        return wrapped(value, nominal)
    if isinstance(value, tuple | list):
        return type(value)([_wrapped(part, nominal) for part in value])
    return value


def _of_list(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same for an array-like first argument: a list is made an array first, so that no float slips in."""
    call = moved(function)

    def with_list(first: Any, *arguments: Any, **options: Any) -> Any:
        if isinstance(first, list) and not any(isinstance(part, np.ndarray) for part in first):
            first = wrapped(nested(first))
        return call(first, *arguments, **options)

    return with_list


def _real(name: str) -> Callable[..., Any] | None:
    found: Any = np
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any, **options: Any) -> Any:
        found = function(*(bare(argument) for argument in arguments), **options)
        if isinstance(found, tuple) and found and isinstance(found[0], np.ndarray):
            return tuple(part.view(Array) for part in found)
        return found.view(Array) if isinstance(found, np.ndarray) else found

    return call


TABLE: Mapping[str, Callable[..., Any]] = {
    **{name: _of_list(_real(name)) for name in _VIEWS_AND_COPIES if _real(name)},
    **{name: _plain(_real(name)) for name in (*_INDICES_ONLY, *_SHAPES) if _real(name)},
}
