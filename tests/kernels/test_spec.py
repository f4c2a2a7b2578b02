"""What a spec takes from its author: parameters with defaults, which an input generator may leave out."""
import pytest
from kernwright.kernels.spec import KernelSpec, SpecError

TEXT = '''
import kernwright

def make_inputs(size, rng):
    return {inputs}

@kernwright.kernel(inputs=make_inputs, sizes={{"tiny": {{"n": 6}}, "verify": {{"n": 61}}, "benchmark": {{"n": 3000}}}})
def scaled(x, y, power=2, eps=1e-5):
    return x ** power + eps * y
'''


def opened(inputs):
    return KernelSpec("scaled", TEXT.format(inputs=inputs), "scaled").open()


@pytest.mark.parametrize("inputs, left_out", [
    ("rng.random(3), 1.0", {"power": 2, "eps": 1e-5}), ("rng.random(3), 1.0, 3", {"eps": 1e-5}), ("rng.random(3), 1.0, 3, 0.5", {})])
def test_what_the_generator_leaves_out_is_fixed_at_its_default(inputs, left_out):
    spec = opened(inputs)
    assert spec.fixed == left_out
    assert len(spec.make_inputs("tiny", 0)) == len(spec.parameters) == 4 - len(left_out)


@pytest.mark.parametrize("inputs", ["rng.random(3)", "(rng.random(3), 1.0, 2, 0.5, 7)"])
def test_too_few_and_too_many_are_refused(inputs):
    with pytest.raises(SpecError, match="takes (4: x, y, power, eps|2: x, y)"):
        opened(inputs).make_inputs("tiny", 0)
