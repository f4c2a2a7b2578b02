"""Single precision is refused where integer results would hide it, and nowhere else."""
from kernwright.kernels.analysis.narrowing import narrowing
from kernwright.kernels.candidate import Candidate
from kernwright.kernels.signature import Argument, Output, Signature

VALUES = Argument("x", "array", "float64", 1)
COUNTS, FLOATS = Output("array", "int64", 1, ("8",)), Output("array", "float64", 1, ("8",))
REFERENCE = "def bins(x):\n    return np.bincount((x * 8.0).astype(np.int64), minlength=8)\n"
NARROW = "def kernel(x, out):\n    for i in range(x.shape[0]):\n        out[int(np.float32(x[i] * 8.0))] += 1\n"
WIDE = NARROW.replace("np.float32(x[i] * 8.0)", "x[i] * 8.0")


def found(text, arguments=(VALUES,), output=COUNTS, reference=REFERENCE):
    return narrowing(Candidate(text, convention="writes"), Signature(arguments, (output,)), reference)


def test_a_rounding_that_only_moves_values_across_the_edge_of_a_bin_is_named_with_its_line():
    assert len(found(NARROW)) == 1 and found(NARROW)[0].startswith("line 3: float32 is less precise")
    assert found("def kernel(x, out):\n    y = x.astype(np.float32)\n    out[0] = y[0]\n")


def test_double_precision_passes():
    assert not found(WIDE)


def test_float_results_are_judged_by_their_error():
    assert not found(NARROW, output=FLOATS)
    assert not found(NARROW, (Argument("x", "array", "float64", 1, written=True),))


def test_a_reference_that_uses_single_precision_itself_allows_it():
    assert not found(NARROW, (Argument("x", "array", "float32", 1),))
    assert not found(NARROW, reference=REFERENCE.replace("x * 8.0", "x.astype('f4') * 8.0"))
    assert not found(NARROW, (Argument("x", "array", "int16", 1),))
