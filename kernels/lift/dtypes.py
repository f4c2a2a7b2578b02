"""NumPy's dtype rules, and the casts that make Numba follow them.

Numba computes integers narrower than 64 bits in 64 bits and takes Python's numbers as float64 and int64. NumPy keeps
narrow dtypes, and Python's numbers adapt to the arrays that they meet (NEP 50).
"""
from __future__ import annotations

from typing import Any

import numpy as np

from . import syntax
from .errors import CannotLift
from .source import dtype_name
from .values import UNKNOWN, Value

BOOL, INT64, FLOAT64 = np.dtype(bool), np.dtype(np.int64), np.dtype(np.float64)
COMPLEX128 = np.dtype(np.complex128)
SUPPORTED = frozenset("?bhilqBHILQfdFD")
_PYTHON = {"i": int, "f": float, "c": complex}
_NATIVE = (BOOL, INT64, FLOAT64, COMPLEX128)


def spell(dtype: np.dtype) -> str:
    """`np.float32`."""
    if dtype.char not in SUPPORTED:
        raise CannotLift(f"dtype {dtype} is not one that Numba has")
    return f"np.{dtype_name(dtype)}"


def loop_dtypes(ufunc: np.ufunc, *operands: Value) -> tuple[np.dtype, ...]:
    """The dtypes in which NumPy's inner loop computes: one for each operand, then the result's."""
    all_weak = all(o.weak for o in operands)
    given: list[Any] = [o.dtype if all_weak or not o.weak else _PYTHON.get(o.dtype.kind, o.dtype) for o in operands]
    try:
        found = ufunc.resolve_dtypes((*given, *([None] * ufunc.nout)))
    except TypeError as error:
        raise CannotLift(f"np.{ufunc.__name__} does not take these dtypes") from error
    for dtype in found:
        spell(dtype)
    return found


def joined(*operands: Value) -> np.dtype:
    """The dtype that holds all operands, as np.result_type and np.where choose it."""
    given = [o.dtype.type(1).item() if o.weak else o.dtype for o in operands]
    dtype = np.result_type(*given)
    spell(dtype)
    return dtype


def either(*numbers: Value) -> np.dtype | None:
    """The dtype in which one of these numbers, whichever it is, stays the number that it is and computes as it did; None if there is none.

    Python's max(x, 0.0) gives its argument as it is: an integer may become a float, and a float32 nothing else.
    """
    if len({n.dtype for n in numbers}) == 1:
        return numbers[0].dtype
    if any(n.ndim or n.dtype.kind not in "iuf" for n in numbers):
        return None
    dtype = joined(*numbers)
    strong = [n.dtype for n in numbers if not n.weak and n.dtype != dtype]
    if dtype.kind != "f":
        return dtype if not strong else None
    if any(other.kind == "f" or dtype != FLOAT64 for other in strong):
        return None
    exact = all(n.constant is not UNKNOWN and dtype.type(n.constant) == n.constant for n in numbers if n.weak and n.dtype != dtype)
    return dtype if dtype == FLOAT64 or exact else None


def literal(value: Any, dtype: np.dtype) -> str:
    """The text of the number `value` in `dtype`."""
    with np.errstate(all="ignore"):
        converted = np.asarray(value).astype(dtype).item()
    if dtype in _NATIVE:
        return syntax.text(syntax.number(converted))
    exact = value if type(value) is float and dtype.kind == "f" else converted
    return f"{spell(dtype)}({syntax.text(syntax.number(exact))})"


def cast(text: str, value: Value, dtype: np.dtype) -> str:
    """`text`, an element of `value`, converted to exactly `dtype`."""
    if value.constant is not UNKNOWN and not (isinstance(value.constant, complex) and dtype.kind != "c"):
        return literal(value.constant, dtype)
    have = value.dtype
    if have == dtype:
        return text
    if have.kind == "c" and dtype.kind != "c":
        text = f"({text}).real"
    if dtype.kind == "b":
        return f"({text} != 0)"
    return f"{spell(dtype)}({text})"


def operand(text: str, value: Value, dtype: np.dtype, others: tuple[Value, ...]) -> str:
    """`text` as an operand of + - * / or a comparison that computes in `dtype`: cast only where Numba would differ."""
    have = value.dtype
    if value.constant is not UNKNOWN:
        if dtype.kind == "i" and have.kind == "i":
            return text
        return cast(text, value, dtype)
    if have == dtype or have.kind == "b" and dtype.kind == "b":
        return text
    promoted = any(o.dtype == dtype for o in others)
    if dtype == FLOAT64 and promoted and have.kind in "iuf":
        return text
    if dtype == COMPLEX128 and promoted and have == FLOAT64:
        return text
    if dtype.kind == "i" and have.kind == "i":
        return text
    return cast(text, value, dtype)


def settled(text: str, dtype: np.dtype) -> str:
    """`text`, which Numba may compute in 64 bits, brought back to a narrow integer dtype."""
    return f"{spell(dtype)}({text})" if dtype.kind in "iu" and dtype.itemsize < 8 else text


def stored_as(text: str, value: Value, dtype: np.dtype) -> str:
    """`text` as it may be assigned to an element of `dtype`."""
    have = value.dtype
    if value.constant is not UNKNOWN and dtype in _NATIVE:
        return cast(text, value, dtype)
    narrower = have.kind in "iu" and dtype.kind in "iu" and not np.can_cast(have, dtype)
    if have == dtype or (have.kind in "iuf" and dtype.kind in "fc") or (have.kind == dtype.kind and not narrower):
        return text
    return cast(text, value, dtype)
