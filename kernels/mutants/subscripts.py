"""Damaged accesses: indices off by one or exchanged, another array, another axis."""
from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from .text import Edit, Operator, Text, number_of, shifted, swapped


def index_off_by_one(text: Text) -> Iterator[Edit]:
    """Each index, and each bound of a slice, one more and one less."""
    for subscript in _subscripts(text):
        for entry in _entries(subscript):
            parts = [p for p in (entry.lower, entry.upper) if p is not None] if isinstance(entry, ast.Slice) else [entry]
            for part in parts:
                if text.type_of(part).is_integer:
                    for by in (1, -1):
                        yield swapped(part, shifted(part, by), f"in {ast.unparse(subscript)}")


def indices_swapped(text: Text) -> Iterator[Edit]:
    """Two neighbouring indices of one subscript, exchanged."""
    for subscript in _subscripts(text):
        entries = _entries(subscript)
        for position in range(len(entries) - 1):
            if ast.dump(entries[position]) != ast.dump(entries[position + 1]):
                changed = [*entries[:position], entries[position + 1], entries[position], *entries[position + 2:]]
                yield swapped(subscript, ast.Subscript(subscript.value, ast.Tuple(changed, ast.Load()), subscript.ctx))


def wrong_array(text: Text) -> Iterator[Edit]:
    """Elements of another array of the same dtype and rank."""
    for subscript in _subscripts(text):
        if not isinstance(subscript.value, ast.Name):
            continue
        arrays = text.arrays(subscript)
        own = arrays.get(subscript.value.id)
        for name, found in arrays.items():
            if name != subscript.value.id and own == found:
                other = ast.Name(name, ast.Load())
                yield swapped(subscript, ast.Subscript(other, subscript.slice, subscript.ctx))


def wrong_axis(text: Text) -> Iterator[Edit]:
    """The extent of another axis, and another `axis=` of a call."""
    for node in text.nodes:
        match node:
            case ast.Subscript(value=ast.Attribute(value=owner, attr="shape"), slice=ast.Constant(value=int() as axis)):
                for other in range(text.type_of(owner).ndim):
                    if other != axis:
                        yield swapped(node, ast.Subscript(node.value, ast.Constant(other), ast.Load()))
            case ast.Call(keywords=keywords):
                for keyword in keywords:
                    axis = number_of(keyword.value)
                    if keyword.arg == "axis" and isinstance(axis, int):
                        yield swapped(keyword.value, ast.Constant(0 if axis else 1), f"axis of {ast.unparse(node.func)}")


def _subscripts(text: Text) -> Iterator[ast.Subscript]:
    """Those of arrays: not `a.shape[0]`."""
    for node in text.nodes:
        if isinstance(node, ast.Subscript) and not isinstance(node.value, ast.Attribute):
            yield node


def _entries(subscript: ast.Subscript) -> list[ast.expr]:
    return subscript.slice.elts if isinstance(subscript.slice, ast.Tuple) else [subscript.slice]


OPERATORS: Mapping[str, Operator] = {
    "index off by one": index_off_by_one,
    "indices swapped": indices_swapped,
    "wrong array": wrong_array,
    "wrong axis": wrong_axis,
}
