"""Lists of numbers, as programs without NumPy use them: arrays where each use is understood, lists where not."""
import pytest
from lift_programs import assert_agrees, assert_lifted, compiled, lifted

ARGUMENTS = "(rng.integers(0, 4, n), rng.integers(0, 4, m), rng.standard_normal(n), n)"
PROGRAMS = {
    "table": """n, m = len(a), len(b)
        dp = [[0] * (m + 1) for _ in range(n + 1)]
        for i in range(1, n + 1):
            for j in range(1, m + 1):
                if a[i - 1] == b[j - 1]:
                    dp[i][j] = dp[i - 1][j - 1] + 1
                else:
                    dp[i][j] = max(dp[i - 1][j], dp[i][j - 1])
        return dp[n][m]""",
    "rows_that_follow_each_other": """prev = list(range(len(b) + 1))
        for i, x in enumerate(a, 1):
            cur = [i] + [0] * len(b)
            for j in range(1, len(b) + 1):
                cur[j] = min(prev[j] + 1, cur[j - 1] + 1, prev[j - 1] + (x != b[j - 1]))
            prev = cur
        return prev[-1]""",
    "truths": """sieve = [True] * (c + 20)
        sieve[0] = sieve[1] = False
        for i in range(2, c + 20):
            if sieve[i]:
                for j in range(i * i, c + 20, i):
                    sieve[j] = False
        return sum(sieve), np.array(sieve)""",
    "sums_of_floats_that_begin_whole": """acc, hits = [0] * 4, [0] * 4
        for k in range(len(a)):
            acc[a[k]] += v[k]
            hits[a[k]] += 1
        return np.array([acc[k] / hits[k] if hits[k] else 0.0 for k in range(4)]), max(hits), sum(acc)""",
    "two_that_swap": """old, new = [0.0] * c, [1.0] * c
        for step in range(3):
            for i in range(1, c - 1):
                new[i] = 0.5 * (old[i - 1] + old[i + 1]) + v[i]
            old, new = new, old
        return np.array(old), np.array(new)""",
    "order": """order = [i for i in range(c)]
        for i in range(c):
            for j in range(c - 1 - i):
                if v[order[j]] > v[order[j + 1]]:
                    order[j], order[j + 1] = order[j + 1], order[j]
        return np.array(order)""",
    "rows_by_name": """grid = [[0.0 for _ in range(c)] for _ in range(c)]
        for i in range(c):
            row = grid[i]
            for j in range(c):
                row[j] = v[i] * v[j]
        total = 0.0
        for row in grid:
            total += sum(row)
        return total, np.array(grid)""",
    "copies": """x = [0] * c
        y = x
        y[1] = 3
        z, s = x[:], x[1:3]
        z[0] = 9
        s[0] = 77
        w = list(z)
        w[1] = 5
        return np.asarray(x), np.array(z), np.array(s), np.array(w)""",
    "weights": """w = [0.25, 0.5, 0.25]
        out = np.zeros(c)
        for i in range(1, c - 1):
            for k in range(3):
                out[i] += w[k] * v[i + k - 1]
        return out""",
}
STAY = {
    "name_that_is_its_own_element": """t = a > 1
        u = v[:len(t)].sum()
        t = [t, a]
        return u, t[0].sum() + t[1][0]""",
    "rows_that_are_one": """rows = [[1.0] * c] * 3
        rows[0][1] = 5.0
        return np.array(rows)""",
    "repeated_by_a_sign": """x = [1.0] * c
        y = x * 2
        return np.array(y)""",
    "row_that_is_replaced": """x = [[0.0] * c for _ in range(3)]
        kept = x[0]
        x[0] = [1.0] * c
        return np.array(kept), np.array(x)""",
    "of_arrays": """x = [v] * 2
        x[1] = v + 1
        return x[0] + x[1]""",
    "shape": """shape = [c, 2]
        return np.zeros(shape)""",
}


def program(body):
    return f"def made(a, b, v, c):\n        {body}"


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_list_of_numbers_becomes_an_array(name):
    spec, observation, found = lifted(program(PROGRAMS[name]), ARGUMENTS)
    assert found.kept == ()
    assert_lifted(spec, observation, found, compiles=name in ("table", "rows_that_follow_each_other"))


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
def test_it_compiles(name):
    assert_lifted(*lifted(program(PROGRAMS[name]), ARGUMENTS))


@pytest.mark.parametrize("name", STAY)
def test_what_an_array_would_mean_otherwise_changes_nothing(name):
    spec, observation, found = lifted(program(STAY[name]), ARGUMENTS)
    for candidate in found.candidates:
        assert_agrees(compiled(candidate, observation, spec, jit=False), spec, ("tiny", "verify"))
