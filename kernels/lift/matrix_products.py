"""Products of vectors, matrices and stacks of them."""
from __future__ import annotations

import ast
from functools import reduce

import numpy as np

from . import syntax
from .affine import ONE, Affine
from .calls import Lifted, arguments, axis_of, call
from .contractions import contracted
from .creation import diagonal_of
from .dtypes import BOOL, cast, joined, settled
from .errors import CannotLift
from .expressions import Expressions
from .reductions import reduced, summed_dtype
from .values import Value

LABELS = "abcdefghijklmnopqrstuvw"
"""Of axes that are kept; x, y and z are the columns, the rows and what is summed."""


@call("matmul", "linalg.matmul", "matvec", "vecmat", "vecdot", "linalg.vecdot")
def _matmul(e: Expressions, node: ast.Call) -> Lifted:
    x, y = arguments(node, "x1 x2", 2)
    a, b = e.value(x), e.value(y)  # type: ignore[arg-type]
    name = syntax.text(node.func).split(".")[-1]
    if name == "matmul":
        return matmul(e, node, a, b, (x, y))
    first, second, out = {"matvec": ("yz", "z", "y"), "vecmat": ("y", "yz", "z"), "vecdot": ("y", "y", "")}[name]
    if min(a.ndim - len(first), b.ndim - len(second)) < 0 or name != "matvec" and a.dtype.kind == "c":
        raise CannotLift(f"np.{name} of these operands")
    return contracted(e, node, (a, b), *_batched(a.ndim - len(first), b.ndim - len(second), first, second, out))


def matmul(e: Expressions, node: ast.AST, a: Value, b: Value, nodes: tuple[ast.expr | None, ...] = ()) -> Value:
    """`a @ b`."""
    if a.ndim == 0 or b.ndim == 0:
        raise CannotLift("matmul of a number")
    first, second = "z" if a.ndim == 1 else "yz", "z" if b.ndim == 1 else "zx"
    out = ("" if a.ndim == 1 else "y") + ("" if b.ndim == 1 else "x")
    return contracted(e, node, (a, b), *_batched(a.ndim - len(first), b.ndim - len(second), first, second, out), nodes)


def _batched(ahead: int, before: int, first: str, second: str, out: str) -> tuple[tuple[str, str], str]:
    """The labels with those of the stacks' axes in front, which broadcast from the right."""
    batch = LABELS[:max(ahead, before)]
    return (batch[len(batch) - ahead:] + first, batch[len(batch) - before:] + second), batch + out


@call("dot", method=True)
def _dot(e: Expressions, node: ast.Call) -> Lifted:
    x, y = arguments(node, "a b", 2)
    a, b = e.value(x), e.value(y)  # type: ignore[arg-type]
    if a.ndim == 0 or b.ndim == 0:
        return e.arithmetic(np.multiply, a, b).lazily(weak=False)
    first = LABELS[:a.ndim - 1] + "z"
    second = LABELS[a.ndim - 1:a.ndim + b.ndim - 2]
    second = second[:b.ndim - 2] + "z" + second[b.ndim - 2:] if b.ndim > 1 else "z"
    return contracted(e, node, (a, b), (first, second), (first + second).replace("z", ""), (x, y))


@call("inner", "vdot")
def _inner(e: Expressions, node: ast.Call) -> Lifted:
    x, y = arguments(node, "a b", 2)
    a, b = e.value(x), e.value(y)  # type: ignore[arg-type]
    if syntax.text(node.func) == "np.vdot":
        if a.ndim != b.ndim:
            raise CannotLift("np.vdot of arrays of several ranks")
        if a.dtype.kind == "c":
            plain = a
            a = e.elementwise((plain,), plain.dtype, lambda t: f"np.conj({t[0]})", 0)
        return contracted(e, node, (a, b), (LABELS[:a.ndim], LABELS[:a.ndim]), "") if a.ndim else e.arithmetic(np.multiply, a, b).lazily(weak=False)
    if a.ndim == 0 or b.ndim == 0:
        return e.arithmetic(np.multiply, a, b).lazily(weak=False)
    first, second = LABELS[:a.ndim - 1], LABELS[a.ndim - 1:a.ndim + b.ndim - 2]
    return contracted(e, node, (a, b), (first + "z", second + "z"), first + second)


@call("outer", "linalg.outer")
def _outer(e: Expressions, node: ast.Call) -> Lifted:
    x, y = arguments(node, "a b", 2)
    a, b = e.value(x), e.value(y)  # type: ignore[arg-type]
    if a.ndim != 1 or b.ndim != 1:
        raise CannotLift("np.outer of other than two vectors")
    column = a.lazily(extents=(a.extents[0], ONE), ones=(), element=lambda index: a.element(index[:1]))
    return e.arithmetic(np.multiply, column, b)


@call("tensordot")
def _tensordot(e: Expressions, node: ast.Call) -> Lifted:
    x, y, axes = arguments(node, "a b axes", 2)
    a, b, given = e.value(x), e.value(y), e.static(axes) if axes is not None else 2  # type: ignore[arg-type]
    if isinstance(given, int):
        left, right = tuple(range(a.ndim - given, a.ndim)), tuple(range(given))
    else:
        left, right = (tuple(axis_of(n, v.ndim) for n in (g if isinstance(g, tuple) else (g,))) for g, v in zip(given, (a, b)))
    if len(left) != len(right) or left and min(left) < 0 or len(right) > b.ndim:
        raise CannotLift("np.tensordot over these axes")
    first, second = list(LABELS[:a.ndim]), list(LABELS[a.ndim:a.ndim + b.ndim])
    for one, other in zip(left, right):
        second[other] = first[one]
    out = [s for n, s in enumerate(first) if n not in left] + [s for n, s in enumerate(second) if n not in right]
    return contracted(e, node, (a, b), ("".join(first), "".join(second)), "".join(out))


@call("kron")
def _kron(e: Expressions, node: ast.Call) -> Lifted:
    x, y = arguments(node, "a b", 2)
    a, b = e.value(x), e.value(y)  # type: ignore[arg-type]
    if a.ndim != b.ndim or a.ndim == 0 or BOOL in (a.dtype, b.dtype):
        raise CannotLift("np.kron of arrays of several ranks")
    a, b = (e.held(v) if v.cost >= 8 else v for v in (a, b))
    dtype = joined(a, b)
    result = e.allocate(e.name_for(node, "product"), dtype, tuple(p.length.times(q.length) for p, q in zip(a.extents, b.extents)),
                        tuple(p and q for p, q in zip(a.ones, b.ones)))
    with e.nest(tuple(extent for pair in zip(a.extents, b.extents) for extent in pair)) as index:
        outer, inner = index[::2], index[1::2]
        text = f"{cast(a.element(outer), a, dtype)} * {cast(b.element(inner), b, dtype)}"
        place = tuple(i.times(extent) + j for i, j, extent in zip(outer, inner, b.extents))
        e.emit(f"{result.element(place)} = {text}")
    return result


@call("cross", "linalg.cross")
def _cross(e: Expressions, node: ast.Call) -> Lifted:
    x, y, axis = arguments(node, "a b axis", 2)
    a, b = e.value(x), e.value(y)  # type: ignore[arg-type]
    if not a.ndim or not b.ndim or any(v.extents[-1].constant not in (None, 3) or v.ones[-1] for v in (a, b)):
        raise CannotLift("np.cross of other than vectors of three")
    if axis is not None and axis_of(e.static(axis), a.ndim) != a.ndim - 1 or axis is not None and a.ndim != b.ndim:
        raise CannotLift("np.cross along another axis than the last")
    a, b = (e.held(v) if v.cost >= 1 else v for v in (a, b))
    rows = [v.lazily(extents=v.extents[:-1], ones=v.ones[:-1]) for v in (a, b)]
    extents, ones = e.broadcast(tuple(rows))
    dtype = joined(a, b)
    result = e.allocate(e.name_for(node, "product"), dtype, (*extents, Affine(3)), (*ones, False))
    with e.nest(extents) as index:
        at = [e.broadcast_index(v, index, ones) for v in rows]
        p, q = ([e.bind(cast(v.element((*i, Affine(n))), v, dtype)) for n in range(3)] for v, i in zip((a, b), at))
        for n in range(3):
            one, other = (n + 1) % 3, (n + 2) % 3
            e.emit(f"{result.element((*index, Affine(n)))} = {settled(f'{p[one]} * {q[other]} - {p[other]} * {q[one]}', dtype)}")
    return result


@call("linalg.multi_dot")
def _chain(e: Expressions, node: ast.Call) -> Lifted:
    (sequence,) = arguments(node, "arrays")
    if not isinstance(sequence, ast.Tuple | ast.List) or len(sequence.elts) < 2:
        raise CannotLift("np.linalg.multi_dot of a sequence that is not written out")
    values = [e.value(item) for item in sequence.elts]
    if values[-1].ndim == 1:
        return reduce(lambda right, left: matmul(e, ast.Pass(), left, right), values[-2::-1], values[-1])
    return reduce(lambda left, right: matmul(e, ast.Pass(), left, right), values[1:], values[0])


@call("linalg.matrix_power")
def _power(e: Expressions, node: ast.Call) -> Lifted:
    x, exponent = arguments(node, "a n", 2)
    value, power = e.held(e.value(x)), e.static(exponent)  # type: ignore[arg-type]
    if type(power) is not int or power < 1 or value.ndim < 2:
        raise CannotLift("a power of a matrix that is not known beforehand, or below 1")
    result, square = None, value
    while power:
        if power & 1:
            result = square if result is None else matmul(e, ast.Pass(), result, square)
        power >>= 1
        if power:
            square = matmul(e, ast.Pass(), square, square)
    assert result is not None
    return result if result is not value else value.lazily()


@call("trace", "linalg.trace", method=True)
def _trace(e: Expressions, node: ast.Call) -> Lifted:
    x, given, *axes = arguments(node, "a offset axis1 axis2")
    matrix = syntax.text(node.func) == "np.linalg.trace"
    one, other = (default if axis is None else e.static(axis) for axis, default in zip(axes, (-2, -1) if matrix else (0, 1)))
    value = e.value(x)  # type: ignore[arg-type]
    return reduced(e, node, "sum", diagonal_of(value, e.static(given) or 0, one, other), -1, False, summed_dtype(value))


