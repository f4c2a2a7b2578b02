"""Families of unusual data: the generator's values in another order, repeated, constant, cancelling, skewed or shifted.

What a generator built in is kept (see `traits`): positive values stay positive, those in [0, 1] stay there, integers are
taken from the values that were drawn.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ...oracle import Case
from .domain import Ground
from .family import Choices, Field
from .traits import Traits

Change = Callable[[np.ndarray, Traits, Choices], np.ndarray | None]


@dataclass(frozen=True)
class Rearranged:
    """Applies `change` to one argument, or to all that take it, throughout or in one row or column. name: what the data are
    then."""

    name: str
    change: Change
    weight: float = 1.0

    def case(self, choices: Choices, field: Field) -> Case | None:
        ground = field.ground(choices)
        if ground is None:
            return None
        positions = [n for n, traits in enumerate(ground.traits) if traits.free]
        if not positions:
            return None
        chosen = _some(positions, choices)
        arguments = ground.case.arguments
        for position in chosen:
            changed = self._changed(arguments[position], ground.traits[position], choices)
            if changed is None:
                return None
            arguments = (*arguments[:position], changed, *arguments[position + 1 :])
        words = f"{' and '.join(field.domain.names[p] for p in chosen)} {self.name}"
        return field.domain.settle(ground, arguments, words) if ground.known else self._unwatched(ground, arguments, words, field)

    def _changed(self, value: np.ndarray, traits: Traits, choices: Choices) -> np.ndarray | None:
        changed = np.array(value, order="K")
        region = choices.of(("all", "row", "column")) if value.ndim > 1 else "all"
        index = choices.of((0, -1)) if region != "all" else 0
        part = (index,) if region == "row" else (..., index)
        selected = changed if region == "all" else changed[part]
        made = self.change(selected, traits, choices)
        if made is None or np.array_equal(made, selected):
            return None
        if region == "all":
            changed[...] = made
        else:
            changed[part] = made
        return changed

    def _unwatched(self, ground: Ground, arguments: tuple, words: str, field: Field) -> Case | None:
        """Nobody can tell what rounding does to these, so only another order of what was drawn is fair."""
        return field.domain.exact(ground, arguments, words) if self.change in (_sorted, _reversed) else None


def _some(positions: Sequence[int], choices: Choices) -> Sequence[int]:
    options = [*([position] for position in positions), *([positions] if len(positions) > 1 else [])]
    return choices.of(options)


def _sorted(x: np.ndarray, traits: Traits, choices: Choices) -> np.ndarray | None:
    return np.sort(x.reshape(-1)).reshape(x.shape) if choices.of((True, False)) else np.sort(x, axis=-1)


def _reversed(x: np.ndarray, traits: Traits, choices: Choices) -> np.ndarray | None:
    return np.sort(x.reshape(-1))[::-1].reshape(x.shape) if choices.of((True, False)) else np.sort(x, axis=-1)[..., ::-1]


def _constant(x: np.ndarray, traits: Traits, choices: Choices) -> np.ndarray | None:
    if traits.kind == "bool":
        return np.full_like(x, choices.of((False, True)))
    if traits.kind == "int" and not traits.ties:
        return None
    options = [0, 1, 2] if (traits.signed and not traits.whole) or traits.kind == "complex" else []
    return np.full_like(x, choices.of([*options, x.reshape(-1)[0]]))


def _few(x: np.ndarray, traits: Traits, choices: Choices) -> np.ndarray | None:
    """Two of the values, over and over."""
    if traits.kind == "int" and not traits.ties:
        return None
    flat = x.reshape(-1)
    pair = flat[[0, 1 + choices.below(flat.size - 1)]] if flat.size > 1 else flat
    pattern = (np.arange(flat.size) * 7 // (2 + choices.below(3))) % pair.size
    return pair[pattern].reshape(x.shape)


def _whole(x: np.ndarray, traits: Traits, choices: Choices) -> np.ndarray | None:
    """Whole numbers, or powers of two where all are positive: sums and products of them are exact in any order."""
    if traits.kind != "float":
        return None
    if traits.signed:
        return np.rint(x * choices.of((1, 2, 4))).astype(x.dtype)
    return np.exp2(np.floor(np.log2(x))).astype(x.dtype) if traits.positive else None


def _zeros(x: np.ndarray, traits: Traits, choices: Choices) -> np.ndarray | None:
    if not (traits.signed or traits.kind == "complex"):
        return None
    made = x.copy()
    step = choices.of((2, 3, 4))
    made.reshape(-1)[choices.below(step) :: step] = 0
    return made


def _cancelling(x: np.ndarray, traits: Traits, choices: Choices) -> np.ndarray | None:
    if not traits.signed and traits.kind != "complex":
        return None
    made = x.copy()
    if choices.of((True, False)) or x.shape[-1] < 2:
        flat = made.reshape(-1)
        half = flat.size // 2
        flat[half : 2 * half] = -flat[:half]
    else:
        half = x.shape[-1] // 2
        made[..., half : 2 * half] = -made[..., :half]
    return made


def _skewed(x: np.ndarray, traits: Traits, choices: Choices) -> np.ndarray | None:
    """One large element among small ones."""
    if traits.kind not in ("float", "complex") or traits.unit or traits.whole:
        return None
    power = choices.of((4, 10, 20))
    made = x * x.dtype.type(2.0**-power)
    made.reshape(-1)[choices.below(made.size)] *= x.dtype.type(4.0**power)
    return made


def _shifted(x: np.ndarray, traits: Traits, choices: Choices) -> np.ndarray | None:
    """Large values with small differences, which cancel in a variance or a difference."""
    if not (traits.kind == "float" and traits.signed and not traits.whole):
        return None
    digits = np.finfo(x.dtype).nmant
    return x + x.dtype.type(2.0 ** choices.of((digits // 4, digits // 3, digits // 2)))


FAMILIES = (
    Rearranged("whole numbers", _whole), Rearranged("sorted", _sorted), Rearranged("reversed", _reversed),
    Rearranged("constant", _constant), Rearranged("of two values", _few), Rearranged("with many zeros", _zeros),
    Rearranged("cancelling", _cancelling), Rearranged("skewed", _skewed), Rearranged("shifted", _shifted),
)
