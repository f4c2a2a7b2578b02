"""Reductions and running sums along axes."""
from __future__ import annotations

import ast
from collections.abc import Callable

import numpy as np

from . import syntax
from .affine import ONE, ZERO, Affine
from .calls import Lifted, arguments, axis_of, call
from .dtypes import BOOL, FLOAT64, INT64, cast, literal, settled, spell
from .elementwise import dtype_of
from .errors import CannotLift
from .expressions import Expressions
from .values import Index, Value, scalar

HINTS = {"sum": "total", "prod": "product", "max": "largest", "min": "smallest", "any": "some", "all": "every"}
Step = Callable[[str, str], str]
"""The statement that takes an element into an accumulator: (accumulator, element) -> text."""


@call("sum", "prod", "max", "min", "amax", "amin", "any", "all", "mean", method=True)
def _reduction(e: Expressions, node: ast.Call) -> Lifted:
    name = syntax.text(node.func).removeprefix("np.")
    name = {"amax": "max", "amin": "min"}.get(name, name)
    value_node, axis, dtype, keep = arguments(node, "a axis dtype keepdims")
    value = e.value(value_node)  # type: ignore[arg-type]
    return reduced(e, node, name, value, e.static(axis), bool(e.static(keep)), dtype and dtype_of(e, dtype))


def reduced(e: Expressions, node: ast.AST, name: str, value: Value, axis: int | tuple[int, ...] | None, keep: bool,
            dtype: np.dtype | None = None) -> Value:
    """The reduction `name` of `value` over `axis` (None: all), in a variable."""
    if value.ndim == 0:
        raise CannotLift("a reduction of a number")
    axes = tuple(range(value.ndim)) if axis is None else tuple(axis_of(a, value.ndim) for a in (axis if isinstance(axis, tuple) else (axis,)))
    if name == "mean":
        return _mean(e, node, value, axes, keep, dtype)
    if name in ("any", "all"):
        test = value
        value = e.elementwise((test,), BOOL, lambda t: cast(t[0], test, BOOL), 0)
    if name in ("sum", "prod"):
        wanted = dtype or (value.dtype if value.dtype.kind in "fc" else np.dtype(np.uint64) if value.dtype.kind == "u" else INT64)
    else:
        wanted = value.dtype
    if name in ("max", "min") and wanted.kind not in "iuf":
        raise CannotLift(f"np.{name} of {wanted}")
    start = {"sum": lambda: literal(0, wanted), "prod": lambda: literal(1, wanted), "any": lambda: "False", "all": lambda: "True",
             "max": lambda: _lowest(wanted, "min", e.finite), "min": lambda: _lowest(wanted, "max", e.finite)}[name]()

    def step(into: str, text: str) -> str:
        text = cast(text, value, wanted)
        return {"sum": f"{into} += {text}", "prod": f"{into} *= {text}", "any": f"{into} = {into} or {text}",
                "all": f"{into} = {into} and {text}", "max": f"{into} = {_larger('max', into, text, wanted, e.finite)}",
                "min": f"{into} = {_larger('min', into, text, wanted, e.finite)}"}[name]

    return accumulated(e, node, value, axes, keep, wanted, start, step, HINTS[name])


def _lowest(dtype: np.dtype, end: str, finite: bool) -> str:
    """The number that loses against every other: infinite, unless the author excludes infinities (so does `ninf` then)."""
    if dtype.kind == "f" and not finite:
        return literal(float("-inf" if end == "min" else "inf"), dtype)
    if dtype.kind == "f":
        return f"np.finfo({spell(dtype)}).{end}"
    return f"np.iinfo({spell(dtype)}).{end}" if dtype == INT64 else literal(getattr(np.iinfo(dtype), end), dtype)


def _larger(name: str, a: str, b: str, dtype: np.dtype, finite: bool) -> str:
    """The larger or smaller of two; nan wins, as in NumPy."""
    if dtype.kind == "f" and not finite:
        return f"np.{name}imum({a}, {b})"
    return settled(f"{name}({a}, {b})", dtype)


def accumulated(e: Expressions, node: ast.AST, value: Value, axes: tuple[int, ...], keep: bool, dtype: np.dtype, start: str, step: Step,
                hint: str) -> Value:
    """A nest that takes every element along `axes` into an accumulator; a number where nothing else is left.

    Where the last axis is reduced the accumulator is a variable; else whole rows are added, in the order of memory.
    """
    rest = tuple(a for a in range(value.ndim) if a not in axes)
    if not rest:
        name = e.name_for(node, hint) if not keep else e.fresh(hint)
        e.emit(f"{name} = {start}")
        with e.nest(value.extents) as index:
            text = value.element(index)
            e.emit(step(name, text))
        single = Value(dtype, (), lambda _: name, name=name)
        return single if not keep else single.lazily(extents=(ONE,) * value.ndim, element=lambda _: name)
    extents = tuple(ONE if a in axes else value.extents[a] for a in range(value.ndim)) if keep else tuple(value.extents[a] for a in rest)
    ones = tuple(value.ones[a] or a in axes for a in range(value.ndim)) if keep else tuple(value.ones[a] for a in rest)
    result = e.allocate(e.name_for(node, hint), dtype, extents, ones)

    def place(index: Index) -> str:
        return result.element(tuple(ZERO if a in axes else index[a] for a in range(value.ndim)) if keep else tuple(index[a] for a in rest))

    outer = tuple(value.extents[a] for a in rest)
    if value.ndim - 1 in axes:
        accumulator = e.fresh("acc")
        with e.nest(outer) as some:
            e.emit(f"{accumulator} = {start}")
            with e.nest(tuple(value.extents[a] for a in axes)) as others:
                index = _merged(value.ndim, rest, some, axes, others)
                text = value.element(index)
                e.emit(step(accumulator, text))
            e.emit(f"{place(_merged(value.ndim, rest, some, axes, (ZERO,) * len(axes)))} = {accumulator}")
        return result
    with e.nest(outer) as some:
        e.emit(f"{place(_merged(value.ndim, rest, some, axes, (ZERO,) * len(axes)))} = {start}")
    leading = tuple(a for a in rest if a < min(axes))
    order = (*leading, *axes, *(a for a in rest if a not in leading))
    with e.nest(value.extents, order=order) as index:
        text = value.element(index)
        e.emit(step(place(index), text))
    return result


def _merged(ndim: int, first: tuple[int, ...], index: Index, second: tuple[int, ...], other: Index) -> Index:
    places: dict[int, Affine] = {**dict(zip(first, index)), **dict(zip(second, other))}
    return tuple(places[a] for a in range(ndim))


def _count(e: Expressions, value: Value, axes: tuple[int, ...]) -> str:
    factors = [f"({value.extents[a].length})" for a in axes if value.extents[a].constant != 1]
    return f"({' * '.join(factors) or '1'})"


def _mean(e: Expressions, node: ast.AST, value: Value, axes: tuple[int, ...], keep: bool, dtype: np.dtype | None) -> Value:
    wanted = dtype or (value.dtype if value.dtype.kind in "fc" else FLOAT64)
    converted = e.elementwise((value,), wanted, lambda t: cast(t[0], value, wanted), 0) if value.dtype != wanted else value
    total = reduced(e, node, "sum", converted, axes, keep, wanted)
    mean = e.arithmetic(np.true_divide, total, scalar(_count(e, value, axes), INT64, weak=True)).lazily()
    if total.name is None:
        return mean
    with e.nest(total.extents) as index:
        e.emit(f"{total.element(index)} = {mean.element(index)}")
    return total


@call("var", "std", method=True)
def _variance(e: Expressions, node: ast.Call) -> Lifted:
    value_node, axis, ddof, keep = arguments(node, "a axis ddof keepdims")
    value = e.value(value_node)  # type: ignore[arg-type]
    if value.dtype.kind != "f" or value.ndim == 0:
        raise CannotLift("the variance of other things than floats")
    value = e.held(value) if value.cost else value
    given = e.static(axis)
    axes = tuple(range(value.ndim)) if given is None else tuple(axis_of(a, value.ndim) for a in (given if isinstance(given, tuple) else (given,)))
    mean = _mean(e, ast.Pass(), value, axes, True, None)
    deviation = e.arithmetic(np.subtract, value, mean)
    square = e.elementwise((deviation,), value.dtype, lambda t: _square(e, t[0]))
    total = reduced(e, ast.Pass(), "sum", square, axes, bool(e.static(keep)))
    count = scalar(f"({_count(e, value, axes)} - {e.static(ddof) or 0})", INT64, weak=True)
    variance = e.arithmetic(np.true_divide, total, count).lazily()
    if syntax.text(node.func) == "np.std":
        variance = e.elementwise((variance,), value.dtype, lambda t: f"np.sqrt({t[0]})", 10)
    return e.filled(e.name_for(node, "variance"), variance)


def _square(e: Expressions, text: str) -> str:
    bound = e.bind(text)
    return f"({bound} * {bound})"


@call("argmax", "argmin", method=True)
def _position(e: Expressions, node: ast.Call) -> Lifted:
    value_node, axis = arguments(node, "a axis")
    value = e.value(value_node)  # type: ignore[arg-type]
    given = e.static(axis)
    if value.dtype.kind not in "iuf" or value.ndim == 0 or given is None and value.ndim > 1:
        raise CannotLift("the position of an extreme in several dimensions")
    where = axis_of(0 if given is None else given, value.ndim)
    sign = ">" if syntax.text(node.func) == "np.argmax" else "<"
    rest = tuple(a for a in range(value.ndim) if a != where)
    outer = tuple(value.extents[a] for a in rest)
    name = e.name_for(node, "position")
    result = e.allocate(name, INT64, outer, tuple(value.ones[a] for a in rest)) if rest else None
    best, at = e.fresh("best"), e.fresh("at") if rest else name
    with e.nest(outer) as some:
        e.emit(f"{at} = 0")
        first = value.element(_merged(value.ndim, rest, some, (where,), (ZERO,)))
        e.emit(f"{best} = {first}")
        with e.nest((value.extents[where],)) as (along,):
            text = e.bind(value.element(_merged(value.ndim, rest, some, (where,), (along,))), "element")
            test = f"{text} {sign} {best}"
            if value.dtype.kind == "f":
                test += f" or {text} != {text} and {best} == {best}"
            with e.block(f"if {test}:"):
                e.emit(f"{best} = {text}")
                e.emit(f"{at} = {along}")
        if result is not None:
            e.emit(f"{result.element(some)} = {at}")
    return result if result is not None else Value(INT64, (), lambda _: name, name=name)


@call("count_nonzero")
def _nonzero(e: Expressions, node: ast.Call) -> Lifted:
    value_node, axis = arguments(node, "a axis")
    value = e.value(value_node)  # type: ignore[arg-type]
    count = e.elementwise((value,), INT64, lambda t: f"np.int64({cast(t[0], value, BOOL)})")
    found = reduced(e, node, "sum", count, e.static(axis), False)
    return Value(INT64, (), found.element, weak=True, name=found.name) if found.ndim == 0 else found


@call("cumsum", "cumprod", method=True)
def _running(e: Expressions, node: ast.Call) -> Lifted:
    value_node, axis, dtype = arguments(node, "a axis dtype")
    value = e.value(value_node)  # type: ignore[arg-type]
    given = e.static(axis)
    if value.ndim == 0 or given is None and value.ndim > 1:
        raise CannotLift("a running sum over a flattened array")
    along = axis_of(0 if given is None else given, value.ndim)
    wanted = dtype_of(e, dtype, value.dtype if value.dtype.kind in "fc" else np.dtype(np.uint64) if value.dtype.kind == "u" else INT64)
    product = syntax.text(node.func) == "np.cumprod"
    result = e.allocate(e.name_for(node, "running"), wanted, value.extents, value.ones)
    rest = tuple(a for a in range(value.ndim) if a != along)
    accumulator = e.fresh("acc")
    with e.nest(tuple(value.extents[a] for a in rest)) as some:
        e.emit(f"{accumulator} = {literal(1 if product else 0, wanted)}")
        with e.nest((value.extents[along],)) as others:
            index = _merged(value.ndim, rest, some, (along,), others)
            e.emit(f"{accumulator} {'*' if product else '+'}= {cast(value.element(index), value, wanted)}")
            e.emit(f"{result.element(index)} = {accumulator}")
    return result


@call("linalg.norm")
def _norm(e: Expressions, node: ast.Call) -> Lifted:
    value_node, order, axis, keep = arguments(node, "x ord axis keepdims")
    value = e.value(value_node)  # type: ignore[arg-type]
    given = e.static(axis)
    if order is not None or value.dtype.kind != "f" or isinstance(given, tuple):
        raise CannotLift("this norm has no loop form")
    square = e.elementwise((value,), value.dtype, lambda t: _square(e, t[0]))
    total = reduced(e, ast.Pass(), "sum", square, given, bool(e.static(keep)))
    return e.filled(e.name_for(node, "norm"), e.elementwise((total,), value.dtype, lambda t: f"np.sqrt({t[0]})", 10))
