"""Recall: what an earlier run of the same kernel found out is not judged again, and comes when a verdict would come."""
from dataclasses import replace
from types import SimpleNamespace

import pytest
from kernwright.kernels.candidate import Candidate
from kernwright.kernels.spec import KernelSpec
from kernwright.search.journal import SEARCH, SEED_VS_REFERENCE, Journal, RunRecord, journal_url
from kernwright.search.recall import RECALLED, RecallingFleet, recalled
from kernwright.workers.evaluation import Evaluation, Ratio, Rung, Verdict
from kernwright.workers.job import Job
from whole_runs import finish, kernwright, prepare

SPEC = KernelSpec("plus", "def plus(a):\n    return a\n", "plus")
RUN = RunRecord("later", "plus", SPEC, {"threads": 2}, "zen4", {"numba": "1"}, 0.0)


def plus(number):
    return Candidate(f"def kernel(a):\n    return a + {number}\n")


SEED, OTHER = plus(0), plus(100)


def verified(candidate, speedup, rival=SEED):
    ratio = Ratio(speedup, speedup, speedup, 9, 1.0, 1.0, rival.identity if rival else "reference")
    return Evaluation(candidate.identity, Verdict.VERIFIED, Rung.MEASURE, faster=ratio, facts={"code_hash": "c"})


def journaled(folder, rows, anchor=SEED, **different):
    """A run's directory whose journal holds these (candidate, evaluation, purpose)."""
    folder.mkdir(parents=True)
    with Journal.create(journal_url(folder), replace(RUN, id=folder.name, **different)) as journal:
        journal.set_state("anchor", anchor.identity if anchor else None)
        for candidate, evaluation, purpose in rows:
            journal.add_candidate(candidate, 0.0)
            journal.add_evaluation(evaluation, 0.0, purpose)


def test_verdicts_are_known_by_candidate_and_anchor(tmp_path):
    journaled(tmp_path / "a" / "first", [(SEED, verified(SEED, 9.0, None), SEED_VS_REFERENCE), (plus(1), verified(plus(1), 2.0), SEARCH)])
    journaled(tmp_path / "b" / "second", [(plus(2), verified(plus(2), 3.0, OTHER), SEARCH)], OTHER)
    known = recalled(tmp_path, RUN)
    assert {question: evaluation.faster.speedup for question, evaluation in known.items()} == {
        (SEED.identity, None): 9.0, (plus(1).identity, SEED.identity): 2.0, (plus(2).identity, OTHER.identity): 3.0}
    assert all(evaluation.facts == {"code_hash": "c", RECALLED: True} for evaluation in known.values())


@pytest.mark.parametrize("different", [
    {"machine": "zen5"}, {"settings": {"threads": 1}}, {"versions": {"numba": "2"}}, {"spec": replace(SPEC, text=SPEC.text + "\n\n")},
], ids=lambda each: next(iter(each)))
def test_what_was_judged_otherwise_is_not_known(tmp_path, different):
    journaled(tmp_path / "first", [(plus(1), verified(plus(1), 2.0), SEARCH)], **different)
    assert recalled(tmp_path, RUN) == {}


def test_what_was_measured_in_full_counts_before_what_was_screened_and_what_was_lost_does_not(tmp_path):
    slow = Evaluation(plus(1).identity, Verdict.TOO_SLOW, Rung.SCREEN)
    journaled(tmp_path / "1", [(plus(1), slow, SEARCH), (plus(2), Evaluation(plus(2).identity, Verdict.LOST, Rung.BUILD), SEARCH)])
    assert recalled(tmp_path, RUN)[plus(1).identity, SEED.identity].verdict is Verdict.TOO_SLOW
    journaled(tmp_path / "2", [(plus(1), verified(plus(1), 0.3), SEARCH)])
    journaled(tmp_path / "3", [(plus(1), verified(plus(1), 0.4), SEARCH)])
    known = recalled(tmp_path, RUN)
    assert list(known) == [(plus(1).identity, SEED.identity)] and known[plus(1).identity, SEED.identity].faster.speedup == 0.3


def test_the_run_itself_is_no_earlier_one(tmp_path):
    journaled(tmp_path / "later", [(plus(1), verified(plus(1), 2.0), SEARCH)])
    assert recalled(tmp_path, RUN) == {}


class Workers:
    """Two, which need a turn for each job, and are told nothing but what they must judge."""

    workers = 2

    def __init__(self):
        self.asked = []

    def submit(self, job):
        self.asked.append(job.candidate)

    def completed(self, timeout):
        return [verified(self.asked[-1], 1.5)] if self.asked else []

    def confirm(self, job):
        return SimpleNamespace(champion=job.champion)

    def abandon(self):
        self.asked.clear()


def test_the_fleet_is_asked_for_the_rest_and_verdicts_keep_the_order_of_the_jobs():
    workers = Workers()
    fleet = RecallingFleet(workers, {(plus(n).identity, SEED.identity): verified(plus(n), float(n)) for n in (1, 3, 4)})
    assert fleet.room() == 4
    for n in (1, 2, 3, 4):
        fleet.submit(Job(plus(n), "search", SEED))
    assert fleet.room() == 0 and fleet.in_flight == 4 and workers.asked == [plus(2)]
    came = [fleet.completed(0.0) for _ in range(4)]
    assert [[evaluation.faster.speedup for evaluation in each] for each in came] == [[1.0], [1.5], [3.0], [4.0]]
    assert fleet.in_flight == 0 and fleet.completed(0.0) == []


def test_another_anchor_and_a_last_timing_are_questions_of_their_own():
    workers = Workers()
    fleet = RecallingFleet(workers, {(plus(1).identity, SEED.identity): verified(plus(1), 2.0)})
    for job in (Job(plus(1), "seed"), Job(plus(1), "search", OTHER), Job(plus(1), "final", SEED, afresh=True)):
        fleet.submit(job)
    assert len(workers.asked) == 3


def test_a_search_that_ends_gives_up_what_is_under_way_and_the_champion_is_examined_by_workers():
    workers = Workers()
    fleet = RecallingFleet(workers, {})
    fleet.submit(Job(plus(1), "search", SEED))
    fleet.abandon()
    assert fleet.in_flight == 0 and not workers.asked
    assert fleet.confirm(SimpleNamespace(champion=plus(1))).champion == plus(1)


@pytest.mark.slow
def test_a_bench_that_recalls_judges_no_candidate_twice(tmp_path):
    prepare(tmp_path)
    status, out, err = finish(kernwright("bench", "search", "mine.py:scores", "--strategy", "full", "--strategy", "best-of-n", "--evaluations", "8",
                                         "--seeds", "1", "--confirm-seconds", "2", "--recall", "--out", "runs", folder=tmp_path), 900)
    assert status == 0 and "at most half" in out, err
    judged = {}
    for name in ("full", "best-of-n"):
        with Journal.open(journal_url(tmp_path / "runs" / "scores" / name / "seed-0"), write=False) as journal:
            judged[name] = {row.candidate.identity: row.evaluation for row in journal.evaluations() if row.purpose in (SEARCH, SEED_VS_REFERENCE)}
    both = set(judged["full"]) & set(judged["best-of-n"])
    assert both and all(judged["best-of-n"][each].facts.get(RECALLED) for each in both)
    assert not any(evaluation.facts.get(RECALLED) for evaluation in judged["full"].values())
    assert all(judged["full"][each].faster == judged["best-of-n"][each].faster for each in both)
