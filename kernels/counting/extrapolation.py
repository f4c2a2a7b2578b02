"""From counts at small sizes to the count at a large one, where they follow a polynomial exactly.

Each parameter's degree is found by finite differences; a polynomial through as many sizes as that needs, in exact
fractions, must then give the counts at sizes that it was not made from. Anything else is refused, not guessed: work that
depends on the data, or grows otherwise.
"""
from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction

from .errors import NotCounted, OutOfTime

Size = Mapping[str, int]
Counts = Mapping[str, int]
MOST_DEGREE, MOST_SIZES = 4, 120
STRIDES = (1, 8, 64)
"""Steps between sizes. A tiled or unrolled loop treats its remainder otherwise, so that the count depends on the size modulo
a tile, too: all sizes are then taken with the remainder that the large one has."""
_SMALL = 8
"""A parameter that is no larger at the large size is not extrapolated: it may be a flag, or a number of stages."""


@dataclass(frozen=True)
class Extrapolated:
    """counts: at the large size; of the optional ones only those that could be had. sizes: that the polynomial was made
    from. agreed: others at which it was right; largest: the largest of these."""

    counts: Counts
    sizes: int
    agreed: int
    largest: Size


def extrapolate(
    sample: Callable[[Size], Counts], starts: Sequence[Size], target: Size, checks: Sequence[Size] = (),
    optional: Callable[[str], bool] = lambda key: False, sample_check: Callable[[Size], Counts] | None = None,
) -> Extrapolated:
    """Counts at `target` from those that `sample` gives at small sizes near one of `starts`.

    checks: sizes at which the result must be right, too, where there is time to count at them (by `sample_check`, if given).
    optional: which keys may be left out. Raises NotCounted, and whatever else `sample` raises.
    """
    memory: dict[tuple[tuple[str, int], ...], Counts] = {}

    def remembered(size: Size) -> Counts:
        key = tuple(sorted(size.items()))
        if key not in memory:
            memory[key] = sample(size)
        return memory[key]

    first: NotCounted | None = None
    for start, stride in itertools.product(starts, STRIDES):
        try:
            return _Fit(remembered, start, target, stride, optional).extrapolated(checks, sample_check or sample)
        except OutOfTime as error:
            raise OutOfTime(f"{error} ({first})" if first else str(error)) from None
        except NotCounted as error:
            first = first or error
    raise first or NotCounted("there is no size to begin with")


class _Fit:
    def __init__(self, sample: Callable[[Size], Counts], start: Size, target: Size, stride: int, optional: Callable[[str], bool]) -> None:
        self.sample = sample
        self.target = target
        self.optional = optional
        self.base = {name: value if value <= _SMALL else _node(start.get(name, value), value, stride, 0) for name, value in target.items()}
        self.free = [name for name, value in target.items() if value > _SMALL and self.base[name] < value]
        self.stride = stride
        self.start = start

    def extrapolated(self, checks: Sequence[Size], sample_check: Callable[[Size], Counts]) -> Extrapolated:
        degrees = {name: self._degree(name) for name in self.free}
        nodes = {name: [self._node(name, k) for k in range(degree + 1)] for name, degree in degrees.items()}
        if math.prod(map(len, nodes.values())) > MOST_SIZES:
            raise NotCounted(f"its work depends on {len(nodes)} parameters in a way that would take too many sizes to find")
        grid = {point: self.sample({**self.base, **dict(zip(nodes, point))}) for point in itertools.product(*nodes.values())}
        keys = {key for counts in grid.values() for key in counts}
        wrong: set[str] = set()
        agreed, largest = 0, dict(self.base)
        for held_out in self._held_out(degrees):
            agreed += self._agrees(held_out, self.sample(held_out), nodes, grid, keys, wrong)
            largest = dict(held_out)
        for check in checks:
            size = {name: _node(check.get(name, self.target[name]), self.target[name], self.stride, 0) if name in nodes else value
                    for name, value in self.base.items()}
            with suppress(OutOfTime):
                agreed += self._agrees(size, sample_check(size), nodes, grid, keys, wrong)
                largest = size
        counts = {}
        for key in sorted(keys - wrong):
            value = _value(key, nodes, grid, self.target)
            if value.denominator != 1 or value < 0:
                raise NotCounted("its work follows no polynomial of its sizes")
            counts[key] = int(value)
        return Extrapolated(counts, len(grid), agreed, largest)

    def _degree(self, name: str) -> int:
        """The polynomial's degree in this parameter. Raises NotCounted where no small one fits."""
        series: list[Counts] = []
        for wanted in range(MOST_DEGREE + 1):
            while len(series) < wanted + 3 and len(series) < MOST_DEGREE + 2:
                series.append(self.sample({**self.base, name: self._node(name, len(series))}))
            keys = {key for counts in series for key in counts if not self.optional(key)}
            if not any(any(_differences([counts.get(key, 0) for counts in series], wanted + 1)) for key in keys):
                return wanted
        raise NotCounted(f"its work follows no polynomial of {name}: it depends on the data, or grows otherwise")

    def _held_out(self, degrees: Mapping[str, int]) -> list[Size]:
        """Two sizes off the grid in all parameters at once."""
        if not degrees:
            return []
        return [{**self.base, **{name: self._node(name, degree + 1 + (place + shift) % 2) for place, (name, degree) in enumerate(degrees.items())}}
                for shift in (0, 1)]

    def _agrees(
        self, size: Size, found: Counts, nodes: Mapping[str, list[int]], grid: Mapping[tuple[int, ...], Counts], keys: set[str],
        wrong: set[str],
    ) -> bool:
        """Whether the polynomial gives what was found at this size; optional keys for which it does not go into `wrong`.
        Raises NotCounted."""
        for key in keys | set(found):
            if _value(key, nodes, grid, size) != found.get(key, 0):
                if not self.optional(key):
                    raise NotCounted("its work follows no polynomial of its sizes: it depends on the data, or grows otherwise")
                wrong.add(key)
        return True

    def _node(self, name: str, number: int) -> int:
        return _node(self.start.get(name, self.target[name]), self.target[name], self.stride, number)


def _node(start: int, target: int, stride: int, number: int) -> int:
    """The size `number` steps after the first that is not below `start` and leaves the remainder that `target` leaves."""
    return start + (target - start) % stride + number * stride


def _differences(values: Sequence[int], order: int) -> list[int]:
    found = list(values)
    for _ in range(order):
        found = [b - a for a, b in zip(found, found[1:])]
    return found


def _value(key: str, nodes: Mapping[str, list[int]], grid: Mapping[tuple[int, ...], Counts], at: Size) -> Fraction:
    """Lagrange's polynomial in several parameters."""
    weights = [_weights(points, at[name]) for name, points in nodes.items()]
    return sum((math.prod(weight[place] for weight, place in zip(weights, places)) * counts.get(key, 0)
                for places, counts in zip(itertools.product(*(range(len(points)) for points in nodes.values())), grid.values())), Fraction(0))


def _weights(points: Sequence[int], at: int) -> list[Fraction]:
    return [math.prod((Fraction(at - other, point - other) for other in points if other != point), start=Fraction(1)) for point in points]
