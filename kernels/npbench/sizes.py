"""Sizes: small ones for a benchmark that declares none, found by running its reference on proposals."""
from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

from .trial import Budget, How

TINY, VERIFY = Budget(0.05, 2**16), Budget(0.5, 2**22)
LARGEST = {"tiny": (7, 9, 13, 19, 28, 41, 61), "verify": (41, 29, 61, 19, 91, 13, 137)}
"""What the largest parameter comes to, in the order in which it is tried."""
FEW = 3
"""A number so small counts something that does not scale (space dimensions, stages), and stays."""

Size = Mapping[str, int]


def small_sizes(benchmark: Size, works: Callable[[Size, Budget], How]) -> dict[str, dict[str, int]]:
    """`tiny`, `verify` and `benchmark`. works: how the reference fares at a size, within a budget.

    Distinct numbers are preferred, so that shapes are told apart. Where no proposal works, each parameter is made
    smaller as long as the reference still works; at the worst all sizes are the benchmark's.
    """
    verify = _found(benchmark, LARGEST["verify"], VERIFY, works)
    tiny = _found(benchmark, LARGEST["tiny"], TINY, works)
    return {"tiny": tiny, "verify": verify, "benchmark": dict(benchmark)}


def _found(benchmark: Size, largest: Sequence[int], budget: Budget, works: Callable[[Size, Budget], How]) -> dict[str, int]:
    not_finite: dict[str, int] | None = None
    tried: set[tuple[int, ...]] = set()
    for size in proposals(benchmark, largest):
        if tuple(size.values()) in tried:
            continue
        tried.add(tuple(size.values()))
        how = works(size, budget)
        if how is How.WORKS:
            return size
        if how is How.NOT_FINITE:
            not_finite = not_finite or size
    return not_finite or _one_by_one(benchmark, largest[0], budget, works)


def proposals(benchmark: Size, largest: Sequence[int]) -> Iterator[dict[str, int]]:
    """Sizes whose largest number is about one of `largest`.

    All are scaled by one exponent, which keeps their order and brings 400,000 and 150 to where both count: first made
    odd and distinct, then distinct, then as they come; at last all are halved equally often, which keeps powers of two
    and what divides them.
    """
    top = max(benchmark.values(), default=0)
    for step in (2, 1, 0):
        for goal in largest:
            yield _distinct({name: _scaled(value, top, goal) for name, value in benchmark.items()}, benchmark, step)
    for goal in largest:
        halvings = max(0, math.ceil(math.log2(max(top, 1) / goal)))
        yield {name: max(value >> halvings, min(value, FEW)) for name, value in benchmark.items()}


def _scaled(value: int, top: int, goal: int) -> int:
    exponent = min(1.0, math.log(goal) / math.log(top)) if top > 1 else 1.0
    return value if value <= FEW else max(FEW, round(value**exponent))


def _distinct(size: Mapping[str, int], benchmark: Size, step: int) -> dict[str, int]:
    """The size with rising numbers where the benchmark's rise or are equal; step 2: odd ones, 0: as it is."""
    made, last = dict(size), FEW
    for name in sorted(size, key=lambda name: benchmark[name]):
        if step and benchmark[name] > FEW:
            made[name] = max(size[name], last + 1)
            made[name] += step == 2 and made[name] % 2 == 0
            last = made[name]
    return made


def _one_by_one(benchmark: Size, goal: int, budget: Budget, works: Callable[[Size, Budget], How]) -> dict[str, int]:
    """The benchmark's size with each parameter scaled alone, the largest first, unless the reference then fails."""
    size, top = dict(benchmark), max(benchmark.values(), default=0)
    for name in sorted(benchmark, key=lambda name: -benchmark[name]):
        smaller = {**size, name: _scaled(benchmark[name], top, goal)}
        if works(smaller, budget) is not How.FAILS:
            size = smaller
    return size
