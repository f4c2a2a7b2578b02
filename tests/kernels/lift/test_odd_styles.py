"""Programs in styles that people use besides the usual ones: their loops against the references."""
import pytest
from lift_programs import assert_lifted, lifted

ARGUMENTS = "(rng.standard_normal((n, m)), rng.standard_normal((n, m)), rng.standard_normal(n), rng.integers(0, n, 4), 2)"
PROGRAMS = {
    "number_that_becomes_an_array": """total = 0
        for i in range(len(v)):
            total = total + v[i] * a[i]
        return total""",
    "number_added_to_in_two_loops": """total = 0.0
        for i in range(a.shape[0]):
            for w in range(2):
                total += w * a[i] ** 2
        return total / 2, total.sum()""",
    "product_that_becomes_an_array": """p = 1
        for row in a:
            p = np.maximum(row, 0.5) * p
        return p""",
    "early_returns": """def clamped(x):
            if x < -0.5:
                return -0.5
            if x > 0.5:
                return 0.5
            return x
        out = np.empty_like(v)
        for i in range(len(v)):
            out[i] = clamped(v[i])
        return out""",
    "early_returns_of_arrays": """def act(x):
            if k == 1:
                return np.maximum(x, 0)
            elif k == 2:
                return np.tanh(x)
            return x * x
        return act(a - 0.5) + act(b)""",
    "return_from_a_loop": """def search(row, start):
            for j in range(start, len(row)):
                if row[j] > v[0]:
                    return j
            return -1
        out = np.empty(len(a), dtype=np.int64)
        for i in range(len(a)):
            out[i] = search(a[i], i % 2)
        return out""",
    "vectorised_choice_of_an_operand": """p = np.maximum(v, 0)
        f = np.vectorize(lambda x: x or 1.5)
        g = np.vectorize(lambda x: x and (1.0 / x or 2.0))
        return f(p) + g(p)""",
    "vectorised": """f = np.vectorize(lambda x: x * x if x > 0.5 else -x)
        return f(a) + np.vectorize(lambda x, y: max(x, y) if 0 < x < y or y > 1 else math.exp(-abs(x)))(a, b)""",
    "vectorised_function": """def step(x):
            if x > 0:
                return 1.5
            return 0.5 if x < -1 else 0.25
        g = np.vectorize(step)
        return g(b)""",
    "pieces": """return np.piecewise(a, [a < 0.2, a >= 0.5], [lambda x: -x, lambda x: x * 2, 7.0]) + np.piecewise(b, [b < 0], [-1, 1]) + np.piecewise(v, [v < 0], [lambda x: x])[0]""",
    "flat": """total = 0.0
        for i, x in enumerate(a.flat):
            total += i * x
        return total, a.flat[i_[0]], a.ravel()[i_] + b.flat[i_]""",
    "shape_assigned": """c = a.copy()
        c.shape = a.size
        d = c * 2
        d.shape = a.shape
        return c, d""",
    "shapes_assigned_at_once": """i, j = np.mgrid[0:a.shape[0], 0:a.shape[1]]
        c = a + b
        big = np.zeros(c.shape, dtype=np.int64)
        i.shape = j.shape = c.shape = a.size
        for k in range(3):
            chosen = c > 0.5
            big[i[chosen], j[chosen]] = k + 1
            np.logical_not(chosen, chosen)
            i, j, c = i[chosen], j[chosen], c[chosen] + 0.2
        return big, c.sum()""",
    "pairs_and_products": """d = np.zeros((len(v), len(v)))
        for i, j in itertools.combinations(range(len(v)), 2):
            d[i, j] = d[j, i] = abs(v[i] - v[j])
        for i, j, k in itertools.product(range(2), repeat=3):
            if i == j:
                continue
            d[i, j] += k
        for x, k in itertools.product(v, range(2)):
            d[k, 0] += x
        for i, j in itertools.permutations(range(1, len(v)), 2):
            d[i, j] *= 1.5
        for i, j in itertools.combinations_with_replacement(range(len(v)), 2):
            d[i, j] -= 0.25
        return d""",
    "none_until_it_is_set": """best = None
        where = None
        for i in range(len(v)):
            if best is None or v[i] < best:
                best, where = v[i], i
        last = None
        turns = 0
        for x in v:
            if last is not None and x * last < 0:
                turns += 1
            last = x
        return best, where, turns""",
    "indices": """out = np.zeros(a.shape)
        for i, j in np.ndindex(a.shape):
            if a[i, j] > b[i, j]:
                continue
            out[i, j] = a[i, j] * 2
        for i, j in np.ndindex(*out.shape):
            out[i, j] += b[i, j]
        for (i, j), x in np.ndenumerate(a):
            out[i, j] -= x * i
        for i, in np.ndindex(len(v)):
            out[i, 0] = v[i]
        for at in np.ndindex(a.shape):
            out[at] = out[at] * 2 + at[0]
        for at, x in np.ndenumerate(a):
            out[at] += x
        return out""",
    "several_calls": """def wrapped(x):
            d = x[None, :] - x[:, None]
            d[d > 0.5] -= 1.0
            return d
        dx, dy = wrapped(v), wrapped(v * 2)
        return np.sqrt(dx ** 2 + dy ** 2)""",
    "several_places": """h = len(v) // 2
        x = v.copy()
        s, d = x[0:2 * h:2] + x[1:2 * h:2], x[0:2 * h:2] - x[1:2 * h:2]
        x[:h], x[h:2 * h] = s, d
        a[0], a[1] = a[1].copy(), a[0].copy()
        below = a[1:]
        a[:-1], a[-1] = below * 2, below[0]
        return x, a""",
    "tuples": """out = np.zeros((k,) * 2)
        rows = np.empty((len(v), 3))
        rows[0] = (0.0, 1.0, 1.05)
        for i in range(1, len(v)):
            rows[i] = rows[i - 1, 0] + v[i], v[i], k
        out[0] = [1, 2]
        return out, rows""",
    "complex_numbers": """z = complex(v[0], k)
        out = np.zeros(len(v), dtype=complex)
        for i in range(len(v)):
            z = z * 0.5 + complex(v[i], -i)
            out[i] = z
        return out, abs(z)""",
    "view_of_a_new_array": """x = np.vstack([v, np.ones(len(v))]).T
        g = x.T @ x
        return g[0, 1] + x[0, 0], x""",
    "steps_that_vary": """s = np.ones(len(v) + 1, dtype=bool)
        s[:2] = False
        for i in range(2, int(len(v) ** 0.5) + 1):
            if s[i]:
                s[i * i::i] = False
        return s, v[::k] * 2, a[:, 1::k].sum(axis=0), v[k:-1:k + 1] + 1""",
    "put": """c = v.copy()
        c.put(i_[:1], 3.0)
        np.put(c, i_[1], 2.0)
        return c""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_style_lifts_whole(name):
    spec, observation, found = lifted(f"def odd(a, b, v, i_, k):\n        {PROGRAMS[name]}", ARGUMENTS)
    assert found.kept == ()
    assert_lifted(spec, observation, found)


def test_a_default_of_the_reference_is_an_argument_like_any_other():
    spec, observation, found = lifted("def scaled(a, k=3, eps=1e-5):\n        return a ** k / (eps + a.std(-1, keepdims=True))", "(rng.random((n, m)),)")
    assert spec.parameters == ("a", "k", "eps") and found.kept == ()
    assert_lifted(spec, observation, found)


def test_a_sum_whose_size_only_its_loop_knows_is_left_as_it_is():
    _, _, found = lifted("""def odd(v, n):
        total = 0
        for i in range(3):
            c = n - 2
            total = total + v[:c] * i
        return total""", "(rng.random(n), n)")
    assert [kept.reason for kept in found.kept] == ["the size of `total` is not known before the loop"]
