"""Arithmetics over which the reference's text is executed: the machine's own, and one of wider floats.

A wide arithmetic replaces every float type that the text names by the wider one, so that nothing on the way is rounded
back: allocations, conversions, constructors, and what NumPy makes of integers. What NumPy only does in double precision
is noticed by its result's type and refused.
"""
from __future__ import annotations

import builtins
import math
from time import monotonic
from typing import Any

import numpy as np

from .scalars import in_long_double
from .sums import OtherOrder, matmul, summed
from .text import Unrepeatable

_FLOAT_NAMES = {"f", "d", "f4", "f8", "<f4", "<f8", "float", "single", "double", "float32", "float64"}
_COMPLEX_NAMES = {"F", "D", "c8", "c16", "<c8", "<c16", "complex", "csingle", "cdouble", "complex64", "complex128"}
_SCALAR_TYPES = {np.float32, np.float64, np.complex64, np.complex128, float, complex}
_MAKERS = {np.array, np.asarray, np.full}
_ALLOCATORS = {np.zeros, np.ones, np.empty, np.eye, np.identity, np.linspace, np.logspace, np.geomspace, np.tri}
_BITS = {"nextafter", "spacing", "frombuffer", "tobytes", "view"}
_NO_SUMS = set(
    "zeros ones empty full zeros_like ones_like empty_like full_like eye identity arange linspace array asarray "
    "ascontiguousarray asfortranarray copy astype reshape ravel flatten transpose swapaxes moveaxis rollaxis squeeze "
    "expand_dims atleast_1d atleast_2d atleast_3d broadcast_to broadcast_arrays concatenate stack vstack hstack dstack "
    "column_stack split array_split hsplit vsplit repeat tile roll rot90 flip fliplr flipud pad take put choose where "
    "select sort argsort partition argpartition argmax argmin nanargmax nanargmin max min amax amin nanmax nanmin ptp clip "
    "round around fix nan_to_num diff ediff1d cumsum cumprod nonzero flatnonzero argwhere count_nonzero any all unique "
    "searchsorted digitize meshgrid indices ix_ outer tril triu tril_indices triu_indices diag diagonal diagflat bincount "
    "isclose allclose array_equal shape size ndim item tolist fill real imag conj conjugate angle abs compress extract "
    "resize insert delete append ndindex ndenumerate nditer errstate dtype finfo iinfo result_type promote_types can_cast "
    "issubdtype isscalar iscomplexobj isrealobj put_along_axis take_along_axis add_at copyto at outer accumulate sinc".split())
"""Functions of NumPy that add up no floats, or one after the other."""


class Native:
    """The machine's numbers. sequential: sums are taken term by term.

    opaque: the functions met that may add in an order that is not known here. end: on the monotonic clock.
    """

    def __init__(self, end: float, sequential: bool = False) -> None:
        self._end = end
        self._sequential = sequential
        self.opaque: set[str] = set()

    def value(self, value: Any) -> Any:
        return value

    def call(self, function: Any, /, *arguments: Any, **options: Any) -> Any:
        self.tick()
        if not self._sequential:
            return function(*arguments, **options)
        try:
            return summed(function, arguments, options, self.tick)
        except OtherOrder:
            pass
        name = getattr(function, "__name__", "")
        if _is_numpy(function) and name not in _NO_SUMS and not isinstance(function, np.ufunc | type):
            self.opaque.add(name)
        return function(*arguments, **options)

    def literal_call(self, function: Any, /, *arguments: Any, **options: Any) -> Any:
        return self.call(function, *arguments, **options)

    def divide(self, a: Any, b: Any) -> Any:
        return a / b

    def power(self, a: Any, b: Any) -> Any:
        return a**b

    def matmul(self, a: Any, b: Any) -> Any:
        self.tick()
        if self._sequential:
            try:
                return matmul(self.tick, a, b)
            except OtherOrder:
                self.opaque.add("matmul")
        return a @ b

    def tick(self) -> None:
        if monotonic() > self._end:
            raise Unrepeatable("it takes too long")


class Wide(Native):
    """Floats of type `real`, np.float64 or np.longdouble, and the complex numbers of two such."""

    def __init__(self, real: type[np.floating], end: float, sequential: bool = False) -> None:
        super().__init__(end, sequential)
        self._real = real
        self._complex: type[np.complexfloating] = np.complex128 if real is np.float64 else np.clongdouble

    def value(self, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return value.astype(self._complex if value.dtype.kind == "c" else self._real) if value.dtype.kind in "fc" else value
        if isinstance(value, bool | int | np.integer | np.bool_):
            return value
        if isinstance(value, float | np.floating):
            return self._real(value)
        if isinstance(value, complex | np.complexfloating):
            return self._complex(value)
        if type(value) in (list, tuple):
            return type(value)(self.value(part) for part in value)
        if type(value) is dict:
            return {key: self.value(part) for key, part in value.items()}
        return value

    def call(self, function: Any, /, *arguments: Any, **options: Any) -> Any:
        self.tick()
        special = self._special(function, arguments, options)
        if special is not NotImplemented:
            return special
        if getattr(function, "__name__", "") in _BITS:
            raise Unrepeatable(f"{function.__name__} works on the bits of a number")
        subscripts = function is np.einsum
        arguments = tuple(a if subscripts and isinstance(a, str) else self._wider_type(a) for a in arguments)
        options = {name: self._wider_type(option) for name, option in options.items()}
        by_place = function in (np.zeros, np.ones, np.empty, np.identity) and len(arguments) > 1
        if _hashable(function) and function in _ALLOCATORS and not by_place:
            options.setdefault("dtype", self._real)
        name = getattr(function, "__name__", "a function")
        try:
            result = super().call(function, *arguments, **options)
        except TypeError as error:
            if _is_numpy(function):
                raise Unrepeatable(f"{name} knows no wider numbers than double precision ({error})") from None
            raise
        if not self._narrow(result):
            return result
        # NumPy makes double precision of integers.
        owner = getattr(function, "__self__", None)
        if isinstance(owner, np.ndarray | np.generic):
            function = getattr(self._as_float(owner), function.__name__)
        result = super().call(function, *map(self._as_float, arguments), **options)
        if self._narrow(result):
            raise Unrepeatable(f"{name} knows no wider numbers than double precision")
        return result

    def literal_call(self, function: Any, /, *arguments: Any, **options: Any) -> Any:
        if _hashable(function) and function in _SCALAR_TYPES | _MAKERS:
            return self.value(function(*arguments, **options))
        return self.call(function, *map(self.value, arguments), **{name: self.value(o) for name, o in options.items()})

    def divide(self, a: Any, b: Any) -> Any:
        if _is_integer(a) and _is_integer(b):
            if isinstance(a, int) and isinstance(b, int):
                if not b:
                    raise ZeroDivisionError("division by zero")
                return self._real(a) / self._real(b)
            return self._as_float(a) / self._as_float(b)
        return a / b

    def power(self, a: Any, b: Any) -> Any:
        if isinstance(a, int) and isinstance(b, int) and b < 0:
            return self._real(a) ** b
        return a**b

    def _special(self, function: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """What some functions mean here; NotImplemented for the rest."""
        if not _hashable(function):
            return NotImplemented
        if function in _SCALAR_TYPES and not options and arguments and not isinstance(arguments[0], str):
            kind = self._complex if issubclass(function, complex | np.complexfloating) else self._real
            if len(arguments) == 2:
                return kind(arguments[0]) + kind(1j) * arguments[1]
            given = arguments[0]
            return np.asarray(given).astype(kind) if isinstance(given, np.ndarray | list | tuple) else kind(given)
        if function is np.finfo:
            return np.finfo(np.float32 if self._real is np.float64 else np.float64) if _is_type(arguments[0], self._real) else np.finfo(*arguments)
        if function is isinstance and isinstance(arguments[0], np.floating):
            kinds = arguments[1] if isinstance(arguments[1], tuple) else (arguments[1],)
            return builtins.any(isinstance(kind, type) and issubclass(kind, float | np.floating) or kind is np.generic for kind in kinds)
        if function is np.bincount and (len(arguments) > 1 or "weights" in options):
            return self._bincount(*arguments, **options)
        if getattr(function, "__module__", "") == "math":
            return self._mathematics(function, arguments)
        return NotImplemented

    def _bincount(self, x: Any, weights: Any = None, minlength: int = 0) -> np.ndarray:
        counts = np.zeros(max(int(minlength), int(np.max(x, initial=-1)) + 1), self._real)
        np.add.at(counts, x, weights)
        return counts

    def _mathematics(self, function: Any, arguments: tuple[Any, ...]) -> Any:
        """A function of the module `math`."""
        if self._real is np.float64 or not any(isinstance(a, np.floating) for a in arguments):
            result = function(*arguments)
            if self._real is not np.float64 and isinstance(result, float):
                return in_long_double(function.__name__, tuple(map(np.longdouble, arguments)))
            return self.value(result)
        if function in (math.floor, math.ceil, math.trunc, math.isnan, math.isinf, math.isfinite):
            return function(arguments[0])
        if function is math.fsum:
            return np.sum(np.asarray(list(arguments[0])))
        return in_long_double(function.__name__, tuple(map(np.longdouble, arguments)))

    def _wider_type(self, value: Any) -> Any:
        """A float or complex type, by whatever name, as the wider one; anything else as it is."""
        if isinstance(value, str):
            return self._real if value in _FLOAT_NAMES else self._complex if value in _COMPLEX_NAMES else value
        if isinstance(value, np.dtype):
            return np.dtype(self._wider_type(value.type)) if value.kind in "fc" else value
        if isinstance(value, type):
            if issubclass(value, float | np.floating):
                return self._real
            if issubclass(value, complex | np.complexfloating):
                return self._complex
        return value

    def _as_float(self, value: Any) -> Any:
        """Integers as floats."""
        if isinstance(value, np.ndarray) and value.dtype.kind in "biu":
            return value.astype(self._real)
        if isinstance(value, np.integer | np.bool_):
            return self._real(value)
        return self.value(value) if isinstance(value, list | tuple) else value

    def _narrow(self, result: Any) -> bool:
        """Whether a result was rounded to less than this arithmetic's precision."""
        if isinstance(result, tuple | list):
            return any(self._narrow(part) for part in result)
        if isinstance(result, np.ndarray | np.generic):
            return result.dtype.kind in "fc" and result.dtype.itemsize < np.dtype(
                self._complex if result.dtype.kind == "c" else self._real).itemsize
        return isinstance(result, float | complex) and self._real is not np.float64


def _is_numpy(function: Any) -> bool:
    owner = getattr(function, "__self__", None)
    return isinstance(owner, np.ndarray | np.generic | np.ufunc) or str(getattr(function, "__module__", "")).startswith("numpy")


def _is_integer(value: Any) -> bool:
    return isinstance(value, int | np.integer | np.bool_) or (isinstance(value, np.ndarray) and value.dtype.kind in "biu")


def _is_type(value: Any, real: type) -> bool:
    return value is real or (isinstance(value, np.dtype) and value.type is real)


def _hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True
