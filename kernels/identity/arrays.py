"""Array: NumPy's array with our numbers in place of floats.

Arrays of floats and complex numbers hold Numbers and Pairs as Python objects, so that views, slices, masks and aliasing
are NumPy's own; arrays of integers and booleans hold what NumPy's do. `dtype` says what the kernel believes to see.
Whatever NumPy would do with them comes here first, and what is not known here leaves the fragment.
"""
from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .constants import leaked, to_float32, to_float64
from .draw import current
from .errors import Unsupported
from .functions import number
from .number import Number, exact
from .pair import Pair, paired

_OBJECT = np.dtype(object)
_FLOAT, _COMPLEX = np.dtype(np.float64), np.dtype(np.complex128)
_WRITTEN = (Number, Pair, type(None))
_own_dtype: Callable[[Any], np.dtype] = np.ndarray.dtype.__get__  # type: ignore[attr-defined]


class Array(np.ndarray):
    """nominal: the float or complex dtype of an array that holds numbers of ours."""

    nominal: np.dtype

    def __array_finalize__(self, source: Any) -> None:
        self.nominal = getattr(source, "nominal", _FLOAT)

    @property
    def dtype(self) -> np.dtype:  # type: ignore[override]
        own = _own_dtype(self)
        return self.nominal if own == _OBJECT else own

    @property
    def itemsize(self) -> int:  # type: ignore[override]
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:  # type: ignore[override]
        return self.dtype.itemsize * self.size

    @property
    def strides(self) -> Any:  # type: ignore[override]
        raise Unsupported("strides")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        from .elementwise import apply

        return apply(ufunc, method, inputs, options)

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        from .table import known

        return known(function)(*arguments, **options)

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(_plain_index(index))
        if isinstance(found, np.ndarray):
            current().charge(found.size)
            return found
        if current().compiled and isinstance(found, np.integer) and not isinstance(found, np.uint64):
            return int(found)  # compiled code computes with integers of 64 bits
        return found

    def __setitem__(self, index: Any, value: Any) -> None:
        if holds_numbers(self):
            value = _stored(value, self.nominal)
        elif isinstance(value, Pair):
            raise Unsupported("a complex number stored as an integer")
        else:
            value = bare(value)
        current().charge(np.size(value))
        super().__setitem__(_plain_index(index), value)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __contains__(self, value: Any) -> bool:
        return any(each == value for each in self.flat)

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def astype(self, dtype: Any, *_: Any, **__: Any) -> Any:  # type: ignore[override]
        return converted(self, dtype)

    def view(self, *arguments: Any, **options: Any) -> Any:
        if arguments == (np.ndarray,) and not options:
            return super().view(np.ndarray)
        raise Unsupported("the bytes of an array as another type (view)")

    def copy(self, order: Any = "C") -> Any:
        current().charge(self.size)
        return super().copy(order if isinstance(order, str) else "C")

    def fill(self, value: Any) -> None:
        self[...] = value

    def item(self, *index: Any) -> Any:
        found = bare(self).item(*index)
        return found if isinstance(found, Number | Pair | int | bool) else number(found)

    @property
    def real(self) -> Any:  # type: ignore[override]
        return _part(self, "real")

    @real.setter
    def real(self, value: Any) -> None:
        raise Unsupported("writing to the real part of an array")

    @property
    def imag(self) -> Any:  # type: ignore[override]
        return _part(self, "imag")

    @imag.setter
    def imag(self, value: Any) -> None:
        raise Unsupported("writing to the imaginary part of an array")

    def __reduce__(self) -> Any:
        raise Unsupported("pickling")


def _refused(name: str) -> Callable[..., Any]:
    def call(self: Any, *_: Any, **__: Any) -> Any:
        raise Unsupported(f"the array method {name}")

    return call


for _name in ("tobytes", "tofile", "dump", "dumps", "byteswap", "setflags", "getfield", "setfield", "newbyteorder", "partition",
              "argpartition", "choose", "resize"):
    setattr(Array, _name, _refused(_name))


def method(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of NumPy's as the array method of its name."""

    def call(self: Array, *arguments: Any, **options: Any) -> Any:
        return function(self, *arguments, **options)

    return call


def holds_numbers(value: Any) -> bool:
    """Whether an array's elements are numbers of ours."""
    return isinstance(value, np.ndarray) and _own_dtype(value) == _OBJECT


def bare(value: Any) -> Any:
    """NumPy's own view of an array of ours; anything else as it is."""
    return value.view(np.ndarray) if isinstance(value, Array) else value


def wrapped(value: Any, nominal: Any = None) -> Any:
    """An array of ours over NumPy's. Its floats, if it has any, enter as what they are."""
    if not isinstance(value, np.ndarray):
        return value
    if value.dtype.kind not in "biufcO":
        raise Unsupported(f"an array of dtype {value.dtype}")
    if _own_dtype(value).kind in "fc":
        nominal = nominal or value.dtype
        value = _ELEMENT(value.astype(object))
        value = value if isinstance(value, np.ndarray) else as_object(value)
    elif _own_dtype(value) == _OBJECT and not all(type(element) in _WRITTEN for element in value.flat):
        value = as_object(_ELEMENT(value))
    made = value.view(Array)
    if nominal is not None and np.dtype(nominal).kind in "fc":
        made.nominal = np.dtype(nominal)
    return made


def as_object(value: Any) -> np.ndarray:
    """An object array; a single element becomes one without dimensions."""
    if isinstance(value, np.ndarray):
        return value
    made = np.empty((), object)
    made[()] = value
    return made


def numbers(value: Any) -> np.ndarray:
    """Anything array-like as NumPy's array of numbers of ours. Raises Unsupported."""
    value = bare(value)
    if not isinstance(value, np.ndarray):
        if not isinstance(value, list | tuple):
            return as_object(number(value))
        value = nested(value)
    if _own_dtype(value) != _OBJECT:
        if value.dtype.kind not in "biufc":
            raise Unsupported(f"an array of dtype {value.dtype}")
        return as_object(_ELEMENT(value.astype(object))) if value.size else value.astype(object)
    if all(type(element) in _WRITTEN for element in value.flat):
        return value
    return as_object(_ELEMENT(value))


def nested(value: Any) -> np.ndarray:
    """A list of lists as NumPy's array: of integers where there are only integers, else of numbers of ours."""
    if _integral_leaves(value):
        return np.array(_bare_leaves(value))
    try:
        made = np.array(_bare_leaves(value), dtype=object)
    except ValueError:
        raise Unsupported("an array of rows of different lengths") from None
    return as_object(_ELEMENT(made)) if made.size else made


def integral(value: Any) -> bool:
    """Whether it is made of integers or booleans only."""
    if isinstance(value, np.ndarray):
        return _own_dtype(value).kind in "biu"
    if isinstance(value, list | tuple):
        return _integral_leaves(value)
    return isinstance(value, int | np.integer | np.bool_)


def nominal_of(value: Any) -> Any:
    """The dtype that NumPy's promotion sees: a dtype, or `int`, `float`, `complex` for numbers that adapt."""
    if isinstance(value, Array):
        return value.dtype
    if isinstance(value, np.ndarray):
        return _FLOAT if value.dtype == _OBJECT else value.dtype
    if isinstance(value, np.generic):
        return value.dtype
    if isinstance(value, list | tuple):
        return np.dtype(np.int64) if integral(value) else _FLOAT
    if isinstance(value, Pair | complex):
        return complex
    return int if type(value) is int else float


def result_dtype(*values: Any) -> np.dtype:
    """The float or complex dtype that results of these have."""
    kinds = [nominal_of(value) for value in values]
    weak = {int: 0, float: 0.0, complex: 0j}
    found = np.result_type(*(weak[kind] if isinstance(kind, type) and kind in weak else kind for kind in kinds))
    return found if found.kind in "fc" else _FLOAT


def converted(value: Any, dtype: Any) -> Any:
    """A new array of another dtype."""
    dtype = np.dtype(dtype)
    current().charge(np.size(value))
    if dtype.kind in "biu":
        source = bare(value)
        if not holds_numbers(source):
            return np.asarray(source).astype(dtype).view(Array)
        made = np.empty(source.shape, dtype)
        made[...] = _TO_BOOL(source) if dtype.kind == "b" else _wrapped_integers(_TO_INT(source), dtype)
        return made.view(Array)
    if dtype.kind not in "fc" or dtype.itemsize == 2:
        raise Unsupported(f"conversion to {dtype}")
    source = numbers(value)
    made = np.empty(source.shape, object)
    made[...] = _CONVERSION[dtype.name](source) if source.size else source
    return wrapped(made, dtype)


def _wrapped_integers(values: Any, dtype: np.dtype) -> Any:
    bits = 8 * dtype.itemsize
    return np.frompyfunc(lambda value: (value + (1 << bits - 1)) % (1 << bits) - (1 << bits - 1) if dtype.kind == "i"
                         else value % (1 << bits), 1, 1)(values)


def to_integer(value: Any) -> int:
    """A number cut to an integer, as a conversion does; infinities and nan give the lowest one."""
    try:
        return int(value)
    except ValueError:
        return -(2**63)


def _stored(value: Any, nominal: np.dtype) -> Any:
    """`value` as it is stored into an array of this dtype."""
    if value is None:
        raise Unsupported("an element that nothing has written")
    if not isinstance(value, np.ndarray | list | tuple):
        return _CONVERSION[nominal.name].function(value)
    source = numbers(value)
    return _CONVERSION[nominal.name](source) if source.size else source


class _Conversion:
    """To a dtype, for one element or for arrays of them."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function
        self._ufunc = np.frompyfunc(lambda value: value if value is None else function(value), 1, 1)

    def __call__(self, values: np.ndarray) -> np.ndarray:
        return as_object(self._ufunc(values))


def _real_only(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def call(value: Any) -> Any:
        found = number(value)
        if type(found) is Pair:
            raise Unsupported("a complex number stored as a real one")
        return convert(found)

    return call


def _complex_too(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: convert(paired(number(value)))


_CONVERSION = {
    "float32": _Conversion(_real_only(to_float32)), "float64": _Conversion(_real_only(to_float64)),
    "complex64": _Conversion(_complex_too(to_float32)), "complex128": _Conversion(_complex_too(to_float64)),
}


def _element(value: Any) -> Any:
    if type(value) in _WRITTEN:
        return value
    if isinstance(value, int):
        return exact(int(value))
    if isinstance(value, float):
        return leaked(value)
    if isinstance(value, complex):
        return Pair(leaked(value.real), leaked(value.imag))
    return number(value)


_ELEMENT = np.frompyfunc(_element, 1, 1)
_TO_INT = np.frompyfunc(to_integer, 1, 1)
_TO_BOOL = np.frompyfunc(bool, 1, 1)


def _part(array: Array, name: str) -> Any:
    if not holds_numbers(array):
        return array if name == "real" else np.zeros(array.shape, array.dtype).view(Array)
    if array.nominal.kind == "f" and name == "real":
        return array
    narrow = np.dtype(np.float32 if array.nominal == np.complex64 else np.float64)
    return wrapped(as_object(np.frompyfunc(operator.attrgetter(name), 1, 1)(bare(array))), narrow)


def _plain_index(index: Any) -> Any:
    if type(index) is tuple:
        return tuple(bare(part) for part in index)
    return bare(index)


def _integral_leaves(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return bool(value) and all(_integral_leaves(part) for part in value)
    return integral(value)


def _bare_leaves(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_bare_leaves(part) for part in value]
    return bare(value)
