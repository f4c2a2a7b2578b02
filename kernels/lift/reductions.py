"""Reductions along axes: sums, products, extremes, truth and means, as functions, methods and `.reduce` of ufuncs."""
from __future__ import annotations

import ast
from collections.abc import Callable

import numpy as np

from . import syntax
from .affine import ONE, ZERO, Affine
from .calls import Lifted, arguments, axis_of, call, dtype_of
from .dtypes import BOOL, FLOAT64, INT64, cast, literal, settled, spell
from .errors import CannotLift
from .expressions import Expressions
from .values import Index, Value, scalar

HINTS = {"sum": "total", "prod": "product", "max": "largest", "min": "smallest", "fmax": "largest", "fmin": "smallest",
         "any": "some", "all": "every"}
PARAMETERS = {
    **dict.fromkeys(("sum", "prod"), "a axis dtype out keepdims initial where"), "mean": "a axis dtype out keepdims where",
    **dict.fromkeys(("max", "min"), "a axis out keepdims initial where"), **dict.fromkeys(("any", "all"), "a axis out keepdims where"),
}
UFUNCS = {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min", "fmax": "fmax", "fmin": "fmin", "logical_or": "any",
          "logical_and": "all", "bitwise_or": "|", "bitwise_and": "&", "bitwise_xor": "^"}
"""The reduction that each ufunc's `.reduce` is."""
Step = Callable[[str, str], str]
"""The statement that takes an element into an accumulator: (accumulator, element) -> text."""
Finish = Callable[[Value], Value]
"""What is done with a total before it is stored; both are numbers of one dtype."""


@call("sum", "prod", "max", "min", "amax", "amin", "any", "all", "mean", method=True)
def _reduction(e: Expressions, node: ast.Call) -> Lifted:
    name = syntax.text(node.func).removeprefix("np.").replace("amax", "max").replace("amin", "min")
    return _called(e, node, name, PARAMETERS[name], None)


@call(*(f"{name}.reduce" for name in UFUNCS))
def _reduce(e: Expressions, node: ast.Call) -> Lifted:
    return _called(e, node, UFUNCS[syntax.text(node.func).split(".")[1]], "a axis dtype out keepdims initial where", 0)


def _called(e: Expressions, node: ast.Call, name: str, parameters: str, default: int | None) -> Value:
    given = dict(zip(parameters.split(), arguments(node, parameters)))
    if not _absent(given.get("out")):
        raise CannotLift("a reduction within an expression into `out=`")
    value = e.value(given["a"])  # type: ignore[arg-type]
    where, initial = (e.value(n) if not _absent(n := given.get(key)) else None for key in ("where", "initial"))  # type: ignore[arg-type]
    dtype = None if _absent(given.get("dtype")) else dtype_of(e, given["dtype"])
    return reduced(e, node, name, value, axis_given(e, node, given["axis"], default), bool(e.static(given["keepdims"])), dtype, where, initial)


def _absent(node: ast.expr | None) -> bool:
    return node is None or isinstance(node, ast.Constant) and node.value is None


def axis_given(e: Expressions, node: ast.Call, axis: ast.expr | None, default: int | None) -> int | tuple[int, ...] | None:
    """The axis of a call; `default` where none is written, which is not the same as None."""
    if axis is None and not any(k.arg == "axis" for k in node.keywords):
        return default
    return e.static(axis)


def axes_of(axis: int | tuple[int, ...] | None, ndim: int) -> tuple[int, ...]:
    """The axes counted from the front; all for None. Raises CannotLift."""
    if axis is None:
        return tuple(range(ndim))
    found = tuple(axis_of(a, ndim) for a in (axis if isinstance(axis, tuple) else (axis,)))
    if not found or len(set(found)) != len(found):
        raise CannotLift("a reduction along no axis, or twice along one")
    return found


def summed_dtype(value: Value, dtype: np.dtype | None = None) -> np.dtype:
    """The dtype of a sum or product: narrow integers are summed in 64 bits."""
    return dtype or (value.dtype if value.dtype.kind in "fc" else np.dtype(np.uint64) if value.dtype.kind == "u" else INT64)


def reduced(e: Expressions, node: ast.AST, name: str, value: Value, axis: int | tuple[int, ...] | None, keep: bool,
            dtype: np.dtype | None = None, where: Value | None = None, initial: Value | None = None,
            finish: Finish | None = None) -> Value:
    """The reduction `name` of `value` over `axis` (None: all), in a variable. where: what counts. initial: what it begins with."""
    axes = axes_of(axis, value.ndim)
    if where is not None:
        if where.ndim > value.ndim or where.dtype != BOOL:
            raise CannotLift("a reduction `where` something wider than its array, or no truth value, is")
        where = e.cheap(where)
    if name == "mean":
        return mean(e, node, value, axes, keep, dtype, where)
    wanted = summed_dtype(value, dtype) if name in ("sum", "prod") else BOOL if name in ("any", "all") else value.dtype
    name = {"max": "any", "min": "all"}.get(name, name) if wanted == BOOL else name
    if name in ("max", "min", "fmax", "fmin") and wanted.kind not in "iuf" or name in "|&^" and wanted.kind not in "iu":
        raise CannotLift(f"np.{name} of {wanted}")
    start, step = folding(name, wanted, e.finite)
    given, neutral = value, start
    value = e.elementwise((given,), wanted, lambda t: cast(t[0], given, wanted), 0) if given.dtype != wanted else given
    if where is not None:
        counted = value
        value = e.elementwise((where, counted), wanted, lambda t: f"({t[1]} if {t[0]} else {neutral})", 1)
    if initial is not None:
        if initial.ndim:
            raise CannotLift("a reduction that begins with an array")
        start = e.bind(cast(initial.text, initial, wanted), "initial")
    return accumulated(e, node, value, axes, keep, wanted, start, step, HINTS.get(name, "bits"), finish)


def folding(name: str, dtype: np.dtype, finite: bool) -> tuple[str, Step]:
    """What the reduction `name` starts with, and how it takes an element in."""
    symbol = {"sum": "+", "prod": "*", "any": "or", "all": "and"}.get(name, name)
    if name in ("max", "min"):
        return lowest(dtype, "min" if name == "max" else "max", finite), lambda a, b: f"{a} = {larger(name, a, b, dtype, finite)}"
    if name in ("fmax", "fmin"):
        if dtype.kind != "f" or finite:
            return folding(name[1:], dtype, finite)
        return literal(float("nan"), dtype), lambda a, b: f"{a} = np.{name}({a}, {b})"
    start = {"or": "False", "and": "True"}.get(symbol) or literal({"*": 1, "&": -1}.get(symbol, 0), dtype)
    if symbol in "+*" and settled("", dtype) == "":
        return start, lambda a, b: f"{a} {symbol}= {b}"
    return start, lambda a, b: f"{a} = {settled(f'{a} {symbol} {b}', dtype)}"


def lowest(dtype: np.dtype, end: str, finite: bool) -> str:
    """The number that loses against every other: infinite, unless the author excludes infinities (so does `ninf` then)."""
    if dtype.kind == "f" and not finite:
        return literal(float("-inf" if end == "min" else "inf"), dtype)
    if dtype.kind == "f":
        return f"np.finfo({spell(dtype)}).{end}"
    return f"np.iinfo({spell(dtype)}).{end}" if dtype == INT64 else literal(getattr(np.iinfo(dtype), end), dtype)


def larger(name: str, a: str, b: str, dtype: np.dtype, finite: bool) -> str:
    """The larger ("max") or smaller of two; nan wins, as in NumPy."""
    if dtype.kind == "f" and not finite:
        return f"np.{name}imum({a}, {b})"
    return settled(f"{name}({a}, {b})", dtype)


def accumulated(e: Expressions, node: ast.AST, value: Value, axes: tuple[int, ...], keep: bool, dtype: np.dtype, start: str, step: Step,
                hint: str, finish: Finish | None = None) -> Value:
    """A nest that takes every element along `axes` into an accumulator; a number where nothing else is left.

    Where the last axis is reduced the accumulator is a variable; else whole rows are added, in the order of memory.
    """

    def finished(text: str) -> str:
        return finish(scalar(text, dtype)).text if finish is not None else text

    rest = tuple(a for a in range(value.ndim) if a not in axes)
    if not rest:
        name = e.name_for(node, hint) if not keep else e.fresh(hint)
        e.emit(f"{name} = {start}")
        with e.nest(value.extents) as index:
            text = value.element(index)
            e.emit(step(name, text))
        if finish is not None:
            e.emit(f"{name} = {finished(name)}")
        single = Value(dtype, (), lambda _: name, name=name)
        return single if not keep else single.lazily(extents=(ONE,) * value.ndim, ones=(), element=lambda _: name)
    extents, ones = kept_shape(value, axes, keep)
    result = e.allocate(e.name_for(node, hint), dtype, extents, ones)

    def place(index: Index) -> str:
        return result.element(tuple(ZERO if a in axes else index[a] for a in range(value.ndim)) if keep else tuple(index[a] for a in rest))

    outer = tuple(value.extents[a] for a in rest)
    if value.ndim - 1 in axes:
        accumulator = e.fresh("acc")
        with e.nest(outer) as some:
            e.emit(f"{accumulator} = {start}")
            with e.nest(tuple(value.extents[a] for a in axes)) as others:
                index = merged(value.ndim, rest, some, axes, others)
                text = value.element(index)
                e.emit(step(accumulator, text))
            e.emit(f"{place(merged(value.ndim, rest, some, axes, (ZERO,) * len(axes)))} = {finished(accumulator)}")
        return result
    with e.nest(outer) as some:
        e.emit(f"{place(merged(value.ndim, rest, some, axes, (ZERO,) * len(axes)))} = {start}")
    leading = tuple(a for a in rest if a < min(axes))
    order = (*leading, *axes, *(a for a in rest if a not in leading))
    with e.nest(value.extents, order=order) as index:
        text = value.element(index)
        e.emit(step(place(index), text))
    if finish is not None:
        with e.nest(outer) as some:
            at = place(merged(value.ndim, rest, some, axes, (ZERO,) * len(axes)))
            e.emit(f"{at} = {finished(at)}")
    return result


def kept_shape(value: Value, axes: tuple[int, ...], keep: bool) -> tuple[tuple[Affine, ...], tuple[bool, ...]]:
    """Extents and ones of what is left when `axes` are reduced, or (keep) become of length 1."""
    left = range(value.ndim) if keep else [a for a in range(value.ndim) if a not in axes]
    return tuple(ONE if a in axes else value.extents[a] for a in left), tuple(value.ones[a] or a in axes for a in left)


def merged(ndim: int, first: tuple[int, ...], index: Index, second: tuple[int, ...], other: Index) -> Index:
    """The index that has `index` at the axes `first` and `other` at the axes `second`."""
    places: dict[int, Affine] = {**dict(zip(first, index)), **dict(zip(second, other))}
    return tuple(places[a] for a in range(ndim))


def count_of(value: Value, axes: tuple[int, ...]) -> str:
    """The number of elements along the axes."""
    factors = [f"({value.extents[a].length})" for a in axes if value.extents[a].constant != 1]
    return f"({' * '.join(factors) or '1'})"


def counted(e: Expressions, value: Value, axes: tuple[int, ...], keep: bool, where: Value) -> Value:
    """How many elements along the axes count."""
    whole = e.stretched(where, value.extents, value.ones)
    return reduced(e, ast.Pass(), "sum", e.elementwise((whole,), INT64, lambda t: f"np.int64({t[0]})", 0), axes, keep)


def mean(e: Expressions, node: ast.AST, value: Value, axes: tuple[int, ...], keep: bool, dtype: np.dtype | None,
         where: Value | None = None) -> Value:
    """The mean over the axes of the elements `where` it counts."""
    wanted = dtype or (value.dtype if value.dtype.kind in "fc" else FLOAT64)
    if where is None:
        count = scalar(count_of(value, axes), INT64, weak=True)
        return reduced(e, node, "sum", value, axes, keep, wanted, finish=lambda total: e.arithmetic(np.true_divide, total, count))
    if value.cost >= 1:
        value = e.held(value)
    count = counted(e, value, axes, keep, where)
    return divided(e, reduced(e, ast.Pass(), "sum", value, axes, keep, wanted, where), count, wanted)


def divided(e: Expressions, total: Value, count: Value, dtype: np.dtype) -> Value:
    """The quotient in the total's own dtype, whatever the count is."""
    ratio = e.arithmetic(np.true_divide, total, count)
    return e.elementwise((ratio,), dtype, lambda t: cast(t[0], ratio, dtype), 0).lazily(weak=False)
