"""What the rewritten text calls in place of operators, comparisons and functions, so that numbers are counted as arrays are.

A call to something that is neither the text's own nor known here is refused.
"""
from __future__ import annotations

import builtins
import collections
import copy
import functools
import itertools
import math
import operator
import types
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..interpret import machine
from . import universal
from .arrays import CountingArray, counted_in, read, wrapped
from .costs import Cost, cost, power
from .errors import NotCounted
from .functions import RULES, title
from .tally import counting, current

FILENAMES = ("<reference>", "<kernel>")
_KINDS: dict[type, tuple[str, bool]] = {
    float: ("float64", False), complex: ("float64", True), np.float64: ("float64", False), np.float32: ("float32", False),
    np.complex128: ("float64", True), np.complex64: ("float32", True),
}
_UFUNC_OF = {"Add": "add", "Sub": "subtract", "Mult": "multiply", "Div": "divide", "FloorDiv": "floor_divide", "Mod": "remainder"}
_PLAIN = {**machine.OPERATORS, "Mult": operator.mul, "Div": operator.truediv, "FloorDiv": operator.floordiv,
          "Mod": operator.mod, "Pow": operator.pow, "LShift": operator.lshift}
_PLAIN_IN_PLACE = machine.IN_PLACE
COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "Lt": operator.lt, "LtE": operator.le, "Gt": operator.gt, "GtE": operator.ge, "Eq": operator.eq, "NotEq": operator.ne,
    "Is": operator.is_, "IsNot": operator.is_not, "In": lambda a, b: a in b, "NotIn": lambda a, b: a not in b,
}
_COMPARE: Cost = {"compare": 1}


def binary(name: str, a: Any, b: Any) -> Any:
    """`a <operator> b`, by the name of the operator's node."""
    kind_a, kind_b = type(a), type(b)
    tally = current()
    result = (machine.OPERATORS if tally.compiled else _PLAIN)[name](a, b)
    if kind_a is int and kind_b is int and name != "Div":
        return result
    return _noted(tally, name, a, b, result)


def in_place(name: str, a: Any, b: Any) -> Any:
    """What `a <operator>= b` leaves in `a`."""
    if isinstance(a, np.ndarray):
        return machine.IN_PLACE[name](a, b)
    return binary(name, a, b) if not isinstance(a, list | set | dict | collections.deque) else machine.IN_PLACE[name](a, b)


def augment(name: str, container: Any, index: Any, value: Any) -> None:
    """`container[index] <operator>= value`."""
    container[index] = in_place(name, container[index], value)


def compare(a: Any, names: Sequence[str], *rest: Callable[[], Any]) -> Any:
    """A comparison, chained or not; the operands after the first come unevaluated."""
    result: Any = True
    for name, thunk in zip(names, rest):
        b = thunk()
        result = COMPARISONS[name](a, b)
        kind = _KINDS.get(type(a)) or _KINDS.get(type(b))
        if kind is not None and not isinstance(a, np.ndarray) and not isinstance(b, np.ndarray) and name not in ("Is", "IsNot", "In", "NotIn"):
            current().count(kind[0], _COMPARE, 1)
        if len(names) > 1 and not result:
            return result
        a = b
    return result


def _noted(tally: Any, name: str, a: Any, b: Any, result: Any) -> Any:
    """Counts an operation on two numbers; arrays have counted theirs."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return wrapped(result)
    first, second = _KINDS.get(type(a)), _KINDS.get(type(b))
    if first is None and second is None and name != "Div":
        return result
    kind = _KINDS.get(type(result))
    if kind is None:
        return result
    complexes = (bool(first and first[1]), bool(second and second[1]))
    if name == "Pow":
        tally.count(kind[0], power(b, complexes[0]), 1)
    elif name in _UFUNC_OF:
        tally.count(kind[0], cost(_UFUNC_OF[name], complexes) or {}, 1)
    return result


def call(function: Any, *arguments: Any, **options: Any) -> Any:
    """`function(*arguments, **options)`. Raises NotCounted where its work is not known."""
    if not counting():
        return wrapped(function(*arguments, **options))
    if isinstance(function, np.ufunc):
        return _universal(function, arguments, options)
    own = getattr(function, "__self__", None)
    if isinstance(own, CountingArray):
        return _method(own, function, arguments, options)
    if isinstance(own, np.ufunc):
        return getattr(own, function.__name__)(*_arrays_for_lists(arguments), **options)
    if isinstance(function, types.FunctionType) and function.__code__.co_filename in FILENAMES:
        return function(*arguments, **options)
    rule = _SPECIAL.get(function) if _hashable(function) else None
    if rule is not None:
        return rule(*arguments, **options)
    if _hashable(function) and function in RULES:
        return _numpy(function, arguments, options)
    if _is_free(function, own):
        _refuse_unknown_callables(arguments)
        result = wrapped(function(*arguments, **options))
        if isinstance(result, np.ndarray):
            _note_copies(result, arguments)
        return result
    raise NotCounted(f"what {title(function)} costs is not known")


def _universal(function: np.ufunc, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    arguments = _arrays_for_lists(arguments)
    if any(True for _ in counted_in((arguments, options))):
        return function(*arguments, **options)
    return universal.scalar(function, arguments, options)


def _numpy(function: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    if arguments and isinstance(arguments[0], list) and function not in _LISTS:
        arguments = (*_arrays_for_lists(arguments[:1]), *arguments[1:])
    return _with_last_step(function.__name__, function(*arguments, **options))


def _method(array: CountingArray, function: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    name = function.__name__
    if name in _COUNTED_METHODS:
        return _with_last_step(name, wrapped(function(*arguments, **options)))
    if name not in _FREE_METHODS:
        raise NotCounted(f"what the method {name} of an array costs is not known")
    result = wrapped(function(*arguments, **options))
    if name == "fill":
        array[...] = arguments[0] if arguments else options["value"]
    elif not isinstance(result, np.ndarray) or not np.may_share_memory(result, array):
        read(array)
    return result


def _with_last_step(name: str, result: Any) -> Any:
    """A mean of all elements ends with a quotient of two numbers, which no array sees."""
    kind = _KINDS.get(type(result))
    if kind is not None and name in ("mean", "var", "std"):
        current().count(kind[0], {"divide": 1, "sqrt": 1} if name == "std" else {"divide": 1}, 1)
    return result


def _note_copies(result: np.ndarray, arguments: Sequence[Any]) -> None:
    for array in counted_in(arguments):
        if not np.may_share_memory(result, array):
            read(array)


def _arrays_for_lists(arguments: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(wrapped(np.asarray(a)) if isinstance(a, list) and a and not any(True for _ in counted_in(a)) else a for a in arguments)


def _is_free(function: Any, own: Any) -> bool:
    """Whether a callable computes nothing that counts, or calls back into the text for it."""
    if isinstance(function, type):
        return function in _TYPES or issubclass(function, np.generic | BaseException) or function.__module__ in _OPEN_MODULES
    if isinstance(function, functools.partial):
        return _is_text(function.func)
    if isinstance(function, np.vectorize):
        return _is_text(function.pyfunc)
    if _is_text(function):
        return True
    if _hashable(function) and function in _FREE:
        return True
    # Methods of plain containers, of numbers and of the text's own objects.
    return isinstance(own, list | dict | set | frozenset | tuple | str | bytes | int | float | complex | np.generic | np.dtype
                      | collections.deque | range | slice) or isinstance(function, types.MethodType) and _is_text(function.__func__)


def _is_text(function: Any) -> bool:
    """Whether it is a function of the counted text, or a plain wrapper of one."""
    function = getattr(function, "__func__", function)
    function = getattr(function, "__wrapped__", function)
    return isinstance(function, types.FunctionType) and function.__code__.co_filename in FILENAMES


def _refuse_unknown_callables(arguments: Sequence[Any]) -> None:
    """A function that is handed on is called where nobody counts, unless it is the text's own or counts by itself."""
    for argument in arguments:
        if callable(argument) and not isinstance(argument, type) and not _is_text(argument) and not isinstance(argument, np.ndarray):
            if not (_hashable(argument) and argument in RULES):
                raise NotCounted(f"{title(argument)} is handed to another function, which calls it uncounted")


def _hashable(value: Any) -> bool:
    return getattr(type(value), "__hash__", None) is not None


# --- functions of plain Python

def _sum(values: Any, start: Any = 0) -> Any:
    for value in values:
        # The whole number 0 that a sum begins with is no operand.
        start = value if type(start) is int and start == 0 else binary("Add", start, value)
    return start


def _extreme(function: Callable[..., Any]) -> Callable[..., Any]:
    def found(*arguments: Any, **options: Any) -> Any:
        values = list(arguments[0]) if len(arguments) == 1 else list(arguments)
        kind = next((_KINDS[type(value)] for value in values if type(value) in _KINDS), None)
        if kind is not None:
            current().count(kind[0], _COMPARE, len(values) - 1)
        return function(values, **options)

    return found


def _mathematics(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    price = cost(_AS_UFUNC.get(name, name), (False,))

    def called(*arguments: Any) -> Any:
        if price is None:
            raise NotCounted(f"what math.{name} costs is not known")
        current().count("float64", price, 1)
        try:
            return function(*arguments)
        except (ValueError, OverflowError, ZeroDivisionError):
            if current().compiled:
                return math.nan  # compiled code raises nothing
            raise

    return called


_AS_UFUNC = {"fabs": "absolute", "pow": "power", "fmod": "fmod", "remainder": "remainder", "dist": "unknown", "erf": "erf"}
_FREE_OF_MATH = "floor ceil trunc isnan isinf isfinite copysign gcd lcm comb perm factorial isqrt frexp ldexp modf isclose nextafter ulp".split()


def _to_int(value: Any = 0, *base: Any) -> Any:
    return machine.to_int(value) if current().compiled and not base else int(value, *base)


def _divmod(a: Any, b: Any) -> Any:
    return binary("FloorDiv", a, b), binary("Mod", a, b)


def _power(a: Any, b: Any, *modulus: Any) -> Any:
    return pow(a, b, *modulus) if modulus else binary("Pow", a, b)


def _reduce(function: Any, values: Any, *start: Any) -> Any:
    return functools.reduce(lambda a, b: call(function, a, b), values, *start)


def _map(function: Any, *values: Any) -> Any:
    return map(lambda *each: call(function, *each), *values)


def _hypot(*values: Any) -> float:
    current().count("float64", {"multiply": len(values), "add": max(0, len(values) - 1), "sqrt": 1}, 1)
    return math.hypot(*values)


_SPECIAL: dict[Any, Callable[..., Any]] = {
    sum: _sum, max: _extreme(max), min: _extreme(min), divmod: _divmod, pow: _power, int: _to_int, functools.reduce: _reduce, map: _map,
    **{getattr(math, name): _mathematics(name, getattr(math, name)) for name in dir(math)
       if callable(getattr(math, name)) and not name.startswith("_") and name not in _FREE_OF_MATH},
    math.hypot: _hypot,
    **{getattr(operator, name): functools.partial(binary, node) for name, node in (
        ("add", "Add"), ("sub", "Sub"), ("mul", "Mult"), ("truediv", "Div"), ("floordiv", "FloorDiv"), ("mod", "Mod"),
        ("pow", "Pow"), ("matmul", "MatMult"))},
}
_TYPES = frozenset({
    float, complex, bool, str, bytes, list, tuple, dict, set, frozenset, range, enumerate, zip, reversed, slice, filter, object, type,
    types.SimpleNamespace, property, staticmethod, classmethod, np.errstate, np.ndindex, np.ndenumerate, np.dtype, np.ndarray, np.finfo,
    np.iinfo, np.vectorize, np.broadcast,
    *(getattr(itertools, name) for name in dir(itertools) if name not in ("accumulate", "starmap") and not name.startswith("_")),
})
_OPEN_MODULES = frozenset({"reference", "collections"})
"""Whose classes compute nothing by themselves, or by rewritten text: the counted module, and plain containers."""
_FREE = frozenset({
    *(getattr(builtins, name) for name in (
        "len abs round any all sorted isinstance issubclass iter next hash id repr print callable getattr setattr hasattr ord chr bin hex "
        "format").split()),
    *(getattr(math, name) for name in _FREE_OF_MATH),
    *(getattr(operator, name) for name in ("itemgetter", "attrgetter", "index", "neg", "and_", "or_", "xor")),
    copy.copy, copy.deepcopy, itertools.chain.from_iterable,
    *(getattr(np, name) for name in (
        "array asarray asanyarray ascontiguousarray asfortranarray zeros ones empty full eye identity arange linspace logspace geomspace "
        "indices mgrid ogrid tri triu_indices tril_indices diag_indices fromiter frombuffer fromfunction broadcast_shapes isscalar "
        "isfortran require seterr geterr iterable promote_types vander hanning hamming blackman kaiser bartlett asarray_chkfinite").split()
      if hasattr(np, name) and callable(getattr(np, name))),
    np.fft.fftfreq, np.fft.rfftfreq,
})
_LISTS = frozenset(getattr(np, name) for name in (
    "concatenate stack hstack vstack dstack column_stack block choose select einsum broadcast_arrays meshgrid ix_ lexsort").split())
_COUNTED_METHODS = frozenset(
    "sum prod mean var std cumsum cumprod max min clip dot trace any all conj conjugate round __getitem__ __setitem__ __add__ "
    "__mul__ __sub__ __truediv__ __matmul__".split())
_FREE_METHODS = frozenset(
    "copy astype reshape ravel flatten transpose swapaxes squeeze view fill repeat take tolist item tobytes nonzero argmax argmin "
    "argsort sort searchsorted partition argpartition compress choose diagonal put resize setflags byteswap __len__".split())
