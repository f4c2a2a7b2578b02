"""What the report tells of the search: operators' shares, attempts that did not help, verdicts and reasons, the population."""
from __future__ import annotations

from dataclasses import replace

import pytest
from kernwright.search.report.history import families, points
from kernwright.search.report.islands import islands
from kernwright.search.report.shares import shares, whole_gain
from kernwright.search.report.tried import names, tried, without_a_win
from kernwright.search.report.verdicts import fates
from kernwright.workers.evaluation import Evaluation, Rung, Verdict
from report_runs import OPERATORS, POPULATION, SEED, candidate, judged, verified

TILED = candidate("tiled", "rewrite:tile", SEED)
BOTH = candidate("both", "rewrite:tile+views", TILED)
SLOWER = candidate("slower", "rewrite:views", TILED)
TUNED = candidate("tuned", "tune", BOTH)
MODEL = candidate("model", "llm:m", SEED)


def fell(one, verdict, message):
    return one, Evaluation(one.identity, verdict, Rung.SMOKE, message, False, stage_seconds={"build": 1.0, "wait": 9.0})


def timed(*named):
    return [(one, verified(one, speedup, SEED.identity)) for one, speedup in named]


ROWS = judged(*timed((SEED, 1.0), (TILED, 2.0), (SLOWER, 1.0), (BOTH, 3.0), (TUNED, 6.0)), fell(MODEL, Verdict.WRONG, "no"))
ALONG = points(ROWS, SEED.identity)


def test_shares_are_counted_from_the_lineages_where_no_state_holds_them():
    found = {share.operator: share for share in shares(None, ROWS, ALONG)}
    assert list(found) == ["rewrite", "tune", "llm:m"], "seeds were given, no operator brought them"
    assert (found["rewrite"].evaluated, found["rewrite"].improved, found["llm:m"].verified) == (3, 2, 0)
    assert found["rewrite"].gain == pytest.approx(3.0) and found["tune"].gain == pytest.approx(2.0)
    assert whole_gain(list(found.values())) == pytest.approx(6.0)
    assert sum(share.of_gain for share in found.values()) == pytest.approx(1.0)
    assert found["llm:m"].seconds == 1.0, "waits are nobody's work"


def test_shares_that_the_search_recorded_stand_as_they_are():
    found = {share.operator: share for share in shares(OPERATORS, ROWS, ALONG)}
    assert list(found) == ["rewrite", "llm:m", "crossover"]
    assert found["rewrite"].asked == 0.7 and found["rewrite"].of_time == pytest.approx(30 / 42)
    assert whole_gain(list(found.values())) == pytest.approx(2.6, rel=1e-3)


def test_each_step_of_a_walk_counts_and_what_never_won_is_named():
    found = {one.name: one for one in tried(ROWS, ALONG)}
    assert (found["tile"].tries, found["tile"].wins, found["tile"].effect) == (2, 2, 1.75)
    assert (found["views"].tries, found["views"].wins, found["views"].best) == (2, 1, 1.5)
    assert found["llm:m"].fell == 1 and found["llm:m"].effect is None and found["llm:m"].in_all == "never timed"
    assert [one.name for one in without_a_win(list(found.values()))] == ["llm:m"]
    assert names("rewrite:tile+views+tile") == ("tile", "views") and names("crossover:options") == ("crossover:options",)


def test_what_was_too_slow_to_be_measured_in_full_did_not_help_either():
    slow = candidate("slow", "rewrite:fission", TILED)
    screened = replace(verified(slow, 0.5, SEED.identity), verdict=Verdict.TOO_SLOW, rung=Rung.SCREEN)
    rows = judged(*timed((SEED, 1.0), (TILED, 2.0)), (slow, screened))
    (found,) = (one for one in tried(rows, points(rows, SEED.identity)) if one.name == "fission")
    assert (found.tries, found.fell, found.wins, found.effect, found.in_all) == (1, 0, 0, 0.25, "did not help")


def test_reasons_that_differ_in_numbers_alone_are_one_reason():
    ones = [candidate(f"c{number}", "tune", SEED) for number in range(5)]
    found = fates(judged(*(fell(one, Verdict.WRONG, f"size tiny (n={number}), seed {number}: result: [{number}] is 0.5\nmore")
                           for number, one in enumerate(ones[:3])), fell(ones[3], Verdict.WRONG, "another dtype"),
                         fell(ones[4], Verdict.BUILD_FAILED, "- Resolution failure for literal arguments:\nNo implementation of mean")))
    assert [(fate.verdict, fate.count) for fate in found] == [("wrong", 4), ("build failed", 1)]
    assert [(reason.text, reason.count) for reason in found[0].reasons] == [("result: […] is …", 3), ("another dtype", 1)]
    assert found[1].reasons[0].text == "No implementation of mean"
    assert [row.evaluation.message.split(":")[-1] for row in found[0].examples][1] == "another dtype", "examples differ"


def test_islands_are_shown_where_the_run_has_them():
    found = islands(POPULATION)
    assert (found.policy, found.elites, found.niches, found.migrations, len(found.islands)) == ("islands", 9, 9, 3, 2)
    assert islands(None) is None and islands({"policy": "pool"}).islands == ()


def test_an_operators_sign_does_not_depend_on_who_else_took_part():
    assert families(ALONG) == ["seed", "rewrite", "tune", "llm"]
