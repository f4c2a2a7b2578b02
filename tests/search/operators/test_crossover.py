"""The crossover operator: whom it combines, what it never proposes, and when it has nothing."""
import random
from collections import Counter

import pytest
from kernwright.kernels.candidate import Candidate, JitOptions, Lineage
from kernwright.kernels.signature import Argument, Output, Signature
from kernwright.kernels.transforms import propose_with
from kernwright.search.operators.crossover import CrossoverOperator
from kernwright.search.population.pool import Pool
from kernwright.workers.evaluation import Evaluation, Ratio, Rung, Verdict

SIGNATURE = Signature((Argument("a", "array", "float64", 2),), (Output("array", "float64", 1, ("a.shape[0]",)),))
BASE = Candidate("""def kernel(a):
    sums = np.empty(a.shape[0])
    for i in range(a.shape[0]):
        total = 0.0
        for j in range(a.shape[1]):
            total += a[i, j]
        sums[i] = total
    out = np.empty(a.shape[0])
    for k in range(a.shape[0]):
        out[k] = sums[k] / 3.0
    return out
""", JitOptions(error_model="numpy"))


def judged(candidate, speedup, machine="zen4"):
    ratio = Ratio(speedup, speedup, speedup, 20, 1.0, 1.0, "anchor")
    return Evaluation(candidate.identity, Verdict.VERIFIED, Rung.MEASURE, faster=ratio, machine=machine)


class Run:
    """A journal's worth of candidates, a population of those that are `elites`, and the operator."""

    def __init__(self, elites, others=()):
        self.known = {candidate.identity: candidate for candidate in (*elites, *others)}
        self.operator = CrossoverOperator(SIGNATURE, self.known.get)
        self.pool = Pool()
        for candidate in others:
            self.operator.learn(candidate, judged(candidate, 1.0))
        for place, candidate in enumerate(elites):
            self.judge(candidate, 3.0 - place / 10)

    def judge(self, candidate, speedup):
        self.known[candidate.identity] = candidate
        self.pool.add(candidate, judged(candidate, speedup))
        self.operator.learn(candidate, judged(candidate, speedup))

    def drain(self, seed=0, most=400):
        found, rng = [], random.Random(seed)
        for _ in range(most):
            candidate = self.operator.propose(self.pool, rng) or self.operator.propose(self.pool, rng)
            if candidate is None:
                break
            found.append(candidate)
        return found


def family():
    """The base, and what single rewrites made of it, with their lineage."""
    made = [r.candidate for name in ("parallel", "accumulators", "options") for r in
            propose_with(name, BASE, SIGNATURE, max_threads=2)]
    return [BASE, *made]


def test_nothing_comes_of_fewer_than_two_elites():
    for run in (Run([]), Run([BASE])):
        assert run.operator.propose(run.pool, random.Random(0)) is None


def test_children_are_new_name_both_parents_and_say_what_they_took():
    elites = family()
    run = Run(elites[1:], [BASE])
    found = run.drain()
    identities = {candidate.identity for candidate in elites}
    assert len({c.identity for c in found}) == len(found) > 10 and not identities & {c.identity for c in found}
    kinds = Counter(c.lineage.operator for c in found)
    assert set(kinds) == {"crossover:merge"}
    for child in found:
        one, two = child.lineage.parents
        assert one != two and {one, two} <= identities and child.lineage.note


def test_changes_to_two_nests_are_joined_by_way_of_an_ancestor_that_is_no_elite_any_more():
    sums = next(r.candidate for r in propose_with("accumulators", BASE, SIGNATURE, max_threads=2))
    step = next(r.candidate for r in propose_with("options", sums, SIGNATURE, max_threads=2) if r.candidate.options.fastmath)
    divide = next(r.candidate for r in propose_with("parallel", BASE, SIGNATURE, max_threads=2) if "k in prange" in r.candidate.text
                  and "i in prange" not in r.candidate.text)
    run = Run([step, divide], [BASE, sums])
    merged = [c for c in run.drain() if c.lineage.operator == "crossover:merge"]
    assert merged and all("k in prange" in c.text and "total_1" in c.text for c in merged)
    assert merged[0].options.parallel and merged[0].options.fastmath == step.options.fastmath
    lost = Run([step, divide])
    assert not [c for c in lost.drain() if c.lineage.operator == "crossover:merge"]


def test_what_is_known_is_not_proposed():
    children = Run(family()[1:7], [BASE]).drain(most=12)
    run = Run(family()[1:7], [BASE])
    for child in children[:10]:
        run.operator.learn(child, judged(child, 0.5))
    assert not {c.identity for c in children[:10]} & {c.identity for c in run.drain(most=30)}


def test_exhausted_elites_say_so_at_once_and_a_new_one_brings_new_children():
    elites = [candidate for candidate in family()[1:] if candidate.lineage.operator != "rewrite:options"]
    run = Run(elites[:2], [BASE])
    run.drain()
    assert run.operator.propose(run.pool, random.Random(1)) is None
    run.judge(elites[-1], 2.9)
    assert run.drain()


def test_equal_seeds_propose_equally():
    one, two = ([c.identity for c in Run(family()[1:6], [BASE]).drain(seed=4, most=20)] for _ in range(2))
    assert one == two


def test_texts_that_the_gate_refuses_are_never_proposed():
    wrong = Candidate("def weight(x):\n    return x.__class__\n\ndef kernel(a):\n    return a[:, 0] * weight(2.0)\n")
    right = Candidate("def weight(x):\n    return x * 2.0\n\ndef kernel(a):\n    return a[:, 0] + weight(2.0)\n", JitOptions(error_model="numpy"))
    run = Run([right, wrong])
    assert not [c for c in run.drain() if "__class__" in c.text]


@pytest.mark.parametrize("other", [1, 3])
def test_parents_that_work_in_another_way_are_preferred(other):
    same = [Candidate(f"def kernel(a):\n    return a[:, 0] + {n}\n") for n in range(other + 1)]
    apart = Candidate("def kernel(a):\n    out = np.zeros(a.shape[0])\n    for i in prange(a.shape[0]):\n        out[i] = a[i, 0]\n    return out\n",
                      JitOptions(True, ("contract",)))
    run = Run([*same, apart])
    from kernwright.search.operators.crossover import _partner

    elites, rng = run.pool.elites(), random.Random(2)
    first = next(e for e in elites if e.candidate.identity == same[0].identity)
    drawn = Counter(_partner(first, elites, rng).candidate.identity for _ in range(2000))
    assert drawn[apart.identity] > 2 * drawn[same[1].identity] > 0


def test_a_lineage_that_leads_in_a_circle_or_nowhere_ends():
    one = Candidate("def kernel(a):\n    return a[:, 0] + 1\n", JitOptions(fastmath=("contract",)))
    two = Candidate("def kernel(a):\n    return a[:, 0] + 2\n", lineage=Lineage("rewrite:x", "", (one.identity, "gone")))
    circle = Candidate(one.text, one.options, lineage=Lineage("rewrite:x", "", (two.identity,)))
    run = Run([circle, two])
    assert run.drain() == []
