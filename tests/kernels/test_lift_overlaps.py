"""Assignments in place: a copy is made where, and only where, a loop would read what it has written."""
import itertools

import numpy as np
import pytest
from kernwright.kernels.lift import lift
from kernwright.kernels.lift.overlaps import axis, written_before
from kernwright.kernels.observe import observe
from kernwright.kernels.spec import KernelSpec, copy_arguments

ROW, COLUMN = str(axis(0)), str(axis(1))
SUBSCRIPTS = [f"{row}, {column}" for row in (ROW, f"{ROW} + 1", f"{ROW} - 1", f"k + {ROW} + 1", "k", "k - 1", f"n - {ROW}", COLUMN)
              for column in (COLUMN, f"{COLUMN} + 2", f"{COLUMN} - 1", f"k + {COLUMN} + 1", "k", f"2 * {COLUMN}", f"t[{COLUMN}]", f"{COLUMN} // 2")]
WRITTEN = [f"{ROW}, {COLUMN}", f"k + {ROW} + 1, k + {COLUMN} + 1", f"{ROW} + 1, {COLUMN}", f"k, {COLUMN} + 1", f"{COLUMN}, {ROW}"]


def happens(read, written):
    """Whether, in loops of 4 by 5, an iteration reads an element that an earlier one wrote."""
    known = {"k": 3, "n": 9, "t": [2, 0, 1, 3, 3]}
    order = list(itertools.product(range(4), range(5)))
    code = {text: compile(text, text, "eval") for text in (read, written)}
    cells = [{text: eval(c, {}, {**known, ROW: i, COLUMN: j}) for text, c in code.items()} for i, j in order]
    return any(later[read] == earlier[written] for n, later in enumerate(cells) for earlier in cells[:n])


def test_a_copy_is_never_saved_wrongly():
    saved = possible = 0
    for written, read in itertools.product(WRITTEN, SUBSCRIPTS):
        conflict = happens(read, written)
        answer = written_before(f"a[{read}]", f"a[{written}]", 2)
        assert answer or not conflict, (read, written)
        saved, possible = saved + (not answer), possible + (not conflict)
    assert saved > possible / 4


def test_other_arrays_and_indices_of_indices_are_not_followed():
    assert written_before(f"b[{ROW}]", f"a[{ROW}]", 1)
    assert written_before(f"a[t[{ROW}]]", f"a[{ROW}]", 1)
    assert not written_before(f"a[{ROW} + 1]", f"a[{ROW}]", 1)


IN_PLACE = {
    # name: (statements on a square array a, whether a copy is needed)
    "elimination": ("for k in range(len(a) - 1):\n        a[k + 1:, k + 1:] -= a[k + 1:, k, None] * a[k, k + 1:]", False),
    "rows of before and after": ("for i in range(1, len(a) - 1):\n        a[i, 1:-1] += a[i - 1, :-2] + a[i, 2:] + a[i + 1, 2:]", False),
    "what comes later": ("a[:-1] += a[1:]\n    a[:, :-2] -= 0.5 * a[:, 2:]\n    a[:-1, 1:] *= a[1:, :-1]", False),
    "what came before": ("a[1:] += a[:-1]", True),
    "to the left": ("a[:, 1:] = a[:, :-1]", True),
    "transposed": ("a += a.T", True),
    "its own column": ("a -= a[:, 0, None]", True),
    "backwards": ("a[:] = a[::-1]", True),
    "up and to the right": ("a[1:, :-1] += a[:-1, 1:]", True),
    "a row and a column": ("for k in range(len(a)):\n        a[:] = np.minimum(a, a[:, k, None] + a[k])", True),
    "by its first row": ("a -= 0.5 * a[0]", True),
    "by one element": ("a /= a[0, 0]\n    a[1:] -= a[-1, 0] * a[0, -1]", False),
    "a column beside another": ("a[:, 1:] += a[:, 1:] * a[:, -1:]", True),
    "a row here and there": ("a[:] = np.where(a > 0.0, a[0], a)", True),
}


SMALL = ("its own column", "a row and a column", "by its first row", "a column beside another")
"""Where the copy is of a row or a column."""


@pytest.mark.parametrize("case", IN_PLACE)
def test_in_place(case):
    statements, copied = IN_PLACE[case]
    text = f"""
import numpy as np
import kernwright

def make(size, rng):
    return (rng.standard_normal((size["n"], size["n"])),)

@kernwright.kernel(inputs=make, sizes={{"tiny": {{"n": 5}}, "verify": {{"n": 11}}, "benchmark": {{"n": 13}}}})
def f(a):
    {statements}
"""
    spec = KernelSpec("f", text, "f").open()
    found = lift(spec, observe(spec, 1, 0.2).signature)
    assert found.kept == ()
    seed = found.candidates[0].text
    assert ("np.empty" in seed) == copied, seed
    assert ("np.empty((" in seed) == (copied and case not in SMALL), seed
    scope = {"np": np}
    exec(seed, scope)
    for size in ("tiny", "verify", {"n": 1}, {"n": 2}):
        expected = spec.make_inputs(size, 3)
        got = copy_arguments(expected)
        spec.reference(*expected)
        scope["kernel"](*got)
        np.testing.assert_allclose(got[0], expected[0], rtol=1e-12)
