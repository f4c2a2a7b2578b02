"""Sorted rows, their middles and shares, and histograms in the lift."""
import pytest
from lift_expressions import differences

EXPRESSIONS = {
    # group: one expression a line, of the inputs that lift_expressions makes
    "rows": """
        np.sort(x, axis=0)
        np.sort(t)
        np.sort(k, axis=1)
        np.sort(d, axis=1)
        np.median(x, axis=0)
        np.median(d, axis=1, keepdims=True)
        np.median(k, axis=0)
        np.median(f, axis=1)
        np.percentile(x, 30, axis=0)
        np.quantile(x, a, axis=-1)
        np.percentile(t, 95.0, axis=1, keepdims=True)""",
    "histograms": """
        np.bincount(i)
        np.bincount(b[:, 0], weights=g)
        np.bincount(j * j % 7, minlength=9)
        np.histogram(x)[0]
        np.histogram(x, bins=7)[1]
        np.histogram(x, 4, (-1.0, 1.0))[0]
        np.histogram(x, bins=e, range=(0, 1), weights=y)[0]
        np.histogram(k, bins=5)[0]
        np.histogram(x, bins=r)[0]
        np.histogram(v, np.array([-1.0, 0.0, 0.5]), weights=p)[0]
        np.histogram(k, np.arange(-3, 4))[0]
        np.histogram(np.rint(x), bins=4, range=(-2, 2))[0]""",
}
QUICK = ()


def lines(group):
    return tuple(line.strip() for line in EXPRESSIONS[group].strip().splitlines())


@pytest.mark.parametrize("group", EXPRESSIONS)
def test_sorted_rows_and_histograms_become_loops_that_give_what_numpy_gives(group):
    assert differences(lines(group)) == []


@pytest.mark.parametrize("group", [pytest.param(g, marks=() if g in QUICK else pytest.mark.slow) for g in EXPRESSIONS])
def test_sorted_rows_and_histograms_compile(group):
    assert differences(lines(group), jit=True, sizes=("tiny",)) == []
