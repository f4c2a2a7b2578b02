"""The stream of mutants of one candidate: of the dialect, each once, in turns, the same for the same draw."""
import itertools
import random

from kernwright.kernels.candidate import Candidate, JitOptions
from kernwright.kernels.dialect.gate import complaint
from kernwright.kernels.mutants import mutants
from kernwright.kernels.signature import Argument, Output, Signature

SIGNATURE = Signature((Argument("a", "array", "float32", 2),), (Output("array", "float32", 1, ("a.shape[0]",)),))
CANDIDATE = Candidate("""
def kernel(a, out):
    for i in prange(a.shape[0]):
        largest = a[i, 0]
        for j in range(1, a.shape[1]):
            largest = max(largest, a[i, j])
        total = np.float32(0.0)
        for j in range(a.shape[1]):
            total += helper(a[i, j], largest)
        out[i] = np.log(total) + largest

def helper(x, top):
    return np.exp(x - top)
""", JitOptions(parallel=True), "writes")


def stream(seed=0):
    return mutants(CANDIDATE, SIGNATURE, random.Random(seed))


def test_mutants_are_distinct_candidates_of_the_dialect():
    found = list(stream())
    assert len({m.candidate.identity for m in found} | {CANDIDATE.identity}) == len(found) + 1
    assert not any(complaint(m.candidate) for m in found)
    assert len(found) > 60


def test_helpers_are_damaged_too():
    assert any(m.operator == "operands swapped" and "np.exp(top - x)" in m.candidate.text for m in stream())


def test_the_first_mutants_are_of_as_many_kinds_as_apply():
    found = list(stream())
    kinds = len({m.operator for m in found})
    assert len({m.operator for m in found[:kinds]}) == kinds > 15


def test_equal_draws_give_equal_streams_and_others_another_order():
    first, same, other = ([m.candidate.identity for m in itertools.islice(stream(seed), 20)] for seed in (3, 3, 4))
    assert first == same != other


def test_a_mutant_says_where_and_what_it_damages():
    found = next(m for m in stream() if m.operator == "comparison changed" or m.operator == "operands swapped")
    assert found.line > 1 and " -> " in found.description and found.candidate.lineage.note.endswith(found.description)
