"""Reads set aside: an assignment in place that would read some elements after writing them copies those first, where they are
fewer than all that it writes, such as one row and one column of a matrix."""
from __future__ import annotations

import ast
from collections.abc import Mapping

import numpy as np

from . import syntax
from .affine import ZERO
from .indexing import Target
from .masks import Masks
from .overlaps import AXIS, axis
from .values import Index, Value


class Aside(Masks):
    def set_aside(self, target: Target, value: Value) -> Value | None:
        """`value` with copies in place of what the assignment would overwrite, which are emitted; None where a copy would be as
        large as the place, or the elements are not read in every iteration."""
        place = target.place
        loops = [n for n, extent in enumerate(place.extents) if extent.constant != 1]
        symbols: Index = tuple(axis(n) if n in loops else ZERO for n in range(place.ndim))
        text, emitted, reads = self.tried(value, symbols)
        unsafe = self.overwritten(target, value)
        if emitted or not unsafe or not unsafe <= _unconditional(text):
            return None
        wanted = {read: position for position, (_, _, read) in enumerate(reads) if read in unsafe}
        axes = {read: [n for n in loops if f"{AXIS}{n}" in syntax.names_in(syntax.parse(read))] for read in wanted}
        if any(len(found) >= len(loops) or self._dtype(read) is None for read, found in axes.items()):
            return None
        copies = {}
        for read, position in wanted.items():
            own = axes[read]

            def element(index: Index, position: int = position, own: list[int] = own) -> str:
                whole = list(symbols)
                for n, entry in zip(own, index):
                    whole[n] = entry
                return self.dry(value, tuple(whole))[position][2]

            source = Value(self._dtype(read), tuple(place.extents[n] for n in own), element)
            copies[position] = self.filled(self.fresh("t"), source), own
        return value.lazily(element=lambda index: self._with(value, index, copies))

    def _with(self, value: Value, index: Index, copies: Mapping[int, tuple[Value, list[int]]]) -> str:
        """The element's text, in which copies are read."""
        reads = self.dry(value, index)
        before = self.instead
        self.instead = {reads[position][2]: copy.element(tuple(index[n] for n in own)) for position, (copy, own) in copies.items()}
        text = value.element(index)
        self.instead = before
        return text

    def _dtype(self, read: str) -> np.dtype | None:
        node = syntax.parse(read)
        held = self.environment.get(node.value.id) if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) else None
        return held.dtype if isinstance(held, Value) and held.ndim else None


def _unconditional(text: str) -> set[str]:
    """The texts of the elements that evaluating `text` reads whatever they hold."""
    found: set[str] = set()
    waiting = [syntax.parse(text)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.IfExp):
            waiting.append(node.test)
        elif isinstance(node, ast.BoolOp):
            waiting.append(node.values[0])
        else:
            if isinstance(node, ast.Subscript):
                found.add(ast.unparse(node))
            waiting += ast.iter_child_nodes(node)
    return found
