"""Candidates and measurements made up for tests of populations, and the populations that these tests put to the test."""
import random

from kernwright.kernels.candidate import Candidate, JitOptions, Lineage
from kernwright.search.population.archive import Archive
from kernwright.search.population.islands import Islands, Pace
from kernwright.search.population.machines import ByMachine
from kernwright.search.population.policies import POPULATIONS, make_population
from kernwright.search.population.pool import Ranking
from kernwright.workers.evaluation import Evaluation, Ratio, Rung, Verdict

BUSY = Pace(most=3, open_after=4, migrate_every=3, migrants=1, patience=5, far_behind=0.2)
"""Islands that open, exchange and start anew within a few additions."""


def make_candidate(number, tile=8, loops=0, parents=(), parallel=False):
    """A kernel of its own for each number, of which `tile` is a tunable; `loops` nested loops are its niche."""
    body = [f"{'    ' * (1 + depth)}for i{depth} in range(9):" for depth in range(loops)]
    body.append(f"{'    ' * (1 + loops)}a[0] += {number} * TILE")
    text = f"TILE = {tile}  # tune: 8 16 32 64\n\ndef kernel(a):\n" + "\n".join(body) + "\n    return a\n"
    return Candidate(text, JitOptions(parallel=parallel), lineage=Lineage("test", "", tuple(p.identity for p in parents)))


def verified(candidate, speedup, machine="zen4", **facts):
    ratio = Ratio(speedup, speedup * 0.99, speedup * 1.01, 20, 1e6, 1e6, "anchor")
    return Evaluation(candidate.identity, Verdict.VERIFIED, Rung.MEASURE, faster=ratio, machine=machine, facts=facts)


def add(population, candidate, speedup, machine="zen4", **facts):
    return population.add(candidate, verified(candidate, speedup, machine, **facts))


def speedups(population, machine=None):
    return [round(elite.evaluation.faster.speedup, 6) for elite in population.elites(machine)]


def busy_islands(capacity=24, per_skeleton=2, pools=False, pace=BUSY):
    """Islands of archives, or of pools, that change often."""
    def make():
        return Ranking(capacity, per_skeleton) if pools else Archive(capacity, per_skeleton)

    return ByMachine("islands", lambda machine: Islands(make, random.Random(machine), pace))


EVERY = {
    **{name: lambda capacity=24, per_skeleton=2, name=name: make_population(name, 0, capacity, per_skeleton) for name in POPULATIONS},
    "busy islands": busy_islands,
    "busy islands of pools": lambda capacity=24, per_skeleton=2: busy_islands(capacity, per_skeleton, pools=True),
}
"""What every population keeps to is asked of each of these: name -> make(capacity, per_skeleton)."""
