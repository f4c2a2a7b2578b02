"""Extrapolated counts are those of a direct count, or refused."""
from __future__ import annotations

import textwrap

import numpy as np
import pytest
from kernwright.kernels.candidate import Candidate
from kernwright.kernels.counting.errors import NotCounted, OutOfTime
from kernwright.kernels.counting.extrapolation import extrapolate
from kernwright.kernels.counting.problem import CHAMPION, REFERENCE, Counted, count
from kernwright.kernels.counting.runs import of_reference
from kernwright.kernels.observe import observe
from kernwright.kernels.spec import KernelSpec


def spec(body, inputs, sizes):
    text = (f"import numpy as np\nimport kernwright\n\ndef make(size, rng):\n    {inputs}\n\n"
            f"@kernwright.kernel(inputs=make, sizes={sizes!r})\n{textwrap.dedent(body).strip()}\n")
    return KernelSpec("f", text, "f")


def grows(**formulas):
    """A sampler whose counts are given by formulas; it remembers the sizes that it was asked for."""
    asked = []

    def sample(size):
        asked.append(dict(size))
        return {key: formula(**size) for key, formula in formulas.items()}

    sample.asked = asked
    return sample


def test_a_polynomial_in_several_parameters_is_found_exactly_without_counting_at_the_large_size():
    sample = grows(flops=lambda n, m: 2 * n * n * m - n * m + 7, read=lambda n, m: 8 * n * m)
    found = extrapolate(sample, [{"n": 5, "m": 4}], {"n": 1000, "m": 700}, [{"n": 31, "m": 17}])
    assert found.counts == {"flops": 2 * 1000 * 1000 * 700 - 700_000 + 7, "read": 8 * 700_000}
    assert found.agreed == 3 and found.largest == {"n": 31, "m": 17}
    assert max(size["n"] for size in sample.asked) == 31


def test_fractions_of_triangular_loops_are_exact():
    found = extrapolate(grows(flops=lambda n: n * (n - 1) * (2 * n - 1) // 6), [{"n": 4}], {"n": 999})
    assert found.counts["flops"] == 999 * 998 * 1997 // 6


def test_a_remainder_of_tiles_is_met_by_sizes_with_the_same_remainder():
    found = extrapolate(grows(flops=lambda n: 3 * n + 5 * (n % 8)), [{"n": 6}], {"n": 1003})
    assert found.counts["flops"] == 3 * 1003 + 5 * 3


@pytest.mark.parametrize("formula", [
    lambda n: n * n.bit_length(), lambda n: 2**n, lambda n: (n * 7919) % 101,
])
def test_what_follows_no_polynomial_is_refused(formula):
    with pytest.raises(NotCounted, match="no polynomial"):
        extrapolate(grows(flops=formula), [{"n": 5}], {"n": 4001}, [{"n": 61}])


def test_an_algorithm_that_is_another_below_some_size_is_counted_above_it():
    found = extrapolate(grows(flops=lambda n: n if n < 20 else n * n), [{"n": 5}, {"n": 61}], {"n": 4001}, [{"n": 61}])
    assert found.counts["flops"] == 4001**2


def test_a_small_parameter_is_taken_as_it_is_as_it_may_be_a_flag():
    sample = grows(flops=lambda n, flag: n * (2 if flag else 1))
    assert extrapolate(sample, [{"n": 5, "flag": 1}], {"n": 100, "flag": 0}).counts["flops"] == 100
    assert {size["flag"] for size in sample.asked} == {0}


def test_an_optional_count_that_does_not_fit_is_left_out():
    found = extrapolate(grows(flops=lambda n: n, touched=lambda n: n * n.bit_length()), [{"n": 5}], {"n": 1000}, optional=lambda key: key == "touched")
    assert found.counts == {"flops": 1000}


def test_a_check_without_time_left_is_left_out_and_the_start_without_time_is_refused():
    def sample(size):
        if size["n"] > 20:
            raise OutOfTime("counting took too long")
        return {"flops": size["n"]}

    assert extrapolate(sample, [{"n": 5}], {"n": 1000}, [{"n": 61}]).agreed == 2
    with pytest.raises(OutOfTime):
        extrapolate(sample, [{"n": 30}], {"n": 1000})


MATMUL = """
def f(a, b):
    c = np.zeros((a.shape[0], b.shape[1]))
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            for k in range(a.shape[1]):
                c[i, j] += a[i, k] * b[k, j]
    return c
"""
SIZES = {"tiny": {"n": 4, "m": 5, "k": 3}, "verify": {"n": 9, "m": 8, "k": 13}, "benchmark": {"n": 200, "m": 190, "k": 180}}
MAKE = "return rng.random((size['n'], size['k'])), rng.random((size['k'], size['m']))"


def test_loops_over_elements_are_extrapolated_to_what_a_direct_count_gives_at_a_held_out_size():
    opened = spec(MATMUL, MAKE, {**SIZES, "benchmark": {"n": 21, "m": 19, "k": 18}}).open()
    signature = observe(opened, 1, 20.0).signature
    extrapolated = count(opened, None, signature, 5, 10.0, reference_seconds=99.0).works[REFERENCE]
    direct = of_reference(opened.spec, opened.make_inputs("benchmark", 5))
    assert extrapolated.method.startswith("a polynomial through")
    assert (extrapolated.operations, extrapolated.read, extrapolated.written, extrapolated.touched) == (
        direct.operations, direct.read, direct.written, direct.touched)


def test_a_problem_is_counted_on_reference_and_champion_and_survives_json():
    opened = spec("def f(a, b): return (a @ b) * 2.0", MAKE, SIZES).open()
    signature = observe(opened, 1, 20.0).signature
    champion = Candidate(MATMUL.replace("def f", "def kernel").replace("return c", "return c * 2.0"))
    counted = count(opened, champion, signature, 5, 10.0)
    flops = 2 * 200 * 190 * 180 + 200 * 190
    assert counted.works[REFERENCE].flops == counted.works[CHAMPION].flops == {"float64": flops}
    assert counted.works[REFERENCE].method == "counted at the benchmark's size on inputs of seed 5"
    assert {work.bytes for work in counted.works.values()} == {8 * (200 * 180 + 180 * 190 + 200 * 190)}
    assert Counted.from_json(counted.as_json()) == counted


def test_work_that_depends_on_the_data_is_counted_on_the_benchmarks_inputs_or_not_at_all():
    body = "def f(x):\n    y = x.copy()\n    y[x > 0.3] = np.sqrt(x[x > 0.3])\n    return y"
    opened = spec(body, "return (rng.random(size['n']),)", {"tiny": {"n": 9}, "verify": {"n": 61}, "benchmark": {"n": 5000}}).open()
    signature = observe(opened, 1, 20.0).signature
    expected = int(np.count_nonzero(opened.make_inputs("benchmark", 7)[0] > 0.3))
    assert count(opened, None, signature, 7, 10.0).works[REFERENCE].flops == {"float64": expected}
    slow = count(opened, None, signature, 7, 10.0, reference_seconds=99.0)
    assert not slow.works and "no polynomial" in slow.reasons[REFERENCE]


def test_a_generator_that_takes_even_sizes_only_is_given_such():
    def sample(size):
        if size["n"] % 8:
            raise NotCounted("the input generator raised ValueError")
        return {"flops": size["n"] ** 2}

    assert extrapolate(sample, [{"n": 6}], {"n": 1024}).counts["flops"] == 1024**2
