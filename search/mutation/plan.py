"""Plan: which undamaged kernels stand before the judge, and which mutants of them."""
from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...kernels.candidate import Candidate
from ...kernels.mutants import mutants
from ...kernels.transforms import propose_with
from ...workers.inspection import Inspection
from ...workers.job import Assignment

SCHEDULE = "schedule"
STEPS = ("tile", "accumulators", "unroll_jam", "hoist", "parallel")
"""Transforms of which the first rewrite of the lifted kernel's schedule is taken."""


@dataclass(frozen=True)
class Item:
    """One candidate for the judge. original: the champion it was made from; operator "" for a champion itself.

    code: hash of the original's optimised machine code, "" where it is not known.
    """

    kernel: str
    candidate: Candidate
    original: Candidate
    operator: str = ""
    line: int = 0
    description: str = ""
    code: str = ""


@dataclass(frozen=True)
class Subject:
    """A kernel whose champions are damaged. finite: its spec's word that no nan or inf occurs.

    plain: the reference as it is, where Numba may take it. Nobody claims that it is right, as Numba's promotions are not
    NumPy's; it is damaged like a champion where the judge finds that it is.
    """

    assignment: Assignment
    champions: tuple[Candidate, ...]
    finite: bool
    plain: Candidate | None = None

    @property
    def undamaged(self) -> tuple[Candidate, ...]:
        return (*self.champions, self.plain) if self.plain else self.champions

    @property
    def name(self) -> str:
        return self.assignment.spec.name


def champions(inspection: Inspection, threads: int, finite: bool) -> tuple[Candidate, ...]:
    """The lifted kernels and some rewrites of the last one: what a search would come to, the same each time."""
    signature = inspection.observation.signature
    found = list(inspection.seeds)
    for base in inspection.seeds[-1:]:
        for name in (SCHEDULE, *STEPS):
            made = propose_with(name, base, signature, max_threads=threads, finite=finite)[:1]
            found += [rewrite.candidate for rewrite in made]
            base = made[0].candidate if made and name == SCHEDULE else base
    return tuple({candidate.identity: candidate for candidate in found}.values())


def undamaged(subjects: Sequence[Subject]) -> Iterator[Item]:
    """Every champion itself, and the plain references."""
    for subject in subjects:
        for champion in subject.undamaged:
            yield Item(subject.name, champion, champion)


def damaged(subjects: Sequence[Subject], codes: Mapping[str, str], count: int, seed: int) -> Iterator[Item]:
    """`count` mutants, or all where there are fewer: kernel by kernel an equal share, its champions and the operators
    taking turns. codes: hashes of the champions' machine code by identity; a champion without one is left out, as the
    judge refused it. What one kernel has too few of, the following ones give.
    """
    taken = {champion.identity for subject in subjects for champion in subject.undamaged}
    left = count
    for position, subject in enumerate(subjects):
        share = left // (len(subjects) - position)
        turns = [_mutants(subject, champion, codes[champion.identity], seed) for champion in subject.undamaged
                 if champion.identity in codes]
        while share and turns:
            for turn in list(turns):
                item = next((item for item in turn if item.candidate.identity not in taken), None)
                if item is None:
                    turns.remove(turn)
                elif share:
                    taken.add(item.candidate.identity)
                    share, left = share - 1, left - 1
                    yield item


def _mutants(subject: Subject, champion: Candidate, code: str, seed: int) -> Iterator[Item]:
    rng = random.Random(f"{seed} {champion.identity}")
    for mutant in mutants(champion, subject.assignment.signature, rng, subject.finite):
        yield Item(subject.name, mutant.candidate, champion, mutant.operator, mutant.line, mutant.description, code)
