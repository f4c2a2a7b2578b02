"""The rewrite operator: legal rewrites of elites, one at a time or several in a row."""
from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

from ...kernels import transforms
from ...kernels.analysis.heat import Heat
from ...kernels.candidate import Candidate, Lineage
from ...kernels.signature import Signature
from ...kernels.transforms import Rewrite, options
from ...workers.evaluation import Evaluation, Verdict
from ..population import Elite, Population
from .records import Records

WALK_CHANCE = 0.3
LONGEST_WALK = 4
WALK_TRIES = 6
ELSEWHERE = 0.4
"""How often an elite is drawn by its rank: the best is often so by a hair, and what it lacks is one step from another."""
NOISE = 0.01
SHARPNESS = 3
COLDEST = 0.02
OPTIONS_HEAT = 0.25
"""How promising other options are for the same text, beside a change of its hottest line: of 57 that short runs tried 3 paid, of 67
changes of the text 15."""
ENOUGH_COLD = 3
"""Elites without anything promising, or on a walk transforms, after which the next best is taken: to apply all transforms takes a while."""
MOST_EXPANDED = 2048
MOST_IN_FLIGHT = 4096
MOST_PROPOSED = 200_000
Propose = Callable[..., Sequence[Rewrite]]


class RewriteOperator:
    """Rewrites the best elite, or one drawn by its rank, as long as something promising is left to try; sometimes walks several
    steps.

    Which rewrite of an elite comes first is drawn by its transform's record of success, and by how hot the lines are that it
    changes: the loop that fills a border hardly matters beside the nest that takes the time. A walk of two to LONGEST_WALK
    rewrites reaches what no single step pays for, such as interchange + tiling + prange. signature: of the reference.
    max_threads: the run's. finite: whether flags that assume finite numbers are open. A transform is applied only when
    it is drawn: all of them together take a second on a long kernel.
    """

    name = "rewrite"

    def __init__(self, signature: Signature, max_threads: int, finite: bool,
                 names: Sequence[str] = tuple(transforms.TRANSFORMS), propose_with: Propose = transforms.propose_with) -> None:
        self._signature = signature
        self._max_threads = max_threads
        self._finite = finite
        self._names = tuple(names)
        self._propose_with = propose_with
        self._expanded: OrderedDict[tuple[str, str], Sequence[tuple[Rewrite, float]]] = OrderedDict()
        self._proposed: OrderedDict[str, None] = OrderedDict()
        self._steps: OrderedDict[str, tuple[tuple[str, ...], float, str]] = OrderedDict()
        self.records = Records()

    def propose(self, population: Population, rng: random.Random) -> Candidate | None:
        """An untried rewrite of an elite, or None when every elite's are tried and no walk led to anything new."""
        if rng.random() < WALK_CHANCE:
            walked = self._walk(population, rng)
            if walked is not None:
                return walked
        cold: list[tuple[Rewrite, Elite]] = []
        drawn = population.parent(rng) if rng.random() < ELSEWHERE else None
        for elite in (*((drawn,) if drawn else ()), *population.elites()):
            rewrite, hot = self._draw(elite.candidate, rng, self._untried)
            if rewrite is not None and hot:
                return self._hand_out(rewrite.candidate, (rewrite.transform,), elite, rewrite.note)
            if rewrite is not None:
                cold.append((rewrite, elite))
            if len(cold) == ENOUGH_COLD:
                break
        walked = self._walk(population, rng) if rng.random() < 0.5 or not cold else None
        if walked is None and cold:
            rewrite, elite = cold[0]
            return self._hand_out(rewrite.candidate, (rewrite.transform,), elite, rewrite.note)
        return walked

    def learn(self, candidate: Candidate, evaluation: Evaluation) -> None:
        """Every evaluated candidate is known; of ours, the transforms that made it are credited or not."""
        self._remember(candidate.identity)
        names, parent_speedup, note = self._steps.pop(candidate.identity, ((), 0.0, ""))
        if names and evaluation.verdict is not Verdict.LOST:
            measured = evaluation.verdict is Verdict.VERIFIED and evaluation.faster is not None
            won = measured and evaluation.faster.speedup > (1 + NOISE) * parent_speedup
            self.records.add(names, won)
            if won and note:
                self.records.change_won(note)

    def _walk(self, population: Population, rng: random.Random) -> Candidate | None:
        """Two or more rewrites of the text in a row from an elite; tries some paths until one ends where nobody was. Options are left
        to single steps and the tuner: on a path, a bad one hides what the others would bring."""
        ways = [name for name in self._names if name != options.NAME]
        for _ in range(WALK_TRIES):
            elite = population.parent(rng)
            if elite is None:
                return None
            at, names, notes = elite.candidate, [], []
            for _ in range(rng.randint(2, LONGEST_WALK)):
                step, _ = self._draw(at, rng, lambda rewrite, origin=elite: rewrite.candidate.identity != origin.candidate.identity, ways,
                                     ENOUGH_COLD)
                if step is None:
                    break
                at, names, notes = step.candidate, [*names, step.transform], [*notes, step.note]
            if len(names) > 1 and at.identity not in self._proposed:
                lineage = Lineage(f"rewrite:{'+'.join(names)}", "; ".join(notes), (elite.candidate.identity,))
                return self._hand_out(replace(at, lineage=lineage), tuple(names), elite)
        return None

    def _draw(self, candidate: Candidate, rng: random.Random, wanted: Callable[[Rewrite], bool],
              among: Sequence[str] | None = None, patience: int | None = None) -> tuple[Rewrite | None, bool]:
        """A wanted rewrite of `candidate`, and whether it is worth trying now; each transform (among those of these names) is drawn
        by its success rate, in however many ways it applies, and passed over the more likely the colder the lines are that it
        changes, and the more often the same change was tried in vain. patience: cold ones, after which one of them is taken."""
        names = list(self._names if among is None else among)
        cold: list[Rewrite] = []
        while names and (patience is None or len(cold) < patience):
            name = rng.choices(names, [self.records.rate(name) ** SHARPNESS for name in names])[0]
            names.remove(name)
            found = [(rewrite, heat * self.records.worth(rewrite.note)) for rewrite, heat in self._rewrites(name, candidate)]
            while found:
                drawn = rng.choices(range(len(found)), [weight for _, weight in found])[0]
                rewrite, weight = found.pop(drawn)
                if not wanted(rewrite):             # asked last, as it takes the candidate's identity
                    continue
                if rng.random() < weight:
                    return rewrite, True
                cold.append(rewrite)
                break
        return (cold[0] if cold else None), False

    def _untried(self, rewrite: Rewrite) -> bool:
        return rewrite.candidate.identity not in self._proposed

    def _rewrites(self, name: str, candidate: Candidate) -> Sequence[tuple[Rewrite, float]]:
        """One transform's rewrites of `candidate`, each with the heat of the lines that it changes, at least COLDEST; the last
        MOST_EXPANDED answers are remembered."""
        key = (name, candidate.identity)
        if key not in self._expanded:
            rewrites = self._propose_with(name, candidate, self._signature, max_threads=self._max_threads, finite=self._finite)
            heat = _heat(candidate.text) if rewrites else None
            self._expanded[key] = [(each, OPTIONS_HEAT if name == options.NAME else max(heat.of_change(each.candidate.text), COLDEST))
                                   for each in rewrites]
            if len(self._expanded) > MOST_EXPANDED:
                self._expanded.popitem(last=False)
        self._expanded.move_to_end(key)
        return self._expanded[key]

    def _hand_out(self, candidate: Candidate, names: tuple[str, ...], parent: Elite, note: str = "") -> Candidate:
        """note: of the change, where it is one alone."""
        self._remember(candidate.identity)
        if note:
            self.records.try_change(note)
        speedup = parent.evaluation.faster.speedup if parent.evaluation.faster else 0.0
        self._steps[candidate.identity] = (names, speedup, note)
        if len(self._steps) > MOST_IN_FLIGHT:
            self._steps.popitem(last=False)
        return candidate

    def _remember(self, identity: str) -> None:
        self._proposed[identity] = None
        if len(self._proposed) > MOST_PROPOSED:
            self._proposed.popitem(last=False)


@lru_cache(maxsize=64)
def _heat(text: str) -> Heat:
    """Of a candidate's text, which each transform in turn is asked to rewrite."""
    return Heat(text)
