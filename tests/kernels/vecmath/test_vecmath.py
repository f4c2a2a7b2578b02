"""The functions of vecmath: their values, their texts, and their machine code. Each is compiled but once."""
from __future__ import annotations

import ast
import re
import zlib
from functools import cache

import numpy as np
import pytest
from kernwright.kernels.candidate import ENTRY, Candidate
from kernwright.kernels.dialect import check
from kernwright.kernels.vecmath import FUNCTIONS, recognise, with_needs
from kernwright.search.bench.vecmath.accuracy import measure
from kernwright.search.bench.vecmath.arguments import within_limit
from kernwright.search.bench.vecmath.compiled import LOOP, NAMES, compiled, values
from kernwright.search.bench.vecmath.errors import errors
from kernwright.search.bench.vecmath.references import reference

ALL = sorted(FUNCTIONS.values(), key=lambda function: function.helper)
LONG_DOUBLE = np.finfo(np.longdouble).nmant >= 63
EDGES = (0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, -3.0, 1e-30, -1e-30, 1e30, -1e30, 1e-44, -1e-44)

AT_ONCE = frozenset("exp log sin tanh pow atan2".split())   # compiling the others takes longer than a quick test may
each = pytest.mark.parametrize(
    "function", [pytest.param(f, marks=() if f.name in AT_ONCE else pytest.mark.slow) for f in ALL],
    ids=[function.helper for function in ALL])
compiled_once = cache(compiled)


def edges(function):
    """Pairs of all edges for functions of two parameters."""
    limits = np.finfo(function.dtype)
    points = np.array([*EDGES, limits.max, -limits.max, limits.tiny, -limits.tiny, limits.smallest_subnormal], function.dtype)
    points = within_limit(function, points)
    return tuple(part.ravel().copy() for part in np.meshgrid(*[points] * function.arity))


@each
def test_values_at_the_edges_are_numpys(function):
    if function.dtype == "float64" and not LONG_DOUBLE:
        pytest.skip("np.longdouble is float64 here")
    arguments = edges(function)
    given = values(compiled_once(function), *arguments)
    with np.errstate(all="ignore"):
        expected = reference(function.name, *arguments)
        rounded = expected.astype(function.dtype)
    odd = ~(errors(given, expected) <= function.ulp) | (~np.isnan(rounded) & (np.signbit(given) != np.signbit(rounded)))
    assert not odd.any(), [(*(float(part[odd][0]) for part in arguments), given[odd][0], rounded[odd][0])]


@pytest.mark.parametrize("function", [function for function in ALL if function.limit], ids=lambda function: function.helper)
def test_beyond_the_limit_there_is_nan(function):
    beyond = np.nextafter(np.array([function.limit, -function.limit], function.dtype), np.array([np.inf, -np.inf], function.dtype))
    given = values(compiled_once(function), np.concatenate([beyond, beyond * 2**90]))
    assert np.isnan(given).all()


@each
def test_no_error_is_larger_than_stated(function):
    if function.dtype == "float64" and not LONG_DOUBLE:
        pytest.skip("np.longdouble is float64 here")
    found = measure(function, compiled_once(function), 100_000, False, seed=zlib.crc32(function.helper.encode()))
    assert found.ulp <= function.ulp, f"{found.ulp} at {found.at}"


@pytest.mark.slow
@pytest.mark.skipif(not LONG_DOUBLE, reason="np.longdouble is float64 here")
@each
def test_no_error_is_larger_than_stated_over_more_arguments_fused_or_apart(function):
    for fused in (True, False):
        found = measure(function, compiled(function, fused), 1_000_000, False, seed=1)
        assert found.ulp <= function.ulp, f"{found.ulp} at {found.at}, {'fused' if fused else 'apart'}"


@each
def test_a_loop_is_packed_instructions_without_a_call(function):
    (assembly,) = compiled_once(function).inspect_asm().values()
    body = assembly[: assembly.index(".Lfunc_end0:")]
    assert re.search(r"\bv(mul|add|sub|div)p[sd]\s.*%[yz]mm", body)
    assert not re.search(r"\bcall", body)


@each
def test_the_gate_lets_a_candidate_pass_that_carries_it(function):
    arguments = NAMES[: function.arity]
    loop = LOOP.replace("loop", ENTRY).format(
        arguments=", ".join(arguments), helper=function.helper, elements=", ".join(f"{name}[i]" for name in arguments))
    assert not check(Candidate("\n\n".join([*(needed.text for needed in with_needs([function])), loop])))


@each
def test_a_renamed_copy_is_recognised(function):
    class Renamed(ast.NodeTransformer):
        def visit_Name(self, node):
            return ast.copy_location(ast.Name(node.id if node.id in ("np", "abs") else f"q_{node.id}", node.ctx), node)

        def visit_arg(self, node):
            return ast.copy_location(ast.arg(f"q_{node.arg}"), node)

    node = ast.parse(function.text).body[0]
    node.name = "another"
    assert recognise(Renamed().visit(node)) is function


def test_another_function_is_not_recognised():
    assert recognise(ast.parse("def exp_f64(x):\n    return x + 1.0\n").body[0]) is None


def test_every_function_has_both_dtypes():
    assert {name for name, dtype in FUNCTIONS if dtype == "float32"} == {name for name, dtype in FUNCTIONS if dtype == "float64"}


def test_what_is_stated_was_measured():
    for function in ALL:
        assert re.search(r"^all arguments|\d,\d{3} arguments", function.evidence), function.helper
