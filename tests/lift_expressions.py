"""Expressions of NumPy, lifted in groups and compared with NumPy: one line of a table for each."""
from __future__ import annotations

import ast
import math
import warnings
from collections.abc import Sequence
from functools import cache

import numba
import numpy as np
from kernwright.kernels.candidate import Candidate
from kernwright.kernels.dialect import check
from kernwright.kernels.lift import Lifted, lift
from kernwright.kernels.observe import Observation, observe
from kernwright.kernels.spec import KernelSpec, OpenSpec, copy_arguments

INPUTS = {
    # name: how it is made at sizes n, m by the generator rng
    "x": "rng.standard_normal((n, m))", "y": "rng.standard_normal((n, m))", "v": "rng.standard_normal(n)", "w": "rng.standard_normal(m)",
    "q": "rng.standard_normal((m, n))", "t": "rng.standard_normal((3, n, m))", "u": "rng.standard_normal((3, m, n))",
    "s": "rng.standard_normal((n, n))", "p": "rng.random(n) + 0.25", "h": "rng.standard_normal((3, n, m, 2))", "c3": "rng.standard_normal((n, 3))",
    "f": "rng.standard_normal((n, m), dtype=np.float32)", "g": "rng.standard_normal(n, dtype=np.float32)",
    "k": "rng.integers(-9, 9, (n, m))", "i": "rng.integers(0, n, n)", "b": "rng.integers(0, 200, (n, m)).astype(np.uint8)",
    "j": "rng.integers(-100, 100, n).astype(np.int32)", "l": "rng.random((n, m)) < 0.4", "r": "np.sort(rng.standard_normal(m))",
    "z": "rng.standard_normal((n, m)) + 1j * rng.standard_normal((n, m))", "o": "rng.standard_normal(n) - 1j * rng.standard_normal(n)",
    "d": "np.where(rng.random((n, m)) < 0.3, np.nan, rng.standard_normal((n, m)))", "a": "0.75", "e": "3",
}
TEXT = """
import math
import numpy as np
import kernwright

def make_inputs(size, rng):
    n, m = size["n"], size["m"]
    return ({inputs},)

@kernwright.kernel(inputs=make_inputs, sizes={{"tiny": {{"n": 6, "m": 5}}, "verify": {{"n": 13, "m": 9}}, "benchmark": {{"n": 14, "m": 10}}}})
def program({names}):
{body}
"""
SIZES = ("tiny", {"n": 1, "m": 1}, {"n": 4, "m": 7})


def spec_of(statements: Sequence[str], results: Sequence[str]) -> OpenSpec:
    """A reference of these statements that returns `results`; its inputs are those of INPUTS that it names."""
    used = {node.id for s in statements for node in ast.walk(ast.parse(s)) if isinstance(node, ast.Name)}
    names = [name for name in INPUTS if name in used]
    body = [line for s in statements for line in s.splitlines()] + [f"return {', '.join(results)}"]
    text = TEXT.format(inputs=", ".join(INPUTS[n] for n in names), names=", ".join(names), body="\n".join("    " + line for line in body))
    return KernelSpec("program", text, "program").open()


@cache
def lifted(expressions: tuple[str, ...]) -> tuple[OpenSpec, Observation, Lifted]:
    """The program that returns every one of the expressions, and its loops."""
    results = [f"result_{n}" for n in range(len(expressions))]
    spec = spec_of([f"{r} = {e}" for r, e in zip(results, expressions)], results)
    observation = observe(spec, 1, 0.05)
    return spec, observation, lift(spec, observation.signature)


def callable_of(candidate: Candidate, jit: bool):
    namespace = {"np": np, "math": math, "prange": range}
    exec(candidate.text, namespace)  # noqa: S102 - the gate has passed it
    if jit:
        for name, value in list(namespace.items()):
            if hasattr(value, "__code__"):
                namespace[name] = numba.njit(value, error_model=candidate.options.error_model)
    return namespace["kernel"]


def differences(expressions: Sequence[str], jit: bool = False, sizes: Sequence[object] = SIZES) -> list[str]:
    """What is wrong with the loops of these expressions, one line each: statements that stayed, results that differ."""
    spec, observation, found = lifted(tuple(expressions))
    wrong = [f"kept: {kept.text}: {kept.reason}" for kept in found.kept]
    if not found.candidates:
        return wrong or ["no candidate"]
    candidate = found.candidates[0]
    wrong += [f"refused: {refusal}" for refusal in check(candidate, observation.signature)]
    call = callable_of(candidate, jit)
    for size in sizes:
        arguments = spec.make_inputs(size, 7)
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = spec.reference(*copy_arguments(arguments))
            got = _quickly(call, copy_arguments(arguments))
        pairs = zip(expressions, got if len(expressions) > 1 else (got,), expected if len(expressions) > 1 else (expected,))
        wrong += [f"{size}: {e}: {reason}" for e, g, x in pairs if (reason := difference(g, x, jit))]
    return wrong


def _quickly(call, arguments):
    """The call, with little time spent on optimising what it compiles."""
    usual = numba.config.OPT
    numba.config.OPT = type(usual)(1)
    try:
        return call(*arguments)
    finally:
        numba.config.OPT = usual


def difference(got: object, expected: object, jit: bool) -> str | None:
    """How a result differs from NumPy's; None where it does not, beyond rounding. Compiled code returns NumPy's numbers as Python's."""
    if isinstance(expected, tuple):
        parts = [difference(g, e, jit) for g, e in zip(got, expected)]  # type: ignore[call-overload]
        return next((part for part in parts if part), None)
    loose = not isinstance(expected, np.ndarray)
    a, b = np.asarray(got), np.asarray(expected)
    if a.shape != b.shape or a.dtype.kind != b.dtype.kind or not loose and a.dtype != b.dtype:
        return f"{a.dtype}{a.shape} in place of {b.dtype}{b.shape}"
    if b.dtype.kind not in "fc":
        return None if np.array_equal(a, b) else f"{a.tolist()} in place of {b.tolist()}"
    scale = np.max(np.abs(b[np.isfinite(b)]), initial=1.0)
    eps = np.finfo(b.dtype).eps
    close = np.isclose(a, b, rtol=500 * eps, atol=50 * eps * scale, equal_nan=True)
    return None if np.all(close) else f"{a.tolist()} in place of {b.tolist()}"[:300]
