"""A few inputs of the families, the same for every candidate of a judge: cheap enough for the search.

What they refuse would otherwise win the search, and fall only in its last examination.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from ....kernels.candidate import Candidate
from ....kernels.spec import SpecError
from ...oracle import Case, Oracle
from . import integers, magnitudes, specials, values
from .domain import Domain, Ground
from .family import Chance, Choices, Family, Field

_WATCH_SECONDS = 0.25
_TRIALS, _EACH = 4, 2
_WANTED = ("whole numbers", "constant", "with many zeros", "large", "nan", "-inf", "extreme integers")
_FEW: Sequence[Family] = [
    family for family in (*values.FAMILIES, *magnitudes.FAMILIES, *specials.FAMILIES, *integers.FAMILIES) if family.name in _WANTED
]
_KEPT: WeakKeyDictionary[Oracle, tuple[Case, ...]] = WeakKeyDictionary()


def few(oracle: Oracle, seed: int) -> tuple[Case, ...]:
    """At most two inputs of each of some families, at the size `tiny`. Made when an oracle is first asked, by that seed."""
    if oracle not in _KEPT:
        _KEPT[oracle] = tuple(_made(oracle, seed))
    return _KEPT[oracle]


def _made(oracle: Oracle, seed: int) -> list[Case]:
    field = _Tiny(Domain(oracle, _Here(oracle), _WATCH_SECONDS), (seed,), Candidate(""), 0.0)
    ground = field.usual
    if ground is None or not ground.known:
        return []
    choices = Chance(np.random.default_rng([seed, 3]))
    found: dict[str, Case] = {}
    for family in _FEW:
        made = [family.case(choices, field) for _ in range(_TRIALS)]
        found.update({case.label: case for case in [case for case in made if case is not None][:_EACH]})
    return list(found.values())


@dataclass(frozen=True)
class _Tiny(Field):
    """A field of a single draw."""

    def ground(self, choices: Choices) -> Ground | None:
        return self.usual


@dataclass(frozen=True)
class _Here:
    """Runs the reference in this process, on inputs over which it was watched before, and came to an end."""

    oracle: Oracle

    def run(self, arguments: tuple[Any, ...], like: Case) -> tuple[Any, ...] | None:
        """As `Probe.run`."""
        try:
            outputs, after = self.oracle.run_reference(arguments)
        except SpecError:
            return None
        if len(outputs) != len(like.expected):
            return None
        alike = all(np.shape(a) == np.shape(b) and np.asarray(a).dtype == np.asarray(b).dtype for a, b in zip(outputs, like.expected))
        return (*outputs, *after) if alike else None
