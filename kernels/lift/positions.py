"""Where an extreme stands: argmin, argmax, the forms that leave out nan, and the indices of such a place."""
from __future__ import annotations

import ast

from . import syntax
from .affine import ONE, ZERO, Affine
from .calls import Lifted, arguments, axis_of, call
from .dtypes import BOOL, INT64, literal
from .errors import CannotLift
from .expressions import Expressions
from .reductions import kept_shape
from .running import without_nan
from .values import Pack, Value, scalar


@call("argmax", "argmin", method=True)
@call("nanargmax", "nanargmin")
def _position(e: Expressions, node: ast.Call) -> Lifted:
    name = syntax.text(node.func)[3:]
    value_node, axis, out, keep = arguments(node, "a axis out keepdims")
    if out is not None:
        raise CannotLift(f"np.{name} within an expression into `out=`")
    value, kept, sign = e.value(value_node), bool(e.static(keep)), ">" if name.endswith("max") else "<"  # type: ignore[arg-type]
    if value.dtype == BOOL:
        truth = value
        value = e.elementwise((truth,), INT64, lambda t: f"np.int64({t[0]})", 0)
    if value.dtype.kind not in "iuf" or value.ndim == 0:
        raise CannotLift(f"np.{name} of {value.dtype} in {value.ndim} dimensions")
    nan = value.dtype.kind == "f" and not e.finite
    if name[:3] == "nan" and nan:
        value, nan = without_nan(e, value, literal(float("-inf" if sign == ">" else "inf"), value.dtype)), False

    def wins(text: str, best: str) -> str:
        return f"{text} {sign} {best}" + (f" or ({text} != {text} and {best} == {best})" if nan else "")

    given = e.static(axis)
    if given is None or value.ndim == 1:
        if given is not None:
            axis_of(given, 1)
        return _of_all(e, node, value, wins, kept)
    at = axis_of(given, value.ndim)
    extents, ones = kept_shape(value, (at,), kept)
    result = e.allocate(e.name_for(node, "position"), INT64, extents, ones)
    leading, trailing = value.extents[:at], value.extents[at + 1:]

    def place(some: tuple[Affine, ...], inner: tuple[Affine, ...]) -> str:
        return result.element((*some, *([ZERO] if kept else []), *inner))

    best = e.allocate(e.fresh("best"), value.dtype, trailing) if trailing else scalar(e.fresh("best"), value.dtype)
    where = "" if trailing else e.fresh("at")
    with e.nest(leading) as some:
        with e.nest(trailing) as inner:
            first = value.element((*some, ZERO, *inner))
            e.emit(f"{best.element(inner)} = {first}")
            e.emit(f"{where or place(some, inner)} = 0")
        with e.nest((value.extents[at],)) as (along,), e.nest(trailing) as inner:
            text = e.bind(value.element((*some, along, *inner)), "element")
            with e.block(f"if {wins(text, best.element(inner))}:"):
                e.emit(f"{best.element(inner)} = {text}")
                e.emit(f"{where or place(some, inner)} = {along}")
        if where:
            e.emit(f"{place(some, ())} = {where}")
    return result


def _of_all(e: Expressions, node: ast.AST, value: Value, wins: object, kept: bool) -> Value:
    """The position in the flattened array."""
    name = e.fresh("position") if kept else e.name_for(node, "position")
    best = e.fresh("best")
    counter = e.fresh("count") if value.ndim > 1 else None
    e.emit(f"{name} = 0")
    e.emit(f"{best} = {value.element((ZERO,) * value.ndim)}")
    if counter:
        e.emit(f"{counter} = 0")
    with e.nest(value.extents) as index:
        text = e.bind(value.element(index), "element")
        with e.block(f"if {wins(text, best)}:"):  # type: ignore[operator]
            e.emit(f"{best} = {text}")
            e.emit(f"{name} = {counter or index[0]}")
        if counter:
            e.emit(f"{counter} += 1")
    single = Value(INT64, (), lambda _: name, name=name)
    return single if not kept else single.lazily(extents=(ONE,) * value.ndim, ones=(), element=lambda _: name)


@call("unravel_index")
def _unravelled(e: Expressions, node: ast.Call) -> Pack:
    """The indices of one element that is counted through an array of a shape."""
    index, shape = arguments(node, "indices shape", 2)
    place, extents = e.value(index), e.any_value(shape)  # type: ignore[arg-type]
    if place.ndim or place.dtype.kind not in "iu" or not isinstance(extents, Pack) or not extents.items \
            or any(isinstance(each, Pack) or each.ndim for each in extents.items):
        raise CannotLift("np.unravel_index of other things than one place and a shape")
    rest, parts = e.bind(place.text, "place"), list[Value]()
    for extent in reversed(extents.items[1:]):
        parts.insert(0, scalar(e.bind(f"{rest} % {extent.text}", "index"), INT64))  # type: ignore[union-attr]
        rest = e.bind(f"{rest} // {extent.text}", "rest")  # type: ignore[union-attr]
    parts.insert(0, scalar(rest, INT64))
    return Pack(tuple(parts), f"({', '.join(part.text for part in parts)}{',' if len(parts) == 1 else ''})")
