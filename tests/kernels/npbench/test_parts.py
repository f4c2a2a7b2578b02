"""The parts of a made spec: draws in place of fixed seeds, sizes that a reference needs, moves that it bears."""
from pathlib import Path

import numpy as np
import pytest
from kernwright.kernels.npbench import inputs
from kernwright.kernels.npbench.conditioning import tolerance_for
from kernwright.kernels.npbench.draws import Draws
from kernwright.kernels.npbench.initialiser import MAKER, nested
from kernwright.kernels.npbench.moves import MOVES
from kernwright.kernels.npbench.sizes import FEW, proposals, small_sizes
from kernwright.kernels.npbench.trial import How
from kernwright.kernels.spec import KernelSpec, SpecError

DRAWING = {
    "default_rng": "from numpy.random import default_rng\ndef make(n):\n    return default_rng(42).random(n)",
    "imported inside": "def make(n):\n    from numpy.random import default_rng as r\n    return r(42).random(n)",
    "np.random": "import numpy as xp\ndef make(n):\n    xp.random.seed(1)\n    return xp.random.rand(n)",
    "a module alias": "import numpy.random as npr\ndef make(n):\n    return npr.RandomState(3).standard_normal(n)",
    "from numpy": "from numpy import random\ndef make(n):\n    return random.uniform(0, 1, n)",
    "a generator of its own": "import numpy as np\ndef make(n):\n    return np.random.Generator(np.random.PCG64(1)).normal(size=n)",
    "Python's random": "import random\nimport numpy as np\ndef make(n):\n    random.seed(5)\n    return np.array([random.random() for _ in range(n)])",
    "a helper with a global": "import numpy as np\nrng = np.random.default_rng(0)\ncalls = 0\ndef draw(n):\n    global calls\n    calls += 1\n    return rng.random(n)\ndef make(n):\n    return draw(n) * calls",
}


def made(text, seed):
    namespace = {}
    exec(nested(text, "make", Path("made.py")), namespace)  # noqa: S102 - a text of this file
    return namespace[MAKER](Draws(np.random.default_rng(seed)))(50)


@pytest.mark.parametrize("text", DRAWING.values(), ids=DRAWING.keys())
def test_an_initialiser_draws_from_our_generator_however_it_imports_its_own(text):
    assert np.array_equal(made(text, 0), made(text, 0)) and not np.array_equal(made(text, 0), made(text, 1))


def test_memory_that_an_initialiser_leaves_unwritten_is_zero():
    text = "import numpy as np\nfrom numpy import empty as e\ndef make(n):\n    return np.concatenate([np.empty(n), e(n), np.empty_like(np.ones(n)), np.ndarray((n,))])"
    assert not made(text, 0).any()


def test_an_import_of_everything_is_refused_in_one_line():
    with pytest.raises(SpecError, match="made.py, line 1: import the names one by one"):
        nested("from numpy import *\ndef make(n):\n    return ones(n)", "make", Path("made.py"))


@pytest.mark.parametrize("benchmark, needs", [
    ({"N": 4, "H": 28, "W": 28}, lambda s: s["H"] >= 16 and s["W"] >= 16),
    ({"R": 2, "K": 15}, lambda s: s["R"] == 2),
    ({"M": 512, "N": 512}, lambda s: s["M"] == s["N"]),
    ({"N": 400000, "bins": 1000}, lambda s: s["N"] > s["bins"]),
    ({"N": 1024, "block": 16}, lambda s: s["N"] % s["block"] == 0),
    ({"A": 96, "half": 48}, lambda s: s["A"] == 2 * s["half"]),
    ({"vertices": 200, "K": 190}, lambda s: s["K"] >= 100),
    ({"one": 1, "two": 2}, lambda s: True),
], ids=lambda value: str(value) if isinstance(value, dict) else "needs")
def test_small_sizes_keep_what_the_reference_needs(benchmark, needs):
    sizes = small_sizes(benchmark, lambda size, budget: How.WORKS if needs(size) else How.FAILS)
    assert sizes["benchmark"] == benchmark
    for name in ("tiny", "verify"):
        assert needs(sizes[name]) and all(value > 0 for value in sizes[name].values())
    assert sum(sizes["tiny"].values()) <= sum(sizes["verify"].values())


def test_proposals_keep_the_order_of_the_parameters_and_small_counts():
    benchmark = {"D": 3, "K": 20, "H": 256, "W": 256, "T": 1000}
    for size in proposals(benchmark, (7, 41)):
        assert size["D"] == 3 and FEW <= size["K"] <= size["H"] <= size["T"]
    first = next(proposals(benchmark, (41,)))
    assert len(set(first.values())) == 5 and all(value % 2 for value in first.values())


def test_a_size_whose_results_are_not_finite_is_taken_only_where_no_other_works():
    def works(size, budget):
        return How.NOT_FINITE if size["N"] < 30 else How.WORKS if size["N"] < 60 else How.TOO_LONG

    assert 30 <= small_sizes({"N": 500}, works)["verify"]["N"] < 60
    never = small_sizes({"N": 500}, lambda size, budget: How.NOT_FINITE)
    assert never["tiny"]["N"] < 10


@pytest.mark.parametrize("value", [np.ones((3, 4), np.float32), np.ones((4, 3), order="F") * 1j, np.zeros(5), 2.5, np.float32(2.5)], ids=str)
def test_moves_change_values_but_not_types(value):
    moved = MOVES["elements"](value, np.random.default_rng(0))
    assert type(moved) is type(value) and np.asarray(moved).dtype == np.asarray(value).dtype
    assert np.shape(moved) == np.shape(value) and not np.array_equal(moved, value)
    if isinstance(value, np.ndarray):
        assert moved.strides == value.strides


def test_shuffled_labels_are_the_same_labels():
    labels = np.repeat(np.arange(4, dtype=np.int32), 5).reshape(4, 5)
    moved = MOVES["shuffled"](labels, np.random.default_rng(0))
    assert moved.dtype == np.int32 and not np.array_equal(moved, labels) and np.array_equal(np.sort(moved, None), np.sort(labels, None))


def test_an_initialiser_that_never_ends_at_a_size_of_another_form_is_ended(monkeypatch):
    def maker(draws):
        def initialise(rows, columns):
            rng = draws.default_rng(42)
            a = rng.random((rows, columns))
            while np.linalg.matrix_rank(a) < columns:
                a = rng.random((rows, columns))
            return a

        return initialise

    monkeypatch.setattr(inputs, "SECONDS", 0.05)
    made = inputs.Inputs(("a",), {}, maker, ("rows", "columns"), ("a",))
    assert made({"rows": 5, "columns": 4}, np.random.default_rng(0))[0].shape == (5, 4)
    with pytest.raises(ValueError, match="does not end at this size"):
        made({"rows": 4, "columns": 5}, np.random.default_rng(0))


@pytest.mark.parametrize("signature, dtype", [("n, datatype", np.float64), ("n, datatype=np.float32", np.float32), ("n", np.float64)])
def test_a_precision_that_the_description_leaves_out_is_the_initialisers_own_or_double(signature, dtype):
    text = f"import numpy as np\ndef make({signature}):\n    return np.ones(n, dtype={'datatype' if 'datatype' in signature else 'float'})"
    namespace = {}
    exec(nested(text, "make", Path("made.py")), namespace)  # noqa: S102 - a text of this file
    (made_array,) = inputs.Inputs(("a",), {}, namespace[MAKER], ("n",), ("a",))({"n": 3}, np.random.default_rng(0))
    assert made_array.dtype == dtype


@pytest.mark.parametrize("step, dtype, chaotic", [
    ("x = 3.9 * x * (1.0 - x)", "np.float64", True), ("x = 2.5 * x * (1.0 - x)", "np.float64", False),
    ("x = 3.9 * x * (1.0 - x)", "np.float32", False), ("x = x[np.argsort(x)] * 0.5", "np.float64", False),
])
def test_only_a_reference_that_amplifies_roundings_declares_a_tolerance(step, dtype, chaotic):
    text = f"""
import kernwright
import numpy as np
def make(size, rng):
    return (0.1 + 0.8 * rng.random(size["n"])).astype({dtype}),
def f(x):
    for _ in range(40):
        {step}
    return x
f = kernwright.kernel(inputs=make, sizes={{name: {{"n": 9}} for name in ("tiny", "verify", "benchmark")}})(f)
"""
    opened = KernelSpec("f", text, "f").open()
    found = tolerance_for(opened, opened.declaration.inputs, opened.sizes)
    assert (found is not None) is chaotic and (not chaotic or (found["rtol"] == 1e-5 and 0 < found["atol"] < 1e-5))
