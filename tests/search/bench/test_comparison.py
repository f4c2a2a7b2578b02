"""The arithmetic of `bench search`: medians that may be infinite, how soon a run came near the best, and the tables."""
import json
import math
from dataclasses import replace

import pytest
from kernwright.kernels.candidate import Candidate
from kernwright.search.bench.comparison import Contest, Found, Score, as_json, totals
from kernwright.search.bench.medians import Median, geometric_mean
from kernwright.search.bench.search_table import describe
from kernwright.search.bench.strategies import Strategy
from kernwright.search.bench.trace import Step, Trace, area, first_within

FULL, RIVAL, OTHER = Strategy("full", "all", "full", {}), Strategy("random", "no selection", "rival", {}), Strategy("tune", "", "rival", {})


def step(number, speedup):
    return Step(Candidate(f"def kernel(a):\n    return a + {number}\n"), str(number), speedup)


def trace(*speedups, champion=None):
    steps = tuple(step(number, speedup) for number, speedup in enumerate(speedups))
    return Trace(steps, steps[0], steps[0], None if champion is None else steps[champion], 10.0)


def found(*reached, area=0.5):
    return tuple(Found(seed, number, area, 0.9, 60, 30.0) for seed, number in enumerate(reached))


def contest(full, rival, other=()):
    scores = [Score(FULL, found(*full)), Score(RIVAL, found(*rival))] + ([Score(OTHER, found(*other))] if other else [])
    return Contest("k", 60, 2.5, tuple(scores), "zen3", 2, "2026-01-01")


@pytest.mark.parametrize("values, expected", [
    ([7], (7, 7, 7)),
    ([3, 1, 2], (2, 1, 3)),
    ([1, 2, 3, math.inf], (2.5, 1, math.inf)),
    ([1, math.inf], (math.inf, 1, math.inf)),
    (list(range(1, 10)), (5, 2, 8)),
    (list(range(1, 21)), (10.5, 6, 15)),
])
def test_a_median_has_the_interval_of_order_statistics(values, expected):
    median = Median.of(values)
    assert (median.value, median.low, median.high) == expected and median.count == len(values)


def test_no_values_have_no_median_and_no_mean():
    with pytest.raises(ValueError, match="at least one"):
        Median.of([])
    assert geometric_mean([]) is None and geometric_mean([1.0, 4.0]) == pytest.approx(2.0)


def test_the_first_kernel_that_is_near_the_best_when_timed_anew_counts():
    figures = {"0": 1.0, "1": 1.5, "2": 1.8, "3": 1.97, "4": 2.0}  # evaluation 2 was lucky in the search
    run = trace(1.0, 1.5, 2.05, 1.99, 2.0, champion=4)
    assert first_within(run, 1.0, 2.0, lambda one: figures[one.code]) == 4


def test_only_what_the_search_saw_near_the_best_is_timed_anew():
    asked = []

    def timed(one):
        asked.append(one.code)
        return 1.0

    run = trace(1.0, 1.4, None, 1.95, 1.7, 1.2, champion=5)
    assert first_within(run, 1.0, 2.0, timed) is None
    assert asked == ["3", "5"]  # the fastest, and the champion whatever its figure was


def test_the_runs_anchor_sets_the_scale():
    assert first_within(trace(1.0, 1.0), 2.0, 2.0, lambda one: 2.0) == 1
    assert first_within(trace(1.0, 1.0), 0.5, 2.0, lambda one: 2.0) is None


def test_the_area_is_the_mean_of_the_best_so_far_and_nothing_flatters_it():
    assert area(trace(1.0, 2.0), 1.0, 2.0, 2.0, 4) == pytest.approx((0.5 + 1 + 1 + 1) / 4)
    assert area(trace(None, 4.0), 1.0, 2.0, 1.0, 2) == pytest.approx((0 + 0.5) / 2)
    assert area(trace(1.0, 9.0), 1.0, 2.0, None, 2) == pytest.approx((0.5 + 1) / 2)


@pytest.mark.parametrize("full, rival, other, ratio, name", [
    ((10, 12, 14), (30, 24, 60), (None, None, None), 0.4, "random"),
    ((10, 12, 14), (None, None, 9), (None, None, None), 12 / 60, "tune"),
    ((None, None, 3), (30, 20, 25), (40, 50, 60), math.inf, "random"),
    ((None, None, 3), (None, None, 9), (None, None, None), None, "tune"),
])
def test_the_full_search_is_held_against_the_better_rival(full, rival, other, ratio, name):
    judged = contest(full, rival, other)
    if name == "tune":  # equal medians: the larger area is nearer
        judged = Contest("k", 60, 2.5, (*judged.scores[:2], Score(OTHER, found(*other, area=0.8))), "zen3", 2, "2026-01-01")
    assert judged.against_rival == (ratio if ratio is None or math.isinf(ratio) else pytest.approx(ratio))
    assert judged.rival.strategy.name == name
    json.dumps(as_json([judged], {}), allow_nan=False)


def test_survival_and_totals_count_runs_that_got_there():
    contests = [contest((10, None, 14), (60, None, None)), contest((20, 20, 20), (5, 5, 5))]
    full, rival = totals(contests)
    assert (full.reached, full.runs, rival.reached) == (5, 6, 4)
    assert full.evaluations == pytest.approx(math.sqrt(14 * 20)) and rival.evaluations == pytest.approx(math.sqrt(60 * 5))


def test_the_tables_say_the_verdict_and_what_was_left_out():
    lines = "\n".join(describe([contest((10, 12, 14), (30, 24, None))], {"pool": "full"}))
    assert "at most half of the better rival's evaluations on **1 of 1** kernels that have something to find" in lines and "0.40 of random's" in lines
    assert "| full" in lines and "12 (10 to 14)" in lines and "30 (24 to > 60)" in lines and "2 of 3" in lines
    assert "pool is left out" in lines and "All kernels" not in lines
    assert "All kernels" in "\n".join(describe([contest((1,), (2,))] * 2, {}))


def test_what_no_rival_reached_is_held_against_the_budget():
    lines = "\n".join(describe([contest((40, 42, 44), (None, None, None))], {}))
    assert "on **0 of 1** kernels" in lines and "no rival got there, so less than 0.70 of random's, the nearest" in lines


def test_a_kernel_whose_best_seed_is_near_the_best_decides_nothing():
    trivial = replace(contest((3, 3, 3), (1, 1, 1)), best=1.02)
    lines = "\n".join(describe([trivial, contest((10, 12, 14), (30, 24, None))], {}))
    assert trivial.trivial and "on **1 of 1** kernels" in lines and "k: the best seed is within 5 % of the best known" in lines
