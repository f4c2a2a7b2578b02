"""Tried: how candidates of each transform and operator did beside their parents, so that what did not help shows as well."""
from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..journal import Judged
from .history import Point, family
from .shares import NOT_ASKED

NOISE = 0.01


@dataclass(frozen=True)
class Tried:
    """One transform, or an operator that has none. tries: candidates judged. fell: of these, those that were not verified.
    wins: those that were faster than their parent by more than NOISE. effect: the median of their speed over their parent's,
    best: the greatest; None where none could be compared.
    """

    name: str
    tries: int
    fell: int
    wins: int
    effect: float | None
    best: float | None

    @property
    def in_all(self) -> str:
        """Whether it helped, in words."""
        if self.effect is None:
            return "never timed"
        if not self.wins:
            return "did not help"
        return "mostly helped" if self.effect > 1 + NOISE else "helped at times"


@dataclass
class _Seen:
    tries: int = 0
    fell: int = 0
    effects: list[float] = field(default_factory=list)


def tried(rows: Sequence[Judged], along: Sequence[Point]) -> list[Tried]:
    """The most tried first. A walk of several rewrites counts for each of them: which one did it is not known."""
    speeds = {point.identity: timed for point in along if (timed := point.timed)}
    judged = {point.identity: point for point in along}
    seen: dict[str, _Seen] = {}
    for row in rows:
        lineage, identity = row.candidate.lineage, row.evaluation.candidate
        if family(lineage.operator) in NOT_ASKED:
            continue
        before = max((speeds[parent] for parent in lineage.parents if parent in speeds), default=None)
        for name in names(lineage.operator):
            mine = seen.setdefault(name, _Seen())
            mine.tries += 1
            mine.fell += identity not in judged or judged[identity].fell
            if before is not None and identity in speeds:
                mine.effects.append(speeds[identity] / before)
    found = [Tried(name, s.tries, s.fell, sum(effect > 1 + NOISE for effect in s.effects),
                   statistics.median(s.effects) if s.effects else None, max(s.effects, default=None)) for name, s in seen.items()]
    return sorted(found, key=lambda one: (-one.tries, one.name))


def without_a_win(found: Sequence[Tried]) -> list[Tried]:
    """What never made anything faster."""
    return [one for one in found if not one.wins]


def names(operator: str) -> tuple[str, ...]:
    """("tile", "views") of "rewrite:tile+views+tile"; other operators go by their own name."""
    kind, _, steps = operator.partition(":")
    return tuple(dict.fromkeys(steps.split("+"))) if kind == "rewrite" and steps else (operator,)
