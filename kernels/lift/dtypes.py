"""NumPy's dtype rules, and the casts that make Numba follow them.

Numba computes integers narrower than 64 bits in 64 bits, takes Python numbers as float64 and int64, and joins int64 and
uint64 to float64. NumPy keeps narrow dtypes, and its Python numbers adapt (NEP 50).
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import syntax
from .errors import CannotLift
from .source import dtype_name
from .values import UNKNOWN, Array, Operand, Scalar

BOOL, INT64, UINT64 = np.dtype(bool), np.dtype(np.int64), np.dtype(np.uint64)
FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
COMPLEX64, COMPLEX128 = np.dtype(np.complex64), np.dtype(np.complex128)
SUPPORTED = frozenset("?bhilqBHILQfdFD")
PYTHON = {"i": int, "f": float, "c": complex}


def check_supported(dtype: np.dtype) -> np.dtype:
    if dtype.char not in SUPPORTED:
        raise CannotLift(f"dtype {dtype} is not one that Numba has")
    return dtype


def loop_dtypes(ufunc: np.ufunc, operands: list[Operand]) -> tuple[np.dtype, ...]:
    """Dtypes of the inner loop that NumPy chooses for these operands: one for each input, then the output's."""
    given: list[Any] = [PYTHON.get(o.dtype.kind, o.dtype) if isinstance(o, Scalar) and o.weak else o.dtype for o in operands]
    if all(isinstance(o, Scalar) and o.weak for o in operands):
        given = [o.dtype for o in operands]
    try:
        found = ufunc.resolve_dtypes((*given, *([None] * ufunc.nout)))
    except TypeError as error:
        raise CannotLift(f"np.{ufunc.__name__} does not take these dtypes") from error
    for dtype in found:
        check_supported(dtype)
    return found


def example(operand: Operand) -> Any:
    """A tiny stand-in of an operand for NumPy to compute a dtype from."""
    if isinstance(operand, Array):
        return np.ones((1,) * max(operand.ndim, 1), operand.dtype)
    if operand.weak:
        return {"b": True, "i": 1, "f": 1.0, "c": 1j}[operand.dtype.kind]
    return operand.dtype.type(1)


def result_dtype(function: Callable[..., Any], *operands: Operand, **keywords: Any) -> np.dtype:
    """Dtype that a NumPy function returns for such operands, found by calling it on stand-ins."""
    with np.errstate(all="ignore"):
        result = function(*[example(o) for o in operands], **keywords)
    return check_supported(np.asarray(result).dtype)


def joined_dtype(operands: list[Operand]) -> np.dtype:
    """Dtype of an array that holds all operands."""
    return check_supported(np.result_type(*[example(o) for o in operands]))


def narrow(dtype: np.dtype) -> bool:
    return dtype.kind in "iu" and dtype.itemsize < 8


def settle(scalar: Scalar) -> Scalar:
    """The scalar with its high bits dropped, where Numba holds more than its dtype."""
    if not scalar.wide:
        return scalar
    node = syntax.numpy_call(scalar.dtype.name, scalar.node)
    return Scalar(node, scalar.dtype, scalar.weak, False, scalar.value, scalar.cost)


def typed_number(value: Any, dtype: np.dtype) -> Scalar:
    """The constant `value` in `dtype`."""
    with np.errstate(all="ignore"):
        converted = np.asarray(value).astype(dtype)[()]
    plain = converted.item()
    node = syntax.number(plain)
    if dtype not in (BOOL, INT64, FLOAT64, COMPLEX128):
        node = syntax.numpy_call(dtype_name(dtype), syntax.number(value if dtype.kind == "f" and type(value) is float else plain))
    return Scalar(node, dtype, value=plain)


def cast(scalar: Scalar, dtype: np.dtype) -> Scalar:
    """The scalar converted to exactly `dtype`, as NumPy's unsafe casting does."""
    have = scalar.dtype
    if have == dtype and not scalar.wide:
        return Scalar(scalar.node, dtype, False, False, scalar.value, scalar.cost)
    if scalar.value is not UNKNOWN and not isinstance(scalar.node, syntax.ast.Name):
        if isinstance(scalar.value, complex) and dtype.kind != "c":
            return typed_number(scalar.value.real, dtype)
        return typed_number(scalar.value, dtype)
    node = scalar.node
    if have.kind == "c" and dtype.kind != "c":
        node = syntax.attribute(node, "real")
        if dtype == (FLOAT32 if have == COMPLEX64 else FLOAT64):
            return Scalar(node, dtype, cost=scalar.cost)
    if dtype.kind == "b":
        scalar = settle(scalar)
        node = syntax.compare(scalar.node, "!=", syntax.number(0))
        return Scalar(node, dtype, cost=scalar.cost + 1)
    if scalar.wide and dtype.itemsize > have.itemsize:
        node = settle(scalar).node
    value = scalar.value
    return Scalar(syntax.numpy_call(dtype_name(dtype), node), dtype, value=value, cost=scalar.cost + (0 if value is not UNKNOWN else 1))


def operand_for(scalar: Scalar, dtype: np.dtype, ring: bool = False) -> Scalar:
    """The scalar as an operand of an operator that computes in `dtype`; casts only where Numba would differ.

    ring: the operator's low bits depend on low bits only (+, -, *, &, |, ^), so that high bits need not be dropped.
    """
    have = scalar.dtype
    if scalar.value is not UNKNOWN:
        if dtype in (FLOAT64, INT64, COMPLEX128) and isinstance(scalar.node, syntax.ast.Name) and have.kind in "if":
            return scalar
        return cast(scalar, dtype) if have != dtype or scalar.weak else scalar
    if have == dtype:
        return scalar if ring else settle(scalar)
    if dtype.kind == "i" and have.kind == "i" and have.itemsize < dtype.itemsize:
        return settle(scalar)
    if dtype.kind == "u" and have.kind == "u" and have.itemsize < dtype.itemsize:
        return settle(scalar)
    if dtype.kind == "i" and scalar.weak and have.kind == "i" and ring:
        # Python's integers are int64 here, and an int64 operand keeps the low bits right.
        return Scalar(scalar.node, dtype, wide=True, cost=scalar.cost)
    if dtype == FLOAT64 and (have == FLOAT32 or have.kind in "iu"):
        return settle(scalar)
    if dtype == COMPLEX128 and have in (FLOAT64, FLOAT32) or dtype == COMPLEX64 and have == FLOAT32:
        return scalar
    return cast(scalar, dtype)


def compatible_store(scalar: Scalar, dtype: np.dtype) -> Scalar:
    """The scalar as it may be assigned to an element of `dtype`; NumPy's casting where Numba's differs."""
    have = scalar.dtype
    if have == dtype:
        return Scalar(scalar.node, dtype, value=scalar.value, cost=scalar.cost)
    if scalar.value is not UNKNOWN and not isinstance(scalar.node, syntax.ast.Name):
        return typed_number(scalar.value.real if isinstance(scalar.value, complex) and dtype.kind != "c" else scalar.value, dtype)
    if dtype.kind in "fc" and have.kind in "iuf":
        return settle(scalar)
    if dtype.kind == "c" and have.kind == "c":
        return scalar
    if dtype.kind in "iu" and have.kind in "iu":
        return settle(scalar) if dtype.itemsize > have.itemsize else scalar
    return cast(scalar, dtype)
