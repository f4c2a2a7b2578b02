"""Family: the protocol of all families, and the field from which they derive their inputs."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np

from ....kernels.candidate import Candidate
from ...oracle import Case
from .domain import Domain, Ground

T = TypeVar("T")
_MIXED, _LONGEST = 40, 200


class Choices(Protocol):
    """Where a family's choices come from; the simplest one is always the first."""

    def below(self, count: int) -> int:
        """A number from 0 to `count` - 1."""

    def of(self, options: Sequence[T]) -> T:
        """One of `options`."""


@dataclass(frozen=True)
class Chance:
    """Choices at random."""

    rng: np.random.Generator

    def below(self, count: int) -> int:
        return int(self.rng.integers(count)) if count > 1 else 0

    def of(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))]


@dataclass(frozen=True)
class Field:
    """What families derive their inputs from: the domain, the seeds of the generator's draws, and the candidate at test."""

    domain: Domain
    seeds: tuple[int, ...]
    candidate: Candidate
    largest_seconds: float

    def ground(self, choices: Choices) -> Ground | None:
        """A draw of the generator at a small size; None where that is outside the domain."""
        size = _size(choices, self.domain.oracle.spec.sizes)
        return self.domain.ground(size, choices.of(self.seeds))

    @property
    def usual(self) -> Ground | None:
        """The first draw at the size `tiny`."""
        return self.domain.ground(self.domain.oracle.spec.sizes["tiny"], self.seeds[0])


class Family(Protocol):
    """One way of deriving inputs. name: in the facts and in messages. weight: its share of time and inputs; 1 is usual."""

    @property
    def name(self) -> str: ...

    @property
    def weight(self) -> float: ...

    def case(self, choices: Choices, field: Field) -> Case | None:
        """A case; None where these choices lead outside the reference's domain, or the family has nothing to offer there."""


@runtime_checkable
class Listed(Protocol):
    """A family of few inputs, all of which are tried, in the order in which they come. name, weight: as for Family."""

    @property
    def name(self) -> str: ...

    @property
    def weight(self) -> float: ...

    def cases(self, field: Field) -> Iterator[Case]:
        """The cases, made as they are asked for."""


def _size(choices: Choices, sizes: Mapping[str, Mapping[str, int]]) -> Mapping[str, int]:
    """A small size. It takes the same number of choices whatever they are, so that shrinking leads to the smallest one."""
    tiny, verify = sizes["tiny"], sizes["verify"]
    manner = choices.of(("small", "mixed", "tiny", "verify"))
    most = {name: tiny[name] + 2 if manner != "mixed" else max(tiny[name], min(verify[name], _MIXED)) for name in tiny}
    drawn = {name: 1 + choices.below(max(1, length)) for name, length in most.items()}
    if manner == "verify":
        return {name: min(length, _LONGEST) for name, length in verify.items()}
    return tiny if manner == "tiny" else drawn
