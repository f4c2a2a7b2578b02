"""The campaign's loop, with a fleet that judges by a formula: who is asked, when it ends, and what a resumed run knows."""
import io
import random
import time
from collections import deque
from types import SimpleNamespace

import pytest
from kernwright.kernels.candidate import Candidate, Lineage
from kernwright.kernels.spec import KernelSpec
from kernwright.search.bandit import POLICIES
from kernwright.search.bandit.panel import Panel
from kernwright.search.campaign import Campaign, Limits
from kernwright.search.journal import SEARCH, SEED_VS_REFERENCE, Journal, RunRecord, journal_url
from kernwright.search.population.pool import Pool
from kernwright.search.progress import Progress
from kernwright.workers.evaluation import Evaluation, Ratio, Rung, Verdict

SEED = Candidate("def kernel(a):\n    return a + 0\n")
MACHINE = "zen4"


class Interrupted(Exception):
    """Stands for a driver that was killed."""


class Fleet:
    """Two workers that need no time. judge: speedup over the seed of a candidate, or a verdict."""

    workers = 2

    def __init__(self, judge, most=10**9):
        self._judge, self._jobs, self._left = judge, deque(), most
        self.order, self.in_flight_seen = [], []

    @property
    def in_flight(self):
        return len(self._jobs)

    def room(self):
        return 4 - len(self._jobs)

    def submit(self, job):
        self._jobs.append(job)

    def completed(self, timeout):
        self.in_flight_seen.append(len(self._jobs))
        if not self._jobs:
            time.sleep(0.001)
            return []
        if self._left == 0:
            raise Interrupted
        self._left -= 1
        candidate = self._jobs.popleft().candidate
        self.order.append(candidate)
        speedup, seconds = self._judge(candidate), {"build": 1.0, "wait": 9.0}
        if isinstance(speedup, Verdict):
            return [Evaluation(candidate.identity, speedup, Rung.VERIFY, stage_seconds=seconds, machine=MACHINE)]
        ratio = Ratio(speedup, speedup, speedup, 9, 1.0, 1.0, SEED.identity)
        return [Evaluation(candidate.identity, Verdict.VERIFIED, Rung.MEASURE, faster=ratio, stage_seconds=seconds, machine=MACHINE)]

    def abandon(self):
        self._jobs.clear()

    def confirm(self, job):
        return SimpleNamespace(verdict=Verdict.VERIFIED, champion=job.champion.identity, over_seed=None, over_njit=None,
                               as_json=lambda: {"champion": job.champion.identity, "verdict": "verified"})


class Numbers:
    """Proposes `a + n` for n from `first`, at most `most` of them. `made` counts what was handed out."""

    def __init__(self, name, first, most=10**6):
        self.name, self._next, self._last, self.made, self.learned = name, first, first + most, 0, 0

    def propose(self, population, rng):
        if self._next >= self._last:
            return None
        self._next += 1
        self.made += 1
        return Candidate(f"def kernel(a):\n    return a + {self._next}\n", lineage=Lineage(f"{self.name}:more", "", (SEED.identity,)))

    def learn(self, candidate, evaluation):
        self.learned += 1


class Model(Numbers):
    """Answers `delay` turns after it was asked."""

    def __init__(self, name, first, most, delay=3, concurrent=2):
        super().__init__(name, first, most)
        self._delay, self._concurrent = delay, concurrent
        self._on_the_way, self._arrived, self.appetites, self.polled = [], deque(), [], 0

    @property
    def pending(self):
        return len(self._on_the_way) + len(self._arrived)

    @property
    def ready(self):
        return len(self._arrived)

    def poll(self, population, rng, appetite):
        self.polled += 1
        self.appetites.append(appetite)
        self._on_the_way = [left - 1 for left in self._on_the_way]
        for _ in range(sum(left <= 0 for left in self._on_the_way)):
            self._arrived.append(Numbers.propose(self, population, rng))
        self._on_the_way = [left for left in self._on_the_way if left > 0]
        while self.pending < max(1, round(appetite * self._concurrent)) and self._next + len(self._on_the_way) < self._last:
            self._on_the_way.append(self._delay)

    def propose(self, population, rng):
        return self._arrived.popleft() if self._arrived else None


def number_of(candidate):
    return int(candidate.text.rsplit("+ ", 1)[1])


def new_journal(folder):
    spec = KernelSpec("plus", "def plus(a):\n    return a\n", "plus")
    return Journal.create(journal_url(folder), RunRecord("r", "plus", spec, {}, MACHINE, {}, 0.0))


def campaign_of(journal, fleet, operators, patient=(), evaluations=60, policy="adaptive", log=None, seed=1):
    panel = Panel(operators, patient, POLICIES[policy]())
    progress = Progress("plus", evaluations, None, log or io.StringIO())
    return Campaign(journal, fleet, Pool(), panel, [SEED], None, Limits(evaluations, None, 1.0), seed, progress), panel


def by_operator(candidates):
    return [candidate.lineage.operator.partition(":")[0] for candidate in candidates]


class Shift:
    """First candidates of `rewrite` gain, then those of `tune`: every 4th a tenth more than the best before."""

    def __init__(self, until):
        self.until, self.seen, self.best, self.lucky = until, 0, 1.0, 0

    def __call__(self, candidate):
        self.seen += 1
        paying = "rewrite" if self.seen <= self.until else "tune"
        if candidate.lineage.operator.startswith(paying):
            self.lucky += 1
            if self.lucky % 4 == 0:
                self.best *= 1.1
                return self.best
        return 1.0


def test_shares_move_to_the_operator_that_pays_now(tmp_path):
    fleet = Fleet(Shift(until=80))
    with new_journal(tmp_path) as journal:
        campaign, panel = campaign_of(journal, fleet, [Numbers("rewrite", 1000), Numbers("tune", 500_000)], evaluations=220)
        campaign.run()
        order = by_operator(fleet.order)
        early, late = order[40:80], order[180:220]
        assert early.count("rewrite") > 25 and late.count("tune") > 20
        state = journal.state("operators")
    assert set(state) == {"rewrite", "tune"} and state["tune"]["share"] > 0.5 > state["rewrite"]["share"]
    assert sum(entry["share"] for entry in state.values()) == pytest.approx(1.0)
    assert sum(entry["evaluated"] for entry in state.values()) == 219, "all but the seed"
    assert state["rewrite"]["improved"] > 3 and state["tune"]["seconds"] == state["tune"]["evaluated"]


@pytest.mark.parametrize("policy", sorted(POLICIES))
def test_no_core_idles_while_any_operator_has_a_candidate_and_all_exhausted_ends_the_run(tmp_path, policy):
    fleet = Fleet(lambda candidate: 1.0)
    with new_journal(tmp_path) as journal:
        campaign, _ = campaign_of(journal, fleet, [Numbers("rewrite", 1000, 3), Numbers("tune", 5000, 0), Numbers("crossover", 7000, 40)],
                                  evaluations=500, policy=policy)
        assert campaign.run() is not None
        assert len(journal.evaluations(SEARCH)) == 1 + 3 + 40
    assert all(jobs > 0 for jobs in fleet.in_flight_seen[:-5])


def test_a_slow_model_is_waited_for_when_nothing_else_is_left_and_its_answers_are_judged(tmp_path):
    fleet, model = Fleet(lambda candidate: 1.0), Model("llm:m", 9000, 6, delay=20)
    with new_journal(tmp_path) as journal:
        campaign, _ = campaign_of(journal, fleet, [Numbers("rewrite", 1000, 5)], [model], evaluations=200)
        campaign.run()
        assert sorted(row.candidate.lineage.operator for row in journal.evaluations(SEARCH)) == [
            *["llm:m:more"] * 6, *["rewrite:more"] * 5, "seed"]
    assert model.appetites[-20:].count(1.0) > 10


def test_a_model_alone_is_asked_before_the_run_ends_for_want_of_candidates(tmp_path):
    model = Model("llm:m", 9000, 4)
    with new_journal(tmp_path) as journal:
        campaign, _ = campaign_of(journal, Fleet(lambda candidate: 1.0), [], [model], evaluations=50)
        campaign.run()
        assert len(journal.evaluations(SEARCH)) == 5


def test_models_are_listened_to_at_every_turn_and_asked_less_while_they_bring_nothing(tmp_path):
    model = Model("llm:m", 900_000, 10**6, delay=1, concurrent=8)
    fleet = Fleet(lambda c: Verdict.WRONG if c.lineage.operator.startswith("llm") else 1.0 + number_of(c) / 1000)
    with new_journal(tmp_path) as journal:
        campaign, panel = campaign_of(journal, fleet, [Numbers("rewrite", 1000)], [model], evaluations=120)
        campaign.run()
        state = journal.state("operators")
    assert model.appetites[0] == 1.0 and model.appetites[-1] < 0.6
    assert model.polled >= len(fleet.order) - 4
    assert 0.04 < state["llm:m"]["share"] < 0.3 and state["llm:m"]["evaluated"] >= 8


def test_a_model_that_pays_is_taken_as_often_as_it_answers(tmp_path):
    model = Model("llm:m", 900_000, 10**6, delay=1, concurrent=8)
    fleet = Fleet(lambda c: 1.0 + (number_of(c) - 900_000) / 100 if c.lineage.operator.startswith("llm") else 1.0)
    with new_journal(tmp_path) as journal:
        campaign, _ = campaign_of(journal, fleet, [Numbers("rewrite", 1000)], [model], evaluations=100)
        campaign.run()
        assert by_operator(fleet.order)[50:].count("llm") > 30
    assert model.appetites[-1] == 1.0


def test_a_run_that_was_killed_and_resumed_knows_what_one_knows_that_was_not(tmp_path):
    (tmp_path / "killed").mkdir()
    (tmp_path / "whole").mkdir()

    def judge(candidate):
        number = number_of(candidate)
        return Verdict.WRONG if number % 5 == 3 else 1.0 + (number % 97) / 50

    def operators():
        return [Numbers("rewrite", 1000), Numbers("tune", 500_000)]

    with new_journal(tmp_path / "killed") as journal:
        campaign, before = campaign_of(journal, Fleet(judge, most=40), operators(), evaluations=60)
        with pytest.raises(Interrupted):
            campaign.run()
        known = before.as_json()
    with Journal.open(journal_url(tmp_path / "killed")) as journal:
        campaign, after = campaign_of(journal, Fleet(judge, most=0), operators(), evaluations=60)
        with pytest.raises(Interrupted):
            campaign.run()
        assert after.as_json() == known
    with Journal.open(journal_url(tmp_path / "killed")) as journal:
        campaign, after = campaign_of(journal, Fleet(judge), operators(), evaluations=60)
        campaign.run()
        rows = journal.evaluations(SEARCH)
        assert len(rows) == 60 and journal.state("operators") == after.as_json()
        assert sum(entry["evaluated"] for entry in after.as_json().values()) == 59
    panel = Panel(operators(), (), POLICIES["adaptive"]())
    for row in rows:
        panel.proposed(row.candidate)
        panel.learn(row.candidate, row.evaluation)
    assert panel.as_json() == after.as_json()


def test_the_log_tells_how_often_each_operator_is_asked(tmp_path, monkeypatch):
    monkeypatch.setattr("kernwright.search.progress.STATUS_SECONDS", 0.0)
    log = io.StringIO()
    with new_journal(tmp_path) as journal:
        campaign_of(journal, Fleet(lambda c: 1.0), [Numbers("rewrite", 1000), Numbers("tune", 5000)], evaluations=12, log=log)[0].run()
    assert "; asked rewrite " in log.getvalue() and " %" not in log.getvalue().rsplit("asked", 1)[1].splitlines()[0]


@pytest.mark.parametrize("seed", range(8))
def test_an_answer_that_has_arrived_is_judged_next_while_its_model_is_behind_its_share(seed):
    model = Model("llm:m", 9000, 3, delay=10, concurrent=3)
    panel = Panel([Numbers("rewrite", 1000), Numbers("tune", 5000)], [model], POLICIES["adaptive"]())
    pool, rng, made = Pool(), random.Random(seed), []
    for _ in range(16):
        panel.poll(pool, rng)
        made.append(panel.propose(pool, rng))
        panel.proposed(made[-1])
    assert by_operator(made)[10:13] == ["llm"] * 3 and "llm" not in by_operator(made)[:10] + by_operator(made)[13:]


@pytest.mark.parametrize("names", [["rewrite"], ["rewrite", "tune", "crossover"]])
def test_asking_costs_next_to_nothing(names):
    panel = Panel([Numbers(name, 1000 * place) for place, name in enumerate(names)], [Model("llm:m", 9000, 10)], POLICIES["adaptive"]())
    pool, rng, started = Pool(), random.Random(0), time.perf_counter()
    for _ in range(500):
        panel.poll(pool, rng)
        candidate = panel.propose(pool, rng)
        panel.proposed(candidate)
        panel.learn(candidate, Evaluation(candidate.identity, Verdict.WRONG, Rung.VERIFY, stage_seconds={"build": 1.0}))
        panel.shares()
    assert time.perf_counter() - started < 500 * 2e-3


@pytest.mark.parametrize("most", [10**9, 7])
def test_a_short_run_judges_some_seeds_first_and_the_others_as_candidates_also_after_it_was_killed(tmp_path, most):
    """The clock goes on by 10 s with each judgement; of 160 s for the search, seeds have 64."""
    seeds = [SEED, *(Candidate(f"def kernel(a):\n    return a + {n}\n", lineage=Lineage("seed", str(n))) for n in range(1, 12))]

    def run(fleet):
        clock = lambda: 10.0 * len(fleet.order)  # noqa: E731
        panel = Panel([Numbers("rewrite", 1000)], (), POLICIES["adaptive"]())
        campaign = Campaign(journal, fleet, Pool(), panel, seeds, None, Limits(None, 1060.0, 900.0), 1,
                            Progress("plus", None, 1000.0, io.StringIO()), 0.0, clock=clock)
        campaign.run()

    with new_journal(tmp_path) as journal:
        fleet = Fleet(lambda candidate: 1.0 + (candidate is not SEED) / 10, most)
        if most < 10**9:
            with pytest.raises(Interrupted):
                run(fleet)
            fleet = Fleet(lambda candidate: 1.0)
        run(fleet)
        as_seeds = {row.candidate.identity for row in journal.evaluations(SEED_VS_REFERENCE)}
        judged = [row.candidate.identity for row in journal.evaluations(SEARCH)]
        assert 4 <= len(as_seeds) < len(seeds)
        assert {seed.identity for seed in seeds} <= set(judged) and len(judged) == len(set(judged))


@pytest.mark.parametrize(("evaluations", "most"), [(60, 10**9), (60, 9), (14, 10**9)])
def test_further_seeds_are_judged_among_other_candidates_and_the_fastest_of_all_is_the_best_seed(tmp_path, evaluations, most):
    """Ten seeds, of which four come first; the ninth is the fastest of them, and a candidate is faster still."""
    seeds = [SEED, *(Candidate(f"def kernel(a):\n    return a + {n}\n", lineage=Lineage("seed", str(n))) for n in range(1, 10))]
    fast = {number: 1.0 + number / 100 for number in range(10)} | {8: 3.0}
    confirmed = []

    def run(fleet):
        panel = Panel([Numbers("rewrite", 1000)], (), POLICIES["adaptive"]())
        fleet.confirm = lambda job: confirmed.append(job) or Fleet.confirm(fleet, job)
        Campaign(journal, fleet, Pool(), panel, seeds, None, Limits(evaluations, None, 1.0), 1,
                 Progress("plus", evaluations, None, io.StringIO()), first_seeds=4).run()

    with new_journal(tmp_path) as journal:
        fleet = Fleet(lambda candidate: fast.get(number_of(candidate), 4.0 if number_of(candidate) == 1007 else 0.5), most)
        if most < 10**9:
            with pytest.raises(Interrupted):
                run(fleet)
            fleet = Fleet(fleet._judge)
        run(fleet)
        as_seeds = [row.candidate.identity for row in journal.evaluations(SEED_VS_REFERENCE)]
        judged = [number_of(row.candidate) for row in journal.evaluations(SEARCH)]
        assert as_seeds == [seed.identity for seed in seeds[:4]]
        assert sorted(number for number in judged if number < 10) == list(range(10)) and len(judged) == len(set(judged)) == evaluations
        between = [place for place, number in enumerate(judged) if 4 <= number < 10]
        assert evaluations < 60 or between[-1] - between[0] >= 2 * len(between)
        assert journal.state("best_seed") == seeds[8].identity == confirmed[0].best_seed.identity != journal.state("anchor")
        assert confirmed[0].champion.identity in ({seeds[8].identity} if 1007 not in judged else
                                                  {Candidate("def kernel(a):\n    return a + 1007\n").identity})


def test_where_none_of_the_first_seeds_is_verified_the_next_are_judged(tmp_path):
    seeds = [Candidate(f"def kernel(a):\n    return a + {n}\n", lineage=Lineage("seed", str(n))) for n in range(9)]
    with new_journal(tmp_path) as journal:
        fleet = Fleet(lambda candidate: Verdict.WRONG if number_of(candidate) < 6 else 1.0)
        Campaign(journal, fleet, Pool(), Panel([Numbers("rewrite", 1000, 3)], (), POLICIES["adaptive"]()), seeds, None,
                 Limits(60, None, 1.0), 1, Progress("plus", 60, None, io.StringIO()), first_seeds=4).run()
        assert journal.state("anchor") in {seed.identity for seed in seeds[6:]}
        assert {seed.identity for seed in seeds} <= {row.candidate.identity for row in journal.evaluations(SEARCH)}
