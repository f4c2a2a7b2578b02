"""Calls that make or copy arrays, and calls that gather their elements."""
from __future__ import annotations

import ast

import numpy as np

from . import syntax
from .affine import Affine
from .calls import Lifted, arguments, axis_of, call, dtype_of
from .dtypes import FLOAT64, INT64, cast, literal, stored_as
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


def _lengths(e: Expressions, node: ast.expr) -> list[str]:
    """The texts of an argument that gives a length, or several by `*`."""
    if not isinstance(node, ast.Starred):
        return [e.value(node).text]
    several = e.any_value(node.value)
    if not isinstance(several, Pack):
        raise CannotLift("a shape that is not written out")
    return [length.text for length in several.items]


@call("reshape", "ravel", "flatten", method=True)
def _reshape(e: Expressions, node: ast.Call) -> Lifted:
    name = syntax.text(node.func)[3:]
    value = e.value(node.args[0])
    seen = e.seen.expressions.get(getattr(node, "kernwright_id", -1))
    if value.ndim == 0 or node.keywords or seen is None:
        raise CannotLift(f"np.{name} with these arguments")
    if name in ("ravel", "flatten"):
        shape = "-1"
    elif len(node.args) == 2 and not isinstance(node.args[1], ast.Tuple | ast.List | ast.Starred):
        given = e.any_value(node.args[1])
        shape = given.text
    else:
        dimensions = node.args[1].elts if len(node.args) == 2 and isinstance(node.args[1], ast.Tuple | ast.List) else node.args[1:]
        shape = f"({', '.join(text for d in dimensions for text in _lengths(e, d))},)"
    own = value.contiguous and value.name is not None
    if not own and name != "flatten" and value.root is not None and ({value.root, e.hint and e.hint[1]} & e.mutated or not value.sure) \
            and getattr(node, "kernwright_id", -1) not in e.transient:
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
