"""Bandits: how often each operator is asked, by what its candidates were worth so far.

A policy is one small file with one class; `POLICIES` finds it by its name.
"""
from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from .adaptive import Adaptive
from .fixed import Fixed
from .uniform import Uniform

__all__ = ["POLICIES", "Bandit", "choose"]


class Bandit(Protocol):
    """A policy. `name` is what the setting `bandit` calls it. Operators go by their names."""

    name: str

    def shares(self, names: Sequence[str]) -> Mapping[str, float]:
        """For each of `names` how probable it is to be asked next: greater than 0, and together 1."""

    def credit(self, name: str, gain: float, seconds: float) -> None:
        """A candidate of `name` was judged: it gained so much log speedup (0 or more), in so many worker seconds.

        seconds 0: no candidate, but a part of a later one's gain that is owed to `name`.
        """


POLICIES: Mapping[str, Callable[[], Bandit]] = {policy.name: policy for policy in (Adaptive, Fixed, Uniform)}


def choose(bandit: Bandit, names: Sequence[str], rng: random.Random) -> str:
    """One of `names`, drawn by the bandit's shares. Raises IndexError where there is none."""
    shares = bandit.shares(names)
    return rng.choices(list(names), [shares[name] for name in names])[0]
