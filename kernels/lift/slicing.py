"""The ends of a slice: where NumPy would cut them to fit the array, the loops do; where they always fit, they stay plain."""
from __future__ import annotations

import ast
from collections.abc import Sequence

from .affine import ZERO, Affine
from .expressions import Expressions
from .seen import EndSeen, SliceSeen
from .values import UNKNOWN, Value

PARTS = (2, 3, 4)
"""An end that lay at `extent // part` in every run, rounded down or up, is taken to be that for one of these."""


class SliceEnds:
    """The ends of one slice, counted from the start of an axis of extent `whole`.

    What a cut end would only make shorter than nothing is not cut: a start beyond the array's end gives a length below
    zero, over which a loop does not run. So an ascending slice has its start cut below and its stop cut above, a
    descending one the other way round.
    """

    def __init__(self, writer: Expressions, whole: Affine, up: bool, seen: SliceSeen | None) -> None:
        self.writer, self.whole, self.up, self.seen = writer, whole, up, seen
        self.first, self.last = (ZERO, whole) if up else (Affine(-1), whole - 1)

    def start(self, node: ast.expr | None) -> Affine:
        if node is None:
            return self.first if self.up else self.last
        return self._end(self._value(node), self.seen.starts if self.seen else [], "start", 0)

    def stop(self, node: ast.expr | None) -> Affine:
        if node is None:
            return self.last if self.up else self.first
        return self._end(self._value(node), self.seen.stops if self.seen else [], "stop", self._least_start())

    def _value(self, node: ast.expr) -> Value:
        return self.writer.value(node)

    def _least_start(self) -> int:
        return max(0, min((end.least for end in self.seen.starts), default=0)) if self.seen and self.up else 0

    def _end(self, value: Value, runs: Sequence[EndSeen], name: str, after: int) -> Affine:
        """after: what the end is compared with lies here at the least."""
        at = self.writer.affine(value)
        sign = self._sign(value, at, runs, after)
        if sign == 0:
            at = self.writer.affine(self.writer.cheap(value))
            return self._bound(f"min({at}, {self.last}) if {at} >= 0 else max({at + self.whole}, {self.first})", name)
        fits = _fits(runs, value.constant is not UNKNOWN, 0 if self.up or sign < 0 else 1)
        beyond = any(extent < distance for distance, extent in (end.tight for end in runs))
        if sign > 0:
            if (name == "start") == self.up and not beyond or fits or (self.last - at).nonnegative:
                return at
            return self._bound(f"min({at}, {self.last})", name)
        at = at + self.whole
        if (name == "start") != self.up and not beyond or fits or (at - self.first).nonnegative:
            return at
        return self._bound(f"max({at}, {self.first})", name)

    def _bound(self, text: str, name: str) -> Affine:
        return Affine.atom(self.writer.bind(text, name))

    def _sign(self, value: Value, at: Affine, runs: Sequence[EndSeen], after: int) -> int:
        """1 where the end counts from the array's start, -1 where from its end, 0 where that is decided as it runs."""
        if value.constant is not UNKNOWN:
            return 1 if value.constant >= 0 else -1
        if at.nonnegative:
            return 1
        if not runs:
            return 0
        if all(end.greatest < 0 for end in runs):
            return -1 if len({end.greatest for end in runs}) == 1 else 0
        if any(end.least < 0 for end in runs):
            return 0
        gaps = {extent - distance for distance, extent in (end.tight for end in runs)}
        moves = len({end.least for end in runs}) > 1
        # An end `n - gap` is below zero where n is below the gap, and counts from the end there: 2n - gap, which is
        # beyond what the slice starts at only if the gap is above that + 2.
        return 0 if moves and len(gaps) == 1 and min(gaps) > after + 2 else 1


def _fits(runs: Sequence[EndSeen], literal: bool, least: int) -> bool:
    """Whether the end follows the array's extent: as far from it in every run, or at one fraction of it."""
    tight = {end.tight for end in runs}
    gaps = {extent - distance for distance, extent in tight}
    if not tight or min(gaps) < least or literal and len(runs) == 1:
        return False
    if len(gaps) == 1:
        return True
    return not literal and len({extent for _, extent in tight}) > 1 and any(
        all(distance == extent // part for distance, extent in tight) or
        all(distance == -(-extent // part) for distance, extent in tight) for part in PARTS)
