"""Arrays as sets: np.unique and np.isin, by sorting and searching."""
from __future__ import annotations

import ast

from . import syntax
from .affine import Affine
from .calls import Lifted, arguments, call
from .dtypes import BOOL, INT64, cast, joined
from .errors import CannotLift
from .expressions import Expressions
from .ordering import all_ordered
from .values import Pack, Value


@call("unique")
def _unique(e: Expressions, node: ast.Call) -> Lifted:
    x, *asked = arguments(node, "ar return_index return_inverse return_counts")
    value = e.value(x)  # type: ignore[arg-type]
    with_index, with_inverse, with_counts = (bool(e.static(flag)) for flag in asked)
    if value.dtype.kind not in "iuf" or value.ndim == 0 or with_index and value.ndim > 1:
        raise CannotLift(f"np.unique of {value.dtype}, or of positions in an array of several dimensions")
    value = e.held(value)
    several = any((with_index, with_inverse, with_counts))
    values, counts = _values(e, value, e.fresh("values") if several else e.name_for(node, "values"), with_counts)
    found = [values]
    if with_index:
        found.append(_first_places(e, value, values))
    if with_inverse:
        inverse = e.allocate(e.fresh("inverse"), INT64, value.extents, value.ones)
        with e.nest(value.extents) as index:
            e.emit(f"{inverse.element(index)} = np.searchsorted({values.name}, {value.element(index)})")
        found.append(inverse)
    if counts is not None:
        found.append(counts)
    return Pack(tuple(found), f"({', '.join(str(f.name) for f in found)})") if several else values


def _values(e: Expressions, value: Value, name: str, with_counts: bool = False) -> tuple[Value, Value | None]:
    """The values that occur, in order, and how often each does."""
    row = all_ordered(e, value, value.dtype, e.fresh("row"))
    (n,) = row.extents
    count, place = e.fresh("count"), e.fresh("place")
    e.emit(f"{count} = 0")
    with e.nest((n,)) as (k,), e.block(f"if {_is_new(row, k)}:"):
        e.emit(f"{count} += 1")
    values = e.allocate(name, value.dtype, (Affine.atom(count),))
    counts = e.allocate(e.fresh("counts"), INT64, values.extents) if with_counts else None
    e.emit(f"{place} = -1")
    at = Affine.atom(place)
    with e.nest((n,)) as (k,):
        with e.block(f"if {_is_new(row, k)}:"):
            e.emit(f"{place} += 1")
            e.emit(f"{values.element((at,))} = {row.element((k,))}")
            if counts is not None:
                e.emit(f"{counts.element((at,))} = 0")
        if counts is not None:
            e.emit(f"{counts.element((at,))} += 1")
    return values, counts


def _is_new(row: Value, k: Affine) -> str:
    """Whether an element of a sorted vector differs from the one before it; all nan are one."""
    here, before = row.element((k,)), row.element((k - 1,))
    differs = f"{here} != {before}" + (f" and ({here} == {here} or {before} == {before})" if row.dtype.kind == "f" else "")
    return f"{k} == 0 or {differs}"


def _first_places(e: Expressions, value: Value, values: Value) -> Value:
    """Where each of the values stands first in a vector."""
    (n,) = value.extents
    first = e.allocate(e.fresh("first"), INT64, values.extents)
    with e.nest(values.extents) as index:
        e.emit(f"{first.element(index)} = {n}")
    with e.nest((n,)) as (k,):
        which = Affine.atom(e.bind(f"np.searchsorted({values.name}, {value.element((k,))})", "which"))
        place = first.element((which,))
        e.emit(f"{place} = min({place}, {k})")
    return first


@call("isin", "in1d")
def _isin(e: Expressions, node: ast.Call) -> Lifted:
    x, among, _, invert = arguments(node, "element test_elements assume_unique invert", 2)
    value, tests, inverted = e.value(x), _tests(e, among), bool(e.static(invert))  # type: ignore[arg-type]
    dtype = joined(value, tests)
    if dtype.kind not in "iuf" or value.ndim == 0 or tests.ndim == 0:
        raise CannotLift(f"np.isin of {dtype}, or of a number")
    row = all_ordered(e, tests, dtype, e.fresh("row"))
    result = e.allocate(e.name_for(node), BOOL, value.extents, value.ones)
    with e.nest(value.extents) as index:
        found = _is_among(e, cast(value.element(index), value, dtype), row)
        e.emit(f"{result.element(index)} = {f'not ({found})' if inverted else found}")
    return result


@call("intersect1d", "setdiff1d")
def _both(e: Expressions, node: ast.Call) -> Lifted:
    """The values of one array that occur in another, or do not."""
    x, among, _ = arguments(node, "ar1 ar2 assume_unique", 2)
    value, tests = e.value(x), _tests(e, among)  # type: ignore[arg-type]
    if value.dtype != tests.dtype or value.dtype.kind not in "iuf" or value.ndim == 0 or tests.ndim == 0:
        raise CannotLift("sets of numbers, or of arrays of several dtypes")
    values, _ = _values(e, value, e.fresh("values"))
    row = all_ordered(e, tests, tests.dtype, e.fresh("row"))
    count, name = e.fresh("count"), e.name_for(node, "some")
    kept = e.allocate(e.fresh("kept"), value.dtype, values.extents)
    e.emit(f"{count} = 0")
    with e.nest(values.extents) as index:
        found = _is_among(e, values.element(index), row)
        with e.block(f"if {found if syntax.text(node.func) == 'np.intersect1d' else f'not ({found})'}:"):
            e.emit(f"{kept.element((Affine.atom(count),))} = {values.element(index)}")
            e.emit(f"{count} += 1")
    result = e.allocate(name, value.dtype, (Affine.atom(count),))
    with e.nest(result.extents) as index:
        e.emit(f"{result.element(index)} = {kept.element(index)}")
    return result


def _tests(e: Expressions, node: ast.expr) -> Value:
    """An array that is looked into, which may be written out."""
    return e.value(syntax.numpy_call("array", node) if isinstance(node, ast.List | ast.Tuple) else node)


def _is_among(e: Expressions, element: str, row: Value) -> str:
    """Whether an element occurs in a sorted vector."""
    element = e.bind(element, "element")
    which = Affine.atom(e.bind(f"np.searchsorted({row.name}, {element})", "which"))
    return f"{which} < {row.extents[0]} and {row.element((which,))} == {element}"
