"""The crossover operator: a candidate made of two elites, rather of two that work in different ways."""
from __future__ import annotations

import random
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import replace

from ...kernels.candidate import Candidate, CandidateError, Lineage
from ...kernels.dialect.gate import complaint
from ...kernels.recombine import KINDS, Pair, recombined
from ...kernels.signature import Signature
from ...workers.evaluation import Evaluation
from ..population import Elite, Population

WEIGHTS = {"merge": 4.0, "helpers": 3.0, "tunables": 2.0}
"""How often each way comes first: what joins two texts before what the tuner may find as well. (Options alone are left to the
rewrites and the tuner: as a third who tries them, crossover spent half of a short run on flags.)"""
OTHER_NICHE = 3.0
DRAWS = 16
PATIENCE = 0.05
MOST_ANCESTORS = 400
MOST_PROPOSED = 200_000
MOST_REMEMBERED = 20_000
_Key = tuple[str, str, str]


class CrossoverOperator:
    """Combines the text of one elite with changes, helpers or tunables of another.

    look_up: gives a candidate of the run by its identity, also one that is no elite any more: the ancestors of which two
    elites are made tell what each of them changed. A pair that gave nothing new is not tried again.
    """

    name = "crossover"

    def __init__(self, signature: Signature, look_up: Callable[[str], Candidate | None]) -> None:
        self._signature = signature
        self._look_up = look_up
        self._proposed: OrderedDict[str, None] = OrderedDict()
        self._barren: OrderedDict[_Key, None] = OrderedDict()
        self._ancestors: OrderedDict[str, Candidate | None] = OrderedDict()
        self._idle = False

    def propose(self, population: Population, rng: random.Random) -> Candidate | None:
        """A new combination, or None if there is none now.

        Where much has to be tried it gives up after PATIENCE seconds of the processor's time, and goes on when it is asked
        again; asked again before anything new was learned, it tries all that is left.
        """
        until = float("inf") if self._idle else time.thread_time() + PATIENCE
        self._idle = False
        for first, second, kind in self._chances(population, rng):
            made = self._combine(first, second, kind, rng)
            if made is not None:
                return made
            if time.thread_time() > until:
                break
        self._idle = True
        return None

    def learn(self, candidate: Candidate, evaluation: Evaluation) -> None:
        self._idle = False
        self._remember(candidate.identity)

    def _chances(self, population: Population, rng: random.Random) -> Iterator[tuple[Candidate, Candidate, str]]:
        """What may be tried: first some draws in which fit and different parents are likely, then all there is."""
        elites = population.elites()
        if len(elites) < 2:
            return
        for _ in range(DRAWS):
            first = population.parent(rng)
            if first is not None:
                second = _partner(first, elites, rng)
                kinds = [k for k in KINDS if (first.candidate.identity, second.candidate.identity, k) not in self._barren]
                if kinds:
                    yield first.candidate, second.candidate, rng.choices(kinds, [WEIGHTS[kind] for kind in kinds])[0]
        for first in elites:
            for second in elites:
                for kind in KINDS:
                    if first is not second and (first.candidate.identity, second.candidate.identity, kind) not in self._barren:
                        yield first.candidate, second.candidate, kind

    def _combine(self, first: Candidate, second: Candidate, kind: str, rng: random.Random) -> Candidate | None:
        """A new candidate that passes the gate; where there is none, the pair is not tried so again."""
        base = self._common_ancestor(first, second) if kind == "merge" else None
        found = recombined(kind, Pair(first, second, base, self._signature))
        rng.shuffle(found)
        for made in found:
            lineage = Lineage(f"crossover:{kind}", made.note, (first.identity, second.identity))
            candidate = replace(made.candidate, lineage=lineage)
            if self._is_new(candidate):
                self._remember(candidate.identity)
                return candidate
        self._barren[first.identity, second.identity, kind] = None
        if len(self._barren) > MOST_REMEMBERED:
            self._barren.popitem(last=False)
        return None

    def _is_new(self, candidate: Candidate) -> bool:
        try:
            return candidate.identity not in self._proposed and not complaint(candidate)
        except CandidateError:
            return False

    def _common_ancestor(self, first: Candidate, second: Candidate) -> Candidate | None:
        """The nearest candidate that both were made of, over one or more steps; None where the journal knows of none."""
        of_first = {identity for identity, _ in self._line(first)}
        return next((ancestor for identity, ancestor in self._line(second) if identity in of_first), None)

    def _line(self, candidate: Candidate) -> Iterator[tuple[str, Candidate]]:
        """The candidate, its parents, their parents, ... with their identities; the nearest generation first."""
        waiting, seen = deque([(candidate.identity, candidate)]), {candidate.identity}
        while waiting:
            identity, one = waiting.popleft()
            yield identity, one
            for parent in one.lineage.parents:
                known = self._known(parent) if parent not in seen and len(seen) < MOST_ANCESTORS else None
                seen.add(parent)
                if known is not None:
                    waiting.append((parent, known))

    def _known(self, identity: str) -> Candidate | None:
        if identity not in self._ancestors:
            self._ancestors[identity] = self._look_up(identity)
            if len(self._ancestors) > MOST_ANCESTORS:
                self._ancestors.popitem(last=False)
        self._ancestors.move_to_end(identity)
        return self._ancestors[identity]

    def _remember(self, identity: str) -> None:
        self._proposed[identity] = None
        if len(self._proposed) > MOST_PROPOSED:
            self._proposed.popitem(last=False)


def _partner(first: Elite, elites: tuple[Elite, ...] | list[Elite], rng: random.Random) -> Elite:
    """Another elite, one of another niche more often; `elites` holds at least one other."""
    others = [elite for elite in elites if elite.candidate.identity != first.candidate.identity]
    return rng.choices(others, [OTHER_NICHE if elite.niche != first.niche else 1.0 for elite in others])[0]
