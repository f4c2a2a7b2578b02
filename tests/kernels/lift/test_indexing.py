"""Masks, arrays of indices and calls that write into their arguments: their loops against the references."""
import pytest
from lift_programs import assert_agrees, assert_lifted, compiled, lifted

ARGUMENTS = "(rng.standard_normal((n, m)), rng.standard_normal(n), rng.integers(0, min(n, m), n), rng.random(n) < 0.5, rng.random((n, m)) < 0.5)"
PROGRAMS = {
    # name: statements on a matrix a, a vector v, indices i, a mask k of rows, a mask q of elements
    "rows_by_mask": "a[k] = 0.0; a[k] += v[k][:, None]",
    "columns_by_mask": "return a[:, a[0] > 0], a[k, :], a[k, 1:]",
    "columns_written": "a[:, a[0] > 0] = 1.5; a[k, 1:] *= 2.0",
    "mask_before_a_column": "a[k, 0] = v[k]; a[k, 1] += 1.0; return a[k, 2]",
    "two_masks": "v[k & (v > -1)] *= 3.0; v[~k] = -v[~k]; return v[k | (v < 0)]",
    "from_another": "w = v * 2; v[k] = w[k]; a[q] = (a * a)[q]; a[a < 0] = 0",
    "counted": "return a[q].sum(), q.sum(), v[k].sum(), np.count_nonzero(q, axis=0)",
    "nonzero": "j = np.nonzero(k)[0]; v[j] = 2.0; return a[j], j",
    "flatnonzero": "return v[np.flatnonzero(v > 0)], np.flatnonzero(q)",
    "where_pair": "r, s = np.where(q); a[r, s] += 1.0; return r, s",
    "where_alone": "return v[np.where(k)], np.where(v > 0)[0]",
    "argwhere": "t = 0.0\n    for r, s in np.argwhere(q):\n        t += a[r, s] * s\n    return t",
    "nonzero_loop": "t = 0.0\n    for r in np.nonzero(k)[0]:\n        t = t * 0.5 + v[r]\n    return t",
    "pairs": "return a[i, i], a[i[1:], i[:-1]], a[i][:, i]",
    "outer": "return a[i[:, None], i[None, :3]]",
    "rows_by_index": "return a[i], a[:, i], a[i, 1:3], a[1:3, i]",
    "split": "b = np.stack((a, 2 * a, a + 1)); return b[i % 3, :, i], b[0, :, i], b[:, i, i]",
    "negative": "return v[-1 - i], a[-i - 1, i], v[i - 1]",
    "written_pairs": "a[i, i] = v; a[0, i] = 3.0; a[:, i] *= 0.5",
    "gathered_then_written": "v[i] = v[i][::-1] + 1; return v",
    "listed": "return a[:, [0, 2]], a[[1, 0]]",
    "behind_a_slice": "b = np.stack((a, 2 * a, a + 1, -a)); c = b[:, q][OPPOSITE]; b[:, q] = c; b[1, q] *= 2; return b, b[2, q].sum(), b[..., q] + 1",
    "before_a_column": "b = np.stack((a, 2 * a, a + 1), axis=-1); b[q, 1] = 3.0; return b, b[q, :2], b[q, i[0] % 3]",
    "block_by_masks": "r = a.sum(1) > 0; c = a[0] < 0.5; s = a[np.ix_(r, c)].sum(); a[np.ix_(r, ~c)] = 2.0; return s, a[np.ix_(i, c)]",
    "masks_compared": "f = q.ravel(); return np.flatnonzero(f[1:] != f[:-1]), (q == (a > 0)).all(), (q != q[0, 0]).sum(), k[0] == q[0, 0]",
    "put": "np.put(v, i, 3.0)",
    "place": "np.place(v, k, 7.0); np.putmask(a, a > 0, -a); np.copyto(v, 1.0, where=v > 5); np.copyto(a[1:], a[:-1])",
    "diagonal": "b = a[:3, :3].copy(); np.fill_diagonal(b, 4.0); return b",
    "outputs": "b = np.empty_like(a); np.multiply(a, 2.0, out=b); np.add(b, a, out=a); np.exp(v, out=v); np.sqrt(np.abs(v), v)",
    "conditional_output": "b = np.zeros_like(a); np.divide(1.0, a, out=b, where=q); return b",
    "mask_of_masked": "w = v.copy(); w[w > 1] = 1; w[w < -1] = -1; return w, np.where(w > 0, w, 0)",
    "infinite": "w = v / (v - v * k); w[np.isinf(w) | np.isnan(w)] = 0.0; return w",
    "put_along": "b = np.argsort(a, axis=1); np.put_along_axis(a, b[:, :1], 9.0, axis=1); np.put_along_axis(a, b[:1], -a[:1], 0); np.put_along_axis(v, i, v[i], 0)",
    "take_along": "b = np.argmax(a, axis=1)[:, None]; return np.take_along_axis(a, b, axis=1)",
}
STAY = {
    "piecewise": "return np.piecewise(v, [v < 0, v > 1], [lambda x: -x, 5.0, lambda x: x * x.sum()])",
    "flat": "a.flat[0] = 3.0; s = 0.0\n    for x in a.flat:\n        s = s * 0.9 + x\n    return s, a.flat[3]",
    "selected": "return np.select([v < -1, v < 0], [v * 2, v * 3], default=1.0), np.choose(i % 2, [v, -v]), np.compress(k, a, axis=0), np.extract(q, a)",
}


def program(statements):
    return "def made(a, v, i, k, q):\n    " + "\n    ".join(part.strip() if not part.startswith(" ") else part
                                                             for part in statements.replace("; ", "\n    ").split("\n    "))


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_chosen_or_written_by_masks_and_indices_becomes_loops_that_agree(name):
    spec, observation, found = lifted(program(PROGRAMS[name]), ARGUMENTS)
    assert found.kept == ()
    assert_lifted(spec, observation, found, compiles=name in ("from_another", "where_pair", "split"))


@pytest.mark.parametrize("name", STAY)
def test_what_has_no_loop_form_is_named_and_stays_as_it_is(name):
    spec, observation, found = lifted(program(STAY[name]), ARGUMENTS)
    assert found.kept
    for candidate in found.candidates:
        assert_agrees(compiled(candidate, observation, spec, jit=False), spec, ("tiny", "verify"))
