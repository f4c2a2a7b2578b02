"""Islands: populations that evolve apart and exchange their best now and then, so that one early find does not end all others."""
from __future__ import annotations

import math
import random
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from . import Elite
from .machines import Policy
from .pool import Ranking

MOST_ROOTS = 8
MOST_HOMES = 8192


@dataclass(frozen=True)
class Pace:
    """most: islands there may be. open_after: children of each island before another opens. migrate_every: children of
    all islands between two migrations, of `migrants` elites each. patience: children of an island without a new best
    of theirs, after which it starts anew if they stand `far_behind` (a difference in fitness) the run's best.
    """

    most: int = 4
    open_after: int = 150
    migrate_every: int = 60
    migrants: int = 2
    patience: int = 150
    far_behind: float = math.log(1.5)


@dataclass
class _Island:
    """born: elites offered to it as children of its own. best_born: the fittest of these. since: births after it."""

    policy: Policy
    born: int = 0
    best_born: float = -math.inf
    since: int = 0

    def bear(self, elite: Elite) -> bool:
        self.born += 1
        self.since += 1
        if elite.fitness > self.best_born:
            self.best_born, self.since = elite.fitness, 0
        return self.policy.keep(elite)

    def best(self) -> Elite | None:
        return next(iter(self.policy.elites()), None)


class Islands:
    """Populations of one machine type, each made by `make`.

    - A run begins with one island, and is until then the run of that one policy. Another opens when each has had many
      children, with the fittest elite of a niche that leads no island yet.
    - A child lives on its first parent's island; where several hold the parent, on the one that had fewest children.
      What has no parent (seeds, kernels of earlier runs) lives on all of them.
    - A parent is drawn on an island at random, each as likely as any other.
    - Now and then the fittest of each island are offered to the next, in a ring.
    - An island whose own children have not improved for long, far behind the run's best, is emptied and starts anew
      with the best of another, as in FunSearch (Romera-Paredes et al., Nature 625, 2024).

    What one such population would hold of all candidates is held here too, outside all islands: whatever becomes of one, it stays. rng: draws
    where an island starts anew from, in the order of the calls of `keep`, so that the same calls make the same islands.
    """

    def __init__(self, make: Callable[[], Policy], rng: random.Random, pace: Pace = Pace()) -> None:
        self.migrations = 0
        self._make = make
        self._rng = rng
        self._pace = pace
        self._front = make()
        self._roots = Ranking(MOST_ROOTS, 1)
        self._islands = [_Island(make())]
        self._homes: OrderedDict[str, int] = OrderedDict()
        self._children = 0
        self._all: dict[str, Elite] = {}

    def keep(self, elite: Elite) -> bool:
        identity, parents = elite.candidate.identity, elite.candidate.lineage.parents
        changed = self.holds(identity)
        changed |= self._front.keep(elite)
        if not parents or self._roots.holds(identity):
            self._roots.keep(elite)
        targets = [island.policy for island in self._islands if not parents or island.policy.holds(identity)]
        for policy in targets:
            changed |= policy.keep(elite)
        if not targets:
            changed |= self._bear(elite, self._home(parents[0]))
        if changed:
            self._all = self._merged()
        return self.holds(identity)

    def holds(self, identity: str) -> bool:
        return identity in self._all

    def elites(self) -> Sequence[Elite]:
        return tuple(self._all.values())

    def parent(self, rng: random.Random) -> Elite | None:
        island = rng.choice(self._islands) if len(self._islands) > 1 else self._islands[0]
        return island.policy.parent(rng)

    def bar(self) -> float:
        """The lowest of the islands' bars: whose child a candidate is the screen is not told."""
        return min(island.policy.bar() for island in self._islands)

    def islands(self) -> Sequence[Sequence[Elite]]:
        return [island.policy.elites() for island in self._islands]

    def _bear(self, elite: Elite, home: int) -> bool:
        """A child of the island `home`; returns whether any island's elites changed."""
        island, pace = self._islands[home], self._pace
        changed = island.bear(elite)
        self._children += 1
        self._homes[elite.candidate.identity] = home
        if len(self._homes) > MOST_HOMES:
            self._homes.popitem(last=False)
        if len(self._islands) > 1:
            if self._children % pace.migrate_every == 0:
                changed |= self._migrate()
            if island.since >= pace.patience and island.best_born < self._front.elites()[0].fitness - pace.far_behind:
                self._islands[home], changed = self._founded(self._best_of_another(home)), True
        if len(self._islands) < pace.most and all(island.born >= pace.open_after for island in self._islands):
            self._islands.append(self._founded(self._founder()))
        return changed

    def _home(self, parent: str) -> int:
        """The island on which a child of `parent` lives; its parent may have been dropped while it was judged."""
        holders = [n for n, island in enumerate(self._islands) if island.policy.holds(parent)]
        if not holders and parent in self._homes:
            return self._homes[parent]
        return min(holders or range(len(self._islands)), key=lambda n: self._islands[n].born)

    def _migrate(self) -> bool:
        before = self.migrations
        leaving = [island.policy.elites()[:self._pace.migrants] for island in self._islands]
        for number, elites in enumerate(leaving):
            target = self._islands[(number + 1) % len(self._islands)].policy
            for elite in elites:
                if not target.holds(elite.candidate.identity):
                    self.migrations += target.keep(elite)
        return self.migrations > before

    def _founded(self, founder: Elite) -> _Island:
        island = _Island(self._make())
        for elite in (*self._roots.elites(), founder):
            island.policy.keep(elite)
        return island

    def _founder(self) -> Elite:
        """The fittest elite that works otherwise than each island's best; the run's best where all work alike."""
        leading = {best.niche for island in self._islands if (best := island.best())}
        return next((elite for elite in self._merged().values() if elite.niche not in leading), self._front.elites()[0])

    def _best_of_another(self, home: int) -> Elite:
        """The best of an island drawn among the others that are not far behind themselves."""
        leader = self._front.elites()[0]
        bests = [best for n, island in enumerate(self._islands) if n != home and (best := island.best())]
        return self._rng.choice([best for best in bests if best.fitness >= leader.fitness - self._pace.far_behind] or [leader])

    def _merged(self) -> dict[str, Elite]:
        """By identity, the fittest first."""
        found = [*self._front.elites(), *(elite for island in self._islands for elite in island.policy.elites())]
        return {elite.candidate.identity: elite for elite in sorted(found, key=lambda elite: -elite.fitness)}
