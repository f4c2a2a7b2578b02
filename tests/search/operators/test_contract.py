"""What every operator that a setting can name keeps to, and what the baselines of `bench search` do."""
import random

import pytest
from kernwright.kernels.candidate import Candidate, JitOptions, Lineage
from kernwright.kernels.dialect.gate import complaint
from kernwright.kernels.signature import Argument, Output, Signature
from kernwright.search.operators.chosen import BASELINES, KNOWN, OPERATORS, Place, chosen_operators
from kernwright.search.population.pool import Pool
from kernwright.search.settings import RunSettings
from kernwright.workers.evaluation import Evaluation, Ratio, Rung, Verdict

SIGNATURE = Signature((Argument("a", "array", "float64", 2),), (Output("array", "float64", 1, ("a.shape[0]",)),))
TEXT = """WIDTH = 4  # tune: 2 4 8

def kernel(a):
    out = np.zeros(a.shape[0])
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            out[i] += WIDTH * a[i, j] / 3.0
    return out
"""
SEED = Candidate(TEXT, lineage=Lineage("seed"))
SLOWER_SEED = Candidate(TEXT.replace("/ 3.0", "/ 3.0 + 0.0"), lineage=Lineage("seed"))
OTHER = Candidate(TEXT.replace("/ 3.0", "/ 3.0 * 1.0").replace("WIDTH = 4", "WIDTH = 8"), JitOptions(fastmath=("contract",)), lineage=Lineage("rewrite:options"))


def judged(candidate, speedup):
    if isinstance(speedup, Verdict):
        return Evaluation(candidate.identity, speedup, Rung.SCREEN, machine="zen4")
    return Evaluation(candidate.identity, Verdict.VERIFIED, Rung.MEASURE, machine="zen4",
                      faster=Ratio(speedup, speedup, speedup, 20, 1.0, 1.0, "anchor"))


def operator_of(name):
    return chosen_operators([name], Place(3, SIGNATURE, 2, False))[0]


def fed(name, *rows):
    operator, pool = operator_of(name), Pool()
    for candidate, outcome in rows or ((SEED, 1.0), (SLOWER_SEED, 0.7), (OTHER, 1.4)):
        pool.add(candidate, judged(candidate, outcome))
        operator.learn(candidate, judged(candidate, outcome))
    return operator, pool


def proposals(operator, pool, seed=0, most=12):
    rng = random.Random(seed)
    return [made for made in (operator.propose(pool, rng) for _ in range(most)) if made is not None]


@pytest.mark.parametrize("name", KNOWN)
def test_an_operator_goes_by_its_name(name):
    assert operator_of(name).name == name


@pytest.mark.parametrize("name", KNOWN)
def test_an_operator_has_nothing_before_anything_was_judged(name):
    assert operator_of(name).propose(Pool(), random.Random(0)) is None


@pytest.mark.parametrize("name", KNOWN)
def test_an_operator_repeats_nothing_and_names_itself_and_a_known_parent(name):
    operator, pool = fed(name)
    made = proposals(operator, pool)
    known = {SEED.identity, SLOWER_SEED.identity, OTHER.identity}
    assert made and len({candidate.identity for candidate in made} - known) == len(made)
    for candidate in made:
        assert candidate.lineage.operator.partition(":")[0] == name and set(candidate.lineage.parents) <= known
        assert not complaint(candidate)


@pytest.mark.parametrize("name", KNOWN)
def test_equal_draws_propose_equally(name):
    first, second = (proposals(*fed(name)) for _ in range(2))
    assert [candidate.identity for candidate in first] == [candidate.identity for candidate in second]


def test_a_run_has_no_baseline_unless_it_is_told():
    assert not set(RunSettings().operators) & set(BASELINES) and set(RunSettings().operators) == set(OPERATORS)


def test_best_of_n_varies_the_best_seed_only_whatever_became_of_others():
    operator, pool = fed("best_of_n")
    assert {candidate.lineage.parents for candidate in proposals(operator, pool)} == {(SEED.identity,)}
    assert max(candidate.lineage.operator.count("+") for candidate in proposals(operator, pool, 1)) > 0


def test_random_search_selects_no_parent_by_its_speed():
    operator, pool = fed("random", (SEED, 1.0), (SLOWER_SEED, Verdict.TOO_SLOW), (OTHER, Verdict.WRONG))
    parents = {candidate.lineage.parents[0] for candidate in proposals(operator, pool)}
    assert parents == {SEED.identity, SLOWER_SEED.identity}


@pytest.mark.parametrize("exact", [False, True])
def test_functions_of_vecmath_are_proposed_unless_results_are_compared_bit_by_bit(exact):
    operator, pool = chosen_operators(["rewrite"], Place(3, SIGNATURE, 1, False, exact=exact))[0], Pool()
    calls = Candidate(TEXT.replace("a[i, j] / 3.0", "np.exp(a[i, j])"), lineage=Lineage("seed"))
    pool.add(calls, judged(calls, 1.0))
    operator.learn(calls, judged(calls, 1.0))
    assert any("def exp_f64(" in made.text for made in proposals(operator, pool, most=60)) is not exact
