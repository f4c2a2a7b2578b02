"""Reductions, statistics, norms and running sums in the lift."""
import pytest
from lift_expressions import SIZES, differences

EXPRESSIONS = {
    # group: one expression a line, of the inputs that lift_expressions makes
    "sums, extremes and means": """
        np.sum(x)
        np.sum(x, axis=-1, keepdims=True)
        t.sum(axis=(0, 2))
        t.sum((1, 2), keepdims=True)
        h.sum(axis=(0, -1))
        np.sum(k)
        np.sum(b, axis=0)
        np.sum(k, dtype=np.float64)
        np.sum(f, axis=0, dtype=np.float64)
        np.sum(x, where=l)
        np.sum(x, axis=0, where=x > 0, initial=2.5)
        np.prod(x, axis=1, initial=a)
        x.max(axis=1, initial=0.25, where=l)
        np.min(x, initial=0.0)
        np.max(l, axis=0)
        np.min(l)
        np.sum(l, axis=1)
        np.sum(j, dtype=np.int32)
        np.mean(x, axis=0, where=l)
        np.mean(x, where=x > 0)
        np.mean(f, axis=1)
        np.mean(f, where=l)
        np.mean(f, axis=0, where=l)
        np.mean(k, axis=(0, 1), keepdims=True)
        np.mean(l)
        np.mean(z, axis=0)
        np.any(x > 2, axis=0)
        np.all(k, axis=1, keepdims=True)
        np.any(l, where=x > 0)
        np.sum(z, axis=1)
        np.sum(a)
        np.max(w * 2)""",
    "reduce of ufuncs": """
        np.add.reduce(x)
        np.add.reduce(x, axis=None)
        np.add.reduce(x, -1)
        np.multiply.reduce(x, axis=1, keepdims=True)
        np.maximum.reduce(x)
        np.minimum.reduce(t, axis=(0, 1))
        np.logical_and.reduce(l, axis=1)
        np.logical_or.reduce(k, axis=None)
        np.bitwise_or.reduce(k)
        np.bitwise_xor.reduce(k, axis=1)
        np.fmax.reduce(d, axis=0)""",
    "spread and weighted means": """
        x.var()
        np.std(x, axis=0, ddof=1)
        np.var(t, axis=(0, 2), keepdims=True)
        np.var(k)
        np.var(f, axis=1)
        np.std(z, axis=0)
        np.var(x, where=l)
        np.std(x, axis=1, where=l, ddof=1)
        np.std(np.exp(x), axis=0)
        np.ptp(x)
        np.ptp(x, axis=1, keepdims=True)
        np.ptp(b, axis=0)
        np.average(x)
        np.average(x, axis=0, weights=p)
        np.average(x, axis=1, weights=w * w)
        np.average(x, weights=y * y)
        np.average(k, axis=0)
        np.average(v, weights=p)
        np.average(x, axis=0, weights=p, keepdims=True)""",
    "counts and nan": """
        np.count_nonzero(x > 0)
        np.count_nonzero(k, axis=1)
        np.nansum(d)
        np.nansum(d, axis=0)
        np.nanprod(d, axis=1)
        np.nanmean(d, axis=1)
        np.nanmean(d)
        np.nanmin(d, axis=0)
        np.nanmax(d)
        np.nanmax(k, axis=0)
        np.nanstd(d, axis=0)
        np.nanvar(d, ddof=1)
        np.nanvar(d, axis=1, keepdims=True)
        np.nancumsum(d, axis=1)
        np.nansum(k, axis=0)
        np.nanmean(k)""",
    "positions": """
        np.argmax(x)
        np.argmin(x, axis=0)
        x.argmax(axis=-1)
        np.argmax(d, axis=1)
        np.argmax(d, axis=0)
        np.argmin(d)
        np.argmax(t, axis=1)
        np.argmin(t, axis=0, keepdims=True)
        np.argmax(x, keepdims=True)
        np.argmax(l, axis=1)
        np.nanargmax(np.where(d == d, d, -9.0), axis=0)
        np.nanargmin(np.where(d == d, d, np.where(x > 5, d, 7.0)))
        np.argmax(v)
        np.argmax(b, axis=0)""",
    "running": """
        np.cumsum(x)
        np.cumsum(x, axis=0)
        x.cumsum(axis=1)
        np.cumprod(t, axis=1)
        np.cumsum(k, axis=0)
        np.cumsum(f, dtype=np.float64)
        np.cumsum(l, axis=1)
        np.add.accumulate(x)
        np.add.accumulate(x, axis=1)
        np.maximum.accumulate(v)
        np.maximum.accumulate(x, axis=0)
        np.minimum.accumulate(d, axis=1)
        np.multiply.accumulate(v)
        np.logical_or.accumulate(l, axis=1)
        np.add.reduceat(v, np.array([0, 0]))
        np.add.reduceat(x, i, axis=0)
        np.maximum.reduceat(v, i)
        np.add.reduceat(x, i % len(w), axis=1)""",
    "norms": """
        np.linalg.norm(x)
        np.linalg.norm(x, axis=1)
        np.linalg.norm(v, 1)
        np.linalg.norm(v, ord=np.inf)
        np.linalg.norm(v, -np.inf)
        np.linalg.norm(x, 'fro')
        np.linalg.norm(x, axis=0, keepdims=True)
        np.linalg.norm(x, ord=1, axis=1)
        np.linalg.norm(x, ord=3, axis=1)
        np.linalg.norm(v, 0)
        np.linalg.norm(x, 1)
        np.linalg.norm(x, np.inf)
        np.linalg.norm(x, -1, keepdims=True)
        np.linalg.norm(t, axis=(1, 2))
        np.linalg.norm(k)
        np.linalg.norm(z)
        np.linalg.norm(o)
        np.linalg.norm(f, axis=1)
        np.linalg.norm(z, np.inf, axis=0)
        np.linalg.norm(x, axis=-1, ord=2)""",
    "covariances": """
        np.cov(x)
        np.cov(x, rowvar=False)
        np.cov(v, p)
        np.cov(x, bias=True)
        np.corrcoef(x)
        np.corrcoef(v, p)[0, 1]
        np.cov(v, p, ddof=0)""",
}
QUICK = ("reduce of ufuncs",)
ONE_VARIABLE = {"covariances": ("tiny", {"n": 4, "m": 7})}
"""One variable's covariance has no dimensions."""


def lines(group):
    return tuple(line.strip() for line in EXPRESSIONS[group].strip().splitlines())


@pytest.mark.parametrize("group", EXPRESSIONS)
def test_reductions_become_loops_that_give_what_numpy_gives(group):
    assert differences(lines(group), sizes=ONE_VARIABLE.get(group, SIZES)) == []


@pytest.mark.parametrize("group", [pytest.param(g, marks=() if g in QUICK else pytest.mark.slow) for g in EXPRESSIONS])
def test_the_loops_of_reductions_compile(group):
    assert differences(lines(group), jit=True, sizes=("tiny",)) == []
