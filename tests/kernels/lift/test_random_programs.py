"""Random NumPy programs, lifted: each agrees with NumPy itself or keeps statements as they are, and none stops the lift."""
import warnings

import numba
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from kernwright.kernels.lift import lift
from kernwright.kernels.lift.variants import variants
from kernwright.kernels.observe import observe
from kernwright.kernels.spec import SpecError, Tolerance, copy_arguments
from lift_programs import compiled, packed, spec_of
from random_programs import programs

UNFORESEEN = "the lift does not foresee this"


def assert_near(got, expected, single):
    got, expected = np.asarray(got), np.asarray(expected)
    if expected.shape == (0,) == got.shape[:1]:     # np.array([]), whose rows would have had a length
        return
    assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
    if expected.dtype.kind not in "fc":
        np.testing.assert_array_equal(got, expected)
        return
    scale = np.max(np.abs(expected[np.isfinite(expected)]), initial=1.0)
    np.testing.assert_allclose(got, expected, rtol=1e-3 if single else 1e-9, atol=(1e-4 if single else 1e-9) * scale)


def assert_agrees(candidate, observation, spec, jit, program):
    call = compiled(candidate, observation, spec, jit=jit)
    for size in ("tiny", "verify", {"n": 9, "m": 8}):
        expected = spec.make_inputs(size, 7)
        got = copy_arguments(expected)
        try:
            results = packed(spec.reference(*expected))
        except (ValueError, IndexError):  # a maximum of nothing, an index beyond what a mask selects
            continue
        outputs = packed(call(*got))
        assert len(outputs) == len(results), candidate.text
        for one, other in zip((*outputs, *got), (*results, *expected)):
            try:
                assert_near(one, other, "float32" in program)
            except AssertionError as error:
                raise AssertionError(f"{program}\n--- becomes {candidate.lineage.note}\n{candidate.text}\n{size}: {error}") from None


def assert_means_the_same(kernel, inputs, helpers="", jit=False, forms=False):
    """At three sizes, of which one was not seen by the lift; every result and every argument. forms: of every seed that is made of it."""
    spec = spec_of(kernel, inputs, helpers)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            observation = observe(spec, 1, 0.05)
        except SpecError:
            return None
        found = lift(spec, observation.signature)
        assert not any(UNFORESEEN in k.reason for k in found.kept), found.kept
        if found.candidates:
            judged = dict.fromkeys(found.candidates[-1:])
            if forms:
                others = [other[-1] for other in found.others]
                judged |= dict.fromkeys((*others, *variants(found.candidates, observation.signature, Tolerance(), 2, found.others)))
            for candidate in judged:
                assert_agrees(candidate, observation, spec, jit and not found.kept, f"{helpers}{kernel}\n{inputs}")
    return found


def agreement(examples, statements=4, **how):
    @settings(max_examples=examples, deadline=None, derandomize=True, database=None, phases=(Phase.generate, Phase.shrink),
              suppress_health_check=list(HealthCheck))
    @given(programs(statements))
    def agree(program):
        assert_means_the_same(*program, **how)

    return agree


def test_a_few_dozen_random_programs_agree():
    agreement(30)()


@pytest.mark.slow
def test_thousands_of_random_programs_agree():
    agreement(3000)()


@pytest.mark.slow
def test_a_hundred_random_programs_agree_when_compiled(monkeypatch):
    monkeypatch.setattr(numba.config, "OPT", type(numba.config.OPT)(1))
    agreement(100, jit=True)()


SELF_INDEXED = {
    "an array at places that it names itself": "i[-1 - i % 3] = 1",
    "added at places that it names itself": "i[i % 3] -= 1; i[i % 3] = i * 2",
    "a row that an element names": "b[b[0, 0]] = 5; b[:, b[1, 1]] -= 1",
    "an array that changes its type while it stays as it is": "x = i\n    for k in range(3):\n        x = x * 0.5\n    i[0] = 7",
    "a shape beside an operator": "v[:] = v[:-1][i % v[:-1].shape[0]] * v[2:].shape[0]",
    "bounds beyond the dtype": "u[:] = np.clip(u, -1, 2)",
}


@pytest.mark.parametrize("name", SELF_INDEXED)
def test_what_random_programs_once_showed_wrong_agrees(name):
    statements = SELF_INDEXED[name].replace("; ", "\n    ")
    inputs = "(rng.standard_normal(n), rng.integers(0, n, n), rng.integers(0, 3, (n, n)), rng.integers(0, 9, n).astype(np.uint8))"
    assert assert_means_the_same(f"def made(v, i, b, u):\n    {statements}", inputs) is not None
