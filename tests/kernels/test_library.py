"""The built-in references: each is complete, told of in docs/references.md, and the same every time."""
import re
from pathlib import Path

import numpy as np
import pytest
from library_kernels import NAMES, observed

TABLE = Path(__file__).parents[2] / "docs" / "references.md"


def test_there_are_enough_and_each_stands_in_the_table():
    assert len(NAMES) >= 26
    assert tuple(re.findall(r"^\| `(\w+)`", TABLE.read_text(encoding="utf-8"), re.MULTILINE)) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_each_is_complete_and_deterministic(name):
    spec, observation = observed(name)
    assert spec.module.__doc__ and spec.declaration.source
    assert set(spec.sizes) == {"tiny", "verify", "benchmark", "large"}
    assert observation.deterministic
    outputs = observation.signature.outputs
    assert all(output.shape is not None for output in outputs if output.kind == "array")


def test_cap_and_window_of_attention_do_what_they_say():
    spec, _ = observed("extend_attention")
    *arrays, scale, cap, _ = spec.make_inputs({**spec.sizes["verify"], "ragged": 0}, 5)
    plain, near = spec.reference(*arrays, scale, 0.0, 0), spec.reference(*arrays, scale, 0.0, 3)
    np.testing.assert_allclose(spec.reference(*arrays, scale, 1e6, 10**6), plain, rtol=1e-4, atol=1e-5)
    assert np.abs(spec.reference(*arrays, scale, cap, 0) - plain).max() > 1e-3
    arrays[2][0] += 1.0  # the value of the first new token: itself and the three after it see it through a window of 3
    moved = np.abs(spec.reference(*arrays, scale, 0.0, 3) - near).max(axis=(1, 2))
    assert (moved[:7] > 0).tolist() == [True] * 4 + [False] * 3
