"""What every bandit keeps to, how the adaptive one follows what pays, and what the ledger takes for a gain."""
import math
import random
from collections import Counter

import pytest
from kernwright.kernels.candidate import Candidate, Lineage
from kernwright.search.bandit import POLICIES, choose
from kernwright.search.bandit.adaptive import FLOOR, Adaptive
from kernwright.search.bandit.ledger import Ledger
from kernwright.search.bandit.priors import prior_shares
from kernwright.workers.evaluation import Evaluation, Ratio, Rung, Verdict

NAMES = ["rewrite", "tune", "crossover", "llm:one", "llm:two"]
every_policy = pytest.mark.parametrize("policy", sorted(POLICIES))


def simulated(bandit, rng, candidates, rate, names=("rewrite", "tune", "crossover"), seconds=lambda name: 1.0):
    """Asks `candidates` times; an operator gains 0.1 with the probability rate(name). How often each was asked."""
    asked = Counter()
    for _ in range(candidates):
        name = choose(bandit, names, rng)
        asked[name] += 1
        bandit.credit(name, 0.1 if rng.random() < rate(name) else 0.0, seconds(name))
    return asked


@every_policy
def test_shares_are_probabilities_of_exactly_the_operators_asked_for(policy):
    bandit, rng = POLICIES[policy](), random.Random(0)
    for step in range(400):
        names = rng.sample(NAMES, rng.randint(1, len(NAMES)))
        shares = bandit.shares(names)
        assert set(shares) == set(names) and sum(shares.values()) == pytest.approx(1.0)
        assert all(math.isfinite(share) and share > 0 for share in shares.values())
        bandit.credit(rng.choice(NAMES), rng.choice([0.0, 0.0, 1e-9, 0.3, 5.0]), rng.choice([0.0, 0.01, 3.0, 600.0]))
        assert step or bandit.name == policy


@every_policy
def test_equal_histories_give_equal_shares(policy):
    one, two = POLICIES[policy](), POLICIES[policy]()
    for bandit in (one, two):
        simulated(bandit, random.Random(3), 100, lambda name: 0.2)
    assert one.shares(NAMES) == two.shares(NAMES)


@every_policy
def test_a_draw_follows_the_shares(policy):
    bandit, rng = POLICIES[policy](), random.Random(1)
    simulated(bandit, rng, 50, lambda name: 0.3 if name == "tune" else 0.05)
    drawn = Counter(choose(bandit, NAMES, rng) for _ in range(5000))
    for name, share in bandit.shares(NAMES).items():
        assert drawn[name] / 5000 == pytest.approx(share, abs=0.03)


@every_policy
def test_no_operator_ever_starves(policy):
    bandit = POLICIES[policy]()
    for _ in range(500):
        bandit.credit("rewrite", 1.0, 1.0)
        for name in NAMES[1:]:
            bandit.credit(name, 0.0, 50.0)
    assert all(share >= 0.04 for share in bandit.shares(NAMES).values())
    many = [f"llm:{number}" for number in range(200)]
    assert all(share > 0.001 for share in bandit.shares(many).values())


@every_policy
def test_operators_that_nobody_has_heard_of_take_part(policy):
    assert POLICIES[policy]().shares(["mine"]) == {"mine": 1.0}
    assert POLICIES[policy]().shares(["mine", "rewrite"])["mine"] > 0.1


def test_only_the_adaptive_policy_learns():
    for policy in POLICIES:
        bandit = POLICIES[policy]()
        before = dict(bandit.shares(NAMES))
        simulated(bandit, random.Random(0), 60, lambda name: 0.5 if name == "crossover" else 0.0)
        assert (bandit.shares(NAMES) != before) == (policy == "adaptive")


def test_the_first_candidates_of_a_short_run_follow_the_priors():
    bandit, priors = Adaptive(), prior_shares(NAMES[:3])
    assert priors["rewrite"] > 0.5 > priors["tune"] > priors["crossover"] > 0.05
    ranked = sorted(priors, key=priors.get)
    assert sorted(priors, key=bandit.shares(NAMES[:3]).get) == ranked
    asked = simulated(bandit, random.Random(5), 30, lambda name: 0.0)
    assert asked["rewrite"] > asked["tune"] and asked["rewrite"] >= 12


def test_shares_follow_the_better_operator_and_then_another_that_becomes_better():
    for seed in range(5):
        bandit, rng = Adaptive(), random.Random(seed)
        simulated(bandit, rng, 150, lambda name: 0.3 if name == "rewrite" else 0.03)
        assert bandit.shares(["rewrite", "tune", "crossover"])["rewrite"] > 0.5
        simulated(bandit, rng, 250, lambda name: 0.3 if name == "crossover" else 0.03)
        shares = bandit.shares(["rewrite", "tune", "crossover"])
        assert shares["crossover"] > 0.5 > 0.4 > shares["rewrite"]


def test_gains_are_counted_by_the_second_not_by_the_candidate():
    bandit, rng = Adaptive(), random.Random(2)
    simulated(bandit, rng, 300, lambda name: 0.2, ("tune", "crossover"), lambda name: 10.0 if name == "tune" else 1.0)
    shares = bandit.shares(["tune", "crossover"])
    assert shares["crossover"] > 0.75


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_neither_the_size_of_gains_nor_the_cost_of_a_kernel_matters_to_the_shares(scale):
    shares = []
    for factor in (1.0, scale):
        bandit, rng = Adaptive(), random.Random(8)
        for _ in range(80):
            name = rng.choice(NAMES)
            bandit.credit(name, 0.1 * factor if rng.random() < 0.2 else 0.0, rng.uniform(1, 3) * factor)
        shares.append(bandit.shares(NAMES))
    assert shares[0] == pytest.approx(shares[1])


def test_an_operator_that_has_run_dry_loses_its_share_but_for_the_floor():
    bandit = Adaptive()
    for _ in range(20):
        bandit.credit("tune", 0.1, 1.0)
        bandit.credit("rewrite", 0.0, 1.0)
    assert bandit.shares(["rewrite", "tune"])["tune"] > 0.7
    for candidate in range(400):
        bandit.credit("tune", 0.0, 1.0)
        if candidate % 20 == 0:
            bandit.credit("rewrite", 0.02, 1.0)
    assert FLOOR <= bandit.shares(["rewrite", "tune"])["tune"] < 0.2


def test_a_memory_that_has_faded_away_is_none():
    bandit = Adaptive()
    bandit.credit("tune", 1.0, 1.0)
    for _ in range(70_000):
        bandit.credit("rewrite", 0.0, 1.0)
    shares = bandit.shares(["rewrite", "tune"])
    assert sum(shares.values()) == pytest.approx(1.0) and all(map(math.isfinite, shares.values()))


def made(number, operator, *parents):
    return Candidate(f"def kernel(a):\n    return a + {number}\n", lineage=Lineage(operator, "", tuple(p.identity for p in parents)))


def judged(candidate, speedup, seconds=2.0, machine="zen4"):
    stages = {"build": seconds / 2, "measure": seconds / 2, "wait": 100.0}
    if isinstance(speedup, Verdict):
        rung = Rung.GATE if speedup is Verdict.REFUSED else Rung.VERIFY
        return Evaluation(candidate.identity, speedup, rung, stage_seconds=stages if rung is not Rung.GATE else {}, machine=machine)
    ratio = Ratio(speedup, speedup, speedup, 20, 1.0, 1.0, "anchor")
    return Evaluation(candidate.identity, Verdict.VERIFIED, Rung.MEASURE, faster=ratio, stage_seconds=stages, machine=machine)


def test_a_gain_is_what_is_added_to_the_best_and_waits_are_no_work():
    ledger, seed = Ledger(NAMES), made(0, "seed")
    assert ledger.judged(seed, judged(seed, 1.0)) == []
    first, second, third = made(1, "rewrite:tile", seed), made(2, "tune", seed), made(3, "rewrite:parallel+tile", seed)
    for candidate, speedup, gain in ((first, 2.0, math.log(2)), (second, 1.5, 0.0), (third, 3.0, math.log(1.5))):
        ledger.proposed(candidate)
        credit, = ledger.judged(candidate, judged(candidate, speedup))
        assert credit.gain == pytest.approx(gain) and credit.seconds == 2.0
    rewrite, tune = ledger.accounts["rewrite"], ledger.accounts["tune"]
    assert (rewrite.proposed, rewrite.evaluated, rewrite.verified, rewrite.improved, rewrite.seconds) == (2, 2, 2, 2, 4.0)
    assert rewrite.gain == pytest.approx(math.log(3)) and (tune.improved, tune.gain) == (0, 0.0)


def test_what_is_slower_than_the_anchor_gains_nothing_and_machines_are_never_compared():
    ledger = Ledger(NAMES)
    slow, here, there = made(1, "tune"), made(2, "tune"), made(3, "tune")
    assert ledger.judged(slow, judged(slow, 0.5))[0].gain == 0.0
    assert ledger.judged(here, judged(here, 4.0))[0].gain == pytest.approx(math.log(4))
    assert ledger.judged(there, judged(there, 2.0, machine="zen3"))[0].gain == pytest.approx(math.log(2))


def test_models_are_told_apart_and_a_refusal_costs_something_but_is_no_evaluation():
    ledger = Ledger(NAMES)
    good, bad = made(1, "llm:one"), made(2, "llm:two")
    ledger.judged(good, judged(good, 2.0, seconds=5.0))
    credit, = ledger.judged(bad, judged(bad, Verdict.REFUSED))
    assert credit.name == "llm:two" and credit.seconds == pytest.approx(0.5)
    assert ledger.accounts["llm:two"].evaluated == 0 and ledger.accounts["llm:two"].seconds == 0.0
    assert ledger.accounts["llm:one"].improved == 1


def test_a_lost_node_and_candidates_that_nobody_asked_for_are_nobodys():
    ledger = Ledger(NAMES)
    lost, warm, alien = made(1, "tune"), made(2, "warm:old"), made(3, "llm:three")
    assert ledger.judged(lost, judged(lost, Verdict.LOST)) == []
    assert ledger.judged(warm, judged(warm, 2.0)) == ledger.judged(alien, judged(alien, 3.0)) == []
    late = made(4, "tune", warm)
    assert ledger.judged(late, judged(late, 6.0))[0].gain == pytest.approx(math.log(2))


def test_steps_that_made_a_gain_possible_share_it_once():
    ledger, seed = Ledger(NAMES), made(0, "seed")
    ledger.judged(seed, judged(seed, 1.0))
    step = made(1, "rewrite:fission", seed)
    ledger.judged(step, judged(step, 0.9))
    child = made(2, "tune", step)
    credits = ledger.judged(child, judged(child, math.e))
    assert [(c.name, c.seconds) for c in credits] == [("tune", 2.0), ("rewrite", 0.0)]
    assert [c.gain for c in credits] == pytest.approx([2 / 3, 1 / 3])
    assert sum(account.gain for account in ledger.accounts.values()) == pytest.approx(1.0)
    assert (ledger.accounts["tune"].improved, ledger.accounts["rewrite"].improved) == (1, 0)
    again = made(3, "crossover:options", step, child)
    assert [c.name for c in ledger.judged(again, judged(again, math.e**2))] == ["crossover"], "its step was paid"


def test_the_state_is_plain_json_with_a_share_for_every_operator():
    ledger = Ledger(NAMES)
    state = ledger.as_json(prior_shares(NAMES))
    assert set(state) == set(NAMES) and sum(entry["share"] for entry in state.values()) == pytest.approx(1.0)
    assert set(state["tune"]) == {"proposed", "evaluated", "verified", "improved", "gain", "seconds", "share"}
