"""Operators and comparisons of the rewritten text: what they do to numbers is counted; arrays count for themselves."""
from __future__ import annotations

import collections
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..interpret import machine
from .arrays import wrapped
from .costs import Cost, cost, power
from .tally import Tally, current

KINDS: dict[type, tuple[str, bool]] = {
    float: ("float64", False), complex: ("float64", True), np.float64: ("float64", False), np.float32: ("float32", False),
    np.complex128: ("float64", True), np.complex64: ("float32", True),
}
_UFUNC_OF = {"Add": "add", "Sub": "subtract", "Mult": "multiply", "Div": "divide", "FloorDiv": "floor_divide", "Mod": "remainder"}
_PLAIN = {**machine.OPERATORS, "Mult": operator.mul, "Div": operator.truediv, "FloorDiv": operator.floordiv,
          "Mod": operator.mod, "Pow": operator.pow, "LShift": operator.lshift}
COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "Lt": operator.lt, "LtE": operator.le, "Gt": operator.gt, "GtE": operator.ge, "Eq": operator.eq, "NotEq": operator.ne,
    "Is": operator.is_, "IsNot": operator.is_not, "In": lambda a, b: a in b, "NotIn": lambda a, b: a not in b,
}
COMPARE: Cost = {"compare": 1}


def binary(name: str, a: Any, b: Any) -> Any:
    """`a <operator> b`, by the name of the operator's node."""
    kind_a, kind_b = type(a), type(b)
    tally = current()
    if kind_a is np.ndarray or kind_b is np.ndarray:
        a, b = wrapped(a), wrapped(b)
    result = (machine.OPERATORS if tally.compiled else _PLAIN)[name](a, b)
    if kind_a is int and kind_b is int and name != "Div":
        return result
    return _noted(tally, name, a, b, result)


def in_place(name: str, a: Any, b: Any) -> Any:
    """What `a <operator>= b` leaves in `a`."""
    if isinstance(a, np.ndarray):
        return machine.IN_PLACE[name](wrapped(a), b)
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
        kind = KINDS.get(type(a)) or KINDS.get(type(b))
        if kind is not None and not isinstance(a, np.ndarray) and not isinstance(b, np.ndarray) and name not in ("Is", "IsNot", "In", "NotIn"):
            current().count(kind[0], COMPARE, 1)
        if len(names) > 1 and not result:
            return result
        a = b
    return result


def _noted(tally: Tally, name: str, a: Any, b: Any, result: Any) -> Any:
    """Counts an operation on two numbers; arrays have counted theirs."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return wrapped(result)
    first, second = KINDS.get(type(a)), KINDS.get(type(b))
    if first is None and second is None and name != "Div":
        return result
    kind = KINDS.get(type(result))
    if kind is None:
        return result
    complexes = (bool(first and first[1]), bool(second and second[1]))
    if name == "Pow":
        tally.count(kind[0], power(b, complexes[0]), 1)
    elif name in _UFUNC_OF:
        tally.count(kind[0], cost(_UFUNC_OF[name], complexes) or {}, 1)
    return result
