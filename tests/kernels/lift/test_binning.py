"""Masks of many groups as one pass: what is recognised, that edges of any kind give NumPy's results, and what is left alone."""
from __future__ import annotations

import numpy as np
import pytest
from kernwright.kernels.identity import DIFFERENT, compare
from kernwright.kernels.lift.variants import variants
from kernwright.kernels.spec import Tolerance
from lift_programs import V, X, assert_agrees, compiled, lifted

R = "rng.random(n)"
LABELS = "rng.integers(-1, 5, n)"
BINNED = {
    # name: (the reference, its inputs)
    "means_between_edges": ("""def means_between_edges(x, r, bins):
        out = np.zeros(bins)
        edges = np.linspace(0, r.max(), bins + 1)
        for b in range(bins):
            inside = (r >= edges[b]) & (r < edges[b + 1])
            out[b] = x[inside].mean()
        return out""", f"({V}, {R}, 4)"),
    "rings": ("""def rings(image, radius, count):
        widest = radius.max()
        out, sizes = np.zeros(count), np.zeros(count, dtype=np.int64)
        for i in range(count):
            inner = widest * i / count
            outer = widest * (i + 1) / count
            ring = np.logical_and(inner < radius, radius <= outer)
            if ring.any():
                chosen = image[ring]
                out[i] = np.sum(chosen) / chosen.size + np.sqrt((image * image)[ring]).sum()
            sizes[i] = np.count_nonzero(ring)
        return out, sizes""", f"(np.abs({X}), rng.random((n, m)), 5)"),
    "rows_by_label": ("""def rows_by_label(x, labels, k):
        out = np.zeros((k, x.shape[1]))
        for j in range(k):
            out[j] = x[labels == j].sum(axis=0) / max((labels == j).sum(), 1)
        return out""", f"({X}, {LABELS}, 4)"),
    "labels_from_one": ("""def labels_from_one(x, labels, k):
        s = np.empty(k)
        t = 0
        for j in range(1, k + 1):
            mine = labels == j
            if not mine.any():
                s[j - 1] = -1.0
                continue
            s[j - 1] = x[mine].sum()
            t += mine.sum()
        return s, t""", f"({V}, {LABELS}.astype(np.int8), 6)"),
    "where_and_a_further_condition": ("""def where_and_a_further_condition(x, r, edges, good):
        out = np.zeros(len(edges) - 1)
        for b in range(len(edges) - 1):
            out[b] = np.where((r > edges[b]) & good & (r <= edges[b + 1]), x * x, 0.0).sum()
        return out""", f"({V}, {R}, np.linspace(0.2, 0.8, 5), rng.random(n) < 0.7)"),
    "float32_and_python_numbers": ("""def float32_and_python_numbers(x, r, bins):
        out = np.zeros(bins, dtype=np.float32)
        width = 1.0 / bins
        for b in range(bins):
            out[b] = x[(r >= b * width) & (r < (b + 1) * width)].mean()
        return out""", f"({V}.astype(np.float32), {R}.astype(np.float32), 7)"),
    "integers_between_edges": ("""def integers_between_edges(x, k, step):
        out = np.zeros(6, dtype=np.int64)
        for b in range(6):
            out[b] = x[(k >= b * step) & (k < (b + 1) * step)].sum()
        return out""", "(rng.integers(0, 9, n).astype(np.int16), rng.integers(0, 20, n), 3)"),
    "centres": ("""def centres(points, labels, old):
        new = np.empty_like(old)
        for k in range(old.shape[0]):
            mine = labels == k
            if np.any(mine):
                new[k] = points[mine].mean(axis=0)
            else:
                new[k] = old[k]
        return new""", f"({X}, {LABELS}, rng.standard_normal((7, m)))"),
    "histogram": ("""def histogram(r, edges):
        out = np.zeros(edges.shape[0] - 1, dtype=np.int64)
        for b in range(len(out)):
            out[b] = np.sum((r >= edges[b]) & (r < edges[b + 1]))
        return out""", f"({R}, np.sort(rng.random(7)))"),
    "extremes_of_places": ("""def extremes_of_places(x, c, labels, k):
        out = np.zeros((k, 4))
        for j in range(k):
            places = np.where(labels == j)[0]
            if len(places) == 0:
                continue
            out[j, 0] = x[places].max()
            out[j, 1] = np.min(x[places] * 2)
            out[j, 2] = c[places].max() - c[places].min()
            out[j, 3] = x[places].mean() + places.size
        return out""", f"({V}, rng.integers(-9, 9, n).astype(np.int16), {LABELS}, 6)"),
    "narrow_integers_and_wide_bounds": ("""def narrow_integers_and_wide_bounds(x, k, step):
        out = np.zeros(6)
        for b in range(-2, 4):
            out[b + 2] = x[(k >= b * step) & (k < (b + 1) * step)].sum()
        return out""", f"({V}, rng.integers(0, 255, n).astype(np.uint8), 99)"),
    "values_of_a_table": ("""def values_of_a_table(x, k, names):
        found = np.zeros(names.shape[0])
        for b in range(names.shape[0]):
            found[b] = x[k == names[b]].sum()
        return found""", f"({V}, rng.integers(0, 9, n) * 0.5, np.array([0.5, 1.0, 3.5]))"),
}


@pytest.mark.parametrize("name", BINNED)
def test_groups_take_one_pass_and_agree(name):
    spec, observation, found = lifted(*BINNED[name])
    assert found.others and "binned" in found.others[0][0].lineage.note
    for candidate in found.others[0]:
        assert any(f"{each}[slot] " in candidate.text or f"{each}[number" in candidate.text for each in ("sums", "counts"))
        assert_agrees(compiled(candidate, observation, spec, jit=False), spec, ("tiny", "verify"))


def test_labels_need_neither_a_mask_nor_a_test():
    _, _, found = lifted(*BINNED["rows_by_label"])
    assert "bool_" not in found.others[0][-1].text and "ordered" not in found.others[0][-1].text


@pytest.mark.parametrize("name", ["means_between_edges", "labels_from_one"])
def test_numba_compiles_the_pass(name):
    spec, observation, found = lifted(*BINNED[name])
    assert_agrees(compiled(found.others[0][-1], observation, spec), spec, ("tiny", "verify"))


@pytest.mark.parametrize("name", ["means_between_edges", "rows_by_label"])
def test_the_proof_finds_no_other_function(name):
    spec, observation, found = lifted(*BINNED[name])
    report = compare(spec, found.others[0][-1], observation.signature, [spec.sizes["tiny"]], 11, 30.0, draws=1)
    assert report.answer != DIFFERENT, report


EDGES = [0.0, 0.25, 0.5, 0.5, 0.75, 1.0, -np.inf, np.inf, np.nan, 0.1, 0.3]


@pytest.mark.parametrize("above, below", [(">=", "<"), (">", "<="), (">=", "<="), (">", "<")])
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
def test_any_edges_give_what_the_masks_give(above, below, dtype):
    """Sorted or not, equal, overlapping, infinite or nan: what is not in order is left to the masks."""
    spec, observation, found = lifted(f"""def any_edges(x, r, low, high):
        out, count = np.zeros(low.shape[0]), np.zeros(low.shape[0])
        for b in range(low.shape[0]):
            m = (r {above} low[b]) & (r {below} high[b])
            out[b] = x[m].sum()
            count[b] = m.sum()
        return out, count""", f"({V}, {R}.astype(np.{dtype}), np.arange(4).astype(np.{dtype}), np.arange(4).astype(np.{dtype}))")
    call = compiled(found.others[0][-1], observation, spec, jit=False)
    rng = np.random.default_rng(5)
    scale, usual = (1, EDGES) if dtype != "int64" else (8, [0.0, 0.25, 0.5, 0.5, 0.75, 1.0])
    passes = 0
    for turn in range(150):
        size = int(rng.integers(0, 7))
        low = rng.choice(usual, size)
        if turn % 3:
            low = np.sort(np.clip(low, 0 if turn % 2 else -np.inf, np.inf))
        high = np.append(low[1:], 1.0)[:size] if turn % 4 else low + rng.choice([0.1, 0.25, -0.1], size)
        r = rng.choice([*usual, *rng.random(5)], 23)
        low, high, r = (np.round(np.asarray(each) * scale).astype(dtype) if dtype == "int64" else np.asarray(each, dtype)
                        for each in (low, high, r))
        x = rng.standard_normal(23)
        with np.errstate(all="ignore"):
            expected, got = spec.reference(x, r, low, high), call(x, r, low, high)
        np.testing.assert_array_equal(got[1], expected[1])
        np.testing.assert_allclose(got[0], expected[0], rtol=1e-12, atol=1e-12)
        passes += bool(expected[1].any())
    assert passes > 50


OTHERS = {
    "a mask that is read": """def reads(x, r, bins):
        out = np.zeros((bins, r.shape[0]))
        for b in range(bins):
            m = (r >= b) & (r < b + 1)
            out[b] = x * m
        return out""",
    "one side alone": """def one_side(x, r, bins):
        out = np.zeros(bins)
        for b in range(bins):
            out[b] = x[r >= b / bins].sum()
        return out""",
    "two masks": """def two(x, r, bins):
        out = np.zeros(bins)
        for b in range(bins):
            out[b] = x[(r >= b) & (r < b + 1)].sum() - x[(r >= b) & (r < b + 2)].sum()
        return out""",
    "what is summed changes": """def changes(x, r, bins):
        for b in range(bins):
            m = (r >= b / bins) & (r < (b + 1) / bins)
            x[b] = x[m].sum()
        return x""",
    "edges that depend on sums": """def depends(x, r, bins):
        out = np.zeros(bins)
        low = 0.0
        for b in range(bins):
            out[b] = x[(r >= low) & (r < low + 0.1)].sum()
            low = low + 0.1 + 0.01 * out[b]
        return out""",
    "edges that move on": """def moves(x, r, bins):
        out = np.zeros(bins)
        low = 0.0
        for b in range(bins):
            high = low + 0.2
            out[b] = x[(r >= low) & (r < high)].sum()
            low = high
        return out""",
    "the last mask is read afterwards": """def afterwards(x, r, bins):
        out = np.zeros(bins)
        for b in range(bins):
            m = (r >= b / bins) & (r < (b + 1) / bins)
            out[b] = x[m].sum()
        return out, x[m]""",
    "a loop that stops": """def stops(x, r, bins):
        out = np.zeros(bins)
        for b in range(bins):
            m = (r >= b / bins) & (r < (b + 1) / bins)
            if m.sum() > 3:
                break
            out[b] = x[m].sum()
        return out""",
    "a view of what is summed": """def view(x, r, bins):
        y = x[1:]
        for b in range(bins):
            y[b] = x[(r >= b / bins) & (r < (b + 1) / bins)].sum()
        return x""",
    "the spread": """def spread(x, r, bins):
        out = np.zeros(bins)
        for b in range(bins):
            v = x[(r >= b / bins) & (r < (b + 1) / bins)]
            out[b] = ((v - v.sum()) ** 2).sum()
        return out""",
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_loops_are_left_alone(name):
    spec, observation, found = lifted(OTHERS[name], f"({V}, {R}, 4)")
    assert found.candidates and found.others == ()
    assert_agrees(compiled(found.candidates[-1], observation, spec, jit=False), spec, ("tiny", "verify"))


def test_seeds_are_made_of_the_pass_and_agree():
    spec, observation, found = lifted(*BINNED["means_between_edges"])
    ours = [each for each in variants(found.candidates, observation.signature, Tolerance(), 2, found.others) if "binned" in each.lineage.note]
    assert ours and "sums[slot]" in ours[0].text
    assert not ours[0].options.fastmath, "edges that are computed in another order lie elsewhere"
    for each in ours:
        assert_agrees(compiled(each, observation, spec, jit=False), spec, ("tiny", "verify"))
