"""Priors: how often each kind of operator is worth asking before anything is known of the kernel."""
from __future__ import annotations

from collections.abc import Mapping, Sequence

WEIGHTS: Mapping[str, float] = {"rewrite": 0.75, "tune": 0.12, "crossover": 0.1, "llm": 0.75}
"""By kind. In runs without a bandit, rewrites gained about five times as much log speedup a worker second as tuning did;
crossover has little to combine at first; a model's answer that has arrived was paid for, and is judged soon."""
UNKNOWN = 0.25


def prior_shares(names: Sequence[str]) -> dict[str, float]:
    """The weights of `names`, such as "rewrite" or "llm:NAME", scaled to the sum 1."""
    weights = {name: WEIGHTS.get(name.partition(":")[0], UNKNOWN) for name in names}
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items()}
