"""What every population keeps to, whatever its policy."""
import gc
import json
import math
import random
import weakref
from collections import Counter
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernwright.kernels.candidate import Candidate
from kernwright.search.population.policies import POPULATIONS, make_population
from kernwright.search.population.pool import Pool
from kernwright.workers.evaluation import Evaluation, Rung, Verdict
from populations import EVERY, add, make_candidate, speedups, verified

every_population = pytest.mark.parametrize("make", EVERY.values(), ids=EVERY)


@cache
def known(number, tile, parent):
    """One of a hundred or so candidates that streams are made of; its niche and its parent follow from its number."""
    parents = () if parent is None else (known(parent, 8, None),)
    return make_candidate(number, tile, loops=number % 4, parents=parents)


candidates = st.builds(known, st.integers(0, 11), st.sampled_from((8, 16)), st.none() | st.integers(0, 11))
additions = st.tuples(candidates, st.floats(0.1, 50.0), st.sampled_from(("zen3", "zen4")), st.sampled_from((0, 256)),
                      st.sampled_from((Verdict.VERIFIED,) * 7 + (Verdict.WRONG,)))
streams = st.lists(additions, max_size=60)


def judged(candidate, speedup, machine, width, verdict):
    found = verified(candidate, speedup, machine, vector_width=width)
    return found if verdict is Verdict.VERIFIED else Evaluation(candidate.identity, verdict, Rung.VERIFY, machine=machine)


def grown(population, stream):
    for addition in stream:
        population.add(addition[0], judged(*addition))
    return population


_stored = {}


def from_json(candidate):
    """The candidate as a journal gives it back."""
    key = candidate.identity, candidate.lineage
    if key not in _stored:
        _stored[key] = Candidate.from_json(json.loads(json.dumps(candidate.as_json())))
    return _stored[key]


@every_population
def test_an_empty_population_has_nothing_to_offer(make):
    population = make()
    assert population.best() is None and population.parent(random.Random(0)) is None and not population.elites()
    assert population.bar() == -math.inf
    assert population.summary()["islands"] == [{"elites": 0, "best": None}]


@every_population
def test_nothing_but_verified_and_measured_candidates_enters(make):
    population, candidate = make(), make_candidate(0)
    ratio = verified(candidate, 9.0).faster
    for verdict in set(Verdict) - {Verdict.VERIFIED}:
        assert not population.add(candidate, Evaluation(candidate.identity, verdict, Rung.VERIFY, faster=ratio, machine="zen4"))
    assert not population.add(candidate, Evaluation(candidate.identity, Verdict.VERIFIED, Rung.VERIFY, machine="zen4"))
    assert not add(population, candidate, 0.0) and not add(population, candidate, math.nan)
    assert population.best() is None


@every_population
def test_a_remeasured_candidate_takes_its_newest_figure(make):
    population = make()
    for number, speedup in ((0, 5.0), (1, 4.0), (0, 3.0)):
        assert add(population, make_candidate(number), speedup)
    assert speedups(population) == [4.0, 3.0]


@every_population
def test_machine_types_are_never_compared(make):
    population = make(capacity=1)
    add(population, make_candidate(0), 9.0, "zen3")
    add(population, make_candidate(1), 2.0, "zen4")
    assert population.machines == ("zen3", "zen4")
    assert population.best("zen3").candidate == make_candidate(0)
    assert population.best("zen4").candidate == population.best().candidate == make_candidate(1)
    assert population.bar("zen4") <= math.log(2.0)
    assert not population.elites("sapphire rapids") and population.parent(random.Random(0), "sapphire rapids") is None


@every_population
@settings(max_examples=60, deadline=None)
@given(stream=streams)
def test_whatever_is_added_the_best_stays_and_elites_are_ranked(make, stream):
    population, reference = make(capacity=3), Pool(capacity=3)
    for addition in stream:
        candidate, _, machine, _, verdict = addition
        before, evaluation = population.best(machine), judged(*addition)
        others = {other: population.elites(other) for other in population.machines if other != machine}
        kept = population.add(candidate, evaluation)
        reference.add(candidate, evaluation)
        elites, best = population.elites(machine), population.best(machine)
        if verdict is not Verdict.VERIFIED:
            assert not kept and best == before
            continue
        fitness = math.log(evaluation.faster.speedup)
        assert best.fitness >= fitness
        assert before is None or before.candidate == candidate or best.fitness == max(before.fitness, fitness)
        assert kept == any(elite.evaluation is evaluation for elite in elites)
        assert [e.fitness for e in elites] == sorted((e.fitness for e in elites), reverse=True)
        assert max(Counter(e.candidate.identity for e in elites).values()) == 1
        assert all(e.evaluation.machine == machine for e in elites)
        assert {e.candidate for e in elites} >= {e.candidate for e in reference.elites(machine)}, "a pool keeps the run's best"
        assert population.bar(machine) <= best.fitness
        assert {other: population.elites(other) for other in others} == others


@every_population
@settings(max_examples=30, deadline=None)
@given(stream=streams)
def test_equal_additions_make_equal_populations(make, stream):
    """A resumed run adds again what its journal holds, as JSON."""
    one, two = grown(make(capacity=3), stream), make(capacity=3)
    for addition in stream:
        two.add(from_json(addition[0]), Evaluation.from_json(json.loads(json.dumps(judged(*addition).as_json()))))
        two.elites(), two.bar(), two.parent(random.Random(7)), two.summary()  # looking on changes nothing
    for machine in one.machines:
        assert one.elites(machine) == two.elites(machine) and one.bar(machine) == two.bar(machine)
        draws = [[population.parent(rng, machine) for _ in range(20)] for population in (one, two) for rng in [random.Random(3)]]
        assert draws[0] == draws[1]
    assert one.summary() == two.summary()


@every_population
def test_the_bar_rises_with_the_best_and_never_stops_what_comes_near_it(make):
    population, bars = make(capacity=4), []
    for number in range(30):
        add(population, make_candidate(number, loops=number % 4), 1.0 + number)
        bars.append(population.bar())
    assert bars == sorted(bars) and bars[-1] < population.best().fitness


@every_population
def test_fitter_elites_are_parents_more_often_and_weak_ones_sometimes(make):
    population, seed = make(), make_candidate(99)
    add(population, seed, 1.0)
    for number in range(10):
        add(population, make_candidate(number, loops=number % 2, parents=[seed]), 10.0 - 0.7 * number)
    rng = random.Random(1)
    drawn = Counter(population.parent(rng).candidate.identity for _ in range(4000))
    ranks = [drawn[e.candidate.identity] for e in population.elites()]
    assert max(ranks) < 0.6 * 4000 and min(ranks[:9]) > 0
    assert sum(ranks[:3]) > sum(ranks[3:6]) > sum(ranks[6:9])


@every_population
def test_the_summary_tells_policy_niches_and_islands(make):
    population = make()
    for number in range(3):
        add(population, make_candidate(number, loops=number % 2), 2.0 + number)
    summary = population.summary()
    assert set(summary) == {"policy", "elites", "niches", "islands", "migrations"} and summary["policy"] in POPULATIONS
    assert summary["niches"] == 2 and summary["elites"] == 3
    assert all(island["elites"] == 3 and island["best"] == pytest.approx(4.0) for island in summary["islands"])


@every_population
def test_a_long_run_takes_no_more_memory_than_a_short_one(make):
    population, rng, alive, counts = make(), random.Random(0), weakref.WeakSet(), []
    for number in range(4000):
        parent = population.parent(rng)
        child = stand_in(number, [parent.candidate] if parent else [])
        alive.add(child)
        add(population, child, math.exp(rng.gauss(0, 0.5) + number / 4000), vector_width=64 * rng.randrange(8))
        del child, parent
        if number % 2000 == 1999:
            gc.collect()
            counts.append(len(alive))
    assert max(counts) < 300, "elites, and nothing besides"


_TREES = [make_candidate(0, loops=loops).tree for loops in range(4)]


def stand_in(number, parents):
    """A candidate whose identity need not be computed."""
    made = make_candidate(number, parents=[])
    made = Candidate(made.text, made.options, lineage=type(made.lineage)("test", "", tuple(p.identity for p in parents)))
    vars(made).update(identity=str(number), skeleton=str(number // 2), tree=_TREES[number % 4])
    return made


def test_an_unknown_name_and_impossible_limits_are_refused():
    with pytest.raises(ValueError, match="islands"):
        make_population("archipelago", 0)
    for name in POPULATIONS:
        with pytest.raises(ValueError):
            make_population(name, 0, capacity=0)
