"""Where values belong in sorted vectors: searchsorted and digitize as loops, against NumPy."""
import pytest
from lift_programs import assert_lifted, lifted

ARGUMENTS = "(np.sort(rng.integers(0, 9, n)), np.sort(rng.random(m)), rng.random((n, m)), rng.integers(0, 9, n))"
PROGRAMS = {
    "both_sides": "return np.searchsorted(e, x), np.searchsorted(e, x, side='right'), e.searchsorted(0.5, 'right')",
    "whole_numbers": "return np.searchsorted(k, i, side='right') - np.searchsorted(k, i)",
    "mixed": "return np.searchsorted(k, x * 9), np.searchsorted(e.astype(np.float32), 0.3), np.searchsorted(e * 9, i)",
    "bins": "return np.digitize(x, e), np.digitize(x, e, right=True), np.digitize(0.25, e)",
    "falling_bins": """b = e[::-1].copy()
        return np.digitize(x, b), np.digitize(x, b, right=True), np.digitize(i, k[::-1])""",
    "equal_bins": """b = np.full(3, 0.5)
        return np.digitize(x, b), np.digitize(x, b, right=True), np.digitize(np.array([0.5, 0.4]), b)""",
    "not_a_number": """x[0, 0], x[1, 0] = np.nan, np.inf
        f = np.append(e, np.array([np.nan, np.nan]))
        return np.searchsorted(f, x), np.searchsorted(f, x, side='right'), np.searchsorted(e, x), np.digitize(x, e)""",
    "means_of_bins": """edges = np.linspace(0.0, 1.0, 5)
        at = np.digitize(x.ravel(), edges)
        sums = np.bincount(at, weights=x.ravel(), minlength=6)
        return sums / np.maximum(np.bincount(at, minlength=6), 1)""",
    "cumulative": "return e[np.minimum(np.searchsorted(np.cumsum(e) / e.sum(), x), len(e) - 1)]",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_lifts_and_agrees(name):
    spec, observation, found = lifted(f"def {name}(k, e, x, i):\n        {PROGRAMS[name]}", ARGUMENTS)
    assert not found.kept
    assert_lifted(spec, observation, found)
