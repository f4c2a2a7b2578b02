"""Calls that make arrays, and calls that arrange the elements of arrays anew."""
from __future__ import annotations

import ast

import numpy as np

from . import syntax
from .affine import ONE, ZERO, Affine, total
from .calls import Lifted, arguments, axis_of, call
from .dtypes import BOOL, FLOAT64, INT64, cast, joined, literal, stored_as
from .elementwise import dtype_of
from .errors import CannotLift
from .expressions import Expressions
from .values import Index, Pack, Value, number


def extents_of(e: Expressions, node: ast.expr | None) -> tuple[Affine, ...]:
    """A shape as extents. Raises CannotLift."""
    if isinstance(node, ast.List):
        node = ast.copy_location(ast.Tuple(node.elts, ast.Load()), node)
    found = e.any_value(node)  # type: ignore[arg-type]
    items = found.items if isinstance(found, Pack) else (found,)
    if any(isinstance(i, Pack) for i in items):
        raise CannotLift("a shape within a shape")
    return tuple(e.affine(i) for i in items)  # type: ignore[arg-type]


def constant(e: Expressions, node: ast.Call, dtype: np.dtype, extents: tuple[Affine, ...], ones: tuple[bool, ...],
             fill: Value | None, as_asked: bool = True) -> Value:
    """A new array, filled unless `fill` is None. As a whole statement it is allocated; within one it is only a number."""
    if fill is not None and (e.hint is None or e.hint[0] != getattr(node, "kernwright_id", -1)):
        text = cast(fill.text, fill, dtype)
        return Value(dtype, extents, lambda _: text, ones)
    result = e.allocate(e.name_for(node), dtype, extents, ones, as_asked)
    if fill is not None:
        text = stored_as(fill.text, fill, dtype)
        with e.nest(extents) as index:
            e.emit(f"{result.element(index)} = {text}")
    return result


@call("zeros", "ones", "empty")
def _filled(e: Expressions, node: ast.Call) -> Lifted:
    shape, dtype = arguments(node, "shape dtype")
    fill = {"np.zeros": number(0), "np.ones": number(1)}.get(syntax.text(node.func))
    return constant(e, node, dtype_of(e, dtype), extents_of(e, shape), (), fill)


@call("full")
def _full(e: Expressions, node: ast.Call) -> Lifted:
    shape, fill, dtype = arguments(node, "shape fill_value dtype", 2)
    value = e.cheap(e.value(fill))  # type: ignore[arg-type]
    if value.ndim:
        raise CannotLift("np.full of an array")
    return constant(e, node, dtype_of(e, dtype, value.dtype), extents_of(e, shape), (), value)


@call("zeros_like", "ones_like", "empty_like", "full_like")
def _like(e: Expressions, node: ast.Call) -> Lifted:
    name = syntax.text(node.func)
    if name == "np.full_like":
        like, fill, dtype = arguments(node, "a fill_value dtype", 2)
    else:
        (like, dtype), fill = arguments(node, "a dtype"), None
    value = e.value(like)  # type: ignore[arg-type]
    if not value.ndim:
        raise CannotLift(f"{name} of a number")
    filling = e.cheap(e.value(fill)) if fill is not None else {"np.zeros_like": number(0), "np.ones_like": number(1)}.get(name)
    return constant(e, node, dtype_of(e, dtype, value.dtype), value.extents, value.ones, filling, as_asked=False)


@call("arange")
def _arange(e: Expressions, node: ast.Call) -> Lifted:
    if node.keywords and any(k.arg != "dtype" for k in node.keywords):
        raise CannotLift("np.arange with these arguments")
    values = [e.value(a) for a in node.args]
    if not 1 <= len(values) <= 3 or any(v.ndim or v.dtype.kind not in "iu" for v in values):
        raise CannotLift("np.arange of other things than integers")
    dtype = dtype_of(e, node.keywords[0].value if node.keywords else None, joined(*values) if len(values) > 1 else values[0].dtype)
    bounds = [e.affine(v) for v in values]
    low, high = (ZERO, bounds[0]) if len(bounds) == 1 else (bounds[0], bounds[1])
    step = bounds[2].constant if len(bounds) == 3 else 1
    if not step or dtype.kind not in "iuf":
        raise CannotLift("np.arange whose step is not known beforehand")
    span = high - low if step > 0 else low - high
    extent = span if abs(step) == 1 else (span + (abs(step) - 1)).floordiv(Affine(abs(step)))

    def element(index: Index) -> str:
        value = Value(INT64, (), lambda _: "")
        return cast(f"({low + index[0] * step})", value, dtype)

    return Value(dtype, (extent,), element, cost=0)


@call("linspace")
def _linspace(e: Expressions, node: ast.Call) -> Lifted:
    start, stop, count = arguments(node, "start stop num", 3)
    low, high = e.value(start), e.value(stop)  # type: ignore[arg-type]
    if low.ndim or high.ndim or {low.dtype.kind, high.dtype.kind} - set("if") or FLOAT64 != joined(low, high, number(1.0)):
        raise CannotLift("np.linspace of other things than two numbers")
    extent = e.affine(e.value(count))  # type: ignore[arg-type]
    first, last = (e.bind(cast(v.text, v, FLOAT64)) for v in (low, high))
    steps, width = e.bind(str(extent - 1), "steps"), e.fresh("width")
    e.emit(f"{width} = ({last} - {first}) / {steps} if {steps} > 0 else 0.0")
    result = e.allocate(e.name_for(node, "points"), FLOAT64, (extent,))
    with e.nest((extent,)) as (index,):
        e.emit(f"{result.element((index,))} = {index} * {width} + {first}")
    with e.block(f"if {steps} > 0:"):
        e.emit(f"{result.element((extent - 1,))} = {last}")
    return result


@call("eye", "identity")
def _eye(e: Expressions, node: ast.Call) -> Lifted:
    rows, dtype = arguments(node, "N dtype" if syntax.text(node.func) == "np.eye" else "n dtype")
    extent = e.affine(e.value(rows))  # type: ignore[arg-type]
    wanted = dtype_of(e, dtype)
    one, zero = literal(1, wanted), literal(0, wanted)
    return Value(wanted, (extent, extent), lambda index: f"({one} if {index[0]} == {index[1]} else {zero})", cost=1)


@call("copy", "array", "asarray", "ascontiguousarray", method=False)
def _copy(e: Expressions, node: ast.Call) -> Lifted:
    x, dtype = arguments(node, "a dtype")
    if isinstance(x, ast.List | ast.Tuple):
        return _listed(e, node, x, dtype)
    value = e.value(x)  # type: ignore[arg-type]
    wanted = dtype_of(e, dtype, value.dtype)
    if syntax.text(node.func) != "np.copy" and syntax.text(node.func) != "np.array" and wanted == value.dtype and value.root is not None:
        raise CannotLift("a conversion that may share memory")
    return value.lazily(dtype=wanted, element=lambda index: cast(value.element(index), value, wanted))


Expressions.methods["copy"] = _copy  # type: ignore[assignment]


def _listed(e: Expressions, node: ast.Call, items: ast.List | ast.Tuple, dtype: ast.expr | None) -> Value:
    """`np.array([a, b, c])` of numbers."""
    values = [e.value(item) for item in items.elts]
    if not values or any(v.ndim for v in values) or len(values) > 64:
        raise CannotLift("an array of other things than numbers")
    wanted = dtype_of(e, dtype, joined(*values) if len(values) > 1 else values[0].dtype)
    texts = [v.text for v in values]
    result = e.allocate(e.name_for(node), wanted, (Affine(len(values)),))
    for position, (text, value) in enumerate(zip(texts, values)):
        e.emit(f"{result.element((Affine(position),))} = {stored_as(text, value, wanted)}")
    return result


@call("transpose", "permute_dims", method=True)
def _transpose(e: Expressions, node: ast.Call) -> Lifted:
    value = e.value(node.args[0])
    if len(node.args) > 2 and not node.keywords:
        axes = tuple(e.static(a) for a in node.args[1:])
    else:
        _, given = arguments(node, "a axes")
        axes = e.static(given)
    wanted = tuple(axis_of(a, value.ndim) for a in axes) if axes is not None else tuple(reversed(range(value.ndim)))
    if sorted(wanted) != list(range(value.ndim)):
        raise CannotLift("a transposition that is none")
    return e.transposed(value, wanted)


@call("swapaxes", method=True)
def _swapaxes(e: Expressions, node: ast.Call) -> Lifted:
    x, one, two = arguments(node, "a axis1 axis2", 3)
    value = e.value(x)  # type: ignore[arg-type]
    axes = list(range(value.ndim))
    a, b = axis_of(e.static(one), value.ndim), axis_of(e.static(two), value.ndim)
    axes[a], axes[b] = axes[b], axes[a]
    return e.transposed(value, tuple(axes))


@call("expand_dims")
def _expand(e: Expressions, node: ast.Call) -> Lifted:
    x, axis = arguments(node, "a axis", 2)
    value = e.value(x)  # type: ignore[arg-type]
    at = axis_of(e.static(axis), value.ndim + 1)
    extents = (*value.extents[:at], ONE, *value.extents[at:])
    ones = (*value.ones[:at], True, *value.ones[at:])
    return value.lazily(root=value.root, extents=extents, ones=ones, element=lambda i: value.element((*i[:at], *i[at + 1:])))


@call("squeeze", method=True)
def _squeeze(e: Expressions, node: ast.Call) -> Lifted:
    x, axis = arguments(node, "a axis", 2)
    value = e.value(x)  # type: ignore[arg-type]
    at = axis_of(e.static(axis), value.ndim)
    return value.lazily(root=value.root, extents=(*value.extents[:at], *value.extents[at + 1:]),
                        ones=(*value.ones[:at], *value.ones[at + 1:]), element=lambda i: value.element((*i[:at], ZERO, *i[at:])))


@call("flip")
def _flip(e: Expressions, node: ast.Call) -> Lifted:
    x, axis = arguments(node, "m axis")
    value = e.value(x)  # type: ignore[arg-type]
    given = e.static(axis)
    axes = tuple(range(value.ndim)) if given is None else tuple(axis_of(a, value.ndim) for a in (given if isinstance(given, tuple) else (given,)))
    return value.lazily(root=value.root, element=lambda i: value.element(tuple(value.extents[a] - 1 - i[a] if a in axes else i[a] for a in range(value.ndim))))


@call("broadcast_to")
def _broadcast_to(e: Expressions, node: ast.Call) -> Lifted:
    x, shape = arguments(node, "a shape", 2)
    extents = extents_of(e, shape)
    return e.stretched(e.value(x), extents, (False,) * len(extents))  # type: ignore[arg-type]


@call("repeat", method=True)
def _repeat(e: Expressions, node: ast.Call) -> Lifted:
    x, repeats, axis = arguments(node, "a repeats axis", 2)
    value, times = e.value(x), e.value(repeats)  # type: ignore[arg-type]
    given = e.static(axis)
    if times.ndim or given is None and value.ndim != 1:
        raise CannotLift("np.repeat by an array, or of a flattened one")
    at, count = axis_of(0 if given is None else given, value.ndim), e.affine(times)
    extents = tuple(x.times(count) if d == at else x for d, x in enumerate(value.extents))
    ones = tuple(o and d != at for d, o in enumerate(value.ones))
    return value.lazily(extents=extents, ones=ones,
                        element=lambda i: value.element(tuple(p.floordiv(count) if d == at else p for d, p in enumerate(i))))


@call("diff")
def _diff(e: Expressions, node: ast.Call) -> Lifted:
    x, axis = arguments(node, "a axis")
    value = e.value(x)  # type: ignore[arg-type]
    if value.ndim == 0 or value.dtype == BOOL:
        raise CannotLift("np.diff of this array")
    given = e.static(axis)
    at = axis_of(-1 if given is None else given, value.ndim)
    extents = tuple(x - 1 if d == at else x for d, x in enumerate(value.extents))
    later = value.lazily(extents=extents, element=lambda i: value.element(tuple(p + 1 if d == at else p for d, p in enumerate(i))))
    return e.arithmetic(np.subtract, later, value.lazily(extents=extents))


@call("tril", "triu")
def _triangle(e: Expressions, node: ast.Call) -> Lifted:
    x, k = arguments(node, "m k")
    value, offset = e.value(x), e.static(k) or 0  # type: ignore[arg-type]
    if value.ndim != 2 or type(offset) is not int:
        raise CannotLift("a triangle of more than two dimensions")
    sign, zero = "<=" if syntax.text(node.func) == "np.tril" else ">=", literal(0, value.dtype)
    return value.lazily(cost=value.cost + 1,
                        element=lambda i: f"({value.element(i)} if {i[1]} {sign} {i[0] + offset} else {zero})")


@call("diag", "diagonal", method=False)
def _diagonal(e: Expressions, node: ast.Call) -> Lifted:
    (x,) = arguments(node, "v")
    value = e.value(x)  # type: ignore[arg-type]
    if value.ndim == 1:
        zero, n = literal(0, value.dtype), value.extents[0]
        return value.lazily(extents=(n, n), ones=(), cost=value.cost + 1,
                            element=lambda i: f"({value.element(i[:1])} if {i[0]} == {i[1]} else {zero})")
    if value.ndim != 2:
        raise CannotLift("the diagonal of more than two dimensions")
    rows, columns = value.extents
    shorter = rows if rows == columns else Affine.atom(f"min({rows}, {columns})")
    return value.lazily(extents=(shorter,), ones=value.ones[:1], element=lambda i: value.element((i[0], i[0])))


@call("meshgrid")
def _meshgrid(e: Expressions, node: ast.Call) -> Lifted:
    order = "xy"
    for keyword in node.keywords:
        if keyword.arg != "indexing":
            raise CannotLift("np.meshgrid with these arguments")
        order = e.static(keyword.value)
    if len(node.args) != 2:
        raise CannotLift("np.meshgrid of other than two arrays")
    x, y = (e.cheap(e.value(a)) for a in node.args)
    if x.ndim != 1 or y.ndim != 1:
        raise CannotLift("np.meshgrid of other than two vectors")
    first = 1 if order == "xy" else 0
    extents = (y.extents[0], x.extents[0]) if first else (x.extents[0], y.extents[0])
    items = (x.lazily(extents=extents, ones=(), element=lambda i: x.element((i[first],))),
             y.lazily(extents=extents, ones=(), element=lambda i: y.element((i[1 - first],))))
    return Pack(items, "?")


@call("concatenate", "vstack", "hstack", "stack")
def _joined(e: Expressions, node: ast.Call) -> Lifted:
    name = syntax.text(node.func)[3:]
    sequence, axis = arguments(node, "arrays axis")
    if not isinstance(sequence, ast.Tuple | ast.List):
        raise CannotLift(f"np.{name} of a sequence that is not written out")
    values = [e.value(item) for item in sequence.elts]
    at = e.static(axis) or 0
    if any(v.ndim != values[0].ndim or v.ndim == 0 for v in values):
        raise CannotLift(f"np.{name} of numbers, or of arrays of several ranks")
    if name == "stack" or name == "vstack" and values[0].ndim == 1:
        at = axis_of(at, values[0].ndim + 1)
        values = [_with_axis(v, at) for v in values]
    elif name == "hstack" and values[0].ndim > 1:
        at = 1
    at = axis_of(at, values[0].ndim)
    dtype = joined(*values) if len(values) > 1 else values[0].dtype
    extents = tuple(total([v.extents[d] for v in values]) if d == at else values[0].extents[d] for d in range(values[0].ndim))
    ones = tuple(d != at and all(v.ones[d] for v in values) for d in range(values[0].ndim))
    values = [e.held(v) if v.ndim and v.cost >= 20 else v for v in values]
    result = e.allocate(e.name_for(node, "joined"), dtype, extents, ones)
    before = ZERO
    for value in values:
        with e.nest(value.extents) as index:
            place = tuple(p + before if d == at else p for d, p in enumerate(index))
            text = stored_as(value.element(index), value, dtype)
            e.emit(f"{result.element(place)} = {text}")
        before = before + value.extents[at]
    return result


def _with_axis(value: Value, at: int) -> Value:
    return value.lazily(extents=(*value.extents[:at], ONE, *value.extents[at:]), ones=(*value.ones[:at], True, *value.ones[at:]),
                        element=lambda i: value.element((*i[:at], *i[at + 1:])))


@call("take", method=True)
def _take(e: Expressions, node: ast.Call) -> Lifted:
    x, indices, axis = arguments(node, "a indices axis", 2)
    value = e.held(e.value(x))  # type: ignore[arg-type]
    index = e.cheap(e.value(indices))  # type: ignore[arg-type]
    given = e.static(axis)
    if index.ndim == 0 or index.dtype.kind not in "iu" or given is None and value.ndim != 1:
        raise CannotLift("np.take of this index")
    at = axis_of(0 if given is None else given, value.ndim)
    return value.lazily(
        extents=(*value.extents[:at], *index.extents, *value.extents[at + 1:]),
        ones=(*value.ones[:at], *index.ones, *value.ones[at + 1:]),
        element=lambda i: value.element(
            (*i[:at], Affine.of(syntax.parse(index.element(i[at:at + index.ndim]))), *i[at + index.ndim:])))


@call("reshape", "ravel", "flatten", method=True)
def _reshape(e: Expressions, node: ast.Call) -> Lifted:
    name = syntax.text(node.func)[3:]
    value = e.value(node.args[0])
    seen = e.seen.expressions.get(getattr(node, "kernwright_id", -1))
    if value.ndim == 0 or node.keywords or seen is None:
        raise CannotLift(f"np.{name} with these arguments")
    if name in ("ravel", "flatten"):
        shape = "-1"
    elif len(node.args) == 2 and not isinstance(node.args[1], ast.Tuple | ast.List):
        given = e.any_value(node.args[1])
        shape = given.text
    else:
        dimensions = node.args[1].elts if len(node.args) == 2 else node.args[1:]  # type: ignore[attr-defined]
        shape = f"({', '.join(e.value(d).text for d in dimensions)},)"
    own = value.contiguous and value.name is not None
    if not own and name != "flatten" and value.root is not None and ({value.root, e.hint and e.hint[1]} & e.mutated or not value.sure):
        raise CannotLift(f"{name} of a view, which may share memory or not")
    if not own or name == "flatten":
        value = e.filled(e.fresh("flat"), value)
    result = e.name_for(node, "shaped")
    e.emit(f"{result} = {value.name}.reshape({shape})")
    ndim = seen.type[2] if seen.type is not None else -1
    if ndim < 0:
        raise CannotLift("a reshape whose rank changes")
    extents = tuple(Affine.atom(f"{result}.shape[{d}]") for d in range(ndim))
    return e.array(result, value.dtype, extents, tuple(seen.ones), value.root, value.sure, contiguous=True)


@call("ndim", "size", "shape")
def _measure(e: Expressions, node: ast.Call) -> Lifted:
    (x,) = arguments(node, "a")
    name = syntax.text(node.func)[3:]
    return e.any_value(ast.copy_location(ast.Attribute(x, name, ast.Load()), node))  # type: ignore[arg-type]


@call("bincount")
def _bincount(e: Expressions, node: ast.Call) -> Lifted:
    x, weights, minlength = arguments(node, "x weights minlength")
    value = e.held(e.value(x))  # type: ignore[arg-type]
    weight = e.cheap(e.value(weights)) if weights is not None else None
    if value.ndim != 1 or value.dtype != INT64 or weight is not None and (weight.ndim != 1 or weight.dtype.kind not in "iuf"):
        raise CannotLift("np.bincount of these arrays")
    bins = e.fresh("bins")
    e.emit(f"{bins} = {e.value(minlength).text if minlength is not None else 0}")
    with e.nest(value.extents) as index:
        e.emit(f"{bins} = max({bins}, {value.element(index)} + 1)")
    dtype = INT64 if weight is None else FLOAT64
    result = e.allocate(e.name_for(node, "counts"), dtype, (Affine.atom(bins),))
    with e.nest(result.extents) as index:
        e.emit(f"{result.element(index)} = {literal(0, dtype)}")
    with e.nest(value.extents) as index:
        place = result.element((Affine.atom(value.element(index)),))
        e.emit(f"{place} += {cast(weight.element(index), weight, dtype) if weight is not None else 1}")
    return result
