"""Archive: the fastest candidates, and besides them the fastest of each way to work (MAP-Elites)."""
from __future__ import annotations

import math
import random
from collections.abc import Sequence

from . import Elite
from .niche import Niche
from .pool import CAPACITY, PER_SKELETON, SCREEN_SLACK, Ranking, by_rank

PER_CELL = 2
CELLS_PER_PLACE = 4
CELL_SHARE = 0.1


class Archive:
    """A ranking as in the pool, and the `PER_CELL` fittest candidates of every niche, of different skeletons.

    What the pool would keep the archive keeps too: a niche that is crowded costs no good candidate its place. The cells
    add what a ranking loses: the step that is slower today and leads further, such as a serial kernel with tiles, or one
    that has no array in its loop yet. A cell gives way, the one with the weakest best first, only when there are more
    than CELLS_PER_PLACE for each place of the ranking.

    Method: J.-B. Mouret, J. Clune, "Illuminating search spaces by mapping elites", 2015 (arXiv:1504.04909).
    Raises ValueError where a limit is less than one.
    """

    migrations = 0

    def __init__(self, capacity: int = CAPACITY, per_skeleton: int = PER_SKELETON) -> None:
        self._front = Ranking(capacity, per_skeleton)
        self._most_cells = CELLS_PER_PLACE * capacity
        self._cells: dict[Niche, Ranking] = {}
        self._all: dict[str, Elite] = {}

    def keep(self, elite: Elite) -> bool:
        identity = elite.candidate.identity
        held = identity in self._all
        if held:
            self._leave_cells(identity)   # built anew its machine code, and so its niche, may be another
        in_front = self._front.keep(elite)
        in_cell = self._cells.setdefault(elite.niche, Ranking(PER_CELL, 1)).keep(elite)
        if len(self._cells) > self._most_cells:
            del self._cells[min(self._cells, key=lambda niche: self._cells[niche].elites()[0].fitness)]
        if held or in_front or in_cell:
            self._all = self._merged()
        return identity in self._all

    def holds(self, identity: str) -> bool:
        return identity in self._all

    def elites(self) -> Sequence[Elite]:
        return tuple(self._all.values())

    def parent(self, rng: random.Random) -> Elite | None:
        """By rank among all; a CELL_SHARE of the draws takes a cell, each as likely as any other, and an elite of it.

        Cells whose best the screen would stop today have had their time.
        """
        if rng.random() >= CELL_SHARE:
            return by_rank(self.elites(), rng)
        bar = self.bar()
        open_cells = [cell for cell in self._cells.values() if cell.elites()[0].fitness >= bar]
        return by_rank(rng.choice(open_cells).elites(), rng) if open_cells else None

    def bar(self) -> float:
        """A quarter of the best one's speed, however full the ranking is.

        Whether a candidate opens a niche shows only in its machine code and its text, when it has been built and
        verified already; the timing that a higher bar would spare is the smaller part of what it cost.
        """
        return self._best() - SCREEN_SLACK

    def islands(self) -> Sequence[Sequence[Elite]]:
        return [self.elites()]

    def _best(self) -> float:
        return next((elite.fitness for elite in self._all.values()), -math.inf)

    def _leave_cells(self, identity: str) -> None:
        for niche, cell in list(self._cells.items()):
            cell.drop(identity)
            if not cell.elites():
                del self._cells[niche]

    def _merged(self) -> dict[str, Elite]:
        """By identity, the fittest first; of equals those of the ranking come first."""
        found = [*self._front.elites(), *(elite for cell in self._cells.values() for elite in cell.elites())]
        return {elite.candidate.identity: elite for elite in sorted(found, key=lambda elite: -elite.fitness)}
