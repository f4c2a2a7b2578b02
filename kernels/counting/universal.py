"""Universal functions of NumPy over counted arrays, by the number of elements they are applied to."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .arrays import CountingArray, bare, counted_in, read, wrapped, wrote
from .costs import Cost, cost, is_complex, power, precision_of, times
from .errors import NotCounted
from .tally import current

_POWERS = ("power", "float_power")


def apply(ufunc: np.ufunc, method: str, inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    """What the universal function gives; its operations and accesses are tallied. Raises NotCounted."""
    plain = [bare(value) for value in inputs]
    out = options.get("out")
    where = options.get("where", True)
    if method == "at":
        _read_and_write_at(inputs)
    result = getattr(ufunc, method)(*plain, **{name: bare(value) for name, value in options.items()})
    _tally(ufunc, method, plain, result, {**options, "where": bare(where)})
    index = ... if where is True else bare(where)
    for array in counted_in(tuple(inputs)):
        read(array, index if np.shape(index) == array.shape else ...)
    targets = [array for array in counted_in(out)]
    for array in targets:
        wrote(array, index if np.shape(index) == array.shape else ...)
    if out is not None and any(each is not None for each in (out if isinstance(out, tuple) else (out,))):
        return out[0] if isinstance(out, tuple) and len(out) == 1 else out
    current().touched += sum(part.nbytes for part in (result if isinstance(result, tuple) else (result,)) if isinstance(part, np.ndarray))
    return wrapped(result)


def scalar(ufunc: np.ufunc, inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    """The same for numbers that are no arrays."""
    result = ufunc(*inputs, **options)
    _tally(ufunc, "__call__", inputs, result, {})
    return wrapped(result)


def _tally(ufunc: np.ufunc, method: str, inputs: Sequence[Any], result: Any, options: Mapping[str, Any]) -> None:
    operands = list(inputs[:1] if method in ("reduce", "accumulate", "reduceat") else inputs[: ufunc.nin])
    if method == "at":
        operands = [inputs[0], *inputs[2:]]
    first = result[0] if isinstance(result, tuple) else result
    precision = _precision(operands, first)
    if precision is None:
        return
    complexes = [is_complex(_dtype(value)) for value in operands]
    if method in ("reduce", "accumulate", "reduceat"):
        complexes *= 2
    price = _price(ufunc, operands, tuple(complexes))
    current().count(precision, price, _elements(method, inputs, first, options))


def _price(ufunc: np.ufunc, operands: Sequence[Any], complexes: tuple[bool, ...]) -> Cost:
    if ufunc.signature is not None:
        return _product(ufunc, operands, complexes)
    if ufunc.__name__ in _POWERS and len(operands) == 2 and np.ndim(operands[1]) == 0:
        return power(operands[1], complexes[0])
    found = cost(ufunc.__name__, complexes)
    if found is None:
        raise NotCounted(f"what np.{ufunc.__name__} costs is not known")
    return found


def _product(ufunc: np.ufunc, operands: Sequence[Any], complexes: tuple[bool, ...]) -> Cost:
    """The price of one element of a matrix or vector product: as many products and additions as the summed axis is long."""
    if ufunc.__name__ not in ("matmul", "vecdot", "matvec", "vecmat"):
        raise NotCounted(f"what np.{ufunc.__name__} costs is not known")
    return contraction(np.shape(operands[0])[-2 if ufunc.__name__ == "vecmat" and np.ndim(operands[0]) > 1 else -1], complexes)


def contraction(length: int, complexes: tuple[bool, ...]) -> Cost:
    """The price of a sum of `length` products, begun at zero, as is the custom (2 n^3 for a product of matrices)."""
    products = cost("multiply", complexes) or {}
    sums = cost("add", (any(complexes),) * 2) or {}
    return {kind: length * (products.get(kind, 0) + sums.get(kind, 0)) for kind in {**products, **sums}}


def _elements(method: str, inputs: Sequence[Any], result: Any, options: Mapping[str, Any]) -> int:
    where = options.get("where", True)
    if method == "at":
        return int(np.size(inputs[0][inputs[1]]))
    if method in ("reduce", "reduceat"):
        given = np.shape(inputs[0])
        entered = int(np.count_nonzero(np.broadcast_to(where, given))) if where is not True else int(np.prod(given, dtype=np.int64))
        return max(0, entered - int(np.size(result)))
    if method == "accumulate":
        return int(np.size(result)) - _firsts(np.shape(result), options.get("axis", inputs[1] if len(inputs) > 1 else 0))
    if where is not True:
        return int(np.count_nonzero(np.broadcast_to(where, np.shape(result))))
    return int(np.size(result))


def _firsts(shape: tuple[int, ...], axis: int | None) -> int:
    """How many elements begin a running sum: those that stand first along its axis."""
    return int(np.prod(shape, dtype=np.int64)) // max(1, shape[axis or 0]) if shape else 0


def _precision(operands: Sequence[Any], result: Any) -> str | None:
    found = precision_of([_dtype(result)])
    if found is not None:
        return found
    if not any(_dtype(value).kind in "fc" for value in operands):
        return None
    # Python's numbers adapt to the arrays they meet.
    firm = [_dtype(value) for value in operands if not isinstance(value, float | complex) or isinstance(value, np.generic)]
    return precision_of(firm) or precision_of([_dtype(value) for value in operands])


def _dtype(value: Any) -> np.dtype:
    return value.dtype if hasattr(value, "dtype") else np.asarray(value).dtype


def _read_and_write_at(inputs: Sequence[Any]) -> None:
    """What ufunc.at does to the elements that it names."""
    target = inputs[0]
    if isinstance(target, CountingArray):
        index = bare(inputs[1])
        current().read(target.masks(), index, whole=False)
        current().wrote(target.masks(), index)


def tally_price(precision_dtypes: Sequence[np.dtype], price: Cost, elements: int = 1) -> None:
    """Notes a price that a formula gives; nothing where all dtypes are integers."""
    precision = precision_of(precision_dtypes)
    if precision is not None:
        current().count(precision, times(price, elements), 1)
