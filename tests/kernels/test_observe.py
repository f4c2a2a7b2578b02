"""What is learned of a reference by running it."""
import pytest
from kernwright.kernels import observe as observe_module
from kernwright.kernels.observe import observe
from kernwright.kernels.spec import KernelSpec

TEXT = """
import numpy as np
import kernwright

def make_inputs(size, rng):
    return rng.integers(0, 5, size["n"]), rng.standard_normal(size["n"])

@kernwright.kernel(inputs=make_inputs, sizes={"tiny": {"n": 6}, "verify": {"n": 400}, "benchmark": {"n": 1000}})
def sums(group, x):
    total = np.zeros(group.max() + 1)
    np.add.at(total, group, x)
    return total
"""


def test_a_length_that_depends_on_values_is_no_constant_although_large_inputs_always_have_it():
    (output,) = observe(KernelSpec("sums", TEXT, "sums").open(), seed=0).signature.outputs
    assert output.shape is None


def test_a_length_that_is_constant_is_known():
    text = TEXT.replace("group.max() + 1", "5")
    (output,) = observe(KernelSpec("sums", text, "sums").open(), seed=0).signature.outputs
    assert output.shape == ("5",)


HEADS = """
import numpy as np
import kernwright

def make_inputs(size, rng):
    return rng.standard_normal((size["n"], size["h"] * size["d"])), rng.standard_normal((size["h"], size["n"])), size["h"]

@kernwright.kernel(inputs=make_inputs, sizes={"tiny": {"n": 3, "h": 2, "d": 2}, "verify": {"n": 7, "h": 3, "d": 5},
                                              "benchmark": {"n": 50, "h": 4, "d": 8}})
def per_head(x, w, heads):
    BODY
"""


@pytest.mark.parametrize("body, divided", [
    ("d = x.shape[1] // w.shape[0]; return x[:, :d] * 2.0", "w.shape[0]"),
    ("n, m = x.shape; d = m // len(w); return x[:, :d] * 2.0", "w.shape[0]"),
    ("d = x.shape[-1] // heads; return x[:, :d] * 2.0", "w.shape[0]"),
    ("return x[:, :x.shape[1] // 2] * 2.0", None),
    ("n, m = x.shape; m = m + 0; return x[:, :m // heads] * 2.0", None),
    ("return (x[: (len(x) + 1) // heads] * 2.0).copy()", None),
])
def test_an_extent_that_the_reference_divides_is_known_to_be_a_multiple_where_it_always_was(body, divided):
    relations = observe(KernelSpec("per_head", HEADS.replace("BODY", body), "per_head").open(), seed=0).signature.relations
    expected = [f"x.shape[1] % {divided} == 0"] if divided else []
    assert [relation for relation in relations if "%" in relation] == expected


def test_an_integer_argument_that_divides_is_positive():
    text = HEADS.replace(', rng.standard_normal((size["h"], size["n"])), size["h"]', ', 2 * size["h"]').replace("x, w, heads", "x, heads")
    text = text.replace('size["h"] * size["d"]', '2 * size["h"] * size["d"]').replace("BODY", "return x[:, :x.shape[1] // heads] * 2.0")
    relations = observe(KernelSpec("per_head", text, "per_head").open(), seed=0).signature.relations
    assert relations == ("heads > 0", "x.shape[1] % heads == 0")


def test_floats_and_truth_values_that_are_divided_are_no_extents():
    text = HEADS.replace('size["h"]\n', '7.5, True\n').replace("x, w, heads", "x, w, whole, part").replace(
        "BODY", "return x[:, :x.shape[1] // part] * (whole // part)")
    assert not any("%" in relation for relation in observe(KernelSpec("per_head", text, "per_head").open(), seed=0).signature.relations)


def test_a_division_that_leaves_something_is_no_relation():
    text = HEADS.replace('size["h"] * size["d"]', 'size["h"] * size["d"] + size["n"] % 2')
    text = text.replace("BODY", "return x[:, :x.shape[1] // heads] * 2.0")
    assert not any("%" in relation for relation in observe(KernelSpec("per_head", text, "per_head").open(), seed=0).signature.relations)


AMPLITUDES = """
import numpy as np
import kernwright

def make_inputs(size, rng):
    return rng.standard_normal(size["q"]), size["q"]

@kernwright.kernel(inputs=make_inputs, sizes={"tiny": {"q": 3}, "verify": {"q": 14}, "benchmark": {"q": 12}})
def amplitudes(angles, q):
    assert q <= 20, "twice the exponent"
    p = np.zeros(2 ** q)
    p[0] = 1.0
    for k in range(q):
        p = p + np.roll(p, 2 ** k) * angles[k]
    return p
"""


def test_a_parameter_that_is_an_exponent_is_not_doubled(monkeypatch):
    tried = []
    whole = observe_module._Observer.try_run
    monkeypatch.setattr(observe_module._Observer, "try_run", lambda self, size, seed: (tried.append(dict(size)), whole(self, size, seed)))
    observe(KernelSpec("amplitudes", AMPLITUDES, "amplitudes").open(), seed=0)
    assert {"q": 17} in tried and {"q": 28} not in tried
    tried.clear()
    observe(KernelSpec("sums", TEXT, "sums").open(), seed=0)
    assert {"n": 800} in tried
