"""NumPy's products of vectors and matrices, and what is made of them."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from . import choices, functions
from .arrays import Array, as_object, bare, integral, method, numbers, result_dtype, wrapped
from .draw import current
from .elementwise import apply, delivered, written
from .errors import Unsupported
from .number import ZERO


def _contraction(function: Callable[..., Any], conjugates: bool = False) -> Callable[..., Any]:
    """One that NumPy carries out over objects by additions and multiplications."""

    def call(*arguments: Any, out: Any = None, **options: Any) -> Any:
        if options.get("optimize") not in (None, False, True, "greedy", "optimal"):
            raise Unsupported("np.einsum with a path")
        operands = [a for a in arguments if not isinstance(a, str) and not _is_axes(a)]
        if all(integral(value) for value in operands):
            return delivered(wrapped(function(*(bare(value) for value in arguments), **options)), out)
        made = [value if isinstance(value, str) or _is_axes(value) else numbers(value) for value in arguments]
        sources = [value for value in made if isinstance(value, np.ndarray)]
        written(*sources)
        current().charge(sum(source.size for source in sources))
        if conjugates:
            sources[0] = as_object(np.frompyfunc(choices.conjugate, 1, 1)(sources[0]))
            made[0] = sources[0]
        found = function(*made, **options)
        if not isinstance(found, np.ndarray) or not found.ndim:
            element = found[()] if isinstance(found, np.ndarray) else found
            return delivered(functions.number(element), out)
        return delivered(wrapped(found, result_dtype(*operands)), out)

    return call


def _is_axes(value: Any) -> bool:
    """A list of subscripts in np.einsum's other form is not supported, and axes come by name."""
    return value is None or isinstance(value, bool)


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """np.tensordot"""
    return _contraction(lambda x, y: np.tensordot(x, y, axes))(a, b)


def outer(a: Any, b: Any, out: Any = None) -> Any:
    """np.outer"""
    one, other = _flat(a), _flat(b)
    return delivered(apply(np.multiply, "__call__", (one.reshape(-1, 1), other.reshape(1, -1)), {}), out)


def _flat(value: Any) -> Any:
    from .allocation import asarray

    return asarray(value).reshape(-1)


def kron(a: Any, b: Any) -> Any:
    """np.kron of arrays with equally many dimensions."""
    one, other = numbers(a), numbers(b)
    if one.ndim != other.ndim:
        raise Unsupported("np.kron of different ranks")
    made = np.multiply.outer(one, other)
    axes = [axis for pair in zip(range(one.ndim), range(one.ndim, 2 * one.ndim)) for axis in pair]
    return wrapped(made.transpose(axes).reshape([m * n for m, n in zip(one.shape, other.shape)]), result_dtype(a, b))


def cross(a: Any, b: Any, axis: int = -1, **options: Any) -> Any:
    """np.cross of three-dimensional vectors."""
    one, other = numbers(a), numbers(b)
    if options or one.shape[axis] != 3 or other.shape[axis] != 3:
        raise Unsupported("np.cross but along one axis of length 3")
    x, y = np.moveaxis(one, axis, 0), np.moveaxis(other, axis, 0)
    parts = [x[(i + 1) % 3] * y[(i + 2) % 3] - x[(i + 2) % 3] * y[(i + 1) % 3] for i in range(3)]
    return wrapped(np.stack([as_object(part) for part in parts], axis), result_dtype(a, b))


def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: Any = None) -> Any:
    """np.trace"""
    if integral(a):
        return wrapped(np.trace(bare(a), offset, axis1, axis2))
    return wrapped(np.diagonal(bare(a), offset, axis1, axis2)).sum(axis=-1)


def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    """np.convolve"""
    if integral(a) and integral(v):
        return wrapped(np.convolve(bare(a), bare(v), mode))
    one, other = list(numbers(a)), list(numbers(v))
    if len(one) < len(other):
        one, other = other, one
    full = [ZERO] * (len(one) + len(other) - 1)
    for i, x in enumerate(one):
        for j, y in enumerate(other):
            full[i + j] = full[i + j] + x * y
    current().charge(len(one) * len(other))
    first = {"full": 0, "same": (len(other) - 1) // 2, "valid": len(other) - 1}[mode]
    count = {"full": len(full), "same": len(one), "valid": len(one) - len(other) + 1}[mode]
    made = np.empty(count, object)
    made[:] = full[first : first + count]
    return wrapped(made, result_dtype(a, v))


def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    """np.correlate of real arrays, the second no longer than the first."""
    if len(a) < len(v) or result_dtype(a, v).kind == "c":
        raise Unsupported("np.correlate with a longer second or complex array")
    if mode == "same":
        raise Unsupported("np.correlate with mode same")
    return convolve(a, v[::-1], mode)


def polyval(p: Any, x: Any) -> Any:
    """np.polyval"""
    found: Any = ZERO
    for coefficient in numbers(p):
        found = found * x + coefficient
    return found


def matrix_power(a: Any, n: int) -> Any:
    """np.linalg.matrix_power for positive powers."""
    if n < 1:
        raise Unsupported("np.linalg.matrix_power with a power below 1")
    found = a
    for _ in range(n - 1):
        found = found @ a
    return found


def multi_dot(arrays: Any) -> Any:
    """np.linalg.multi_dot"""
    found = arrays[0]
    for each in arrays[1:]:
        found = TABLE["dot"](found, each)
    return found


TABLE: Mapping[str, Callable[..., Any]] = {
    "dot": _contraction(np.dot), "vdot": _contraction(lambda x, y: np.dot(np.ravel(x), np.ravel(y)), conjugates=True),
    "inner": _contraction(np.inner), "einsum": _contraction(np.einsum), "tensordot": tensordot, "outer": outer, "kron": kron,
    "cross": cross, "linalg.cross": cross, "trace": trace, "linalg.trace": trace, "linalg.outer": outer, "convolve": convolve,
    "correlate": correlate, "polyval": polyval, "linalg.matrix_power": matrix_power, "linalg.multi_dot": multi_dot,
}
for _name in ("dot", "trace"):
    setattr(Array, _name, method(TABLE[_name]))
