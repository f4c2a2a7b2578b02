"""A scratch array outside a loop is private to its iterations where none needs what another left in it."""
import pytest
from kernwright.kernels.analysis import analyse
from kernwright.kernels.analysis.privatise import private_arrays
from kernwright.kernels.candidate import Candidate
from kernwright.kernels.signature import Argument, Output, Signature
from kernwright.kernels.transforms import contract_array, parallel

MATRIX = Signature((Argument("a", "array", "float64", 2),), (Output("array", "float64", 2, ("a.shape[0]", "a.shape[1]")),))
FRAME = """def kernel(a, out0):
    t = np.empty((a.shape[1],), dtype=np.float64)
    for i in range(a.shape[0]):
        for k in range(3):
            for j in range({first}, a.shape[1]):
                {write}
            for j in range(a.shape[1]):
                out0[i, j] = t[j]
"""


def private_to_rows(candidate):
    """The names of the arrays that make iterations of the loop over i independent; None where nothing does."""
    analysis = analyse(candidate, MATRIX)
    function, loop = next((function, loop) for function, loop in analysis.loops if loop.variable == "i")
    found = private_arrays(function, loop)
    return None if found is None else {each.name for each in found}


def loop_over_rows_is_parallel(first, write):
    candidate = Candidate(FRAME.format(first=first, write=write), convention="writes")
    return any("loop i " in rewrite.note for rewrite in parallel.propose(candidate, MATRIX))


def test_written_whole_in_each_iteration_of_an_inner_loop_that_holds_all_uses():
    assert loop_over_rows_is_parallel(0, "t[j] = a[i, j] * k")


@pytest.mark.parametrize("first, write", [
    (1, "t[j] = a[i, j] * k"),
    (0, "t[j] = t[j] + a[i, j] * k"),
    (0, "if k == 1:\n                    t[j] = a[i, j]"),
], ids=["but for one element", "from its old value", "now and then"])
def test_what_is_not_written_in_full_before_it_is_read_is_not_private(first, write):
    assert not loop_over_rows_is_parallel(first, write)


JOINED = """def kernel(a, out0):
    t = np.empty((a.shape[1],), dtype=np.float64)
    shift = 1 % a.shape[1]
    for i in range(a.shape[0]):
        for j in range(shift):
            t[j] = a[i, j + a.shape[1] - shift]
        for j in range(a.shape[1] - shift):
            t[j + {second}] = a[i, j]
        for j in range(a.shape[1]):
            out0[i, j] = t[j]
"""


@pytest.mark.parametrize("second, private", [("shift", True), ("shift + 1 - 1", True), ("0", False)])
def test_written_in_two_blocks_side_by_side_which_is_how_a_row_is_rolled(second, private):
    candidate = Candidate(JOINED.format(second=second), convention="writes")
    assert any("loop i " in rewrite.note for rewrite in parallel.propose(candidate, MATRIX)) is private


PRODUCTS = """def kernel(a, out0):
    t = np.empty((a.shape[0], 2, a.shape[1]), dtype=np.float64)
    c = np.empty((a.shape[0], 2, 2), dtype=np.float64)
    row = np.empty((a.shape[1],), dtype=np.float64)
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            row[j] = a[i, j] * 2.0
        for j in range(a.shape[1]):
            t[i, 0, j] = row[j]
            t[i, 1, j] = a[i, j]
        np.dot(t[{of}], t[i].T, out=c[{into}])
        for j in range(a.shape[1]):
            out0[i, j] = c[i, 0, 1]
"""


@pytest.mark.parametrize("of, into, legal", [("i", "i", True), ("i - 1", "i", False), ("i", "i // 2", False), ("0", "i", False)])
def test_a_product_by_blas_touches_the_planes_that_it_is_given_and_writes_the_one_it_is_told_to(of, into, legal):
    candidate = Candidate(PRODUCTS.format(of=of, into=into), convention="writes")
    assert (private_to_rows(candidate) is not None) is legal
    assert any("loop i " in rewrite.note for rewrite in parallel.propose(candidate, MATRIX)) is legal


PLANES = """def kernel(a, out0):
    t = np.empty((a.shape[0], 2, a.shape[1]), dtype=np.float64)
    c = np.empty((a.shape[0], 2, 2), dtype=np.float64)
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            t[i, 0, j] = a[i, j]
            t[i, 1, j] = 1.0
        {product}
        out0[i, 0] = c[i, 0, 1]
"""


@pytest.mark.parametrize("product, lost", [
    ("np.dot(t[i], t[i].T, out=c[i])", {"t", "c"}),
    ("out0[i, 1] = np.sum(t[i])", {"t", "c"}),
    ("np.dot(t[0], t[i].T, out=c[i])", {"c"}),
    ("np.dot(t[i], t[i].T, out=c[0])", {"t"}),
    ("np.dot(t[i], t[i].T, out=a)", {"t", "c"}),
    ("u = t[i]\n        np.dot(u, u.T, out=c[i])", {"c"}),
    ("u = np.dot(t[i], t[i].T, out=c[i])", set()),
])
def test_planes_that_only_one_iteration_uses_are_one_plane(product, lost):
    candidate = Candidate(PLANES.format(product=product), convention="writes")
    made = list(contract_array.propose(candidate, MATRIX))
    assert {rewrite.note.split()[1] for rewrite in made if "dimension 0" in rewrite.note} == lost


FILLED = """def kernel(a, out0):
    t = np.empty((3, a.shape[1]), dtype=np.float64)
    c = np.empty((3, 3), dtype=np.float64)
    for i in range(a.shape[0]):
        for k in range(3):
            for j in range(a.shape[1]):
                t[k, j] = a[i, j] + k
        {product}
        out0[i, 0] = c[0, 1]
"""


@pytest.mark.parametrize("product, legal", [
    ("np.dot(t, t.T, out=c)", True), ("np.dot(c, c, out=c)", False), ("c[1] = np.dot(t, t[0])", False), ("np.add(c[0], 1.0, out=c[0])", False),
    ("np.dot(t, t[0], out=c[0])", True), ("np.dot(t, t[0], out=c[1])", False),
])
def test_a_plane_that_a_product_fills_in_each_iteration_is_private(product, legal):
    candidate = Candidate(FILLED.format(product=product), convention="writes")
    assert (private_to_rows(candidate) == {"t", "c"}) is legal
