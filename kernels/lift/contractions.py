"""Sums of products over labelled axes, the form that all products of arrays share."""
from __future__ import annotations

import ast
from collections.abc import Sequence

import numpy as np

from . import syntax
from .affine import Affine
from .dtypes import BOOL, cast, joined, literal, settled
from .errors import CannotLift
from .expressions import Expressions
from .overlaps import AXIS, axis
from .products import by_blas
from .values import Index, Value


def contracted(e: Expressions, node: ast.AST, values: Sequence[Value], inputs: Sequence[str], out: str,
               nodes: Sequence[ast.expr | None] = (), dtype: np.dtype | None = None) -> Value:
    """The sum over all labels that are not in `out` of the operands' product; a variable, unless there is nothing to sum.
    nodes: the operands' expressions, by which a style that keeps products by BLAS may view them.

    Three operands or more are multiplied pair by pair as long as that leaves fewer loops around each other.
    """
    if e.style.blas and dtype is None and all(nodes):
        product = by_blas(e, node, tuple(values), tuple(n for n in nodes if n is not None), tuple(inputs), out)
        if product is not None:
            return product
    dtype = dtype or (joined(*values) if len(values) > 1 else values[0].dtype)
    values, inputs = list(values), list(inputs)
    for number, labels in enumerate(inputs if len(inputs) > 1 else []):
        elsewhere = out + "".join(inputs[:number] + inputs[number + 1:])
        if set(labels) - set(elsewhere):
            kept = "".join(dict.fromkeys(label for label in labels if label in elsewhere))
            values[number], inputs[number] = _summed(e, ast.Pass(), values[number:number + 1], [labels], kept, dtype), kept
    while len(values) > 2:
        pair = _pair(inputs, out)
        if pair is None:
            break
        one, other, kept = pair
        product = _summed(e, ast.Pass(), [values[one], values[other]], [inputs[one], inputs[other]], kept, dtype)
        values = [product, *(v for n, v in enumerate(values) if n not in (one, other))]
        inputs = [kept, *(labels for n, labels in enumerate(inputs) if n not in (one, other))]
    return _summed(e, node, values, inputs, out, dtype)


def _pair(inputs: Sequence[str], out: str) -> tuple[int, int, str] | None:
    """The two operands whose product sums some label away in the fewest loops, and the labels that it keeps."""
    everything = set("".join(inputs))
    found = []
    for one in range(len(inputs)):
        for other in range(one + 1, len(inputs)):
            both = list(dict.fromkeys(inputs[one] + inputs[other]))
            elsewhere = out + "".join(labels for n, labels in enumerate(inputs) if n not in (one, other))
            kept = "".join(label for label in both if label in elsewhere)
            if len(kept) < len(both) < len(everything):
                found.append((len(both), one, other, kept))
    return min(found)[1:] if found else None


def _summed(e: Expressions, node: ast.AST, values: Sequence[Value], inputs: Sequence[str], out: str, dtype: np.dtype) -> Value:
    """One nest. Where the last label of the result runs along the memory of an operand, rows are added up; else each element is
    summed in a variable, so that the innermost loop runs along memory either way."""
    extents: dict[str, Affine] = {}
    ones: dict[str, bool] = {}
    for value, labels in zip(values, inputs):
        for label, extent, one in zip(labels, value.extents, value.ones):
            if label not in extents or ones[label] and not one:
                extents[label], ones[label] = extent, one
    if set(out) - set(extents) or len(set(out)) != len(out):
        raise CannotLift("a product whose result has labels that no operand has")
    sums = [label for label in extents if label not in out]
    if not sums:
        return _product(values, inputs, out, extents, ones, dtype)
    values = [e.held(v) if v.cost >= 1 and v.ndim else e.cheap(v) if not v.ndim else v for v in values]
    along = [labels[_innermost(e, value)] for value, labels in zip(values, inputs) if labels]
    sums.sort(key=along.count)
    plus = f"{{0}} = {settled('{0} + {1}', dtype)}" if settled("", dtype) else "{0} += {1}"
    plus = "{0} = {0} or {1}" if dtype == BOOL else plus

    def add(into: str, places: dict[str, Affine]) -> None:
        e.emit(plus.format(into, _factors(values, inputs, places, ones, dtype)))

    zero = literal(0, dtype)
    if not out:
        total = e.name_for(node, "total")
        e.emit(f"{total} = {zero}")
        with e.nest(tuple(extents[s] for s in sums)) as index:
            add(total, dict(zip(sums, index)))
        return Value(dtype, (), lambda _: total, name=total)
    result = e.allocate(e.name_for(node, "product"), dtype, tuple(extents[o] for o in out), tuple(ones[o] for o in out))
    summed = tuple(extents[s] for s in sums)
    if out[-1] not in along:
        accumulator = e.fresh("acc")
        with e.nest(result.extents) as index:
            e.emit(f"{accumulator} = {zero}")
            with e.nest(summed) as inner:
                add(accumulator, {**dict(zip(out, index)), **dict(zip(sums, inner))})
            e.emit(f"{result.element(index)} = {accumulator}")
        return result
    with e.nest(result.extents[:-1]) as index:
        last = result.extents[-1]
        with e.nest((last,)) as (column,):
            e.emit(f"{result.element((*index, column))} = {zero}")
        with e.nest(summed) as inner, e.nest((last,)) as (column,):
            add(result.element((*index, column)), {**dict(zip(out, (*index, column))), **dict(zip(sums, inner))})
    return result


def _factors(values: Sequence[Value], inputs: Sequence[str], places: dict[str, Affine], ones: dict[str, bool], dtype: np.dtype) -> str:
    """The product of the operands' elements."""
    texts = []
    for value, labels in zip(values, inputs):
        index = tuple(Affine(0) if one and not ones[label] else places[label] for label, one in zip(labels, value.ones))
        texts.append(cast(value.element(index), value, dtype))
    text = (" and " if dtype == BOOL else " * ").join(texts)
    return f"({text})" if dtype == BOOL and len(texts) > 1 else text


def _innermost(e: Expressions, value: Value) -> int:
    """The axis that runs along memory, as far as the subscript tells."""
    for _, _, text in e.dry(value, tuple(axis(n) for n in range(value.ndim))):
        subscript = syntax.parse(text)
        assert isinstance(subscript, ast.Subscript)
        last = subscript.slice.elts[-1] if isinstance(subscript.slice, ast.Tuple) and subscript.slice.elts else subscript.slice
        found = [n for n in range(value.ndim) if f"{AXIS}{n}" in syntax.names_in(last)]
        if len(found) == 1:
            return found[0]
    return value.ndim - 1


def _product(values: Sequence[Value], inputs: Sequence[str], out: str, extents: dict[str, Affine], ones: dict[str, bool],
             dtype: np.dtype) -> Value:
    """A product without a sum: computed where it is read."""

    def element(index: Index) -> str:
        text = _factors(values, inputs, dict(zip(out, index)), ones, dtype)
        return settled(f"({text})", dtype) if len(values) > 1 else text

    return Value(dtype, tuple(extents[o] for o in out), element, tuple(ones[o] for o in out), cost=len(values) - 1 + sum(v.cost for v in values))
