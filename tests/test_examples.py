"""The examples are kernels that a person could have written: each loads, and its reference can be observed."""
from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
from kernwright.kernels.observe import observe
from kernwright.kernels.spec import load_spec

EXAMPLES = Path(__file__).parent.parent / "examples"


def declared() -> list[tuple[str, str]]:
    """(file, function) of each decorated function below examples/."""
    return [(path.name, node.name) for path in sorted(EXAMPLES.glob("*.py")) for node in ast.parse(path.read_text()).body
            if isinstance(node, ast.FunctionDef) and node.decorator_list]


def test_each_file_declares_one_kernel():
    assert [file for file, _ in declared()] == ["pairwise.py", "rolling.py", "smooth.py"]


@pytest.mark.parametrize(("file", "function"), declared())
def test_an_example_loads_and_its_outputs_have_shapes_that_are_known_beforehand(file, function):
    spec = load_spec(EXAMPLES / file, function)
    observation = observe(spec.open(), seed=0)
    (output,) = observation.signature.outputs
    assert output.kind == "array" and output.shape is not None
    assert set(observation.reference_seconds) >= {"tiny", "verify", "benchmark"}


@pytest.mark.parametrize(("file", "function", "by_hand"), [
    ("pairwise.py", "pairwise", lambda p, q: np.array([[np.linalg.norm(a - b) for b in q] for a in p])),
    ("rolling.py", "rolling_mean", lambda v, w: np.array([[row[i:i + w].mean() for i in range(len(row) - w + 1)] for row in v])),
    ("smooth.py", "smooth", lambda a: np.pad(
        [[a[i - 1:i + 2, j - 1:j + 2].mean() for j in range(1, a.shape[1] - 1)] for i in range(1, a.shape[0] - 1)], 1)),
])
def test_an_example_computes_what_it_says(file, function, by_hand):
    opened = load_spec(EXAMPLES / file, function).open()
    arguments = opened.make_inputs("verify", seed=1)
    got, expected = opened.reference(*arguments), by_hand(*arguments)
    if function == "smooth":
        got, expected = got[1:-1, 1:-1], expected[1:-1, 1:-1]
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12)
