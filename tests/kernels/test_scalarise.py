"""Elements that stay the same throughout a loop, as scalars."""
import pytest
from kernwright.kernels.candidate import Candidate
from kernwright.kernels.lift.variants import elements
from kernwright.kernels.signature import Argument, Signature
from kernwright.kernels.transforms import scalarise

MATRICES = Signature((Argument("a", "array", "float64", 2, written=True), Argument("b", "array", "float64", 2), Argument("k", "int", "int64")), (),
                     relations=("a.shape[1] == a.shape[0]", "b.shape[0] == a.shape[0]", "b.shape[1] == a.shape[0]"))
TEXT = """def kernel(a, b, k):
    for k in range(a.shape[0] - 1):
        for i in range(k + 1, a.shape[0]):
            for j in range({first}, a.shape[1]):
                a[i, j] -= {factor} * a[k, j]
"""


def notes(first, factor):
    return [rewrite.note for rewrite in scalarise.propose(Candidate(TEXT.format(first=first, factor=factor)), MATRICES)]


@pytest.mark.parametrize("first, factor, kept", [
    ("k + 1", "a[i, k]", ["a[i, k]"]), ("k", "a[i, k]", []), ("k + 1", "b[i, k]", []), ("k + 1", "a[i, 1]", []), ("k + 1", "a[k, k]", ["a[k, k]"]),
])
def test_what_a_loop_reads_of_the_array_that_it_writes_into_is_read_once_if_it_stays_the_same(first, factor, kept):
    assert [note.split(" kept")[0] for note in notes(first, factor)] == kept


def test_an_element_is_read_before_the_loop_only_if_that_has_an_iteration():
    rewrite, = scalarise.propose(Candidate(TEXT.format(first="k + 1", factor="a[i, k]")), MATRICES)
    assert "if k + 1 < a.shape[1]:\n                a_element = a[i, k]" in rewrite.candidate.text
    assert "a[i, k] = " not in rewrite.candidate.text


def test_indices_are_unsigned_where_elements_went_into_registers_and_only_there():
    made = elements.derive(Candidate(TEXT.format(first="k + 1", factor="a[i, k]")), MATRICES)
    assert "a[np.uint64(i), np.uint64(j)] -= a_element * a[np.uint64(k), np.uint64(j)]" in made.text
    assert elements.derive(Candidate(TEXT.format(first="k + 1", factor="b[i, k]")), MATRICES) is None
