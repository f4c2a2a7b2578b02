"""Scaled data: as large and as small as a rewritten formula can be expected to bear.

A formula that equals the reference's may square an intermediate result, or invert it. So data are scaled as far as the
squares of what the reference computes stay within the range - or to the range's end where the reference itself computes
nothing that grows faster than its inputs, as `hypot` or a shifted softmax do: it takes care of its range, and so must a
candidate. Complex numbers are scaled moderately only, since each of their products squares.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import frexp

import numpy as np

from ...oracle import Case
from .domain import Ground
from .family import Choices, Field
from .watched import Log

_LARGE_SHARES = (0.05, 0.1, 0.2, 0.35, 0.6, 0.75)
_SMALL_SHARES = (0.05, 0.1, 0.2)


@dataclass(frozen=True)
class Scaled:
    """One float argument, or all, multiplied by a power of two."""

    large: bool
    weight: float = 1.0

    @property
    def name(self) -> str:
        return "large" if self.large else "small"

    def case(self, choices: Choices, field: Field) -> Case | None:
        ground = field.ground(choices)
        if ground is None or not ground.known:
            return None
        positions = [n for n, traits in enumerate(ground.traits)
                     if (traits.real or (traits.kind == "complex" and not traits.built)) and not (self.large and traits.unit)]
        if not positions:
            return None
        chosen = choices.of([*([p] for p in positions), *([positions] if len(positions) > 1 else [])])
        range_ = min(int(np.finfo(ground.case.arguments[p].dtype).maxexp) for p in chosen)
        shares = _LARGE_SHARES if self.large else _SMALL_SHARES
        if any(ground.traits[p].kind == "complex" for p in chosen):
            shares = shares[:3]
        power = round(choices.of(shares) * range_) * (1 if self.large else -1)
        arguments = ground.case.arguments
        for position in chosen:
            with np.errstate(all="ignore"):
                scaled = np.ldexp(1.0, power) * arguments[position]
            changed = np.empty_like(arguments[position])
            np.copyto(changed, scaled, casting="same_kind")
            arguments = (*arguments[:position], changed, *arguments[position + 1 :])
        words = f"{' and '.join(field.domain.names[p] for p in chosen)} times 2**{power}"
        return field.domain.settle(ground, arguments, words, bearable(ground, power, range_))


def bearable(ground: Ground, power: int, range_: int) -> Callable[[Log], bool]:
    """Whether what the reference computed can be squared, or grew no faster than the inputs that were scaled."""
    grown = frexp(ground.largest)[1] + max(power, 0) + 2

    def accepts(log: Log) -> bool:
        exponent = frexp(log.largest)[1]
        return not log.overflowed and (exponent <= range_ // 2 or (exponent <= grown and exponent <= range_ - 8))

    return accepts


FAMILIES = (Scaled(True), Scaled(False))
