"""Records: what rewrites have brought so far, by their transforms and by the changes that they were."""
from __future__ import annotations

import re
from collections import OrderedDict, defaultdict
from collections.abc import Sequence

from ...kernels.transforms import (
    accumulators,
    fission,
    forward,
    fuse,
    interchange,
    options,
    parallel,
    schedule,
    tile,
    views,
)

PRIORS = {schedule.NAME: (2, 4), accumulators.NAME: (1, 4), fission.NAME: (1, 3), fuse.NAME: (1, 3), forward.NAME: (1, 4),
          options.NAME: (1, 8), parallel.NAME: (1, 4), tile.NAME: (1, 3), interchange.NAME: (1, 3), views.NAME: (1, 3)}
"""Wins, and tries, that a transform begins with, as runs on eighteen kernels showed them (docs/decisions.md); else 1 of 2. What seeds
have done already seldom pays once more."""
MOST_CHANGES = 4096
_LINES = re.compile(r" \(lines?[^)]*\)|line \d+|\d+ unsigned")


class Records:
    """How often the candidates of each transform beat their parents, and those that one change at one place was made of.

    A change goes by its note without line numbers: what did not help one kernel seldom helps its next of kin.
    """

    def __init__(self) -> None:
        self._tried: defaultdict[str, int] = defaultdict(int)
        self._won: defaultdict[str, int] = defaultdict(int)
        self._changes: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def add(self, names: Sequence[str], won: bool) -> None:
        for name in names:
            self._tried[name] += 1
            self._won[name] += won

    def rate(self, name: str) -> float:
        """The success rate, where what was seen is added to what was expected."""
        won, tried = PRIORS.get(name, (1, 2))
        return (self._won[name] + won) / (self._tried[name] + tried)

    def try_change(self, note: str) -> None:
        """The change was handed out once more."""
        self._count(note, 1, 0)

    def change_won(self, note: str) -> None:
        self._count(note, 0, 1)

    def _count(self, note: str, tried: int, won: int) -> None:
        change = _LINES.sub("", note)
        before = self._changes.pop(change, (0, 0))
        self._changes[change] = before[0] + tried, before[1] + won
        if len(self._changes) > MOST_CHANGES:
            self._changes.popitem(last=False)

    def worth(self, note: str) -> float:
        """How much the change is worth trying, beside one that was never tried: 1; it falls with every trial that won nothing."""
        tried, won = self._changes.get(_LINES.sub("", note), (0, 0))
        return ((won + 1) / (tried + 1)) ** 2
