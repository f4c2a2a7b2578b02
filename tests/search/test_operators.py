"""What every operator keeps to, and how the rewrite operator searches."""
import random
from collections import Counter

import pytest
from kernwright.kernels.candidate import Candidate, JitOptions, Lineage
from kernwright.kernels.signature import Argument, Output, Signature
from kernwright.kernels.transforms import Rewrite
from kernwright.search.operators.rewrite import RewriteOperator
from kernwright.search.operators.tune import TuneOperator
from kernwright.search.population.pool import Pool
from kernwright.search.tuner import Tuner
from kernwright.workers.evaluation import Evaluation, Ratio, Rung, Verdict

SIGNATURE = Signature((Argument("a", "array", "float64", 2),), (Output("array", "float64", 1, ("a.shape[0]",)),))
MATRIX = Candidate("""def kernel(a):
    out = np.zeros(a.shape[0])
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            out[i] += a[i, j] / 3.0
    return out
""")


def numbered(number, depth=0):
    return Candidate(f"def kernel(a):\n    return a + {number} - {depth}\n")


def fan(candidate):
    """Rewrites of a toy space: "double" is always possible, "step" in three ways, both up to a depth of three."""
    number, depth = (int(word) for word in candidate.text.split("a + ")[1].split(" - "))
    if depth >= 3:
        return []
    made = [("double", number * 2)] + [("step", number + n) for n in (1, 2, 3)]
    return [Rewrite(Candidate(numbered(n, depth + 1).text, lineage=Lineage(f"rewrite:{name}", f"to {n}", (candidate.identity,))), name, f"to {n}")
            for name, n in made]


def toy():
    def propose_with(name, candidate, signature, *, max_threads, finite):
        return [rewrite for rewrite in fan(candidate) if rewrite.transform == name]

    return RewriteOperator(SIGNATURE, 2, False, ("double", "step"), propose_with)


def judged(candidate, speedup):
    if isinstance(speedup, Verdict):
        return Evaluation(candidate.identity, speedup, Rung.VERIFY, machine="zen4")
    ratio = Ratio(speedup, speedup, speedup, 20, 1.0, 1.0, "anchor")
    return Evaluation(candidate.identity, Verdict.VERIFIED, Rung.MEASURE, faster=ratio, machine="zen4")


def pool_of(*ranked):
    pool = Pool()
    for place, candidate in enumerate(ranked):
        pool.add(candidate, judged(candidate, 2.0 / (1 + place)))
    return pool


def drain(operator, pool, rng, most=500):
    found = []
    while len(found) < most and (candidate := operator.propose(pool, rng)) is not None:
        found.append(candidate)
    return found


def test_an_empty_population_has_no_rewrites():
    assert toy().propose(Pool(), random.Random(0)) is None


def test_nothing_is_proposed_twice_and_an_exhausted_population_says_so():
    found = drain(toy(), pool_of(numbered(1)), random.Random(0))
    assert len({c.identity for c in found}) == len(found) < 500
    singles = {r.candidate.identity for r in fan(numbered(1))}
    assert singles <= {c.identity for c in found}


def test_single_rewrites_of_the_best_come_before_most_of_those_of_the_rest_and_none_is_left_out():
    best, second, first = numbered(100), numbered(1), []
    for seed in range(40):
        found = [c for c in drain(toy(), pool_of(best, second), random.Random(seed)) if "+" not in c.lineage.operator]
        parents = [c.lineage.parents[0] for c in found]
        assert set(parents) == {best.identity, second.identity}
        first += parents[:2]
    assert first.count(best.identity) > len(first) / 2


def test_walks_reach_what_no_single_rewrite_does_and_keep_their_lineage():
    found = drain(toy(), pool_of(numbered(1)), random.Random(0))
    walks = [c for c in found if "+" in c.lineage.operator]
    assert walks
    for walk in walks:
        names = walk.lineage.operator.removeprefix("rewrite:").split("+")
        assert 2 <= len(names) <= 4 and set(names) <= {"double", "step"}
        assert walk.lineage.note.count("; ") == len(names) - 1 and walk.lineage.parents == (numbered(1).identity,)
        assert walk.text.endswith(f"- {len(names)}\n")


def test_candidates_of_others_are_not_proposed_again():
    operator = toy()
    known = [r.candidate for r in fan(numbered(1))]
    for candidate in known:
        operator.learn(candidate, judged(candidate, 1.0))
    found = drain(operator, pool_of(numbered(1)), random.Random(0))
    assert not {c.identity for c in known} & {c.identity for c in found}


def test_transforms_that_win_are_tried_first():
    firsts = Counter()
    for seed in range(40):
        operator, rng = toy(), random.Random(seed)
        for parent in (numbered(10 * n) for n in range(1, 12)):
            pool = pool_of(parent)
            for _ in range(3):
                candidate = operator.propose(pool, rng)
                won = candidate.lineage.operator == "rewrite:double"
                operator.learn(candidate, judged(candidate, 3.0 if won else Verdict.BUILD_FAILED))
        assert operator.records.rate("double") > operator.records.rate("step")
        firsts[operator.propose(pool_of(numbered(500)), rng).lineage.operator] += 1
    assert firsts["rewrite:double"] > firsts["rewrite:step"]


def test_a_lost_node_is_nobodys_failure():
    operator, pool = toy(), pool_of(numbered(1))
    candidate = operator.propose(pool, random.Random(1))
    operator.learn(candidate, judged(candidate, Verdict.LOST))
    assert operator.records.rate("double") == operator.records.rate("step") == 0.5


def test_equal_seeds_propose_equally():
    one, two = ([c.identity for c in drain(toy(), pool_of(numbered(1), numbered(9)), random.Random(5))]
                for _ in range(2))
    assert one == two


def test_tuning_moves_on_to_other_elites_until_all_are_exhausted():
    """The kernels have no tunables: an elite's space is its four sets of fast-math flags, one of them its own."""
    kernels = [Candidate(f"def kernel(a):\n    a[0] = np.sin(a[0]) * {number}.5 / a[1]\n", JitOptions(error_model="numpy")) for number in (1, 2)]
    pool, operator = pool_of(*kernels), TuneOperator(Tuner(1, SIGNATURE, max_threads=1, finite=False))
    assert operator.propose(Pool(), random.Random(0)) is None
    found = drain(operator, pool, random.Random(0))
    assert Counter(c.lineage.parents[0] for c in found) == {kernel.identity: 3 for kernel in kernels}
    for candidate in found:
        operator.learn(candidate, judged(candidate, 1.0))


def test_tunables_of_what_is_not_far_behind_are_tuned_first():
    plain = Candidate("def kernel(a):\n    a[0] = np.sin(a[0]) * 1.5 / a[1]\n")
    near, far = (Candidate(f"TILE = 8  # tune: 8 16 32 64\n\ndef kernel(a):\n    a[0] = np.sin(a[0]) * TILE / {number}.5\n") for number in (3, 4))
    pool, operator = Pool(), TuneOperator(Tuner(1, SIGNATURE, max_threads=1, finite=False))
    for candidate, speedup in ((plain, 2.0), (near, 1.8), (far, 0.9)):
        pool.add(candidate, judged(candidate, speedup))
    found = drain(operator, pool, random.Random(0), most=9)
    assert {candidate.lineage.parents[0] for candidate in found[:4]} == {near.identity}
    assert {candidate.lineage.parents[0] for candidate in drain(operator, pool, random.Random(0))} > {plain.identity}


def test_options_are_lukewarm_beside_changes_of_the_text():
    operator, rng = RewriteOperator(SIGNATURE, 1, False, ("options", "accumulators", "unroll_jam", "hoist", "tile", "views")), random.Random(3)
    first = Counter(operator.propose(pool_of(MATRIX), rng).lineage.operator == "rewrite:options" for _ in range(6))
    assert first[False] > first[True]


@pytest.mark.parametrize("threads", [1, 2])
def test_real_rewrites_of_a_real_kernel_are_distinct_candidates_that_parse(threads):
    operator = RewriteOperator(SIGNATURE, threads, False)
    found = drain(operator, pool_of(MATRIX), random.Random(0), most=60)
    assert len({c.identity for c in found}) == len(found) >= 10
    assert any(c.options != JitOptions() for c in found) and any(c.text != MATRIX.text for c in found)
    assert any("+" in c.lineage.operator for c in found)
    assert any("prange" in c.text for c in found)
    for candidate in found:
        assert candidate.tree and candidate.skeleton and candidate.lineage.note
