"""Islands: one at first, then several that exchange their best; what is best of all is never lost."""
import random

import pytest
from kernwright.search.population.islands import Pace
from kernwright.search.population.policies import make_population
from populations import BUSY, add, busy_islands, make_candidate, speedups

STILL = Pace(most=2, open_after=4, migrate_every=10**6, patience=10**6)
"""Two islands that never exchange anything."""


def sizes(population):
    return [island["elites"] for island in population.summary()["islands"]]


def bests(population):
    return [round(island["best"], 6) for island in population.summary()["islands"]]


def opened(pace):
    """A population whose second island has just opened: led by `first` and `second`, of different niches."""
    population, seed = busy_islands(pace=pace), make_candidate(100)
    add(population, seed, 1.0)
    first, second = make_candidate(1, loops=1, parents=[seed]), make_candidate(2, loops=2, parents=[seed])
    add(population, first, 9.0)
    add(population, second, 5.0)
    for number in (3, 4):
        add(population, make_candidate(number, loops=1, parents=[first]), 6.0)
    return population, seed, first, second


@pytest.mark.parametrize("seed", range(3))
def test_a_short_run_is_that_of_one_archive(seed):
    """With few evaluations several islands would each know too little."""
    one, other, parents = make_population("archive", seed, 6), make_population("islands", seed, 6), [make_candidate(100)]
    numbers, draws = random.Random(seed), [random.Random(seed), random.Random(seed)]
    for number in range(100):
        candidate = make_candidate(number, loops=numbers.randrange(4), parents=[numbers.choice(parents)])
        speedup = numbers.lognormvariate(0, 0.4)
        assert add(one, candidate, speedup) == add(other, candidate, speedup)
        assert one.elites() == other.elites() and one.bar() == other.bar()
        assert one.parent(draws[0]) == other.parent(draws[1])
        parents.append(candidate)
    assert len(sizes(other)) == 1


def test_an_island_opens_with_the_seeds_and_the_best_of_a_niche_that_leads_none():
    population, *_ = opened(STILL)
    assert bests(population) == [9.0, 5.0] and sizes(population) == [5, 2]


def test_children_live_where_their_parents_do():
    population, _, first, second = opened(STILL)
    add(population, make_candidate(10, parents=[first]), 9.5)
    assert bests(population) == [9.5, 5.0]
    child = make_candidate(11, parents=[second])   # on both islands; the younger one had fewer children
    add(population, child, 7.0)
    add(population, make_candidate(12, parents=[child]), 8.0)
    assert bests(population) == [9.5, 8.0]


def test_a_child_finds_its_island_when_its_parent_has_been_dropped_meanwhile():
    population, seed = busy_islands(capacity=1, pools=True, pace=STILL), make_candidate(100)
    add(population, seed, 1.0)
    lost = make_candidate(0, parents=[seed])
    for candidate in (lost, *(make_candidate(number, parents=[seed]) for number in (1, 2, 3))):
        add(population, candidate, 2.0 + int(candidate is not lost))
    assert len(sizes(population)) == 2
    add(population, make_candidate(4, parents=[lost]), 9.0)
    assert bests(population)[0] == 9.0


def test_what_has_no_parent_lives_on_every_island():
    population, *_ = opened(STILL)
    before = sizes(population)
    add(population, make_candidate(50), 20.0)
    assert bests(population) == [20.0, 20.0] and sizes(population) == [size + 1 for size in before]


def test_the_best_of_each_island_are_offered_to_the_next():
    population, _, first, second = opened(Pace(most=2, open_after=4, migrate_every=6, migrants=1, patience=10**6))
    add(population, make_candidate(10, parents=[first]), 9.5)
    assert bests(population) == [9.5, 5.0] and population.summary()["migrations"] == 0
    add(population, make_candidate(11, parents=[first]), 2.0)
    assert bests(population) == [9.5, 9.5]
    assert population.summary()["migrations"] == 1, "the other's best was known here already"


def test_an_island_far_behind_for_long_starts_anew_from_the_best_of_another():
    population, seed, first, second = opened(Pace(most=2, open_after=4, migrate_every=10**6, patience=3, far_behind=0.2))
    weak = [make_candidate(20, loops=2, parents=[second])]
    add(population, weak[0], 2.0)
    for number in (21, 22):
        weak.append(make_candidate(number, loops=2, parents=[weak[0]]))
        add(population, weak[-1], 1.5)
    assert sizes(population) == [5, 5]
    add(population, make_candidate(23, loops=2, parents=[weak[0]]), 1.5)
    assert bests(population) == [9.0, 9.0] and sizes(population) == [5, 2], "the seed, and the best of the other"
    assert len(population.elites()) == 9 and speedups(population)[0] == 9.0, "the run's fittest stay, whatever becomes of islands"


def test_no_niche_is_lost_when_islands_start_anew():
    """What an archive of all candidates would hold, islands hold too."""
    population, alone, rng = busy_islands(capacity=4, pace=BUSY), make_population("archive", 0, 4, 2), random.Random(3)
    seed, known = make_candidate(200), []
    for each in (population, alone):
        add(each, seed, 1.0)
    for number in range(120):
        parent = rng.choice([seed, *known])
        child = make_candidate(number, loops=number % 9, parents=[parent])
        known.append(child)
        speedup = rng.uniform(0.2, 6.0)
        for each in (population, alone):
            add(each, child, speedup)
    assert {elite.niche for elite in population.elites()} >= {elite.niche for elite in alone.elites()}
    assert population.summary()["elites"] == len(population.elites()) <= sum(sizes(population))


def test_there_are_never_more_islands_than_allowed_and_parents_come_from_each():
    population, rng = busy_islands(pace=BUSY), random.Random(0)
    add(population, make_candidate(100), 1.0)
    for number in range(60):
        parent = population.parent(rng).candidate
        add(population, make_candidate(number, loops=number % 4, parents=[parent]), rng.uniform(1, 3))
    assert len(sizes(population)) == BUSY.most
    assert min(sizes(population)) > 1 and population.summary()["migrations"] > 0
