"""How errors of elementary functions are counted, and the table of `kernwright bench vecmath`."""
from __future__ import annotations

import json
import math

import mpmath
import numpy as np
import pytest
from kernwright.kernels.vecmath import FUNCTIONS
from kernwright.search.bench.vecmath.arguments import drawn, hard
from kernwright.search.bench.vecmath.compiled import worst_single
from kernwright.search.bench.vecmath.errors import Worst, error_exactly, errors
from kernwright.search.bench.vecmath.references import exact, reference
from kernwright.search.cli import app
from typer.testing import CliRunner

LONG_DOUBLE = np.finfo(np.longdouble).nmant >= 63
needs_long_double = pytest.mark.skipif(not LONG_DOUBLE, reason="np.longdouble is float64 here")
# Results of float32 beside exact values, and the error in ULP.
CASES = [
    (1.0, 1.0, 0.0), (1.0, 1.0 + 2.0**-24, 0.5), (1.0 + 2.0**-23, 1.0, 1.0), (1.0, 1.0 - 2.0**-25, 0.5), (2.0, 2.0 + 2.0**-22, 1.0),
    (2.0**-149, 2.0**-149 * 1.25, 0.25), (0.0, 2.0**-151, 0.25), (2.0**-126, 2.0**-126 - 2.0**-150, 0.5), (-0.0, 0.0, 0.0),
    (np.inf, np.inf, 0.0), (np.inf, 2.0**128 - 2.0**103, 0.5), (np.inf, 2.0**127, 2.0**23), (np.nan, np.nan, 0.0),
    (np.nan, 1.0, np.inf), (1.0, np.nan, np.inf), (np.inf, 1e300, 0.0), (float(np.float32(3.4028235e38)), np.inf, 1.0), (-np.inf, -np.inf, 0.0),
]


@pytest.mark.parametrize("given, wanted, ulp", CASES)
def test_an_error_is_in_units_of_the_exact_results_last_place(given, wanted, ulp):
    results, expected = np.array([given], np.float32), np.array([wanted])
    assert errors(results, expected)[0] == ulp
    assert worst_single(results, expected)[0] == ulp
    if math.isfinite(wanted) and not math.isnan(given):
        assert error_exactly(results[0], mpmath.mpf(wanted)) == ulp


@needs_long_double
def test_an_error_of_float64_near_subnormal_numbers_is_in_units_of_those():
    results = np.array([2.0**-1074, 2.0**-1022, 1.0])
    expected = results.astype(np.longdouble) + np.array([2.0**-1074, 2.0**-1074, 2.0**-53]) * np.longdouble(0.25)
    assert errors(results, expected).tolist() == [0.25, 0.25, 0.125]


def test_the_worst_of_two_keeps_its_argument_and_counts_both():
    assert Worst(0.5, (1.0,), 10) | Worst(0.7, (2.0,), 20) == Worst(0.7, (2.0,), 30)


@needs_long_double
@pytest.mark.parametrize("name", sorted({name for name, _ in FUNCTIONS}))
def test_the_reference_of_float64_agrees_with_mpmath_to_a_hundredth_of_an_ulp(name):
    function = FUNCTIONS[name, "float64"]
    drawn_at = drawn(function, 60, np.random.default_rng(1))
    arguments = (np.concatenate([drawn_at[0], hard(function)[::40]]),) if function.arity == 1 else drawn_at
    for *point, value in zip(*arguments, reference(name, *arguments)):
        if not np.isfinite(value) or value == 0:
            continue
        fraction, exponent = np.frexp(value)
        upper = float(fraction)
        with mpmath.workdps(60):
            wide = mpmath.ldexp(mpmath.mpf(upper) + mpmath.mpf(float(fraction - upper)), int(exponent))
            unit = mpmath.mpf(2) ** max(int(exponent) - 53, -1074)
            assert abs(wide - exact(name, *point)) <= unit / 100, point


def test_the_table_holds_a_row_for_each_function_asked_for():
    given = CliRunner().invoke(app, ["bench", "vecmath", "exp2_f32", "--samples", "2000", "--no-timed", "--json"])
    (row,) = json.loads(given.stdout)
    assert row["function"] == "exp2" and row["dtype"] == "float32" and row["holds"] and row["arguments"] > 2000


def test_an_unknown_function_is_bad_input():
    given = CliRunner().invoke(app, ["bench", "vecmath", "gamma"])
    assert given.exit_code == 2 and "gamma" in given.stderr
