"""A campaign judges what earlier work left right after its seeds, once, and again only where it was killed before."""
import pytest
from kernwright.kernels.candidate import Candidate, Lineage
from kernwright.kernels.spec import KernelSpec
from kernwright.search.bandit import POLICIES
from kernwright.search.bandit.panel import Panel
from kernwright.search.campaign import Campaign, Limits
from kernwright.search.journal import Journal, RunRecord, journal_url
from kernwright.search.population.pool import Pool
from kernwright.search.result import lineage_of, result_of
from kernwright.workers.confirmation import Confirmation
from kernwright.workers.evaluation import Evaluation, Ratio, Rung, Verdict

RECORD = RunRecord("r", "scale", KernelSpec("scale", "def scale(a): ...", "scale"), {"seed": 1}, "here", {}, 1.0)


def kernel(speed, operator="seed", body=""):
    return Candidate(f"def kernel(a):\n{body}    return a * {speed}.0\n", lineage=Lineage(operator))


SEEDS = kernel(1), kernel(2)
WARM = kernel(9, "warm:champion.py"), kernel(5, "warm:other"), kernel(2, "warm:other")


class Killed(Exception):
    pass


class Judged:
    """A fleet that judges at once: a candidate is as many times as fast as the reference as it multiplies by."""

    workers = 2

    def __init__(self, ends_after=None):
        self.jobs, self.done, self.confirmed, self.ends_after = [], [], [], ends_after

    in_flight = property(lambda self: len(self.done))

    def room(self):
        return 1 - len(self.done)

    def submit(self, job):
        if self.ends_after is not None and len(self.jobs) >= self.ends_after:
            raise Killed
        self.jobs.append(job)
        speedup = self.speed(job.candidate) / (self.speed(job.anchor) if job.anchor else 1.0)
        ratio = Ratio(speedup, speedup, speedup, 9, 1.0, speedup, job.anchor.identity if job.anchor else "reference")
        self.done.append(Evaluation(job.candidate.identity, Verdict.VERIFIED, Rung.MEASURE, equivalent=True, faster=ratio, machine="here"))

    def completed(self, timeout):
        done, self.done = self.done, []
        return done

    def abandon(self):
        self.done = []

    def confirm(self, job):
        self.confirmed.append(job)
        return Confirmation(job.champion.identity, Verdict.VERIFIED, over_reference=Ratio(9, 9, 9, 9, 1.0, 9.0, "reference"))

    @staticmethod
    def speed(candidate):
        return float(candidate.text.rsplit("a * ", 1)[1])


class Silent:
    """Takes every call of a progress display."""

    def __getattr__(self, name):
        return lambda *arguments: None


class Rewrites:
    """Proposes kernels of its own, one after the other."""

    name = "rewrite"
    pending = 0

    def __init__(self):
        self.number = 100

    def propose(self, population, rng):
        self.number += 1
        return Candidate(f"def kernel(a):\n    b = a * {self.number}\n    return a * 3.0\n", lineage=Lineage("rewrite"))

    def learn(self, candidate, evaluation):
        pass


@pytest.fixture
def journal(tmp_path):
    with Journal.create(journal_url(tmp_path), RECORD) as opened:
        yield opened


def run(journal, fleet, warm=WARM, evaluations=8):
    panel = Panel([Rewrites()], [], POLICIES["adaptive"]())
    return Campaign(journal, fleet, Pool(), panel, SEEDS, None, Limits(evaluations, None, 1.0), 1, Silent(), warm=warm).run()


def test_warm_candidates_are_judged_right_after_the_seeds_and_a_seed_among_them_not_again(journal):
    fleet = Judged()
    run(journal, fleet)
    searched = [job.candidate.lineage.operator for job in fleet.jobs if job.stage == "search"]
    assert [job.candidate.identity for job in fleet.jobs[:2]] == [seed.identity for seed in SEEDS]
    assert searched == ["warm:champion.py", "warm:other", "rewrite", "rewrite", "rewrite", "rewrite"]
    assert result_of(journal)["evaluations"] == 8


def test_the_anchor_is_the_best_seed_however_fast_a_warm_candidate_is(journal):
    fleet = Judged()
    run(journal, fleet)
    assert journal.state("anchor") == SEEDS[1].identity
    assert {job.anchor.identity for job in fleet.jobs if job.stage == "search"} == {SEEDS[1].identity}
    assert [job.champion.identity for job in fleet.confirmed] == [WARM[0].identity]
    assert fleet.confirmed[0].best_seed.identity == SEEDS[1].identity
    assert [c.lineage.operator for c in lineage_of(journal, journal.state("champion"))] == ["warm:champion.py"]


@pytest.mark.parametrize("judged", range(6))
def test_a_run_that_was_killed_judges_the_rest_and_nothing_twice(journal, judged):
    first = Judged(ends_after=judged)
    with pytest.raises(Killed):
        run(journal, first)
    second = Judged()
    run(journal, second)
    done = [row.candidate.identity for row in journal.evaluations("search")]
    assert len(done) == len(set(done)) == 8
    order = [row.candidate.lineage.operator for row in journal.evaluations("search")]
    assert order[:4] == ["seed", "seed", "warm:champion.py", "warm:other"]
    assert journal.state("anchor") == SEEDS[1].identity


def test_a_warm_candidate_outside_the_dialect_costs_no_evaluation(journal):
    bad = Candidate("def kernel(a):\n    return open(a)\n", lineage=Lineage("warm:x"))
    fleet = Judged()
    run(journal, fleet, [bad])
    assert bad.identity not in {job.candidate.identity for job in fleet.jobs}
    assert result_of(journal)["refused"] == 1


def test_warm_candidates_are_no_operators_account(journal):
    run(journal, Judged())
    assert set(journal.state("operators")) == {"rewrite"} and journal.state("operators")["rewrite"]["evaluated"] == 4


def test_where_no_seed_stands_the_warm_candidates_are_timed_against_the_reference(journal):
    fleet = Judged()
    panel = Panel([], [], POLICIES["adaptive"]())
    Campaign(journal, fleet, Pool(), panel, [], None, Limits(8, None, 1.0), 1, Silent(), warm=WARM).run()
    assert [job.anchor for job in fleet.jobs[:3]] == [None] * 3
    assert journal.state("champion") == WARM[0].identity
