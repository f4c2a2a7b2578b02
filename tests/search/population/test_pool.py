"""The pool keeps verified, fast and different candidates, each machine type for itself."""
import math
import random
from collections import Counter

import pytest
from kernwright.kernels.candidate import Candidate, JitOptions
from kernwright.search.population.pool import Pool
from populations import add, make_candidate


def test_best_and_elites_are_ranked_by_speedup():
    pool = Pool()
    for number, speedup in enumerate([1.0, 3.0, 2.0]):
        assert add(pool, make_candidate(number), speedup)
    assert [round(math.exp(e.fitness), 6) for e in pool.elites()] == [3.0, 2.0, 1.0]
    assert pool.best().candidate == make_candidate(1)
    assert (pool.counters.offered, pool.counters.kept, pool.counters.bests) == (3, 3, 2)


def test_a_full_pool_replaces_its_weakest():
    pool = Pool(capacity=3)
    for number in range(3):
        add(pool, make_candidate(number), 2.0 + number)
    assert not add(pool, make_candidate(7), 1.5)
    assert add(pool, make_candidate(8), 2.5)
    assert [e.candidate for e in pool.elites()] == [make_candidate(n) for n in (2, 1, 8)]


def test_variants_of_one_skeleton_do_not_crowd_out_the_rest():
    pool = Pool(capacity=4, per_skeleton=2)
    add(pool, make_candidate(1), 1.1)
    for tile, speedup in zip((8, 16, 32, 64), (2.0, 2.1, 2.2, 1.9)):
        add(pool, make_candidate(0, tile), speedup)
    assert [e.candidate for e in pool.elites()] == [make_candidate(0, 32), make_candidate(0, 16), make_candidate(1)]


def test_options_do_not_make_another_skeleton():
    pool = Pool(per_skeleton=1)
    add(pool, make_candidate(0), 2.0)
    parallel = Candidate(make_candidate(0).text, JitOptions(error_model="numpy"))
    assert add(pool, parallel, 3.0)
    assert [e.candidate for e in pool.elites()] == [parallel]


def test_the_bar_is_the_weakest_elite_of_a_full_pool_and_lenient_before():
    pool = Pool(capacity=2)
    add(pool, make_candidate(0), 8.0)
    assert pool.bar() == pytest.approx(math.log(2.0))
    add(pool, make_candidate(1), 6.0)
    assert pool.bar() == pytest.approx(math.log(6.0))


def test_fitter_elites_are_parents_more_often_and_weak_ones_sometimes():
    pool = Pool()
    for number in range(10):
        add(pool, make_candidate(number), 10.0 - 0.5 * number)
    rng = random.Random(1)
    drawn = Counter(pool.parent(rng).candidate.identity for _ in range(2000))
    ranks = [drawn[e.candidate.identity] for e in pool.elites()]
    assert ranks[0] > ranks[4] > ranks[9] > 0


def test_an_impossible_pool_is_refused():
    with pytest.raises(ValueError):
        Pool(capacity=0)
