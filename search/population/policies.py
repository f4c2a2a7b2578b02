"""The populations by name, as settings choose them."""
from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from .archive import Archive
from .islands import Islands
from .machines import ByMachine, Policy
from .pool import CAPACITY, PER_SKELETON, Ranking

DEFAULT_POPULATION = "islands"


def _islands(capacity: int, per_skeleton: int, rng: random.Random) -> Policy:
    return Islands(lambda: Archive(capacity, per_skeleton), rng)


_Make = Callable[[int, int, random.Random], Policy]
POPULATIONS: Mapping[str, _Make] = {
    "pool": lambda capacity, per_skeleton, rng: Ranking(capacity, per_skeleton),
    "archive": lambda capacity, per_skeleton, rng: Archive(capacity, per_skeleton),
    "islands": _islands,
}


def make_population(name: str, seed: int, capacity: int = CAPACITY, per_skeleton: int = PER_SKELETON) -> ByMachine:
    """The population of this name, empty. seed: of whatever it draws while candidates are added.

    Raises ValueError for an unknown name, and where a limit is less than one.
    """
    if name not in POPULATIONS:
        raise ValueError(f"no population is called {name!r}; choose from {', '.join(POPULATIONS)}")

    def make(machine: str) -> Policy:
        return POPULATIONS[name](capacity, per_skeleton, random.Random(f"{seed} {machine}"))

    make("")  # limits that cannot be are refused at once
    return ByMachine(name, make)
