"""Calls that choose between numbers: limits, replacements of nan, choices by condition or by index."""
from __future__ import annotations

import ast

import numpy as np

from . import syntax
from .affine import Affine
from .calls import Lifted, arguments, axis_of, call
from .dtypes import BOOL, cast, joined, literal, spell
from .errors import CannotLift
from .expressions import Expressions
from .reductions import reduced
from .rounding import is_close
from .values import UNKNOWN, Value, number


@call("clip", method=True)
def _clip(e: Expressions, node: ast.Call) -> Lifted:
    for keyword in node.keywords:
        keyword.arg = {"a_min": "min", "a_max": "max"}.get(keyword.arg or "", keyword.arg)
    x, low, high, kind = arguments(node, "a min max dtype")
    value = e.value(x)  # type: ignore[arg-type]
    ends = [(e.value(n), function) for n, function in ((low, np.maximum), (high, np.minimum))
            if n is not None and not (isinstance(n, ast.Constant) and n.value is None)]
    dtype = joined(value, *(end for end, _ in ends)) if ends else value.dtype
    if dtype.kind not in "iuf" or kind is not None:
        raise CannotLift("np.clip of other things than numbers")
    for end, _ in ends:
        if dtype.kind in "iu" and end.weak and (end.constant is UNKNOWN or not np.iinfo(dtype).min <= end.constant <= np.iinfo(dtype).max):
            if dtype.itemsize < 8 or dtype.kind == "u":
                raise CannotLift(f"np.clip to a number that may not be one of {dtype}")
    if value.dtype != dtype:
        given = value
        value = e.elementwise((given,), dtype, lambda t: cast(t[0], given, dtype))
    for end, function in ends:
        value = e.ufunc(function, (value, end), lambda s, t, n=function.__name__: f"np.{n}({s}, {t})", 2)
    return value.lazily(weak=False)


@call("nan_to_num")
def _nan_to_num(e: Expressions, node: ast.Call) -> Lifted:
    x, copy, nan, above, below = arguments(node, "x copy nan posinf neginf")
    value = e.value(x)  # type: ignore[arg-type]
    if copy is not None and not e.static(copy):
        raise CannotLift("np.nan_to_num in place")
    if value.dtype.kind in "iu":
        return value.lazily()
    if value.dtype.kind != "f":
        raise CannotLift(f"np.nan_to_num of {value.dtype}")
    dtype = value.dtype
    limit = f"np.finfo({spell(dtype)})"
    given = [e.cheap(e.value(n)) if n is not None else None for n in (nan, above, below)]
    if any(v is not None and v.ndim for v in given):
        raise CannotLift("np.nan_to_num by an array")
    texts = [cast(v.text, v, dtype) if v is not None else default for v, default in zip(given, (literal(0, dtype), f"{limit}.max", f"{limit}.min"))]

    def element(parts: list[str]) -> str:
        s = e.bind(parts[0], "element")
        return f"({s} if np.isfinite({s}) else ({texts[0]} if {s} != {s} else ({texts[1]} if {s} > 0 else {texts[2]})))"

    return e.elementwise((value,), dtype, element, 3)


@call("select")
def _select(e: Expressions, node: ast.Call) -> Lifted:
    """The first choice whose condition is true."""
    conditions, choices, default = arguments(node, "condlist choicelist default", 2)
    if not all(isinstance(n, ast.List | ast.Tuple) for n in (conditions, choices)):
        raise CannotLift("np.select of lists that are not written out")
    tests = [e.value(n) for n in conditions.elts]  # type: ignore[union-attr]
    values = [e.value(n) for n in choices.elts]  # type: ignore[union-attr]
    other = e.value(default) if default is not None else number(0)
    if not tests or len(tests) != len(values) or any(t.dtype != BOOL for t in tests):
        raise CannotLift("np.select of these lists")
    dtype = joined(*values, other)

    def element(texts: list[str]) -> str:
        result = cast(texts[-1], other, dtype)
        for n in reversed(range(len(tests))):
            result = f"({cast(texts[len(tests) + n], values[n], dtype)} if {texts[n]} else {result})"
        return result

    return e.elementwise((*tests, *values, other), dtype, element, len(tests) + 1).lazily(weak=False)


@call("choose", method=True)
def _choose(e: Expressions, node: ast.Call) -> Lifted:
    """The choice that each index names."""
    index, choices = arguments(node, "a choices", 2)
    if not isinstance(choices, ast.List | ast.Tuple):
        raise CannotLift("np.choose of a list that is not written out")
    which, values = e.cheap(e.value(index)), [e.value(n) for n in choices.elts]  # type: ignore[arg-type]
    if which.dtype.kind not in "biu" or not 2 <= len(values) <= 16:
        raise CannotLift("np.choose of these choices")
    dtype = joined(*(v.lazily() for v in values))

    def element(texts: list[str]) -> str:
        chosen = e.bind(cast(texts[0], which, np.dtype(np.int64)), "choice")
        result = cast(texts[-1], values[-1], dtype)
        for n in reversed(range(len(values) - 1)):
            result = f"({cast(texts[n + 1], values[n], dtype)} if {chosen} == {n} else {result})"
        return result

    return e.elementwise((which, *values), dtype, element, len(values)).lazily(weak=False)


@call("take_along_axis")
def _take_along(e: Expressions, node: ast.Call) -> Lifted:
    x, indices, axis = arguments(node, "arr indices axis", 2)
    value, index, given = e.held(e.value(x)), e.value(indices), e.static(axis)  # type: ignore[arg-type]
    if given is None and axis is None:
        given = -1
    if type(given) is not int or index.ndim != value.ndim or index.dtype.kind not in "iu":
        raise CannotLift("np.take_along_axis of these arrays")
    at = axis_of(given, value.ndim)
    index = e.held(index)
    across = value.lazily(extents=tuple(index.extents[d] if d == at else x for d, x in enumerate(value.extents)),
                          ones=tuple(index.ones[d] if d == at else o for d, o in enumerate(value.ones)))
    extents, ones = e.broadcast((across, index))

    def element(place: tuple[Affine, ...]) -> str:
        inner = e.broadcast_index(across, place, ones)
        along = Affine.of(syntax.parse(index.element(e.broadcast_index(index, place, ones))))
        return value.element((*inner[:at], along, *inner[at + 1:]))

    return value.lazily(extents=extents, ones=ones, element=element, cost=2)


@call("allclose", "array_equal")
def _alike(e: Expressions, node: ast.Call) -> Lifted:
    """Whether all elements are (almost) equal."""
    if syntax.text(node.func) == "np.allclose":
        test = is_close(e, node)
    else:
        x, y = arguments(node, "a1 a2", 2)
        a, b = e.value(x), e.value(y)  # type: ignore[arg-type]
        if a.extents != b.extents:
            raise CannotLift("np.array_equal of arrays whose shapes may differ")
        test = e.arithmetic(np.equal, a, b)
    found: Value = reduced(e, node, "all", test, None, False)
    return Value(BOOL, (), found.element, weak=True, name=found.name)
