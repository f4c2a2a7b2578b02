"""Programs for tests of the lift: small references, lifted, run as plain Python or compiled, and compared with NumPy."""
from __future__ import annotations

import math
import textwrap
from functools import cache

import numba
import numpy as np
from kernwright.kernels.dialect import check
from kernwright.kernels.lift import Lifted, lift
from kernwright.kernels.observe import Observation, observe
from kernwright.kernels.spec import KernelSpec, OpenSpec, copy_arguments
from kernwright.kernels.wrapper import wrapper_source

PREAMBLE = """
import itertools
import math
import numpy as np
from numpy import sqrt as root
import kernwright

HALF = 0.5
WEIGHTS = np.array([1.0, -2.0, 1.0])
STEPS = (2, 3)
F4 = np.float32(0.25)
AROUND = ((-1, -1), (-1, 0), (0, 1), (1, -1))
OPPOSITE = [0, 3, 2, 1]
TAPS = (0.25, 0.5, 0.25)
SIGNS = [1, -2, 1]
NEXT = [[0, 1, 2], [2, 0, 1], [1, 1, 0]]
MANY = tuple(range(1, 21))

def make_inputs(size, rng):
    n, m = size["n"], size["m"]
    return {inputs}

{helpers}
@kernwright.kernel(inputs=make_inputs, sizes={{"tiny": {{"n": 6, "m": 5}}, "verify": {{"n": 23, "m": 17}}, "benchmark": {{"n": 29, "m": 19}}}})
{kernel}
"""


def spec_of(kernel: str, inputs: str, helpers: str = "") -> OpenSpec:
    kernel = textwrap.dedent(kernel).strip()
    name = kernel.split("(")[0].removeprefix("def ")
    text = PREAMBLE.format(inputs=inputs, kernel=kernel, helpers=textwrap.dedent(helpers))
    return KernelSpec(name, text, name).open()


X = "rng.standard_normal((n, m))"
V = "rng.standard_normal(n)"
F = "rng.standard_normal((n, m), dtype=np.float32)"
S = "rng.random((n, n))"
W = "rng.standard_normal(m)"
INTS = "rng.integers(0, n, (n, m))"


@cache
def lifted(kernel: str, inputs: str, helpers: str = "") -> tuple[OpenSpec, Observation, Lifted]:
    spec = spec_of(kernel, inputs, helpers)
    observation = observe(spec, 1, 1.0)
    return spec, observation, lift(spec, observation.signature)


def compiled(candidate, observation, spec, jit=True):
    """The wrapped kernel, by Numba or as plain Python."""
    namespace = {"np": np, "math": math, "prange": range}
    exec(candidate.text, namespace)  # noqa: S102 - the gate has passed it
    if jit:
        for name, value in list(namespace.items()):
            if hasattr(value, "__code__"):
                namespace[name] = numba.njit(value, error_model=candidate.options.error_model)
    wrapper = {"kernel": namespace["kernel"], "empty": lambda shape, dtype: np.full(shape, 77, np.dtype(dtype))}
    exec(wrapper_source(candidate, observation.signature, spec.parameters), wrapper)  # noqa: S102
    return wrapper["call"]


def packed(result):
    return () if result is None else result if isinstance(result, tuple) else (result,)


def assert_equal(got, expected):
    got, expected = np.asarray(got), np.asarray(expected)
    assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
    if expected.dtype.kind in "fc":
        eps = np.finfo(expected.dtype).eps
        scale = np.max(np.abs(expected[np.isfinite(expected)]), initial=1.0)
        np.testing.assert_allclose(got, expected, rtol=1e3 * eps, atol=100 * eps * scale)
    else:
        np.testing.assert_array_equal(got, expected)


def assert_agrees(call, spec, sizes):
    for size in sizes:
        arguments = spec.make_inputs(size, 7)
        own = copy_arguments(arguments)
        with np.errstate(all="ignore"):
            expected = packed(spec.reference(*arguments))
            got = packed(call(*own))
        assert len(got) == len(expected)
        for g, e in zip((*got, *own), (*expected, *arguments)):
            assert_equal(g, e)


def defined(spec, sizes):
    """The sizes at which the reference itself raises nothing."""
    for size in sizes:
        try:
            spec.reference(*spec.make_inputs(size, 7))
        except (ValueError, IndexError):
            continue
        yield size


def assert_lifted(spec, observation, found, compiles=True):
    assert found.candidates
    assert {c.convention for c in found.candidates} == {"returns", *(["writes"] if observation.signature.writes_open else [])}
    for candidate in found.candidates:
        assert check(candidate, observation.signature) == ()
    last = compiled(found.candidates[-1], observation, spec, jit=compiles)
    assert_agrees(last, spec, ("tiny", "verify", {"n": 4, "m": 3} if "n" in spec.sizes["tiny"] else "tiny"))
    assert_agrees(compiled(found.candidates[0], observation, spec, jit=False), spec, ("tiny",))
