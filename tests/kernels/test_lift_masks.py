"""Masks, unsigned comparisons and `.at` in the lift: statements whose loop form depends on what is read when."""
import numpy as np
import pytest
from kernwright.kernels.lift import lift
from kernwright.kernels.observe import observe
from kernwright.kernels.spec import KernelSpec, copy_arguments

STATEMENTS = {
    # name: statements on a vector a, a mask m, indices w, small unsigned integers u
    "a sum of what is selected": "a[m] = a[m].sum()",
    "a running sum of what is selected": "a[m] = np.cumsum(a[m])",
    "what is selected, backwards": "a[m] = a[m][::-1]",
    "element by element": "a[m] = np.exp(a[m]) - 2 * a[m]",
    "a vector, one by one": "a[m] = np.arange(m.sum()) * 1.5",
    "a mask of its own target": "a[a > 0] = -a[a > 0] + a.max()",
    "a mask over rows": "b = np.outer(a, a)\n    b[m] = a\n    a[:] = b.sum(axis=0)",
    "unsigned beside negative numbers": "a[u > -2] += 1.0\n    a[u < -1] = 9.0",
    "at indices that it changes": "np.add.at(w, w % 3, w[w % 3])",
    "a maximum at equal indices": "np.maximum.at(a, w, 2 * a)",
    "a narrow sum": "u[:] = u + u.sum()",
    "putmask": "np.putmask(a, m, 0.5)",
    "put": "np.put(a, w, 3.0)",
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_becomes_loops_that_agree_or_stays(name):
    text = f"""
import numpy as np
import kernwright

def make(size, rng):
    n = size["n"]
    return rng.standard_normal(n), rng.random(n) < 0.5, rng.integers(0, n, n), rng.integers(0, 200, n).astype(np.uint8)

@kernwright.kernel(inputs=make, sizes={{"tiny": {{"n": 6}}, "verify": {{"n": 17}}, "benchmark": {{"n": 19}}}})
def f(a, m, w, u):
    {STATEMENTS[name]}
"""
    spec = KernelSpec("f", text, "f").open()
    found = lift(spec, observe(spec, 1, 0.2).signature)
    assert found.candidates or found.kept
    for candidate in found.candidates:
        scope = {"np": np}
        exec(candidate.text, scope)
        for size in ("tiny", "verify", {"n": 3}):
            expected = spec.make_inputs(size, 3)
            got = copy_arguments(expected)
            with np.errstate(over="ignore"):
                spec.reference(*expected)
                scope["kernel"](*got)
            for one, other in zip(got, expected):
                np.testing.assert_allclose(one, other, rtol=1e-12)
