"""Products that stay BLAS calls: what np.dot is given, where loops stay, and that the proofs take it."""
from __future__ import annotations

import random

import numpy as np
import pytest
from kernwright.kernels.export.kernel_text import needs_scipy
from kernwright.kernels.identity import IDENTICAL, compare
from kernwright.kernels.lift.variants import variants
from kernwright.kernels.spec import Tolerance
from lift_programs import F, V, W, X, assert_agrees, compiled, lifted

Y = "rng.standard_normal((m, n))"
PRODUCTS = {
    # name: (the reference, its inputs, the calls that its seeds by BLAS have)
    "matrices": ("""def matrices(a, b):
        h = np.maximum(a @ b, 0.0)
        return (h * h).T @ (h + 1), h.dot(a)""", f"({X}, {Y})", ["np.dot(a, b, out=product)", "np.dot(t, t_2, out=out0)", "np.dot(h, a, out=out1)"]),
    "views": ("""def views(a, b):
        return a[1:] @ b[:, ::2], a.T @ b.T""", f"({X}, {Y})",
              ["np.dot(view, t, out=out0)", "np.dot(view_2, view_3, out=out1)"]),
    "vectors_of_float32": ("""def vectors_of_float32(a, v, w):
        y = a @ v
        return y.dot(a), w @ y""", f"({F}, {W}.astype(np.float32), {V}.astype(np.float32))",
                           ["np.dot(a, v, out=y)", "np.dot(y, a, out=product)"]),
    "labels": ("""def labels(a, b, c):
        return np.einsum("ij,kj->ki", a, c), np.einsum("ij,jk", a, b), np.einsum("ab,bac->bc", a, b[:, :, None] * c[:, None, :1])""",
               f"({X}, {Y}, {Y} @ {X})", []),
    "batched": ("""def batched(q, k, a):
        s = np.einsum("hqd,hkd->hqk", q, k)
        return s @ k, a @ k.transpose(0, 2, 1)""", f"(rng.standard_normal((3, n, m)), rng.standard_normal((3, n, m)), {Y}.T)",
                ["np.dot(q[i], k[i].T, out=s[i])", "np.dot(s[i], k[i], out=out0[i])", "np.dot(a, t[i], out=out1[i])"]),
    "heads_in_the_middle": ("""def heads_in_the_middle(q, k, v):
        s = np.einsum("qhd,khd->hqk", q, k)
        return np.einsum("hqk,khd->qhd", s * 2, v)""", "(rng.standard_normal((n, 3, m)), rng.standard_normal((n + 1, 3, m)), rng.standard_normal((n + 1, 3, m)))",
                            ["np.dot(t[i], t_2[i].T, out=s[i])", "np.dot(t_3[i], t_4[i], out=product[i])"]),
    "again_and_again": ("""def again_and_again(a, x):
        for _ in range(3):
            x = a.T @ (a @ x)
            x = x / np.abs(x).max()
        x[:2] = a[:2] @ x
        return x""", f"({X}, {W})", []),
    "complex": ("""def complex(a, b):
        return (a + 1j * a) @ (b - 2j)""", f"({X}, {Y})", ["np.dot(t, t_2, out=out0)"]),
    "rows_of_a_solve": ("""def rows_of_a_solve(a, b, c):
        x = np.zeros_like(b)
        for i in range(b.shape[0]):
            x[i] = b[i] - a[i, :i] @ x[:i]
        return x, c @ x""", "(np.tril(rng.random((n, n))), rng.random(n), rng.random((m, n)))", ["np.dot(c, out0, out=out1)"]),
}
LOOPS = {
    "of integers": ("def of_integers(a, b):\n    return a @ b", "(rng.integers(0, 9, (n, m)), rng.integers(0, 9, (m, n)))"),
    "of two dtypes": ("def of_two_dtypes(a, b):\n    return a @ b", f"({F}, {Y})"),
    "of vectors": ("def of_vectors(a, b):\n    return np.dot(a, b), a @ a", f"({V}, {V})"),
    "of one element each": ('def of_one(a, b):\n    return np.einsum("ij,ij->ij", a, b)', f"({X}, {X})"),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_products_of_matrices_stay_calls_and_agree(name):
    kernel, inputs, calls = PRODUCTS[name]
    spec, observation, found = lifted(kernel, inputs)
    assert found.others and not found.kept and "np.dot(" not in found.candidates[-1].text
    for candidate in found.others[0]:
        assert candidate.lineage.note == "lifted, products by BLAS" and needs_scipy(candidate)
        assert_agrees(compiled(candidate, observation, spec, jit=False), spec, ("tiny", "verify"))
    lines = [line.strip() for line in found.others[0][-1].text.splitlines() if "np.dot(" in line]
    assert not calls or lines == calls
    assert all("out=" in line for line in lines)


@pytest.mark.parametrize("name", ["views", *(pytest.param(name, marks=pytest.mark.slow) for name in ("batched", "heads_in_the_middle"))])
@pytest.mark.filterwarnings("error::numba.NumbaPerformanceWarning")
def test_numba_compiles_the_calls_without_a_remark(name):
    spec, observation, found = lifted(*PRODUCTS[name][:2])
    assert_agrees(compiled(found.others[0][-1], observation, spec), spec, ("tiny", "verify"))


@pytest.mark.parametrize("name", LOOPS)
def test_what_blas_does_not_compute_has_no_further_style(name):
    _, _, found = lifted(*LOOPS[name])
    assert found.candidates and found.others == ()


@pytest.mark.parametrize("draw", range(2))
def test_einsums_in_any_order_of_their_axes_agree(draw):
    rng, sizes = random.Random(draw), {"h": 3, "i": 4, "j": 5, "k": 2, "g": 1}
    terms = []
    for _ in range(12):
        outer = rng.choice(["", "", "h", "g", "gh"])
        first, second = (rng.choice([outer, outer, "".join(rng.sample(outer, len(outer)))]) + "".join(rng.sample(core, len(core)))
                         for core in (rng.choice(["ij", "j"]), "jk"))
        if rng.random() < 0.5:
            first, second = ("".join(rng.sample(labels, len(labels))) for labels in (first, second))
        labels = [c for c in "ghik" if c in first + second]
        out = "".join(labels if rng.random() < 0.5 else rng.sample(labels, len(labels)))
        made = [f"v[:{int(np.prod([sizes[c] for c in part]))}].reshape({', '.join(str(sizes[c]) for c in part)})" for part in (first, second)]
        terms.append(f'np.einsum("{first},{second}->{out}", {made[0]}, {made[1]} + 1)')
    spec, observation, found = lifted("def einsums(v):\n    return (" + ", ".join(terms) + ")", "(rng.standard_normal(120),)")
    assert found.others and not found.kept
    for candidate in (found.candidates[-1], found.others[0][-1]):
        assert_agrees(compiled(candidate, observation, spec, jit=False), spec, ("tiny",))
    assert found.others[0][-1].text.count("np.dot(") >= 3


def test_einsum_that_repeats_an_axis_of_one_is_no_product():
    spec, observation, found = lifted('def repeats(a, b):\n    return np.einsum("ij,jk->ik", a, b)', f"({X}, {Y}[:1])")
    assert found.others == ()
    assert_agrees(compiled(found.candidates[-1], observation, spec, jit=False), spec, ("tiny",))


@pytest.mark.parametrize("name", ["matrices", "batched"])
def test_further_seeds_are_made_of_them_and_agree(name):
    spec, observation, found = lifted(*PRODUCTS[name][:2])
    made = variants(found.candidates, observation.signature, Tolerance(), 2, found.others)
    ours = [each for each in made if "BLAS" in each.lineage.note]
    assert len(ours) >= 2 and all("np.dot(" in each.text for each in ours)
    assert "BLAS" in made[1].lineage.note, "a short run judges one of them"
    for each in ours:
        assert_agrees(compiled(each, observation, spec, jit=False), spec, ("tiny",))


@pytest.mark.parametrize("name", ["matrices", "views", "batched"])
def test_the_calls_are_proven_to_be_the_reference(name):
    spec, observation, found = lifted(*PRODUCTS[name][:2])
    for candidate in (found.others[0][-1], variants(found.candidates, observation.signature, Tolerance(), 2, found.others)[1]):
        report = compare(spec, candidate, observation.signature, [spec.sizes["tiny"]], 11, 30.0, draws=1)
        assert report.answer == IDENTICAL, report


def test_a_program_with_masks_and_products_begins_with_both_in_another_form():
    spec, observation, found = lifted("""def both(x, labels, a, k):
        out = np.zeros(k)
        y = a @ x
        for j in range(k):
            out[j] = y[labels == j].sum()
        return out""", f"({W}, rng.integers(0, 3, n), {X}, 3)")
    notes = [each[-1].lineage.note for each in found.others]
    assert notes == ["lifted, masks binned, products by BLAS", "lifted, products by BLAS", "lifted, masks binned"]
    for candidates in found.others:
        assert_agrees(compiled(candidates[-1], observation, spec, jit=False), spec, ("tiny", "verify"))
