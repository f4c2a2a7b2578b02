"""The lifted function while it is being written: its lines, names and loop nests."""
from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from .affine import ZERO, Affine
from .dtypes import spell, stored_as
from .names import fresh_name
from .values import Index, Value

LETTERS = ("i", "j", "k", "l", "m", "p", "q", "r", "s", "t", "u", "v", "w")
EXPENSIVE = 8
"""Cost from which a value is computed once rather than at each element that reads it."""


class Writer:
    """Emits lines; `reads` logs each array element that an expression's text holds, as (root, sure, text); `instead`: what
    stands in place of some elements, by their texts."""

    def __init__(self, taken: set[str]) -> None:
        self.taken = taken
        self.lines: list[str] = []
        self.indent = 0
        self.open: list[str] = []
        self.reads: list[tuple[str, bool, str]] = []
        self.instead: dict[str, str] = {}

    # -- lines and names ----------------------------------------------------------------------------------------

    def emit(self, line: str) -> None:
        self.lines.append("    " * self.indent + line)

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        """Lines that are written meanwhile stand under `header`."""
        self.emit(header)
        self.indent += 1
        start = len(self.lines)
        try:
            yield
            if len(self.lines) == start:
                self.emit("pass")
        finally:
            self.indent -= 1

    def fresh(self, hint: str) -> str:
        hint = re.sub(r"\W", "_", hint).strip("_") or "t"
        return fresh_name(self.taken, hint)

    def bind(self, text: str, hint: str = "t") -> str:
        """A variable that holds `text`, or `text` itself where it is a variable or a literal already."""
        if re.fullmatch(r"[\w.]+", text):
            return text
        name = self.fresh(hint)
        self.emit(f"{name} = {text}")
        return name

    # -- loops --------------------------------------------------------------------------------------------------

    @contextmanager
    def nest(self, extents: tuple[Affine, ...], lows: tuple[Affine, ...] = (), order: tuple[int, ...] | None = None) -> Iterator[Index]:
        """Loops over `extents`; gives the index, one affine expression a dimension. A dimension of 1 has no loop.

        lows: the loop variable starts there, so that the index is variable - low. order: the dimensions from the
        outermost loop to the innermost.
        """
        index = [ZERO] * len(extents)
        opened = 0
        for axis in order if order is not None else range(len(extents)):
            if extents[axis].constant == 1:
                continue
            low = lows[axis] if lows else ZERO
            variable = self._letter()
            high = low + extents[axis]
            self.emit(f"for {variable} in range({high if low == ZERO else f'{low}, {high}'}):")
            self.open.append(variable)
            self.indent += 1
            opened += 1
            index[axis] = Affine.atom(variable) - low
        try:
            yield tuple(index)
        finally:
            self.indent -= opened
            del self.open[len(self.open) - opened:]

    def _letter(self) -> str:
        for letter in (*LETTERS, *(f"i{number}" for number in range(100))):
            if letter not in self.taken and letter not in self.open:
                return letter
        raise AssertionError("no letter is left")

    # -- arrays -------------------------------------------------------------------------------------------------

    def array(self, name: str, dtype: np.dtype, extents: tuple[Affine, ...], ones: tuple[bool, ...] = (), root: str | None = None,
              sure: bool = True, contiguous: bool = False) -> Value:
        """The array in the variable `name`."""
        root = root or name

        def element(index: Index) -> str:
            text = f"{name}[{', '.join(map(str, index)) or '()'}]"
            self.reads.append((root, sure, text))
            return self.instead.get(text, text)

        return Value(np.dtype(dtype), extents, element, ones, name=name, root=root, sure=sure, contiguous=contiguous)

    def allocate(self, name: str, dtype: np.dtype, extents: tuple[Affine, ...], ones: tuple[bool, ...] = (),
                 as_asked: bool = False) -> Value:
        """Emits `name = np.empty(...)`. as_asked: the author wrote the shape, so that a negative one is an error."""
        self.emit(allocation(name, dtype, extents, as_asked))
        return self.array(name, dtype, extents, ones, contiguous=True)

    def filled(self, name: str, value: Value) -> Value:
        """A new array `name` that holds `value`; a number becomes a variable."""
        if value.ndim == 0:
            self.emit(f"{name} = {value.text}")
            return Value(value.dtype, (), lambda _: name, weak=value.weak, name=name)
        array = self.allocate(name, value.dtype, value.extents, value.ones)
        with self.nest(value.extents) as index:
            text = stored_as(value.element(index), value, value.dtype)
            self.emit(f"{array.element(index)} = {text}")
        return array

    def held(self, value: Value, hint: str = "t") -> Value:
        """The value in a variable: itself if it is in one, else a new one."""
        return value if value.name is not None else self.filled(self.fresh(hint), value)

    def cheap(self, value: Value) -> Value:
        """The value in a form that may be read over and over: a number in a variable, an expensive array in memory."""
        if value.ndim == 0:
            text = value.text
            bound = self.bind(text)
            if bound == text:
                return value
            return Value(value.dtype, (), lambda _: bound, weak=value.weak, name=bound)
        return self.held(value) if value.cost >= EXPENSIVE else value

    def dry(self, value: Value, index: Index) -> list[tuple[str, bool, str]]:
        """The array elements that `value` reads at `index`."""
        return self.tried(value, index)[2]

    def tried(self, value: Value, index: Index) -> tuple[str, list[str], list[tuple[str, bool, str]]]:
        """The text of an element without consequences, the lines that would be emitted for it, and what it reads."""
        lines, reads, instead = self.lines, self.reads, self.instead
        self.lines, self.reads, self.instead = [], [], {}
        text = value.element(index)
        found = text, self.lines, self.reads
        self.lines, self.reads, self.instead = lines, reads, instead
        return found


def allocation(name: str, dtype: np.dtype, extents: tuple[Affine, ...], as_asked: bool = False) -> str:
    """The line that `allocate` emits."""
    lengths = [str(e if as_asked else e.length) for e in extents]
    shape = lengths[0] if len(lengths) == 1 else f"({', '.join(lengths)})"
    return f"{name} = np.empty({shape}, dtype={spell(dtype)})"
