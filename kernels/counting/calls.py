"""Calls of the rewritten text: to universal functions, methods of arrays, NumPy's and Python's functions, the text's own.

A call to anything else is refused: what it does would be missing in silence.
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

from . import universal
from .arrays import CountingArray, counted_in, read, wrapped
from .errors import NotCounted
from .functions import RULES, title
from .operators import KINDS
from .plain_python import COUNTED, FREE_OF_MATH
from .tally import counting, current

FILENAMES = ("<reference>", "<kernel>")
"""Under which the rewritten texts are compiled."""


def call(function: Any, *arguments: Any, **options: Any) -> Any:
    """`function(*arguments, **options)`. Raises NotCounted where its work is not known."""
    if not counting():
        return wrapped(function(*arguments, **options))
    if any(type(argument) is np.ndarray for argument in arguments):
        arguments = tuple(wrapped(argument) for argument in arguments)
    if isinstance(function, np.ufunc):
        return _universal(function, arguments, options)
    own = getattr(function, "__self__", None)
    if type(own) is np.ndarray:  # from np.mgrid[...] and its like, which are no calls
        own = wrapped(own)
        function = getattr(own, function.__name__)
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
    kind = KINDS.get(type(result))
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
    if _is_text(function) or _is_text(vars(type(function)).get("__call__")):
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


def _reduce(function: Any, values: Any, *start: Any) -> Any:
    return functools.reduce(lambda a, b: call(function, a, b), values, *start)


def _map(function: Any, *values: Any) -> Any:
    return map(lambda *each: call(function, *each), *values)


def _enumerated(array: Any) -> Any:
    for each in counted_in(array):
        read(each)
    return np.ndenumerate(array)


_SPECIAL: dict[Any, Callable[..., Any]] = {**COUNTED, functools.reduce: _reduce, map: _map, np.ndenumerate: _enumerated}
_TYPES = frozenset({
    float, complex, bool, str, bytes, list, tuple, dict, set, frozenset, range, enumerate, zip, reversed, slice, filter, object, type,
    types.SimpleNamespace, property, staticmethod, classmethod, np.errstate, np.ndindex, np.dtype, np.ndarray, np.finfo,
    np.iinfo, np.vectorize, np.broadcast, functools.partial,
    *(getattr(itertools, name) for name in dir(itertools) if name not in ("accumulate", "starmap") and not name.startswith("_")),
})
_OPEN_MODULES = frozenset({"reference", "collections"})
"""Whose classes compute nothing by themselves, or by rewritten text: the counted module, and plain containers."""
_FREE = frozenset({
    *(getattr(builtins, name) for name in (
        "len round any all sorted isinstance issubclass iter next hash id repr print callable getattr setattr hasattr ord chr bin hex "
        "format").split()),
    *(getattr(math, name) for name in FREE_OF_MATH),
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
