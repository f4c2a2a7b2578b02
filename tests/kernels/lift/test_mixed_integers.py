"""Variables that hold integers of several widths: loops where no width matters, left alone where one does."""
import ast

import pytest
from kernwright.kernels.lift.mixed_integers import width_free
from lift_programs import assert_lifted, lifted

ARGUMENTS = ("(rng.integers(0, 4, (n, m)).astype(np.int8), rng.integers(-3, 9, (n, m)).astype(np.int32), "
             "rng.integers(0, 9, n).astype(np.int16), rng.integers(0, 9, n))")
PROGRAMS = {
    "traced_back": """state = 0
        out = np.empty(len(b), np.uint8)
        for t in reversed(range(len(b))):
            out[t] = state & 1
            state = b[t, state] % 3
        return out""",
    "best_of_some": """T = np.zeros(h.shape, np.uint8)
        for i in range(1, h.shape[0]):
            for j in range(1, h.shape[1]):
                best, how = 0, 0
                for cand, tag in ((h[i - 1, j - 1] + (3 if h[i, j] > 0 else -2), 1), (h[i - 1, j], 2), (h[i, j - 1], 3)):
                    if cand > best:
                        best, how = cand, tag
                h[i, j] = best
                T[i, j] = how
        return h, T""",
    "largest": """best = 0
        for i in range(3):
            best = max(best, h[i, i])
        k = 0
        for i in range(h.shape[0]):
            if h[i, 0] > best // 2:
                k = s[i] % 3
        return h[k], best > 3""",
    "conditional": """count = 0
        for k in range(len(s)):
            limit = w[k] if s[k] > 3 else (s[k] if k % 2 else -1)
            if limit < 3 and s[k] > limit:
                count += 1
        return count""",
    "handed_on": """last, this = 0, 0
        for k in range(len(s)):
            last, this = this, s[k]
            if this < last:
                h[last % 3, this % 2] += this
        return h""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_lifts_whole(name):
    spec, observation, found = lifted(f"def mixed(b, h, s, w):\n        {PROGRAMS[name]}", ARGUMENTS)
    assert found.kept == ()
    assert_lifted(spec, observation, found)


@pytest.mark.parametrize("statement", (
    "out = x + 1", "out = x * 100", "return x", "f(x)", "a += x", "x += 1", "x <<= 2", "out[0] = 7 % x", "out[x << 3] = 1", "y = x; z = y + 1", "out, z = x, 1"))
def test_where_the_width_may_matter_it_is_not_free(statement):
    function = ast.parse(f"def f(out, t):\n    x = 0\n    x = t[x]\n    {statement}").body[0]
    assert "x" not in width_free(function)


@pytest.mark.parametrize("statement", (
    "out[x] = 1", "out[0] = x", "z = out[x % 4, x & 1]", "z = x > 3", "x = max(x, t[0])", "out[2:x] = 0", "out[0] += x", "y = x", "z = int(x) + 1",
    "y, z = x, 1", "x >>= 1", "z = (x if t[0] else 3) == 1"))
def test_where_no_width_matters_it_is(statement):
    function = ast.parse(f"def f(out, t):\n    x = 0\n    x = t[x]\n    {statement}").body[0]
    assert "x" in width_free(function)
