"""Shares: what each operator was given, and what it brought."""
from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..journal import Judged
from .history import Point, family

NOT_ASKED = ("seed", "warm")
"""Families whose candidates a search is given: no operator was asked for them."""


@dataclass(frozen=True)
class Share:
    """One operator. improved: how often it beat the best so far. gain: by what factor in all, 1.0 for none. seconds: of workers'
    time, waits apart. of_time, of_gain: its shares of all operators' seconds and of the logarithm of the whole gain, 0 to 1.
    asked: its present probability of being asked, None where that was not recorded.
    """

    operator: str
    evaluated: int
    verified: int
    improved: int
    gain: float
    seconds: float
    of_time: float
    of_gain: float
    asked: float | None


@dataclass
class _Counts:
    evaluated: int = 0
    verified: int = 0
    improved: int = 0
    gain: float = 0.0
    seconds: float = 0.0
    asked: float | None = None


def shares(state: Mapping[str, Any] | None, rows: Sequence[Judged], along: Sequence[Point]) -> list[Share]:
    """One for each operator, the greatest gain first. state: the journal's "operators"; None: counted from the lineages."""
    counted = _recorded(state) if state else _derived(rows, along)
    seconds, gain = sum(c.seconds for c in counted.values()), sum(c.gain for c in counted.values())
    found = [Share(name, c.evaluated, c.verified, c.improved, math.exp(c.gain), c.seconds, c.seconds / seconds if seconds else 0.0,
                   c.gain / gain if gain else 0.0, c.asked) for name, c in counted.items()]
    return sorted(found, key=lambda share: (-share.gain, -share.evaluated, share.operator))


def whole_gain(found: Sequence[Share]) -> float:
    """The factor that all operators brought together, 1.0 for none."""
    return math.prod(share.gain for share in found)


def _recorded(state: Mapping[str, Any]) -> dict[str, _Counts]:
    return {str(name): _Counts(int(data.get("evaluated") or 0), int(data.get("verified") or 0), int(data.get("improved") or 0),
                               max(0.0, float(data.get("gain") or 0.0)), float(data.get("seconds") or 0.0), data.get("share"))
            for name, data in state.items() if isinstance(data, Mapping)}


def _derived(rows: Sequence[Judged], along: Sequence[Point]) -> dict[str, _Counts]:
    counted: dict[str, _Counts] = {}
    for row in rows:
        if (name := _operator(row)) is None:
            continue
        mine = counted.setdefault(name, _Counts())
        mine.seconds += sum(spent for stage, spent in row.evaluation.stage_seconds.items() if stage != "wait")
    best = 1.0
    for point in along:
        if (name := _operator(point.judged)) is not None:
            mine = counted[name]
            mine.evaluated += 1
            mine.verified += point.speedup is not None
            # What only catches up with the best seed is no gain.
            if point.speedup is not None and point.speedup > best:
                mine.improved += 1
                mine.gain += math.log(point.speedup / best)
        best = max(best, point.speedup or 0.0)
    return counted


def _operator(row: Judged) -> str | None:
    """Each language model is an operator of its own; the rewrites are one together."""
    whole = row.candidate.lineage.operator
    name = family(whole)
    return None if name in NOT_ASKED else whole if name == "llm" else name
