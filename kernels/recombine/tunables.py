"""Tunables: the first candidate with the second's values, of tunables that both have under one name with equal choices."""
from __future__ import annotations

from collections.abc import Iterator

from .pair import Pair, Recombined

NAME = "tunables"


def propose(pair: Pair) -> Iterator[Recombined]:
    """All differing values at once, then each alone."""
    mine = {(t.name, frozenset(t.choices)): t.value for t in pair.first.tunables}
    values = {t.name: t.value for t in pair.second.tunables if mine.get((t.name, frozenset(t.choices)), t.value) != t.value}
    sets = [values, *({name: value} for name, value in values.items() if len(values) > 1)]
    for chosen in sets if values else ():
        yield Recombined(pair.first.with_tunables(chosen), NAME, ", ".join(f"{name} = {value!r}" for name, value in chosen.items()))
