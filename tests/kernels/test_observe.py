"""What is learned of a reference by running it."""
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
