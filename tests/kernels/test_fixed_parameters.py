"""Parameters that the inputs leave out: a kernel is made for their defaults, and the reference has the rest."""
import sys

import numpy as np
import pytest
from kernwright.kernels.export import champion_source
from kernwright.kernels.lift import lift
from kernwright.kernels.observe import observe
from kernwright.kernels.spec import KernelSpec, SpecError
from lift_programs import X, assert_agrees, assert_lifted, compiled, lifted

TEXT = '''
import numpy as np
import kernwright

def make_inputs(size, rng):
    return {inputs}

@kernwright.kernel(inputs=make_inputs, sizes={{"tiny": {{"n": 6}}, "verify": {{"n": 17}}, "benchmark": {{"n": 30}}}})
def scaled({parameters}):
    if w is None:
        w = np.ones(x.shape[1], dtype=dtype)
    y = x * w
    if mode == "rows":
        return y / (np.sqrt((y * y).sum(axis=axis, keepdims=True)) + eps)
    return y
'''
PARAMETERS = "x, w=None, mode='rows', dtype=np.float64, *, axis=-1, eps=1e-12"


def spec_of(inputs="rng.standard_normal((size['n'], 5))", parameters=PARAMETERS):
    return KernelSpec("scaled", TEXT.format(inputs=inputs, parameters=parameters), "scaled")


def test_they_are_no_arguments_of_the_kernel():
    opened = spec_of().open()
    assert opened.parameters == ("x",) and list(opened.fixed) == ["axis", "eps", "w", "mode", "dtype"]
    assert len(opened.make_inputs("tiny", 0)) == 1


def test_what_the_generator_gives_is_an_argument():
    opened = spec_of("(rng.standard_normal((size['n'], 5)), rng.random(5))").open()
    assert opened.parameters == ("x", "w") and "mode" in opened.fixed
    observation = observe(opened, 1, 1.0)
    found = lift(opened, observation.signature)
    assert not found.kept
    assert_agrees(compiled(found.candidates[-1], observation, opened, jit=False), opened, ("tiny", "verify"))


def test_a_default_that_no_kernel_can_have_is_named():
    with pytest.raises(SpecError, match="argument mode is of type list"):
        spec_of(parameters=PARAMETERS.replace("'rows'", "['rows']")).open().make_inputs("tiny", 0)


def test_parameters_without_a_default_must_be_given():
    with pytest.raises(SpecError, match="keyword-only parameters without a default"):
        spec_of(parameters="x, *, w").open().make_inputs("tiny", 0)
    with pytest.raises(SpecError, match="takes 2: x, y"):
        spec_of(parameters="x, y, w=None, mode='rows', dtype=float, axis=-1, eps=0.1").open().make_inputs("tiny", 0)


def test_a_champion_takes_them_and_leaves_other_values_to_the_reference(tmp_path, monkeypatch):
    spec = spec_of()
    opened = spec.open()
    observation = observe(opened, 1, 1.0)
    found = lift(opened, observation.signature)
    assert not found.kept
    text = champion_source(found.candidates[-1], spec, observation.signature, threads=1, threading_layer="omp", finite=False, summary=[])
    (tmp_path / "champion_of_fixed.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    import champion_of_fixed

    x, calls = np.random.default_rng(0).standard_normal((9, 5)), []
    reference = champion_of_fixed.scaled.reference
    monkeypatch.setattr(champion_of_fixed, "call", lambda *given: calls.append(given) or reference(*given))
    for given, keywords, kernel in [((x,), {}, True), ((x, None, "rows"), {}, True), ((x, np.arange(5.0)), {}, False), ((x,), {"mode": "none"}, False),
                                    ((x,), {"axis": 0}, False), ((x,), {"axis": -1, "dtype": np.float64}, True)]:
        calls.clear()
        np.testing.assert_allclose(champion_of_fixed.scaled(*given, **keywords), reference(*given, **keywords))
        assert bool(calls) == kernel, (given[1:], keywords)
    del sys.modules["champion_of_fixed"]


HELPERS = {
    "weights that are None, a mode and a dtype": (X, """
        def weighted(x, w=None, axis=None, mode="left", dtype=np.float64):
            if x.ndim == 1:
                x = np.atleast_2d(x)
            if w is None:
                w = np.ones(x.shape[1], dtype=dtype)
            if axis is not None:
                return np.tensordot(x, w, axes=axis)
            if mode in ("left", "both"):
                return x @ w
            raise ValueError(mode)
        """, "def program(x):\n    return weighted(x)"),
    "one helper with a mask and without": (f"{X}, rng.random((n, m)) < 0.5", """
        def total(x, mask=None):
            y = x * 2
            if mask is not None:
                y = np.where(mask, y, 0)
            return y.sum(axis=0)
        """, "def program(x, mask):\n    return total(x) + total(x, mask=mask)"),
    "a scale that is computed where none is given": (X, """
        def scaled(x, scale=None, how=None):
            scale = 1.0 / np.sqrt(x.shape[1]) if scale is None else scale
            return np.exp(x * scale) if how is None or how == "exp" else x
        """, "def program(x):\n    return scaled(x) + scaled(x, 2.0, how='exp') + scaled(x, how='none')"),
}


@pytest.mark.parametrize("name", HELPERS)
def test_helpers_have_a_form_for_each_literal_that_they_are_given(name):
    inputs, helpers, text = HELPERS[name]
    spec, observation, found = lifted(text, inputs, helpers)
    assert not found.kept
    assert_lifted(spec, observation, found)
