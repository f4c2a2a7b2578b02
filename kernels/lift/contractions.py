"""Products that sum: matmul, dot, einsum and their kin, as one nest over labelled axes."""
from __future__ import annotations

import ast

import numpy as np

from . import syntax
from .affine import Affine
from .calls import Lifted, arguments, call
from .dtypes import cast, joined, literal
from .errors import CannotLift
from .expressions import Expressions
from .products import by_blas
from .values import Index, Value

LABELS = "abcdefghijklmnopqrstuvwxyz"


@call("matmul", "dot")
def _matmul(e: Expressions, node: ast.Call) -> Lifted:
    x, y = arguments(node, "a b", 2)
    a, b = e.value(x), e.value(y)  # type: ignore[arg-type]
    dot = syntax.text(node.func) == "np.dot"
    if a.ndim == 0 or b.ndim == 0:
        if not dot:
            raise CannotLift("matmul of a number")
        return e.arithmetic(np.multiply, a, b).lazily(weak=False)
    if dot and max(a.ndim, b.ndim) > 2:
        raise CannotLift("np.dot of more than two dimensions")
    batch = LABELS[: max(a.ndim, b.ndim, 2) - 2]
    columns = "z" if b.ndim == 1 else "zx"
    first = "z" if a.ndim == 1 else batch[len(batch) - (a.ndim - 2):] + "yz"
    second = columns if b.ndim <= 2 else batch[len(batch) - (b.ndim - 2):] + columns
    out = batch + ("" if a.ndim == 1 else "y") + ("" if b.ndim == 1 else "x")
    return contracted(e, node, (a, b), (first, second), out, (x, y))  # type: ignore[arg-type]


Expressions.methods["dot"] = _matmul  # type: ignore[assignment]


@call("vdot", "inner", "outer")
def _products(e: Expressions, node: ast.Call) -> Lifted:
    x, y = arguments(node, "a b", 2)
    a, b = e.value(x), e.value(y)  # type: ignore[arg-type]
    name = syntax.text(node.func)[3:]
    if a.ndim != 1 or b.ndim != 1 or name == "vdot" and a.dtype.kind == "c":
        raise CannotLift(f"np.{name} of these operands")
    if name != "outer":
        return contracted(e, node, (a, b), ("z", "z"), "")
    left = a.lazily(extents=(a.extents[0], Affine(1)), ones=(), element=lambda index: a.element(index[:1]))
    return e.arithmetic(np.multiply, left, b)


@call("einsum")
def _einsum(e: Expressions, node: ast.Call) -> Lifted:
    if any(k.arg != "optimize" for k in node.keywords) or not node.args:
        raise CannotLift("np.einsum with these arguments")
    text = e.static(node.args[0])
    if not isinstance(text, str) or "." in text:
        raise CannotLift("np.einsum whose subscripts are not known beforehand, or hold an ellipsis")
    left, arrow, out = text.replace(" ", "").partition("->")
    inputs = tuple(left.split(","))
    if not arrow:
        letters = left.replace(",", "")
        out = "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    values = tuple(e.value(a) for a in node.args[1:])
    if len(values) != len(inputs) or any(v.ndim != len(labels) for v, labels in zip(values, inputs)):
        raise CannotLift("np.einsum whose subscripts do not fit its operands")
    return contracted(e, node, values, inputs, out, tuple(node.args[1:]))


@call("trace")
def _trace(e: Expressions, node: ast.Call) -> Lifted:
    (x,) = arguments(node, "a")
    value = e.value(x)  # type: ignore[arg-type]
    if value.ndim != 2 or value.dtype.kind not in "fc":
        raise CannotLift("the trace of this array")
    return contracted(e, node, (value,), ("zz",), "")


def contracted(e: Expressions, node: ast.AST, values: tuple[Value, ...], inputs: tuple[str, ...], out: str,
               nodes: tuple[ast.expr, ...] = ()) -> Value:
    """The sum over all labels that are not in `out` of the operands' product, in a variable. nodes: the operands' expressions.

    Where the last label of the result is the last of an operand, rows are added up; else each element is summed in a
    variable, so that the innermost loop runs along memory either way.
    """
    if any(v.dtype.kind == "b" for v in values):
        raise CannotLift("a product of booleans that sums")
    if e.style.blas and (product := by_blas(e, node, values, nodes, inputs, out)) is not None:
        return product
    dtype = joined(*values) if len(values) > 1 else values[0].dtype
    extents: dict[str, Affine] = {}
    ones: dict[str, bool] = {}
    for value, labels in zip(values, inputs):
        for label, extent, one in zip(labels, value.extents, value.ones):
            if label not in extents or ones[label] and not one:
                extents[label], ones[label] = extent, one
    sums = [label for label in extents if label not in out]
    if not sums:
        return _product(e, values, inputs, out, extents, ones, dtype)
    values = tuple(e.held(v) if v.cost >= 1 and v.ndim else v for v in values)

    def factor(places: dict[str, Affine]) -> str:
        texts = []
        for value, labels in zip(values, inputs):
            index = tuple(Affine(0) if one and not ones[label] else places[label] for label, one in zip(labels, value.ones))
            texts.append(cast(value.element(index), value, dtype))
        return " * ".join(texts)

    rows = bool(out) and any(labels and labels[-1] == out[-1] for labels in inputs)
    zero = literal(0, dtype)
    if not out:
        total = e.name_for(node, "total")
        e.emit(f"{total} = {zero}")
        with e.nest(tuple(extents[s] for s in sums)) as index:
            e.emit(f"{total} += {factor(dict(zip(sums, index)))}")
        return Value(dtype, (), lambda _: total, name=total)
    result = e.allocate(e.name_for(node, "product"), dtype, tuple(extents[o] for o in out), tuple(ones[o] for o in out))
    if not rows:
        accumulator = e.fresh("acc")
        with e.nest(result.extents) as index:
            e.emit(f"{accumulator} = {zero}")
            with e.nest(tuple(extents[s] for s in sums)) as inner:
                e.emit(f"{accumulator} += {factor({**dict(zip(out, index)), **dict(zip(sums, inner))})}")
            e.emit(f"{result.element(index)} = {accumulator}")
        return result
    with e.nest(result.extents[:-1]) as index:
        last = result.extents[-1]
        with e.nest((last,)) as (column,):
            e.emit(f"{result.element((*index, column))} = {zero}")
        with e.nest(tuple(extents[s] for s in sums)) as inner, e.nest((last,)) as (column,):
            text = factor({**dict(zip(out, (*index, column))), **dict(zip(sums, inner))})
            e.emit(f"{result.element((*index, column))} += {text}")
    return result


def _product(e: Expressions, values: tuple[Value, ...], inputs: tuple[str, ...], out: str, extents: dict[str, Affine],
             ones: dict[str, bool], dtype: np.dtype) -> Value:
    """An einsum without a sum: each element is a product."""

    def element(index: Index) -> str:
        places = dict(zip(out, index))
        return "(" + " * ".join(
            cast(v.element(tuple(places[label] for label in labels)), v, dtype) for v, labels in zip(values, inputs)) + ")"

    return Value(dtype, tuple(extents[o] for o in out), element, tuple(ones[o] for o in out), cost=len(values))
