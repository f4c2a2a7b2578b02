"""The oracle: equal questions, equal answers; pristine inputs; extra sizes only where the kernel is defined."""
import textwrap

import numpy as np
import pytest
from kernwright.kernels.observe import observe
from kernwright.kernels.spec import KernelSpec, SpecError
from kernwright.workers.oracle import Oracle, fits, reduction_length
from kernwright.workers.sensitivity import typical
from kernwright.workers.verify.differential import plan

HEAD = "import numpy as np\nimport kernwright\n"
ROW_SUM = """
def make(size, rng):
    return rng.standard_normal((size["n"], size["m"])), 2
@kernwright.kernel(inputs=make, sizes={"tiny": {"n": 3, "m": 4}, "verify": {"n": 7, "m": 11}, "benchmark": {"n": 40, "m": 50}})
def f(a, factor):
    return factor * a.sum(axis=1)
"""
IN_PLACE = """
def make(size, rng):
    return rng.standard_normal(size["n"]), rng.standard_normal(size["n"])
@kernwright.kernel(inputs=make, sizes={"tiny": {"n": 3}, "verify": {"n": 7}, "benchmark": {"n": 40}})
def f(a, b):
    a += b
    return a
"""


def oracle_of(text, **keywords):
    opened = KernelSpec("f", HEAD + textwrap.dedent(text), "f").open()
    return Oracle(opened, observe(opened, 0).signature, **keywords)


def test_a_case_holds_pristine_read_only_inputs_and_the_reference_s_results():
    oracle = oracle_of(ROW_SUM)
    case = oracle.case("verify", 5)
    a, factor = case.arguments
    assert (a.shape, factor) == ((7, 11), 2)
    np.testing.assert_array_equal(case.expected[0], 2 * a.sum(axis=1))
    assert not a.flags.writeable and not case.expected[0].flags.writeable
    assert "verify" in case.label and "n=7" in case.label and "seed" not in case.label and case.seed == 5


def test_equal_questions_are_answered_once_and_other_seeds_differ():
    oracle = oracle_of(ROW_SUM)
    assert oracle.case("verify", 5) is oracle.case({"n": 7, "m": 11}, 5)
    assert not np.array_equal(oracle.case("verify", 5).expected[0], oracle.case("verify", 6).expected[0])


def test_a_reference_that_writes_leaves_the_inputs_pristine():
    case = oracle_of(IN_PLACE).case("tiny", 1)
    a, b = case.arguments
    np.testing.assert_array_equal(case.expected_arguments[0], a + b)
    np.testing.assert_array_equal(case.expected[0], a + b)
    assert not np.shares_memory(case.expected[0], case.expected_arguments[0])
    assert case.expected_arguments[1] is b


def test_memory_is_bounded_and_the_oldest_case_goes_first():
    oracle = oracle_of(ROW_SUM, budget_bytes=3 * 8 * (40 * 50 + 40))
    first = oracle.case("benchmark", 1)
    kept = [oracle.case("benchmark", seed) for seed in (2, 3)]
    assert oracle.case("benchmark", 3) is kept[1]
    oracle.case("benchmark", 4)
    assert oracle.case("benchmark", 1) is not first
    tiny_budget = oracle_of(ROW_SUM, budget_bytes=1)
    case = tiny_budget.case("verify", 1)
    assert tiny_budget.case("verify", 1) is not case
    assert list(tiny_budget.sensitivity(case).of(0).levels())


def test_extra_sizes_lie_around_verify_and_are_undeclared():
    oracle = oracle_of(ROW_SUM)
    extra = oracle.extra_sizes()
    for size in ({"n": 5, "m": 7}, {"n": 8, "m": 11}, {"n": 7, "m": 10}, {"n": 1, "m": 1}, {"n": 1, "m": 11}):
        assert size in extra
    assert {"n": 7, "m": 11} not in extra


def test_sizes_at_which_the_kernel_is_not_defined_are_left_out():
    oracle = oracle_of("""
        def make(size, rng):
            if size["n"] % 2 == 0:
                raise ValueError("odd sizes only")
            return (rng.standard_normal(size["n"]),)
        @kernwright.kernel(inputs=make, sizes={"tiny": {"n": 3}, "verify": {"n": 9}, "benchmark": {"n": 41}})
        def f(a):
            if a.size < 2:
                raise IndexError
            return a[1:] - a[:-1]
        """)
    assert oracle.extra_sizes() == ({"n": 7},)


def test_sizes_at_which_the_result_is_of_another_shape_than_learned_are_left_out():
    oracle = oracle_of("""
        def make(size, rng):
            return (rng.standard_normal(size["n"]),)
        @kernwright.kernel(inputs=make, sizes={"tiny": {"n": 5}, "verify": {"n": 9}, "benchmark": {"n": 41}})
        def f(a):
            return a[: -3] if a.size > 3 else a[:2] + 1.0
        """.replace("a[: -3] if", "a[: -3].copy() if"))
    assert {"n": 1} not in oracle.extra_sizes()
    assert {"n": 8} in oracle.extra_sizes()


def test_small_sizes_whose_results_have_other_shapes_than_foreseen_are_known():
    oracle = oracle_of("""
        def make(size, rng):
            return (rng.standard_normal(size["n"]),)
        @kernwright.kernel(inputs=make, sizes={"tiny": {"n": 8}, "verify": {"n": 9}, "benchmark": {"n": 41}})
        def f(a):
            return a[1:] - a[:-1], 2 * a[:3]
        """)
    assert oracle.unforeseen_sizes() == ({"n": 2},)  # of one element the difference is empty, and the guard refuses that
    assert {"n": 2} in [planned.size for planned in plan(oracle, 3)]


def test_arguments_of_another_kind_or_relation_do_not_fit():
    oracle = oracle_of(IN_PLACE)
    one, two = np.zeros(4), np.zeros(5)
    assert fits(oracle.signature, (one, one.copy()))
    assert not fits(oracle.signature, (one, two))
    assert not fits(oracle.signature, (one, one.astype(np.float32)))
    assert not fits(oracle.signature, (1.0, one))


def test_a_failing_reference_is_the_spec_s_fault_and_says_at_which_size_and_seed():
    oracle = oracle_of("""
        def make(size, rng):
            return (rng.standard_normal(size["n"]),)
        @kernwright.kernel(inputs=make, sizes={"tiny": {"n": 5}, "verify": {"n": 9}, "benchmark": {"n": 41}, "odd": {"n": 999}})
        def f(a):
            return a * 2
        """)
    reference = oracle.spec.reference

    def raising(a):
        raise KeyError("gone")

    object.__setattr__(oracle.spec, "__dict__", {**oracle.spec.__dict__, "reference": raising})
    with pytest.raises(SpecError, match=r"KeyError.*n=9.*seed 3"):
        oracle.case("verify", 3)
    assert reference is not raising


def test_the_reduction_length_is_estimated_from_shapes():
    matrix, row, cube = np.ones((30, 20)), np.ones(20), np.ones((4, 5, 6))
    assert reduction_length((matrix, matrix), np.ones((30, 30))) == 30
    assert reduction_length((matrix,), 1.0) == 600
    assert reduction_length((cube,), np.ones(4)) == 30
    assert reduction_length((row,), row) == 20
    assert reduction_length((row, 5000), row) == 5000
    assert reduction_length((), 1.0) == 1


def test_sensitivity_shows_where_terms_cancel():
    oracle = oracle_of("""
        def make(size, rng):
            a = rng.uniform(1, 2, size["n"])
            return a, a * (1 + 1e-6 * rng.uniform(-1, 1, size["n"]))
        @kernwright.kernel(inputs=make, sizes={"tiny": {"n": 5}, "verify": {"n": 9}, "benchmark": {"n": 41}})
        def f(a, b):
            return a - b, a * b
        """)
    case = oracle.case("benchmark", 1)
    sensitivity = oracle.sensitivity(case)
    difference, product = (list(sensitivity.of(index).levels())[-1] for index in (0, 1))
    assert np.median(difference / np.abs(case.expected[0])) > 1e5 * 2.2e-16
    assert np.max(product / np.abs(case.expected[1])) < 5 * 2.2e-16
    assert 1 <= sensitivity.unit <= 2


def test_whole_numbers_are_not_disturbed():
    oracle = oracle_of("""
        def make(size, rng):
            return (rng.integers(0, 9, size["n"]).astype(float),)
        @kernwright.kernel(inputs=make, sizes={"tiny": {"n": 5}, "verify": {"n": 9}, "benchmark": {"n": 41}})
        def f(a):
            return a / 3
        """)
    sensitivity = oracle.sensitivity(oracle.case("verify", 1))
    assert list(sensitivity.of(0).levels()) == []


def test_typical_ignores_zeros_and_what_is_not_finite():
    assert typical(np.array([0, 0, 2.0, np.nan, np.inf, -4.0, 3.0])) == 3.0
    assert typical(np.zeros(3)) == 0.0
