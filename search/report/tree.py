"""Tree: who descends from whom, cut down to what a person can read. The champion's line and the best of the others each get a
row; all other candidates are counted at the row that they descend from."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..journal import Judged
from .history import Point

MOST_ROWS, MOST_ROOTS = 30, 6


@dataclass(frozen=True)
class Folded:
    """Descendants of a row that have none of their own. best: the greatest speedup over the best first seed, None without one."""

    count: int
    verified: int
    best: float | None


@dataclass(frozen=True)
class Branch:
    """The line from a parent's row to its child's. between: how many candidates on the way have no row."""

    parent: int
    between: int


@dataclass(frozen=True)
class Row:
    """One candidate. number: its evaluation, None where it was not one that counts. lane: how far it is set in. on_line: whether
    the champion (or the best so far) descends from it. branches: to its first parent, then to further ones that a crossover took.
    """

    identity: str
    number: int | None
    operator: str
    note: str
    speedup: float | None
    lane: int
    on_line: bool
    is_leader: bool
    branches: tuple[Branch, ...]
    folded: Folded | None


@dataclass(frozen=True)
class Tree:
    """rows: parents before their children. unplaced: candidates without a known ancestor among the rows."""

    rows: tuple[Row, ...]
    unplaced: int

    @property
    def lanes(self) -> int:
        """How many lanes the drawing needs, the stubs of folded descendants included."""
        return max((row.lane + 1 + (row.folded is not None) for row in self.rows), default=0)

    @property
    def shown(self) -> int:
        return len(self.rows)

    @property
    def crossed(self) -> bool:
        """Whether any candidate has two parents here."""
        return any(len(row.branches) > 1 for row in self.rows)

    @property
    def skips(self) -> bool:
        """Whether any line passes over candidates."""
        return any(branch.between for row in self.rows for branch in row.branches)

    @property
    def folded(self) -> int:
        """How many candidates are counted at a row and have none."""
        return sum(row.folded.count for row in self.rows if row.folded)


@dataclass
class _Forest:
    """All judged candidates, and which of them get a row."""

    judged: Mapping[str, Judged]
    points: Mapping[str, Point]
    chosen: set[str] = field(default_factory=set)

    def speedup(self, identity: str) -> float:
        return self.points[identity].speedup or 0.0 if identity in self.points else 0.0

    def parents(self, identity: str) -> tuple[str, ...]:
        return self.judged[identity].candidate.lineage.parents if identity in self.judged else ()

    def ancestors(self, identity: str) -> Iterator[str]:
        """First parents, the nearest first; nothing twice, whatever a journal says."""
        seen = {identity}
        while (parents := self.parents(identity)) and (identity := parents[0]) not in seen:
            seen.add(identity)
            yield identity

    def nearest(self, identity: str) -> tuple[str, int] | None:
        """The nearest first ancestor that has a row, and how many are passed over on the way. It was judged before: no circles."""
        before = self.judged[identity].ordinal
        return next(((found, passed) for passed, found in enumerate(self.ancestors(identity))
                     if found in self.chosen and self.judged[found].ordinal < before), None)


def tree(rows: Sequence[Judged], along: Sequence[Point], leader: str | None, most: int = MOST_ROWS) -> Tree | None:
    """The tree around the champion, or the best candidate so far; None where nothing was verified, or nothing was changed.

    most: about so many rows at most.
    """
    forest = _Forest({row.evaluation.candidate: row for row in rows}, {point.identity: point for point in along})
    if leader is None or leader not in forest.judged or len(forest.judged) < 2:
        return None
    line = [leader, *(found for found in forest.ancestors(leader) if found in forest.judged)]
    for identity in _by_interest(forest, line, along, most):
        if len(forest.chosen) >= most:
            break
        forest.chosen.add(identity)
    return _laid_out(forest, line)


def _by_interest(forest: _Forest, line: Sequence[str], along: Sequence[Point], most: int) -> Iterator[str]:
    """Identities, those that a reader wants to see first; some come twice. most: how many will be taken."""
    yield line[0]
    yield line[-1]
    strides = sorted(line, key=lambda identity: -_gain(forest, identity))[:most // 2]
    yield from strides
    crossed = [parent for identity in strides for parent in forest.parents(identity)[1:] if parent in forest.judged]
    yield from crossed[:most // 6]
    roots = [point for point in along if not forest.parents(point.identity)]
    yield from (point.identity for point in roots[:MOST_ROOTS])
    fast = sorted((point for point in along if point.speedup), key=lambda point: -(point.speedup or 0.0))
    # The best of every kind, and more of the line, say more than the many near copies of the champion.
    yield from {point.judged.candidate.lineage.operator: point.identity for point in reversed(fast)}.values()
    yield from line
    yield from (point.identity for point in fast)


def _gain(forest: _Forest, identity: str) -> float:
    """How much faster than its first parent; 0.0 where that is not known."""
    parents = forest.parents(identity)
    before = forest.speedup(parents[0]) if parents else 0.0
    return forest.speedup(identity) / before if before else 0.0


def _laid_out(forest: _Forest, line: Sequence[str]) -> Tree:
    """Rows in the order of a walk. The best child goes on in its parent's lane, below its siblings, which are set in by one."""
    above = {identity: forest.nearest(identity) for identity in forest.chosen}
    children: dict[str | None, list[str]] = {}
    for identity in sorted(forest.chosen, key=lambda identity: forest.judged[identity].ordinal):
        found = above[identity]
        children.setdefault(found[0] if found else None, []).append(identity)
    champions = set(line)

    def promise(identity: str) -> tuple[bool, float]:
        """The champion's line before all, then the best speed in the branch."""
        below = [promise(child) for child in children.get(identity, ())]
        return max([(identity in champions, forest.speedup(identity)), *below])

    order: list[tuple[str, int]] = []

    def walk(identity: str, lane: int) -> None:
        order.append((identity, lane))
        below = children.get(identity, [])
        heir = max(below, key=promise, default=None)
        for child in below:
            if child != heir:
                walk(child, lane + 1)
        if heir is not None:
            walk(heir, lane)

    for root in sorted(children.get(None, ()), key=promise, reverse=True):
        walk(root, 0)
    folded, unplaced = _folded(forest)
    place = {identity: number for number, (identity, _) in enumerate(order)}
    return Tree(tuple(_row(forest, identity, lane, champions, line[0], _branches(forest, identity, place), folded.get(identity))
                      for identity, lane in order), unplaced)


def _branches(forest: _Forest, identity: str, place: Mapping[str, int]) -> tuple[Branch, ...]:
    found: list[Branch] = []
    if first := forest.nearest(identity):
        found.append(Branch(place[first[0]], first[1]))
    for parent in forest.parents(identity)[1:]:
        reached = (parent, 0) if parent in place else forest.nearest(parent)
        if reached and reached[0] != identity and all(place[reached[0]] != branch.parent for branch in found):
            found.append(Branch(place[reached[0]], reached[1] + (parent not in place)))
    return tuple(found)


def _folded(forest: _Forest) -> tuple[dict[str, Folded], int]:
    """What has no row, by the row that it descends from, and how many descend from none."""
    groups: dict[str, list[str]] = {}
    unplaced = 0
    for identity in forest.judged:
        if identity in forest.chosen:
            continue
        if found := forest.nearest(identity):
            groups.setdefault(found[0], []).append(identity)
        else:
            unplaced += 1
    return {identity: _counted(forest, group) for identity, group in groups.items()}, unplaced


def _counted(forest: _Forest, group: Iterable[str]) -> Folded:
    found = list(group)
    speeds = [speedup for identity in found if (speedup := forest.speedup(identity))]
    return Folded(len(found), len(speeds), max(speeds, default=None))


def _row(forest: _Forest, identity: str, lane: int, champions: set[str], leader: str, branches: tuple[Branch, ...],
         folded: Folded | None) -> Row:
    lineage, point = forest.judged[identity].candidate.lineage, forest.points.get(identity)
    return Row(identity, point.number if point else None, lineage.operator, lineage.note, point.speedup if point else None, lane,
               identity in champions, identity == leader, branches, folded)
