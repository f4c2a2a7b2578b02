"""How a ufunc is registered, and the keywords that each takes: `out=` (a new array), `where=`, `dtype=`."""
from __future__ import annotations

import ast
import copy
from collections.abc import Callable

import numpy as np

from . import syntax
from .calls import Handler, Lifted, arguments, call, dtype_of
from .dtypes import BOOL, cast
from .errors import CannotLift
from .expressions import Expressions
from .source import dtype_name
from .values import Value

KEYWORDS = frozenset({"out", "where", "dtype", "casting"})
Simple = Callable[[Expressions, Value], Value]


def ufunc(*names: str) -> Callable[[Handler], Handler]:
    """Registers a handler of `np.<name>` that need not know those keywords."""

    def register(handler: Handler) -> Handler:
        def lifted(e: Expressions, node: ast.Call) -> Lifted:
            given = {k.arg: k.value for k in node.keywords
                     if k.arg in KEYWORDS and not (isinstance(k.value, ast.Constant) and k.value.value is None)}
            return _with(e, node, handler, given) if given else handler(e, node)

        call(*names)(lifted)
        return handler

    return register


def _with(e: Expressions, node: ast.Call, handler: Handler, given: dict[str | None, ast.expr]) -> Lifted:
    """The handler's value with the keywords obeyed. Raises CannotLift where the result would hold what nobody wrote."""
    plain = copy.copy(node)
    plain.kernwright_id = -1  # type: ignore[attr-defined]
    plain.keywords = [k for k in node.keywords if k.arg not in KEYWORDS]
    dtype = dtype_of(e, given["dtype"]) if "dtype" in given else None
    if dtype is not None:
        plain.args = [syntax.numpy_call(dtype_name(dtype), a) for a in node.args]
    if "casting" in given and e.static(given["casting"]) not in ("same_kind", "safe"):
        raise CannotLift("`casting=` that lets the result be anything")
    value = handler(e, plain)
    if not isinstance(value, Value) or dtype not in (None, value.dtype):
        raise CannotLift("`dtype=` or `out=` of this function")
    if "out" not in given:
        if "where" in given:
            raise CannotLift("`where=` without `out=`: the rest of the result holds nothing")
        return value
    if not isinstance(given["out"], ast.Call):
        raise CannotLift("`out=` within an expression")
    old = e.value(given["out"])
    if not old.ndim or not np.can_cast(value.dtype, old.dtype, "same_kind"):
        raise CannotLift("`out=` that does not hold the result")
    where = e.value(given["where"]) if "where" in given else None
    if where is None:
        new = e.stretched(value, old.extents, old.ones)
        return e.elementwise((new,), old.dtype, lambda t: cast(t[0], new, old.dtype), 0)
    if where.dtype != BOOL:
        raise CannotLift("`where=` of other things than truth values")
    found = e.elementwise((where, value, old), old.dtype, lambda t: f"({cast(t[1], value, old.dtype)} if {t[0]} else {t[2]})", 2)
    return found.lazily(extents=old.extents, ones=old.ones)


def simple(*names: str) -> Callable[[Simple], Simple]:
    """Registers a ufunc of one argument by what it makes of its value."""

    def register(make: Simple) -> Simple:
        def handler(e: Expressions, node: ast.Call) -> Lifted:
            (x,) = arguments(node, "x")
            return make(e, e.value(x)).lazily(weak=False)  # type: ignore[arg-type]

        ufunc(*names)(handler)
        return make

    return register
