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
    "all elements": """
        np.sort(v)
        np.sort(v * 2, kind="stable")[::-1]
        np.sort(d, axis=None)
        np.partition(v, -1)[-1]
        np.partition(x, 0, axis=0)[0]
        np.median(v)
        np.median(x)
        np.median(g)
        np.percentile(v, 30)
        np.percentile(x, [25, 50, 75.5])
        np.quantile(v, (0.1, 0.9))
        np.argsort(i, kind="stable")
        np.argsort(k, axis=1, kind="stable")
        np.argsort(x, axis=0)
        np.argsort(t, axis=1)[:, ::-1]
        np.take_along_axis(x, np.argsort(x, axis=1), axis=1)
        x.argsort()
        np.argsort(np.rint(v), kind="mergesort")
        np.unique(k)
        np.unique(np.rint(v))
        np.unique(i, return_counts=True)[1]
        np.unique(i % 3, return_index=True, return_inverse=True)[1]
        np.unique(k % 3, return_inverse=True)[1]
        np.isin(i, k)
        np.isin(k, [0, 2], invert=True)
        np.isin(np.rint(x), i)
        np.setdiff1d(k, i)
        np.intersect1d(np.rint(x), np.rint(v))""",
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
