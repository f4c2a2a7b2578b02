"""What every step of the variants keeps: the gate passes it, and its text, run by the interpreter, gives NumPy's results."""
from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from kernwright.kernels.dialect import check
from kernwright.kernels.lift import lift
from kernwright.kernels.lift.variants import MOST, STEPS, derive_with, variants
from kernwright.kernels.observe import observe
from kernwright.kernels.spec import KernelSpec, Tolerance, copy_arguments
from kernwright.kernels.wrapper import wrapper_source

FILE = """
import numpy as np
import kernwright

def make_inputs(size, rng):
    n, m = size["n"], size["m"]
    return {inputs}

@kernwright.kernel(inputs=make_inputs, sizes={{"tiny": {{"n": 5, "m": 4}}, "verify": {{"n": 9, "m": 7}}, "benchmark": {{"n": 11, "m": 6}}}})
{kernel}
"""
X, V = "rng.standard_normal((n, m))", "rng.standard_normal(n)"
PROGRAMS = {
    "rows": ("""def rows(a, w):
    e = np.exp(a - a.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1)[:, None]
    d = p * w
    return d - d.mean(axis=1, keepdims=True), p""", f"{X}, rng.standard_normal(m)"),
    "products": ("""def products(a, b, c):
    h = np.maximum(a @ b, 0.0)
    g = h - h.mean(axis=0)
    return (g * g).T @ (h + c), np.einsum("ij,kj->ik", a, h.T[:1] @ a)""", f"{X}, rng.standard_normal((m, n)), {V}"),
    "shifted": ("""def shifted(u, steps):
    for _ in range(steps):
        v = u.copy()
        u[1:-1] = v[1:-1] + 0.1 * (v[2:] - 2 * v[1:-1] + v[:-2])
        u[0] = u[1]
    return u, np.diff(u).max()""", f"{V}, 3"),
    "chain": ("""def chain(x, y):
    r = np.sqrt(x * x + y * y)
    s = x / (r + 1.0)
    t = y / (r + 1.0)
    r[0] = 0.0
    return (s - t).sum(), r, s * t""", f"{V}, {V}"),
    "recurrences": ("""def recurrences(a, x):
    y = x.copy()
    for t in range(1, x.shape[0]):
        y[t] = x[t] + 0.5 * y[t - 1]
    for i in range(1, a.shape[0]):
        for j in range(1, a.shape[1]):
            a[i, j] = min(a[i - 1, j], a[i, j - 1]) + y[i]
    return y""", f"{X}, {V}"),
    "passes": ("""def passes(a, w):
    total, done = np.zeros_like(a), np.zeros(a.shape, dtype=np.int64)
    for k in range(3):
        total = total * total + w[k] * np.roll(a, k, axis=0)
        done[np.abs(total) > 2.0] = k
        total = np.minimum(total, 9.0)
    return total / 2, done""", f"{X}, rng.standard_normal(3)"),
    "selections": ("""def selections(a, v):
    m, counts = (v > -0.2) & (v < 1.5), np.zeros(4)
    k = (np.abs(v[m]) * 2).astype(np.int64) % 4
    np.add.at(counts, k, v[m] * a[m, 0])
    inner = a > 0.0
    chosen = a[inner]
    spread = chosen - chosen.mean()
    a[inner] = spread * spread
    return counts, chosen.sum(), np.sqrt(v[m] + 1.0), spread.max(initial=0.0)""", f"{X}, {V}"),
    "scalars": ("""def scalars(a):
    best = -1.0
    for i in range(a.shape[0]):
        for j in range(i):
            if abs(a[i, 0] - a[j, 0]) > best:
                best = abs(a[i, 0] - a[j, 0])
    return best""", f"({X}),"),
}


@cache
def program(name):
    kernel, inputs = PROGRAMS[name]
    spec = KernelSpec(name, FILE.format(kernel=kernel, inputs=f"({inputs})"), name).open()
    observation = observe(spec, 1, 0.05)
    return spec, observation.signature, lift(spec, observation.signature).candidates


def assert_agrees(spec, signature, candidate, sizes=("tiny", "verify")):
    namespace = {"np": np, "math": math, "prange": range}
    exec(candidate.text, namespace)  # noqa: S102 - the gate has passed it
    wrapper = {"kernel": namespace["kernel"], "empty": lambda shape, dtype: np.full(shape, 77, np.dtype(dtype))}
    exec(wrapper_source(candidate, signature, spec.parameters), wrapper)  # noqa: S102
    for size in sizes:
        arguments = spec.make_inputs(size, 7)
        own = copy_arguments(arguments)
        with np.errstate(all="ignore"):
            expected, got = spec.reference(*arguments), wrapper["call"](*own)
        pack = [each if isinstance(each, tuple) else (each,) for each in (got, expected)]
        for g, e in zip((*pack[0], *own), (*pack[1], *arguments), strict=True):
            assert np.asarray(g).dtype == np.asarray(e).dtype
            np.testing.assert_allclose(g, e, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("step", STEPS)
def test_a_step_declines_or_computes_the_same(step, name):
    spec, signature, candidates = program(name)
    candidate = candidates[-1]
    made = derive_with(step, candidate, signature)
    if made is not None:
        assert check(made, signature) == ()
        assert made.identity != candidate.identity and made.convention == candidate.convention
        assert_agrees(spec, signature, made)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_seeds_of_a_program_are_few_and_distinct_and_agree(name):
    spec, signature, candidates = program(name)
    made = variants(candidates, signature, Tolerance(), 2)
    assert 1 <= len(made) <= MOST
    assert len({each.identity for each in (*candidates, *made)}) == len(candidates) + len(made)
    for each in made:
        assert each.lineage.operator == "seed" and each.lineage.note.startswith("lifted, ")
        assert_agrees(spec, signature, each, ("tiny",))


def test_one_thread_asks_for_no_parallel_seed_and_an_exact_tolerance_for_no_other_order_of_sums():
    _, signature, candidates = program("rows")
    assert any(each.options.parallel for each in variants(candidates, signature, Tolerance(), 2))
    assert not any(each.options.parallel for each in variants(candidates, signature, Tolerance(), 1))
    exact = variants(candidates, signature, Tolerance("exact"), 2)
    assert exact and not any(each.options.fastmath for each in exact)


def test_the_first_seed_of_a_softmax_calls_vecmath_and_no_seed_under_an_exact_tolerance_does():
    _, signature, candidates = program("rows")
    first, *_ = variants(candidates, signature, Tolerance(), 2)
    assert "functions vectorised" in first.lineage.note and "def exp_f64(" in first.text
    assert not any("exp_f64" in each.text for each in variants(candidates, signature, Tolerance("exact"), 2))


def test_a_program_that_cannot_be_lifted_has_no_variants():
    assert variants((), program("rows")[1], Tolerance(), 2) == ()


def test_what_a_mask_selects_takes_one_loop_and_no_array():
    spec, signature, candidates = program("selections")
    made = derive_with("fused", derive_with("selections in place", candidates[-1], signature), signature)
    assert_agrees(spec, signature, made)
    assert not any(line.strip().startswith("k = np.empty") for line in made.text.splitlines())
    assert made.text.count("for ") < derive_with("fused", candidates[-1], signature).text.count("for ")


def test_rows_of_one_loop_need_no_matrix():
    _, signature, candidates = program("rows")
    fused = derive_with("fused", candidates[-1], signature)
    assert fused.text.count("for i in") == 1
    assert "np.empty((a.shape[0], a.shape[1])" not in fused.text
