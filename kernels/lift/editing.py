"""Arrays with elements put in, taken out or repeated, and arrays that are cut into parts or laid side by side."""
from __future__ import annotations

import ast
from dataclasses import replace

from . import syntax
from .affine import ONE, ZERO, Affine
from .calls import Lifted, arguments, axis_of, call
from .errors import CannotLift
from .expressions import Expressions
from .joining import alike, array_like, together, with_axis
from .values import UNKNOWN, Pack, Value


def between(value: Value, at: int, start: Affine, length: Affine) -> Value:
    """The `length` elements along axis `at` that begin with number `start`."""
    extents = tuple(length if d == at else x for d, x in enumerate(value.extents))
    ones = tuple(d != at and one for d, one in enumerate(value.ones))
    return value.lazily(extents=extents, ones=ones,
                        element=lambda i: value.element(tuple(p + start if d == at else p for d, p in enumerate(i))))


def flattened(e: Expressions, value: Value) -> Value:
    """The elements one after another, last axis fastest."""
    if value.ndim == 1:
        return value
    if value.ndim == 0:
        return with_axis(e.cheap(value), 0)
    if value.name is None or not value.contiguous:
        value = e.filled(e.fresh("t"), value)
    flat = e.fresh("flat")
    e.emit(f"{flat} = {value.name}.reshape(-1)")
    return e.array(flat, value.dtype, (Affine.atom(f"{flat}.shape[0]"),), root=value.root, sure=value.sure, contiguous=True)


def _along(e: Expressions, node: ast.expr | None, axis: ast.expr | None) -> tuple[Value, int]:
    """An array and the axis along which it is edited; without one it is flattened."""
    value, at = array_like(e, node), e.static(axis)
    if at is None:
        return flattened(e, value), 0
    return value, axis_of(at, value.ndim)


@call("append")
def _append(e: Expressions, node: ast.Call) -> Lifted:
    x, more, axis = arguments(node, "arr values axis", 2)
    first, at = _along(e, x, axis)
    second, _ = _along(e, more, axis)
    return together(e, node, alike([replace(first, weak=False), replace(second, weak=False)]), at)


@call("insert")
def _insert(e: Expressions, node: ast.Call) -> Lifted:
    x, where, values, axis = arguments(node, "arr obj values axis", 3)
    value, at = _along(e, x, axis)
    place, new = e.static(where), array_like(e, values)
    if type(place) is not int or new.ndim not in (0, max(1, value.ndim - 1)):
        raise CannotLift("np.insert at a place that is not known beforehand, or of these values")
    if new.ndim and value.ndim > 1:
        new = with_axis(new, at)
    if value.ndim > 1 or new.ndim == 0:
        one_thick = tuple(ONE if d == at else x for d, x in enumerate(value.extents))
        new = e.stretched(e.cheap(new), one_thick, tuple(d == at or one for d, one in enumerate(value.ones)))
    value, n = e.cheap(value), value.extents[at]
    split = Affine(place) if place >= 0 else n + place
    return together(e, node, [between(value, at, ZERO, split), new, between(value, at, split, n - split)], at, value.dtype)


@call("delete")
def _delete(e: Expressions, node: ast.Call) -> Lifted:
    x, where, axis = arguments(node, "arr obj axis", 2)
    value, at = _along(e, x, axis)
    places = e.static(where)
    places = sorted(set(places)) if isinstance(places, tuple) else [places]
    if any(type(p) is not int for p in places) or len(places) != 1 and (not places or places[0] < 0):
        raise CannotLift("np.delete at places that are not known beforehand")
    value, start, n = e.cheap(value), ZERO, value.extents[at]
    parts = []
    for place in places:
        end = Affine(place) if place >= 0 else n + place
        parts.append(between(value, at, start, end - start))
        start = end + 1
    return together(e, node, [*parts, between(value, at, start, n - start)], at, value.dtype)


@call("repeat", method=True)
def _repeat(e: Expressions, node: ast.Call) -> Lifted:
    x, repeats, axis = arguments(node, "a repeats axis", 2)
    (value, at), times = _along(e, x, axis), array_like(e, repeats)
    if times.ndim == 1 and value.ndim == 1:
        return _repeated(e, node, value, times)
    if times.ndim:
        raise CannotLift("np.repeat by an array, of an array of several dimensions")
    count = e.affine(e.cheap(times))
    extents = tuple(x.times(count) if d == at else x for d, x in enumerate(value.extents))
    ones = tuple(o and d != at for d, o in enumerate(value.ones))
    return value.lazily(extents=extents, ones=ones, element=lambda i: value.element(
        tuple(p.floordiv(count) if d == at else p for d, p in enumerate(i))))


def _repeated(e: Expressions, node: ast.Call, value: Value, times: Value) -> Value:
    """Each element as often as its own count says."""
    if times.dtype.kind not in "iu" or times.extents[0].constant == 1 != value.extents[0].constant:
        raise CannotLift("np.repeat by these counts")
    times, value = e.held(times), e.cheap(value)
    size, position = e.fresh("size"), e.fresh("position")
    e.emit(f"{size} = 0")
    with e.nest(value.extents) as index:
        e.emit(f"{size} += {times.element(index)}")
    result = e.allocate(e.name_for(node, "repeated"), value.dtype, (Affine.atom(size),))
    e.emit(f"{position} = 0")
    with e.nest(value.extents) as index, e.block(f"for {e.fresh('again')} in range({times.element(index)}):"):
        e.emit(f"{result.element((Affine.atom(position),))} = {value.element(index)}")
        e.emit(f"{position} += 1")
    return result


@call("split", "array_split", "hsplit", "vsplit", "dsplit")
def _split(e: Expressions, node: ast.Call) -> Lifted:
    """Views of the parts, as many as are known beforehand."""
    name = syntax.text(node.func)[3:]
    x, where, axis = arguments(node, "ary indices_or_sections axis" if name in ("split", "array_split") else "ary indices_or_sections _", 2)
    value = e.held(e.viewed(e.value(x), x))  # type: ignore[arg-type]
    at = {"vsplit": 0, "dsplit": 2}.get(name, min(1, value.ndim - 1)) if name in ("hsplit", "vsplit", "dsplit") else e.static(axis) or 0
    at = axis_of(at, value.ndim)
    given = e.any_value(ast.copy_location(ast.Tuple(where.elts, ast.Load()), where) if isinstance(where, ast.List) else where)  # type: ignore[arg-type]
    if isinstance(given, Pack):
        points = [i.text for i in given.items]
    elif given.constant is UNKNOWN or given.ndim or given.constant < 1:
        raise CannotLift(f"np.{name} into a number of parts that is not known beforehand")
    else:
        points = _equal_parts(e, value.extents[at], given.constant, name == "array_split")
    parts = []
    for low, high in zip(["", *points], [*points, ""]):
        part = e.fresh("part")
        e.emit(f"{part} = {value.name}[{':, ' * at}{low}:{high}]")
        extents = tuple(Affine.atom(f"{part}.shape[{d}]") if d == at else x for d, x in enumerate(value.extents))
        ones = tuple(d != at and one for d, one in enumerate(value.ones))
        parts.append(e.array(part, value.dtype, extents, ones, value.root, value.sure))
    return Pack(tuple(parts), f"({', '.join(str(p.name) for p in parts)},)")


def _equal_parts(e: Expressions, extent: Affine, count: int, uneven: bool) -> list[str]:
    """Where each part but the first begins. uneven: the first parts have one element more where they do not come out even."""
    each = e.bind(str(extent.floordiv(Affine(count))), "each")
    starts = [f"{n} * {each}" if n > 1 else each for n in range(1, count)]
    if not uneven:
        return starts
    more = e.bind(f"({extent}) % {count}", "more")
    return [f"{start} + min({n}, {more})" for n, start in enumerate(starts, 1)]


@call("block")
def _block(e: Expressions, node: ast.Call) -> Lifted:
    (whole,) = arguments(node, "arrays")
    if not isinstance(whole, ast.List) or not whole.elts:
        raise CannotLift("np.block of a sequence that is not written out")
    if not any(isinstance(row, ast.List) for row in whole.elts):
        values = [with_axis(v, 0) if v.ndim == 0 else v for v in map(e.value, whole.elts)]
        return together(e, node, alike(values), values[0].ndim - 1)
    rows = []
    for row in whole.elts:
        values = [e.value(item) for item in row.elts] if isinstance(row, ast.List) else []
        if not values or any(v.ndim != 2 for v in values):
            raise CannotLift("np.block of other things than rows of matrices")
        rows.append(together(e, row, values, 1) if len(values) > 1 else values[0])
    return together(e, node, rows, 0)
