"""Differences of neighbours, and what is built of them: derivatives, the trapezoidal rule, interpolation."""
from __future__ import annotations

import ast
from dataclasses import replace

import numpy as np

from .affine import ZERO, Affine
from .calls import Lifted, arguments, axis_of, call
from .dtypes import BOOL, FLOAT64, cast
from .editing import flattened
from .errors import CannotLift
from .expressions import Expressions
from .joining import array_like, together
from .reductions import reduced
from .values import Index, Pack, Value, number


def shifted(value: Value, at: int, by: int, extent: Affine) -> Value:
    """The `extent` elements along axis `at` that begin with number `by`."""
    extents = tuple(extent if d == at else x for d, x in enumerate(value.extents))
    return value.lazily(extents=extents, ones=(), element=lambda i: value.element(_moved(i, at, by)))


def _moved(index: Index, at: int, by: int | Affine) -> Index:
    return tuple(p + by if d == at else p for d, p in enumerate(index))


def differences(e: Expressions, value: Value, at: int) -> Value:
    """Each element's successor along an axis, less the element."""
    shorter = value.extents[at] - 1
    pair = shifted(value, at, 1, shorter), shifted(value, at, 0, shorter)
    return e.elementwise(pair, BOOL, lambda x: f"({x[0]} != {x[1]})") if value.dtype == BOOL else e.arithmetic(np.subtract, *pair)


@call("diff")
def _diff(e: Expressions, node: ast.Call) -> Lifted:
    x, times, axis, before, after = arguments(node, "a n axis prepend append")
    value, given = e.value(x), e.static(axis)  # type: ignore[arg-type]
    count = 1 if times is None else e.static(times)
    if value.ndim == 0 or type(count) is not int or not 0 <= count <= 4:
        raise CannotLift("np.diff of this array")
    at = axis_of(-1 if given is None else given, value.ndim)
    if before is not None or after is not None:
        ends = [None if n is None else _end(e, array_like(e, n), value, at) for n in (before, after)]
        value = together(e, ast.Constant(None), [v for v in (ends[0], value, ends[1]) if v is not None], at)
    for _ in range(count):
        value = differences(e, e.cheap(value), at)
    return value.lazily()


def _end(e: Expressions, value: Value, array: Value, at: int) -> Value:
    """What is put before or after an array along an axis; a number is put beside every row."""
    if value.ndim == array.ndim:
        return value
    if value.ndim:
        raise CannotLift("np.diff between arrays of several ranks")
    thin = tuple(Affine(1) if d == at else x for d, x in enumerate(array.extents))
    return e.stretched(e.cheap(value), thin, tuple(d == at or one for d, one in enumerate(array.ones)))


@call("ediff1d")
def _ediff1d(e: Expressions, node: ast.Call) -> Lifted:
    x, after, before = arguments(node, "ary to_end to_begin")
    value = e.cheap(flattened(e, array_like(e, x)))
    if value.dtype == BOOL:
        raise CannotLift("np.ediff1d of truth values")
    found = differences(e, value, 0)
    if before is None and after is None:
        return found
    ends = [None if n is None else flattened(e, array_like(e, n)) for n in (before, after)]
    parts = [v for v in (ends[0], found, ends[1]) if v is not None]
    if any(not np.can_cast(v.dtype, value.dtype, "same_kind") for v in parts):
        raise CannotLift("np.ediff1d between other things than its differences")
    return together(e, node, parts, 0, value.dtype)


@call("trapezoid", "trapz")
def _trapezoid(e: Expressions, node: ast.Call) -> Lifted:
    y, x, dx, axis = arguments(node, "y x dx axis")
    value, given = e.value(y), e.static(axis)  # type: ignore[arg-type]
    if value.dtype.kind not in "iuf":
        raise CannotLift("np.trapezoid of other things than real numbers")
    at = axis_of(-1 if given is None else given, value.ndim)
    value = e.cheap(value)
    width = number(1.0) if dx is None else e.value(dx)
    if x is not None:
        points = e.cheap(e.value(x))
        if points.ndim not in (1, value.ndim):
            raise CannotLift("np.trapezoid over points of another rank")
        width = differences(e, points, at if points.ndim == value.ndim else 0)
        if points.ndim == 1 < value.ndim:
            width = _along(width, at, value.ndim)
    shorter = value.extents[at] - 1
    pair = e.arithmetic(np.add, shifted(value, at, 1, shorter), shifted(value, at, 0, shorter))
    area = e.arithmetic(np.true_divide, e.arithmetic(np.multiply, width, pair), number(2.0))
    return reduced(e, node, "sum", area, at, False)


def _along(vector: Value, at: int, rank: int) -> Value:
    """A vector that runs along axis `at` of an array of `rank` axes."""
    extents = tuple(vector.extents[0] if d == at else Affine(1) for d in range(rank))
    return vector.lazily(extents=extents, ones=(), element=lambda i: vector.element((i[at],)))


@call("gradient")
def _gradient(e: Expressions, node: ast.Call) -> Lifted:
    given = {k.arg: k.value for k in node.keywords}
    if set(given) - {"axis", "edge_order"} or (order := e.static(given.get("edge_order")) or 1) not in (1, 2):
        raise CannotLift("np.gradient with these arguments")
    value = e.value(node.args[0])
    if value.ndim == 0 or value.dtype.kind not in "iuf":
        raise CannotLift("np.gradient of other things than real numbers")
    value = e.cheap(value)
    axes = e.static(given.get("axis"))
    chosen = tuple(range(value.ndim)) if axes is None else axes if isinstance(axes, tuple) else (axes,)
    chosen = tuple(axis_of(a, value.ndim) for a in chosen)
    spacings = [e.cheap(e.value(a)) for a in node.args[1:]] or [number(1.0)]
    spacings = spacings * len(chosen) if len(spacings) == 1 else spacings
    if len(spacings) != len(chosen) or any(s.ndim > 1 or s.dtype.kind not in "iuf" for s in spacings):
        raise CannotLift("np.gradient with these spacings")
    hint, results = e.hint, []
    for at, spacing in zip(chosen, spacings):
        e.hint = hint if len(chosen) == 1 else None
        results.append(_derivative(e, node, value, at, spacing, order))
    if len(results) == 1 and not isinstance(axes, tuple):
        return results[0]
    return Pack(tuple(results), f"({', '.join(str(r.name) for r in results)},)")


def _derivative(e: Expressions, node: ast.AST, value: Value, at: int, spacing: Value, order: int) -> Value:
    """Central differences inside, one-sided ones of this order at both ends; inside of second order too where the points are not equally
    far apart."""
    dtype = value.dtype if value.dtype.kind == "f" else FLOAT64
    if spacing.ndim and spacing.dtype != dtype or not spacing.ndim and not spacing.weak and spacing.dtype != dtype:
        raise CannotLift("np.gradient in several precisions")
    if order == 2 and spacing.ndim:
        raise CannotLift("np.gradient of second order at the ends of points that are not equally far apart")
    result = e.allocate(e.name_for(node, "slope"), dtype, value.extents, value.ones)
    wide = replace(value.lazily(), dtype=dtype, element=lambda i: cast(value.element(i), value, dtype))
    n = value.extents[at]

    def write(index: Index, text: Value) -> None:
        e.emit(f"{result.element(index)} = {text.text}")

    def element(source: Value, index: Index) -> Value:
        text = source.element(index)
        return Value(source.dtype, (), lambda _: text, weak=source.weak, cost=1)

    def sum_of(terms: list[tuple[Value, Value]]) -> Value:
        parts = [e.arithmetic(np.multiply, a, b) for a, b in terms]
        found = parts[0]
        for part in parts[1:]:
            found = e.arithmetic(np.add, found, part)
        return found

    def gap(position: Affine) -> Value:
        """From one point to the next."""
        if not spacing.ndim:
            return spacing
        return e.arithmetic(np.subtract, element(spacing, (position + 1,)), element(spacing, (position,)))

    inner = tuple(x - 2 if d == at else x for d, x in enumerate(value.extents))
    with e.nest(inner) as index:
        before, here, after = (element(wide, _moved(index, at, by)) for by in range(3))
        if spacing.ndim:
            left, right = (bound(e, gap(index[at] + by)) for by in range(2))
            both = bound(e, e.arithmetic(np.add, left, right))
            a = e.arithmetic(np.true_divide, e.arithmetic(np.subtract, number(0.0), right), e.arithmetic(np.multiply, left, both))
            b = e.arithmetic(np.true_divide, e.arithmetic(np.subtract, right, left), e.arithmetic(np.multiply, left, right))
            c = e.arithmetic(np.true_divide, left, e.arithmetic(np.multiply, right, both))
            write(_moved(index, at, 1), sum_of([(a, before), (b, here), (c, after)]))
        else:
            twice = e.arithmetic(np.multiply, number(2.0), spacing)
            write(_moved(index, at, 1), e.arithmetic(np.true_divide, e.arithmetic(np.subtract, after, before), twice))
    edge = tuple(Affine(1) if d == at else x for d, x in enumerate(value.extents))
    with e.nest(edge) as index:
        for start, place in ((ZERO, ZERO), (n - 2, n - 1)):
            if order == 2:
                start, weights = (ZERO, (-1.5, 2.0, -0.5)) if place == ZERO else (n - 3, (0.5, -2.0, 1.5))
                write(_moved(index, at, place), sum_of([
                    (e.arithmetic(np.true_divide, number(weight), spacing), element(wide, _moved(index, at, start + by)))
                    for by, weight in enumerate(weights)]))
                continue
            first, second = (element(wide, _moved(index, at, start + by)) for by in range(2))
            write(_moved(index, at, place), e.arithmetic(np.true_divide, e.arithmetic(np.subtract, second, first), gap(start)))
    return result


def bound(e: Expressions, value: Value) -> Value:
    """The number in a variable."""
    name = e.bind(value.text)
    return Value(value.dtype, (), lambda _: name, weak=value.weak, name=name)


@call("interp")
def _interp(e: Expressions, node: ast.Call) -> Lifted:
    """Piecewise linear interpolation: the interval of each point is found by bisection."""
    x, xp, fp, left, right = arguments(node, "x xp fp left right", 3)
    outside = [None if n is None else e.cheap(e.value(n)) for n in (left, right)]
    value, points, heights = e.value(x), e.held(e.value(xp)), e.held(e.value(fp))  # type: ignore[arg-type]
    if points.ndim != 1 or heights.ndim != 1 or any(v.dtype.kind not in "iuf" for v in (value, points, heights)):
        raise CannotLift("np.interp of these arrays")
    last = points.extents[0] - 1
    result = e.allocate(e.name_for(node, "heights"), FLOAT64, value.extents, value.ones) if value.ndim else None
    low, high, middle, at = (e.fresh(name) for name in ("low", "high", "middle", "at"))
    found = e.fresh("height")

    def of(array: Value, position: str | Affine) -> str:
        place = Affine.atom(position) if isinstance(position, str) else position
        return cast(array.element((place,)), array, FLOAT64)

    with e.nest(value.extents) as index:
        e.emit(f"{at} = {cast(value.element(index), value, FLOAT64)}")
        beyond = ">=" if outside[1] is None else ">"
        with e.block(f"if {at} {beyond} {of(points, last)}:"):
            e.emit(f"{found} = {of(heights, last) if outside[1] is None else cast(outside[1].text, outside[1], FLOAT64)}")
        if outside[1] is not None:
            with e.block(f"elif {at} == {of(points, last)}:"):
                e.emit(f"{found} = {of(heights, last)}")
        with e.block("else:"), e.block(f"if {at} < {of(points, ZERO)}:"):
            e.emit(f"{found} = {of(heights, ZERO) if outside[0] is None else cast(outside[0].text, outside[0], FLOAT64)}")
        e.indent += 1
        with e.block("else:"):
            e.emit(f"{low} = 0")
            e.emit(f"{high} = {last}")
            with e.block(f"while {high} - {low} > 1:"):
                e.emit(f"{middle} = ({low} + {high}) // 2")
                with e.block(f"if {at} >= {of(points, middle)}:"):
                    e.emit(f"{low} = {middle}")
                with e.block("else:"):
                    e.emit(f"{high} = {middle}")
            slope = f"({of(heights, high)} - {of(heights, low)}) / ({of(points, high)} - {of(points, low)})"
            e.emit(f"{found} = {slope} * ({at} - {of(points, low)}) + {of(heights, low)}")
        e.indent -= 1
        if result is not None:
            e.emit(f"{result.element(index)} = {found}")
    return result if result is not None else Value(FLOAT64, (), lambda _: found, name=found)
