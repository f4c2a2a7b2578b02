"""np.roll and np.pad: elements that come from beyond an array's ends."""
from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from .affine import ZERO, Affine
from .calls import Lifted, arguments, axis_of, call
from .dtypes import cast, stored_as
from .errors import CannotLift
from .expressions import Expressions
from .joining import together
from .values import Index, Pack, Value, number


@call("roll")
def _roll(e: Expressions, node: ast.Call) -> Lifted:
    x, shift, axis = arguments(node, "a shift axis", 2)
    value, shifts, given = e.value(x), e.any_value(shift), e.static(axis)  # type: ignore[arg-type]
    if value.ndim == 0 or given is None and value.ndim != 1:
        raise CannotLift("np.roll of a flattened array")
    axes = (0,) if given is None else given if isinstance(given, tuple) else (given,)
    steps = shifts.items if isinstance(shifts, Pack) else (shifts,) * len(axes)
    if len(steps) != len(axes):
        raise CannotLift("np.roll by several shifts along one axis")
    by_axis = {axis_of(at, value.ndim): step for step, at in zip(steps, axes)}
    if len(by_axis) != len(axes):
        raise CannotLift("np.roll twice along one axis")
    for at in sorted(by_axis):
        step = by_axis[at]
        if isinstance(step, Pack) or step.ndim or step.dtype.kind != "i":
            raise CannotLift("np.roll by other things than integers")
        value = _rolled(e, value, step, at, node)
    return value


def _rolled(e: Expressions, value: Value, step: Value, at: int, node: ast.Call) -> Value:
    """The array rolled along one axis.

    Along the last axis it is stored, in two pieces: an index that wraps round there would keep the innermost loop of
    every reader from running along memory. Along any other axis readers wrap the index, outside their innermost loop.
    """
    extent = value.extents[at]
    ahead = Affine.atom(e.bind(f"{_bracketed(step.text)} % max({extent}, 1)", "shift"))
    if at < value.ndim - 1:
        return value.lazily(cost=value.cost + 1, element=lambda i: value.element(
            tuple(Affine.atom(f"({p - ahead} if {p} >= {ahead} else {p - ahead + extent})") if d == at else p
                  for d, p in enumerate(i))))
    result = e.allocate(e.name_for(node, "rolled"), value.dtype, value.extents, value.ones)
    with e.nest(value.extents[:-1]) as outer:
        for length, source, place in ((ahead, extent - ahead, ZERO), (extent - ahead, ZERO, ahead)):
            with e.nest((length,)) as (i,):
                text = stored_as(value.element((*outer, i + source)), value, value.dtype)
                e.emit(f"{result.element((*outer, i + place))} = {text}")
    return result


def _bracketed(text: str) -> str:
    return text if text.isidentifier() or text.isdigit() else f"({text})"


@call("pad")
def _pad(e: Expressions, node: ast.Call) -> Lifted:
    x, widths, mode_node, filler = arguments(node, "array pad_width mode constant_values", 2)
    value, mode = e.value(x), e.static(mode_node) or "constant"  # type: ignore[arg-type]
    if value.ndim == 0 or mode not in ("constant", *MIRRORS) or mode != "constant" and filler is not None:
        raise CannotLift("np.pad with these arguments")
    around = _widths(e, widths, value.ndim)  # type: ignore[arg-type]
    if isinstance(filler, ast.Tuple | ast.List):
        return _between(e, node, value, around, filler)
    fill = e.cheap(e.value(filler)) if filler is not None else number(0)
    if fill.ndim or fill.dtype.kind == "c" and value.dtype.kind != "c":
        raise CannotLift("np.pad by several values")
    value = e.cheap(value)
    extents = tuple(before + extent + after for extent, (before, after) in zip(value.extents, around))
    result = e.allocate(e.name_for(node, "padded"), value.dtype, extents)
    if mode == "constant":
        with e.nest(extents) as index:
            e.emit(f"{result.element(index)} = {cast(fill.text, fill, value.dtype)}")
    lows = tuple(before for before, _ in around)
    with e.nest(value.extents) as index:
        place = tuple(p + low for p, low in zip(index, lows))
        e.emit(f"{result.element(place)} = {stored_as(value.element(index), value, value.dtype)}")
    if mode != "constant":
        for at in range(value.ndim):
            _mirrored(e, result, value.extents, around, at, MIRRORS[mode])
    return result


def _between(e: Expressions, node: ast.Call, value: Value, around: list[tuple[Affine, Affine]], fillers: ast.Tuple | ast.List) -> Value:
    """A vector between two numbers of its own."""
    ends = [e.value(n) for n in fillers.elts]
    if value.ndim != 1 or len(ends) != 2 or any(v.ndim or v.dtype.kind == "c" for v in ends):
        raise CannotLift("np.pad by several values")
    texts = [cast(v.text, v, value.dtype) for v in ends]
    parts = [Value(value.dtype, (width,), lambda _, text=text: text) for text, width in zip(texts, around[0])]
    return together(e, node, [parts[0], value, parts[1]], 0, value.dtype)


def _widths(e: Expressions, node: ast.expr, ndim: int) -> list[tuple[Affine, Affine]]:
    """What is added before and after, for each axis: from one number, one pair, or a pair for each axis."""
    found = _numbers(e, node)
    if not isinstance(found, tuple):
        return [(found, found)] * ndim
    if not any(isinstance(part, tuple) for part in found):
        found = (found,)
    pairs = [part * 2 if len(part) == 1 else part for part in found if isinstance(part, tuple)]
    if len(pairs) != len(found) or len(pairs) not in (1, ndim) or any(len(pair) != 2 for pair in pairs):
        raise CannotLift("np.pad by these widths")
    return pairs * ndim if len(pairs) == 1 else pairs  # type: ignore[return-value]


def _numbers(e: Expressions, node: ast.expr) -> Affine | tuple:
    """Integers in tuples or lists, nested as they are written."""
    if isinstance(node, ast.Tuple | ast.List):
        return tuple(_numbers(e, part) for part in node.elts)
    value = e.any_value(node)
    return _of_pack(e, value)


def _of_pack(e: Expressions, value: Value | Pack) -> Affine | tuple:
    return tuple(_of_pack(e, item) for item in value.items) if isinstance(value, Pack) else e.affine(e.cheap(value))


def _within(count: Affine) -> str:
    return f"max({count}, 1)"


MIRRORS: Mapping[str, Callable[[str, Affine], str]] = {
    # where the element at `p`, counted from the array's first, comes from, in an array of n
    "edge": lambda p, n: f"min(max({p}, 0), {n - 1})",
    "wrap": lambda p, n: f"({p}) % {_within(n)}",
    "reflect": lambda p, n: f"{n - 1} - abs(({p}) % {_within((n - 1) * 2)} - {_bracketed(str(n - 1))})",
    "symmetric": lambda p, n: f"min(({p}) % {_within(n * 2)}, {n * 2 - 1} - ({p}) % {_within(n * 2)})",
}
"""NumPy's modes that fill a border from the array itself, however wide the border is."""


def _mirrored(e: Expressions, result: Value, inner: Index, around: list[tuple[Affine, Affine]], at: int,
              source: Callable[[str, Affine], str]) -> None:
    """Fills the border along one axis, over all of the axes before it and the inside of those after, as NumPy does."""
    before, after = around[at]
    extents = [result.extents[d] if d < at else inner[d] for d in range(result.ndim)]
    lows = [ZERO if d < at else around[d][0] for d in range(result.ndim)]
    for width, first in ((before, ZERO), (after, before + inner[at])):
        if width.constant == 0:
            continue
        with e.nest((*extents[:at], width, *extents[at + 1:])) as index:
            place = tuple(p + (first if d == at else low) for d, (p, low) in enumerate(zip(index, lows)))
            taken = Affine.atom(f"({source(str(place[at] - before), inner[at])})") + before
            e.emit(f"{result.element(place)} = {result.element((*place[:at], taken, *place[at + 1:]))}")
