"""What an expression of the reference stands for while it is being turned into loops."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from . import syntax
from .affine import Affine

UNKNOWN = object()
"""The value of an expression whose value is not known beforehand."""

Index = tuple[Affine, ...]


@dataclass(frozen=True)
class Value:
    """A number or an array, by how each element of it is written.

    element: the text of the element at an index of one affine expression a dimension; it has no side effects.
    ones: for each dimension, whether it has been 1 in every run. weak: Python's own number, which adapts to the dtype
    that it meets (NEP 50). cost: rough count of operations an element. constant: the number, where it is a literal.
    name: the variable that holds it, if there is one. root: the variable whose memory it shows, for views too.
    sure: whether `root` is certain. contiguous: whether Numba knows that it is C-contiguous.
    """

    dtype: np.dtype
    extents: tuple[Affine, ...]
    element: Callable[[Index], str]
    ones: tuple[bool, ...] = ()
    weak: bool = False
    cost: int = 0
    constant: Any = UNKNOWN
    name: str | None = None
    root: str | None = None
    sure: bool = True
    contiguous: bool = False

    def __post_init__(self) -> None:
        given = self.ones or (False,) * len(self.extents)
        object.__setattr__(self, "ones", tuple(o or e.constant == 1 for o, e in zip(given, self.extents)))

    @property
    def ndim(self) -> int:
        return len(self.extents)

    @property
    def text(self) -> str:
        """The text of a number."""
        return self.element(())

    def lazily(self, **changes: Any) -> Value:
        """The same with changes, as no variable and no memory of its own."""
        return replace(self, **{"name": None, "root": None, "contiguous": False, "weak": False, "constant": UNKNOWN, **changes})


@dataclass(frozen=True)
class Pack:
    """A tuple."""

    items: tuple[Value | Pack, ...]
    text: str


def number(value: Any, weak: bool = True) -> Value:
    """A literal."""
    dtype = np.asarray(value).dtype
    text = syntax.text(syntax.number(value.item() if isinstance(value, np.generic) else value))
    return Value(dtype, (), lambda _: text, weak=weak, constant=value)


def scalar(text: str, dtype: np.dtype, weak: bool = False, cost: int = 1) -> Value:
    return Value(np.dtype(dtype), (), lambda _: text, weak=weak, cost=cost)


def integer(value: Affine) -> Value:
    """A Python integer."""
    if value.constant is not None:
        return number(value.constant)
    text = str(value)
    return scalar(text if text.isidentifier() else f"({text})", np.dtype(np.int64), weak=True, cost=0)
