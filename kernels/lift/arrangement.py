"""Calls that make arrays, and calls that arrange the elements of arrays anew."""
from __future__ import annotations

import ast

import numpy as np

from . import syntax
from .affine import ONE, ZERO, Affine
from .calls import Lifted, arguments, axis_of, call
from .dtypes import FLOAT64, INT64, cast, literal, stored_as
from .elementwise import dtype_of
from .errors import CannotLift
from .expressions import Expressions
from .joining import array_like, listed
from .values import Pack, Value, number


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
    value = e.cheap(array_like(e, fill))
    if value.ndim:
        extents = extents_of(e, shape)
        if value.ndim > len(extents):
            raise CannotLift("np.full of an array of more dimensions")
        wanted, wide = dtype_of(e, dtype, value.dtype), e.stretched(value, extents, (False,) * len(extents))
        return wide.lazily(dtype=wanted, element=lambda i: cast(wide.element(i), wide, wanted))
    return constant(e, node, dtype_of(e, dtype, value.dtype), extents_of(e, shape), (), value)


@call("zeros_like", "ones_like", "empty_like", "full_like")
def _like(e: Expressions, node: ast.Call) -> Lifted:
    name = syntax.text(node.func)
    if name == "np.full_like":
        like, fill, dtype, shape = arguments(node, "a fill_value dtype shape", 2)
    else:
        (like, dtype, shape), fill = arguments(node, "a dtype shape"), None
    value = e.value(like)  # type: ignore[arg-type]
    if not value.ndim:
        raise CannotLift(f"{name} of a number")
    filling = e.cheap(e.value(fill)) if fill is not None else {"np.zeros_like": number(0), "np.ones_like": number(1)}.get(name)
    if shape is not None:
        return constant(e, node, dtype_of(e, dtype, value.dtype), extents_of(e, shape), (), filling)
    return constant(e, node, dtype_of(e, dtype, value.dtype), value.extents, value.ones, filling, as_asked=False)


@call("copy", "array", "asarray", "asanyarray", "ascontiguousarray")
def _copy(e: Expressions, node: ast.Call) -> Lifted:
    x, dtype, *given = arguments(node, "a dtype copy" if syntax.text(node.func) == "np.array" else "a dtype")
    if any(n is not None and e.static(n) is not True for n in given):
        raise CannotLift("an array that may share memory")
    if isinstance(x, ast.List | ast.Tuple):
        return listed(e, node, x, dtype)
    value = e.value(x)  # type: ignore[arg-type]
    wanted = dtype_of(e, dtype, value.dtype)
    name = syntax.text(node.func)[3:]
    if name not in ("copy", "array") and wanted == value.dtype and value.root is not None:
        if name in ("asarray", "asanyarray") or value.contiguous and value.name is not None:
            return value
        if {value.root, e.hint and e.hint[1]} & e.mutated or not value.sure:
            raise CannotLift("a conversion that may share memory")
    return value.lazily(dtype=wanted, element=lambda index: cast(value.element(index), value, wanted))


Expressions.methods["copy"] = _copy  # type: ignore[assignment]


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


@call("matrix_transpose")
def _matrix_transpose(e: Expressions, node: ast.Call) -> Lifted:
    (x,) = arguments(node, "x")
    value = e.value(x)  # type: ignore[arg-type]
    if value.ndim < 2:
        raise CannotLift("the transposition of no matrix")
    return e.transposed(value, (*range(value.ndim - 2), value.ndim - 1, value.ndim - 2))


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
    value, given = e.value(x), e.static(axis)  # type: ignore[arg-type]
    given = given if isinstance(given, tuple) else (given,)
    rank = value.ndim + len(given)
    new = {axis_of(a, rank) for a in given}
    if len(new) < len(given):
        raise CannotLift("np.expand_dims twice at one place")
    kept = [d for d in range(rank) if d not in new]
    where = {d: n for n, d in enumerate(kept)}
    return value.lazily(root=value.root, extents=tuple(value.extents[where[d]] if d in where else ONE for d in range(rank)),
                        ones=tuple(d in new or value.ones[where[d]] for d in range(rank)),
                        element=lambda i: value.element(tuple(i[d] for d in kept)))


@call("squeeze", method=True)
def _squeeze(e: Expressions, node: ast.Call) -> Lifted:
    x, axis = arguments(node, "a axis")
    value = e.value(x)  # type: ignore[arg-type]
    given = e.static(axis)
    dropped = [d for d in range(value.ndim) if value.ones[d]] if given is None else \
        [axis_of(a, value.ndim) for a in (given if isinstance(given, tuple) else (given,))]
    left = [d for d in range(value.ndim) if d not in dropped]
    return value.lazily(root=value.root, extents=tuple(value.extents[d] for d in left), ones=tuple(value.ones[d] for d in left),
                        element=lambda i: value.element(tuple(i[left.index(d)] if d in left else ZERO for d in range(value.ndim))))


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


@call("tril", "triu")
def _triangle(e: Expressions, node: ast.Call) -> Lifted:
    x, k = arguments(node, "m k")
    value, offset = e.value(x), e.static(k) or 0  # type: ignore[arg-type]
    if value.ndim != 2 or type(offset) is not int:
        raise CannotLift("a triangle of more than two dimensions")
    sign, zero = "<=" if syntax.text(node.func) == "np.tril" else ">=", literal(0, value.dtype)
    return value.lazily(cost=value.cost + 1,
                        element=lambda i: f"({value.element(i)} if {i[1]} {sign} {i[0] + offset} else {zero})")


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
    if value.ndim != 1 or value.dtype.kind not in "iu" or weight is not None and (weight.ndim != 1 or weight.dtype.kind not in "iuf"):
        raise CannotLift("np.bincount of these arrays")
    bins = e.fresh("bins")
    e.emit(f"{bins} = {e.value(minlength).text if minlength is not None else 0}")
    with e.nest(value.extents) as index:
        e.emit(f"{bins} = max({bins}, {cast(value.element(index), value, INT64)} + 1)")
    dtype = INT64 if weight is None else FLOAT64
    result = e.allocate(e.name_for(node, "counts"), dtype, (Affine.atom(bins),))
    with e.nest(result.extents) as index:
        e.emit(f"{result.element(index)} = {literal(0, dtype)}")
    with e.nest(value.extents) as index:
        place = result.element((Affine.atom(cast(value.element(index), value, INT64)),))
        e.emit(f"{place} += {cast(weight.element(index), weight, dtype) if weight is not None else 1}")
    return result


@call("fliplr", "flipud", "rot90")
def _turned(e: Expressions, node: ast.Call) -> Lifted:
    name = syntax.text(node.func)[3:]
    x, *more = arguments(node, "m k" if name == "rot90" else "m")
    value = e.value(x)  # type: ignore[arg-type]
    turns = 1
    if name == "rot90" and more[0] is not None:
        turns = e.static(more[0])
    if value.ndim < 2 - (name == "flipud") or type(turns) is not int:
        raise CannotLift(f"np.{name} with these arguments")

    def flipped(array: Value, axis: int) -> Value:
        return array.lazily(root=array.root, element=lambda i: array.element(
            tuple(array.extents[axis] - 1 - p if d == axis else p for d, p in enumerate(i))))

    if name != "rot90":
        return flipped(value, 0 if name == "flipud" else 1)
    across = (1, 0, *range(2, value.ndim))
    for _ in range(turns % 4):
        value = e.transposed(flipped(value, 1), across)
    return value.lazily(root=value.root)


@call("moveaxis", "rollaxis")
def _moved(e: Expressions, node: ast.Call) -> Lifted:
    rolled = syntax.text(node.func) == "np.rollaxis"
    x, source, target = arguments(node, "a axis start" if rolled else "a source destination", 2)
    value, at, to = e.value(x), e.static(source), e.static(target)  # type: ignore[arg-type]
    if rolled:
        at = axis_of(at, value.ndim)
        to = axis_of(to or 0, value.ndim + 1)
        to -= to > at
    sources = [axis_of(a, value.ndim) for a in (at if isinstance(at, tuple) else (at,))]
    targets = [axis_of(a, value.ndim) for a in (to if isinstance(to, tuple) else (to,))]
    order = [a for a in range(value.ndim) if a not in sources]
    for target_axis, source_axis in sorted(zip(targets, sources)):
        order.insert(target_axis, source_axis)
    if sorted(order) != list(range(value.ndim)):
        raise CannotLift("axes that are moved twice")
    return e.transposed(value, tuple(order))


@call("atleast_1d", "atleast_2d", "atleast_3d")
def _at_least(e: Expressions, node: ast.Call) -> Lifted:
    (x,) = arguments(node, "a")
    value = array_like(e, x)
    rank = int(syntax.text(node.func)[-2])
    missing = max(0, rank - value.ndim)
    if not missing:
        return value
    if rank == 3 and value.ndim:
        front = int(value.ndim == 1)
        inner = value
        return value.lazily(root=value.root, extents=(ONE,) * front + value.extents + (ONE,), ones=(True,) * front + value.ones + (True,),
                            element=lambda i: inner.element(i[front:-1]))
    return value.lazily(root=value.root, extents=(ONE,) * missing + value.extents, ones=(True,) * missing + value.ones,
                        element=lambda i: value.element(i[missing:]))
