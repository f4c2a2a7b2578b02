"""Arrays that are put together from others, piece by piece."""
from __future__ import annotations

import ast
from collections.abc import Sequence

from . import syntax
from .affine import ONE, ZERO, Affine, total
from .calls import Lifted, arguments, axis_of, call, dtype_of
from .dtypes import joined, stored_as
from .errors import CannotLift
from .expressions import Expressions
from .values import Index, Pack, Value

MOST = 64
"""Numbers of an array that is written out."""
EXPENSIVE = 20


def listed(e: Expressions, node: ast.expr, items: ast.List | ast.Tuple, dtype: ast.expr | None) -> Value:
    """`np.array([a, b, c])` of numbers, of rows that are written out, or of arrays."""
    if any(isinstance(item, ast.List | ast.Tuple) for item in items.elts):
        return _matrix(e, node, items, dtype)
    values = [e.value(item) for item in items.elts]
    if not values or len(values) > MOST:
        raise CannotLift("an array of no or of very many elements")
    if any(v.ndim for v in values):
        return together(e, node, [with_axis(v, 0) for v in alike(values)], 0, dtype and dtype_of(e, dtype))
    return _written(e, node, [((Affine(n),), v) for n, v in enumerate(values)], (Affine(len(values)),), dtype)


def array_like(e: Expressions, node: ast.expr | None) -> Value:
    """An argument that NumPy makes an array of: numbers in a list too."""
    if isinstance(node, ast.List | ast.Tuple):
        return listed(e, node, node, None)
    return e.value(node)  # type: ignore[arg-type]


def _matrix(e: Expressions, node: ast.expr, items: ast.List | ast.Tuple, dtype: ast.expr | None) -> Value:
    rows = [row.elts if isinstance(row, ast.List | ast.Tuple) else [] for row in items.elts]
    width = len(rows[0])
    if not width or any(len(row) != width for row in rows) or width * len(rows) > MOST:
        raise CannotLift("an array of rows of several lengths")
    values = [((Affine(i), Affine(j)), e.value(item)) for i, row in enumerate(rows) for j, item in enumerate(row)]
    if any(v.ndim for _, v in values):
        raise CannotLift("arrays in the rows of an array that is written out")
    return _written(e, node, values, (Affine(len(rows)), Affine(width)), dtype)


def _written(e: Expressions, node: ast.expr, values: list[tuple[Index, Value]], extents: Index, dtype: ast.expr | None) -> Value:
    numbers = [v for _, v in values]
    wanted = dtype_of(e, dtype, joined(*numbers) if len(numbers) > 1 else numbers[0].dtype)
    texts = [v.text for v in numbers]
    result = e.allocate(e.name_for(node), wanted, extents)
    for text, (place, value) in zip(texts, values):
        e.emit(f"{result.element(place)} = {stored_as(text, value, wanted)}")
    return result


def together(e: Expressions, node: ast.AST, values: Sequence[Value], at: int, dtype: object = None) -> Value:
    """One array of `values`, which follow one another along axis `at`."""
    wanted = dtype or (joined(*values) if len(values) > 1 else values[0].dtype)
    rank = values[0].ndim
    lengths = [v.extents[at] if v.extents[at].length == v.extents[at] else Affine.atom(e.bind(str(v.extents[at].length), "length"))
               for v in values]
    extents = tuple(total(lengths) if d == at else values[0].extents[d] for d in range(rank))
    ones = tuple(d != at and all(v.ones[d] for v in values) for d in range(rank))
    values = [e.held(v) if v.cost >= EXPENSIVE else v for v in values]
    result = e.allocate(e.name_for(node, "joined"), wanted, extents, ones)  # type: ignore[arg-type]
    before = ZERO
    for value, length in zip(values, lengths):
        with e.nest(value.extents) as index:
            place = tuple(p + before if d == at else p for d, p in enumerate(index))
            text = stored_as(value.element(index), value, wanted)  # type: ignore[arg-type]
            e.emit(f"{result.element(place)} = {text}")
        before = before + length
    return result


def with_axis(value: Value, at: int) -> Value:
    """The array with a further axis of length 1 at `at`."""
    return value.lazily(extents=(*value.extents[:at], ONE, *value.extents[at:]), ones=(*value.ones[:at], True, *value.ones[at:]),
                        element=lambda i: value.element((*i[:at], *i[at + 1:])))


def alike(values: list[Value]) -> list[Value]:
    """The arrays themselves. Raises CannotLift unless they are of one rank."""
    if any(v.ndim != values[0].ndim or v.ndim == 0 for v in values):
        raise CannotLift("numbers, or arrays of several ranks, are joined")
    return values


def _sequence(e: Expressions, node: ast.expr | None) -> list[Value]:
    """The arrays of a sequence that is written out, or the rows of an array that is as long in every run."""
    if isinstance(node, ast.Tuple | ast.List):
        return [array_like(e, item) for item in node.elts]
    found = e.any_value(node)  # type: ignore[arg-type]
    if isinstance(found, Pack) and all(isinstance(item, Value) for item in found.items):
        return list(found.items)  # type: ignore[arg-type]
    raise CannotLift("a sequence of arrays that is not written out")


@call("concatenate", "vstack", "hstack", "stack", "dstack", "column_stack", "row_stack")
def _joined(e: Expressions, node: ast.Call) -> Lifted:
    name = syntax.text(node.func)[3:].replace("row_stack", "vstack")
    by_axis = name in ("concatenate", "stack")
    sequence, axis, dtype = arguments(node, f"arrays {'axis' if by_axis else 'dtype'} dtype" if by_axis else "tup _ dtype")
    if isinstance(sequence, ast.Name) and not dtype and (rows := e.any_value(sequence)) and isinstance(rows, Value) and rows.ndim:
        return _of_rows(e, name, rows, axis)
    values, at = _sequence(e, sequence), 0
    if by_axis:
        at = e.static(axis) or 0
    if not values:
        raise CannotLift("no arrays are joined")
    if name in ("hstack", "vstack", "column_stack", "dstack"):
        values = [with_axis(v, 0) if v.ndim == 0 else v for v in values]
    if name == "column_stack":
        values = [with_axis(v, 1) if v.ndim == 1 else v for v in values]
    if name == "vstack":
        values = [with_axis(v, 0) if v.ndim == 1 else v for v in values]
    values = alike(values)
    rank = values[0].ndim
    if name == "stack":
        at = axis_of(at, rank + 1)
        values = [with_axis(v, at) for v in values]
    elif name == "dstack":
        values = [with_axis(with_axis(v, 0), 2) if rank == 1 else with_axis(v, 2) if rank == 2 else v for v in values]
        at = 2
    elif name in ("hstack", "column_stack") and rank > 1:
        at = 1
    return together(e, node, values, axis_of(at, values[0].ndim), dtype and dtype_of(e, dtype))


def _of_rows(e: Expressions, name: str, rows: Value, axis: ast.expr | None) -> Value:
    """The rows of an array, or of a list that a loop has filled, put together again."""
    if name == "vstack" and rows.ndim == 2:
        return rows.lazily()
    if name != "stack":
        raise CannotLift(f"np.{name} of the rows of an array")
    at = axis_of(e.static(axis) or 0, rows.ndim)
    order = [*range(1, rows.ndim)]
    order.insert(at, 0)
    return e.transposed(rows, tuple(order)).lazily()


@call("tile")
def _tile(e: Expressions, node: ast.Call) -> Lifted:
    x, reps = arguments(node, "A reps", 2)
    value, given = e.value(x), e.any_value(reps)  # type: ignore[arg-type]
    times = [e.affine(e.cheap(i)) for i in (given.items if isinstance(given, Pack) else (given,))]  # type: ignore[arg-type]
    while value.ndim < len(times):
        value = with_axis(value, 0)
    times = [ONE] * (value.ndim - len(times)) + times
    value = e.cheap(value)
    result = e.allocate(e.name_for(node, "tiled"), value.dtype, tuple(x.times(t) for x, t in zip(value.extents, times)))
    with e.nest((*times, *value.extents)) as index:
        copy, inner = index[:value.ndim], index[value.ndim:]
        place = tuple(extent.times(c) + i for extent, c, i in zip(value.extents, copy, inner))
        e.emit(f"{result.element(place)} = {stored_as(value.element(inner), value, value.dtype)}")
    return result


def _stacked_by(name: str) -> None:
    def handler(e: Expressions, node: ast.Subscript) -> Lifted:
        items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if any(isinstance(item, ast.Slice) or isinstance(item, ast.Constant) and isinstance(item.value, str) for item in items):
            raise CannotLift(f"{name} of other things than arrays")
        values = [e.value(item) for item in items]
        if name == "np.r_":
            values = [with_axis(v, 0) if v.ndim == 0 else v for v in values]
            return together(e, node, alike(values), 0)
        values = alike([with_axis(v, 1) if v.ndim == 1 else v for v in values])
        return together(e, node, values, values[0].ndim - 1)

    Expressions.subscripts[name] = handler


for _name in ("np.r_", "np.c_"):
    _stacked_by(_name)
