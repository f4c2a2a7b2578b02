"""The `np`, `math` and builtins that an interpreted text sees: everything of the fragment, and loud refusals for the rest."""
from __future__ import annotations

import functools
import math
import operator
import types
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from . import choices, functions
from .arrays import bare
from .constants import literal, to_float32, to_float64
from .elementwise import SCALAR, apply
from .errors import Unsupported
from .number import Number, exact
from .pair import Pair, paired
from .rationals import fraction, pi
from .table import table

_PLAIN = frozenset((
    "ndarray newaxis int8 int16 int32 int64 intp int_ intc short byte long longlong uint8 uint16 uint32 uint64 uintp uint ulong "
    "ulonglong ubyte ushort uintc bool_ bool dtype integer floating inexact number generic signedinteger unsignedinteger "
    "complexfloating iinfo s_ c_ index_exp ndindex issubdtype can_cast errstate seterr isdtype"
).split())
"""What is NumPy's own here too."""


class Numeric:
    """A module of NumPy as the interpreted text sees it. prefix: "" for `np`, "linalg." for `np.linalg`."""

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix

    def __getattr__(self, name: str) -> Any:
        found = _attribute(self._prefix + name)
        setattr(self, name, found)
        return found


def _attribute(name: str) -> Any:
    if name in ("linalg", "lib", "lib.stride_tricks"):
        return Numeric(f"{name}.")
    if name in table():
        return table()[name]
    if name in ("pi", "e"):
        return pi() if name == "pi" else functions.exp(exact(1))
    if name in ("inf", "nan", "euler_gamma"):
        return literal(float(getattr(np, name)))
    if name in _TYPES:
        return _TYPES[name]
    if name == "finfo":
        return _limits
    if name in _PLAIN:
        return getattr(np, name)
    real = getattr(np, name, None) if "." not in name else None
    if isinstance(real, np.ufunc):
        return Universal(real)
    return Refusal(f"np.{name}")


class Universal:
    """A universal function of NumPy over numbers and arrays of ours."""

    def __init__(self, ufunc: np.ufunc) -> None:
        self._ufunc = ufunc
        self._scalar = SCALAR.get(ufunc.__name__)
        self.__name__ = ufunc.__name__

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        if len(inputs) > self._ufunc.nin:  # the array to write to may come by place
            inputs, options["out"] = inputs[: self._ufunc.nin], inputs[self._ufunc.nin]
        if not options and self._scalar is not None and all(type(value) is Number for value in inputs):
            return self._scalar(*inputs)
        return apply(self._ufunc, "__call__", inputs, options)

    def __getattr__(self, method: str) -> Callable[..., Any]:
        if method not in ("reduce", "accumulate", "outer", "at", "reduceat"):
            raise Unsupported(f"np.{self.__name__}.{method}")

        def call(array: Any, *arguments: Any, **options: Any) -> Any:
            if method in ("reduce", "accumulate") and arguments:
                options["axis"], arguments = arguments[0], arguments[1:]
            return apply(self._ufunc, method, (array, *arguments), options)

        return call


class Refusal:
    """Something outside the fragment: naming it is allowed, using it is not."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise Unsupported(self._name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Refusal(f"{self._name}.{name}")


def _scalar_type(name: str, convert: Callable[[Any], Any]) -> type:
    """NumPy's type as a dtype, and our conversion where it is called."""

    def new(cls: type, value: Any = 0, *_: Any) -> Any:
        if isinstance(value, np.ndarray | list | tuple):
            return table()["array"](value, dtype=name)
        return convert(functions.number(value))

    return type(name, (getattr(np, name),), {"__new__": new})


_TYPES: Mapping[str, Any] = {
    "float32": _scalar_type("float32", to_float32), "float64": _scalar_type("float64", to_float64),
    "complex64": _scalar_type("complex64", lambda value: to_float32(paired(value))),
    "complex128": _scalar_type("complex128", lambda value: to_float64(paired(value))),
}
_TYPES = {**_TYPES, "single": _TYPES["float32"], "double": _TYPES["float64"], "float_": _TYPES["float64"],
          "csingle": _TYPES["complex64"], "cdouble": _TYPES["complex128"]}


def _limits(dtype: Any) -> Any:
    """np.finfo with numbers of ours."""
    known = dtype if isinstance(dtype, type | np.dtype) else getattr(dtype, "dtype", np.float64)
    found = np.finfo(known)
    return types.SimpleNamespace(bits=found.bits, **{
        name: fraction(Fraction(float(getattr(found, name))))
        for name in ("eps", "epsneg", "tiny", "smallest_normal", "smallest_subnormal", "max", "min", "resolution")})


def mathematics() -> Any:
    """The module `math`."""
    spelled = {"acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan", "atan2": "arctan2",
               "atanh": "arctanh", "pow": "power"}
    same = ("exp exp2 expm1 log2 log10 log1p sqrt cbrt sin cos tan sinh cosh tanh radians degrees erf erfc gamma lgamma ldexp")
    names = {name: name for name in same.split()} | spelled
    return _Module("math", {
        **{name: getattr(functions, ours) for name, ours in names.items()},
        "copysign": choices.copysign, "fmod": choices.fmod, "modf": choices.modf,
        "log": lambda x, base=None: functions.log(x) if base is None else functions.log(x) / functions.log(base),
        "fabs": choices.absolute, "hypot": _hypot, "pi": pi(), "e": functions.exp(exact(1)), "tau": exact(2) * pi(),
        "inf": literal(math.inf), "nan": literal(math.nan), "isnan": choices.is_nan, "isinf": choices.is_inf,
        "isfinite": choices.is_finite, "fsum": lambda values: functools.reduce(operator.add, values, exact(0)),
        "prod": lambda values, start=1: functools.reduce(operator.mul, values, start),
        "floor": math.floor, "ceil": math.ceil, "trunc": math.trunc,
        **{name: getattr(math, name) for name in ("gcd", "lcm", "factorial", "comb", "perm", "isqrt")},
    })


def _hypot(*values: Any) -> Any:
    return functions.sqrt(functools.reduce(operator.add, (functions.square(value) for value in values), exact(0)))


class _Module:
    def __init__(self, name: str, names: Mapping[str, Any]) -> None:
        self._name = name
        self.__dict__.update(names)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Refusal(f"{self._name}.{name}")


# --- builtins, by the names under which the text calls them

def to_float(value: Any = 0) -> Any:
    """float(value)"""
    if isinstance(value, np.ndarray):
        value = bare(value).item()
    if isinstance(value, str):
        return literal(float(value))
    return to_float64(functions.real(value))


def to_complex(value: Any = 0, imag: Any = 0) -> Any:
    """complex(value, imag)"""
    if isinstance(value, str):
        raise Unsupported("complex of a string")
    return paired(functions.number(value)) + Pair(exact(0), exact(1)) * functions.number(imag)


def divide(a: Any, b: Any) -> Any:
    """a / b, where two integers give their exact quotient."""
    if _is_scalar_integer(a) and _is_scalar_integer(b):
        if type(a) is int and type(b) is int and b == 0:
            raise ZeroDivisionError("division by zero")
        return exact(int(a)) / exact(int(b))
    return a / b


def power(a: Any, b: Any) -> Any:
    """a ** b, where integers with a negative exponent give their exact power."""
    if _is_scalar_integer(a) and type(b) is int and b < 0:
        return functions.power(a, b)
    return a**b


def is_instance(value: Any, kinds: Any) -> bool:
    """isinstance, for which a number of ours is a Python float and any of NumPy's."""
    if isinstance(value, Number | Pair):
        kinds = kinds if isinstance(kinds, tuple) else (kinds,)
        own = (float, np.floating) if isinstance(value, Number) else (complex, np.complexfloating)
        return any(isinstance(kind, type) and (issubclass(kind, own) or issubclass(own[1], kind)) for kind in kinds)
    return isinstance(value, kinds)


def _is_scalar_integer(value: Any) -> bool:
    return isinstance(value, int | np.integer | np.bool_)


