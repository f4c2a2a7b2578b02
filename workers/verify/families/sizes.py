"""Sizes: 0, 1, 2, primes, one off each tile of the candidate, sizes that the search never used, and a large one."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from time import perf_counter

from ....kernels.candidate import Candidate
from ....kernels.spec import SpecError
from ...oracle import Case, Oracle, guarded
from .family import Field

_PRIMES = (3, 7, 13, 31, 61, 67, 127)
_POWERS = (4, 8, 16, 32, 64, 128)
_SMALL = 67
_LARGEST_TILE = 4096
_LARGE_FACTORS = (8, 4, 2)
_LARGE_BYTES = 256 * 2**20


@dataclass(frozen=True)
class Sized:
    """The generator's own draw at each unusual size."""

    name: str = "sizes"
    weight: float = 3.0

    def cases(self, field: Field) -> Iterator[Case]:
        for size in unusual(field.domain.oracle, field.candidate):
            ground = field.domain.ground(size, field.seeds[0])
            if ground is not None:
                yield ground.case


@dataclass(frozen=True)
class Large:
    """The generator's own draw with one dimension several times the benchmark's, where the reference takes it in time: a
    single-precision sum of 10**7 values that has stopped growing is 9 % off, one of 1,000 is exact."""

    name: str = "a large size"
    weight: float = 1.0

    def cases(self, field: Field) -> Iterator[Case]:
        for size in larger(field.domain.oracle, field.largest_seconds, field.seeds[0]):
            try:
                case = field.domain.oracle.case(size, field.seeds[0])
            except SpecError:
                continue
            if guarded(field.domain.oracle, case):
                yield case


def unusual(oracle: Oracle, candidate: Candidate) -> Iterator[Mapping[str, int]]:
    """Sizes in which one dimension, or each, is unusual; those first that concern the candidate's tiles. Whether they are
    legal is not known yet."""
    tiny, verify = oracle.spec.sizes["tiny"], oracle.spec.sizes["verify"]
    tiles = {tunable.value for tunable in candidate.tunables if isinstance(tunable.value, int) and 1 < tunable.value <= _LARGEST_TILE}
    around = sorted({length for tile in tiles for length in (tile - 1, tile, tile + 1, 2 * tile + 1)})
    seen = [*oracle.spec.sizes.values()]
    for lengths in ((0, 1, 2), around, _PRIMES, _POWERS):
        for length in lengths:
            sizes = [{**base, key: length} for base in (tiny, verify) for key in tiny]
            if length <= _SMALL:
                sizes.append(dict.fromkeys(tiny, length))
            for size in sizes:
                if size not in seen and _affordable(oracle, size):
                    seen.append(size)
                    yield size


def larger(oracle: Oracle, seconds: float, seed: int) -> Iterator[Mapping[str, int]]:
    """For each dimension the benchmark's size with that one as large as `seconds` and memory allow the reference."""
    benchmark = oracle.spec.sizes["benchmark"]
    start = perf_counter()
    case = oracle.case("benchmark", seed)
    once = perf_counter() - start
    for key, value in benchmark.items():
        factor = next((f for f in _LARGE_FACTORS if f * once < seconds and f * case.nbytes < _LARGE_BYTES), None)
        if factor is not None and value > 1 and oracle.most(key) is None:
            yield {**benchmark, key: factor * value}


def _affordable(oracle: Oracle, size: Mapping[str, int]) -> bool:
    """Whether no dimension is larger than memory may bear."""
    declared = {key: max(each[key] for each in oracle.spec.sizes.values()) for key in size}
    return all(length <= declared[key] or (most := oracle.most(key)) is None or length <= most for key, length in size.items())
