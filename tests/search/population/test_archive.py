"""The archive keeps what the pool keeps, and the best of every niche."""
import math
import random

from kernwright.search.population.archive import CELLS_PER_PLACE
from kernwright.search.population.policies import make_population
from populations import add, make_candidate, speedups


def archive(capacity=3):
    return make_population("archive", 0, capacity)


def test_a_slow_candidate_of_a_new_niche_is_kept_beside_a_full_ranking():
    population, crowd = archive(), [make_candidate(number) for number in range(9)]
    for number, candidate in enumerate(crowd):
        add(population, candidate, 10.0 + number)
    assert speedups(population) == [18.0, 17.0, 16.0]
    assert add(population, make_candidate(99, loops=3), 1.0)
    assert not add(population, make_candidate(98), 1.0)
    assert speedups(population) == [18.0, 17.0, 16.0, 1.0] and population.summary()["niches"] == 2


def test_a_cell_holds_the_fittest_of_different_skeletons():
    population = archive(1)
    add(population, make_candidate(0), 50.0)
    for tile, speedup in ((8, 4.0), (16, 5.0), (32, 3.0)):
        add(population, make_candidate(7, tile, loops=2), speedup)
    add(population, make_candidate(8, loops=2), 2.0)
    assert not add(population, make_candidate(9, loops=2), 1.0)
    assert speedups(population) == [50.0, 5.0, 2.0]


def test_the_weakest_cell_gives_way_when_there_are_too_many():
    population = archive(1)
    for number in range(CELLS_PER_PLACE + 3):
        add(population, make_candidate(number), 10.0 - number, vector_width=64 * number)
    assert speedups(population) == [10.0 - number for number in range(CELLS_PER_PLACE)]


def test_a_candidate_that_is_built_anew_moves_to_its_new_niche():
    population, mover = archive(), make_candidate(0)
    add(population, mover, 2.0, vector_width=128)
    add(population, mover, 3.0, vector_width=512)
    assert speedups(population) == [3.0] and population.best().niche.vector_width == 512
    for number in range(1, 4):
        add(population, make_candidate(number), 9.0, vector_width=512)
    assert population.summary()["niches"] == 1, "nothing of it is left in its first niche"


def test_the_bar_lets_new_niches_in_however_full_the_ranking_is():
    population = archive()
    for number in range(50):
        add(population, make_candidate(number), 8.0)
    assert math.isclose(math.exp(population.bar()), 2.0)


def test_parents_come_from_every_niche_that_is_not_far_behind():
    population, rng = archive(24), random.Random(0)
    for number in range(24):
        add(population, make_candidate(number), 20.0 - 0.1 * number)
    slower, hopeless = make_candidate(98, loops=2), make_candidate(99, loops=3)
    add(population, slower, 8.0)
    add(population, hopeless, 1.0)
    drawn = [population.parent(rng).candidate for _ in range(1000)]
    assert 0.03 < drawn.count(slower) / 1000 < 0.08
    assert drawn.count(hopeless) < 10
