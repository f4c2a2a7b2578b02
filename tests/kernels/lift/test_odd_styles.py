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
    "state_in_a_tuple": """top = (-9.0, 0, 0.0)
        for j in range(a.shape[1]):
            if a[0, j] * 2 > top[0]:
                top = (a[0, j] * 2, j, v[0] - j)
        _, j, t = top
        return j, t, top[0]""",
    "there_and_back": """c = np.zeros_like(a)
        for y in range(a.shape[0]):
            xs = range(a.shape[1]) if y % 2 == 0 else range(a.shape[1] - 1, -1, -1)
            step = 1 if y % 2 == 0 else -1
            for x in xs:
                c[y, x] = q = min(max(int(a[y, x] * 7 + 0.5), 0), 6)
                if 0 <= x + step < a.shape[1]:
                    a[y, x + step] += (a[y, x] - q / 7) * 0.5
            for x in (range(2) if y > 2 else range(1, 3)):
                c[y, x] += 1
        rows = range(1, len(v))
        for y in rows:
            c[y] += c[y - 1]
        return c""",
    "elements_as_numbers_of_python": """h = 0x811C9DC5
        for e in i_.astype(np.uint8).tolist():
            h = ((h ^ e) * 0x01000193) & 0xFFFFFFFF
        return h, v[0].item() * 2""",
    "functions_of_arrays_in_a_list": """def far(x, y):
            return np.abs(x - y).max(axis=-1)
        def near(x, y):
            return ((x - y) ** 2).sum(axis=-1)
        def of_rows(x, y, metric):
            out = np.empty(len(y))
            for q in range(len(y)):
                out[q] = metric(x, y[q]).max()
            return out
        return np.stack([of_rows(a, b, f) for f in (far, near)])""",
    "axes_by_name": """ax = (0, 1)
        along = -1
        return a.sum(axis=ax), b.mean(axis=along)""",
    "numbers_of_math": """return math.copysign(2.0, -v[0]), math.isnan(v[1]), math.trunc(v[0] * 9), math.degrees(v[1]), math.asinh(v[2])""",
    "lists_added_and_repeated": """return np.array([0] + [9999] * (k + 1)), np.array([1.5] * len(v), dtype=np.float32), np.array(3 * [-1])""",
    "views_while_others_are_written": """def stencil(x, n):
            u = x.reshape(n, k)
            r = 4.5 * u
            r[1:, :] -= 1.2 * u[:-1, :]
            r[:-1, :] -= 0.8 * u[1:, :]
            return r.ravel()
        Q = np.zeros((4, 2 * len(v)))
        Q[0, ::2] = v
        for t in range(3):
            w = stencil(Q[t], len(v))
            for j in range(t + 1):
                w -= 0.3 * Q[j]
            Q[t + 1] = w / 2
        return Q""",
    "a_view_of_what_is_written": """r = v * 2.0
        u = r.reshape(-1, 1)
        r[0] = 7.0
        return u + 1, u.T.reshape(-1)[1]""",
    "calls_that_write_within_a_condition": """def find(p, x):
            while p[x] != x:
                p[x] = p[p[x]]
                x = p[x]
            return x
        p = np.arange(len(v))
        for x, y in zip(i_, i_[::-1]):
            one, other = find(p, x), find(p, y)
            if one != other:
                p[one] = other
        n = 0
        if find(p, i_[0]) == find(p, i_[1]):
            n = 1
        return n, v[find(p, 2)], p""",
    "several_rows_a_turn": """rows, rhs = [], []
        for (x, y), u in zip(a[:, :2], v):
            rows.append([x, y, 1, 0, -u * x])
            rows.append((0, 0, 0, x, y))
            rhs += [u, x]
        return np.array(rows, dtype=float), np.array(rhs)""",
    "rows_on_either_way": """out, both = [], []
        for x in v:
            if x > 0.5:
                out.append(x)
            else:
                out.append(-x)
            if x > 0.3:
                both.append(x * 2)
            if x < 0.6:
                both.append(x * 3)
        return np.array(out), np.array(both), len(both)""",
    "comprehensions_of_calls_that_count": """def parity(x):
            p = 0
            while x:
                p ^= x & 1
                x >>= 1
            return p
        s = np.array([[[parity((c << 1 | e) & g) for g in (7, 5)] for e in (0, 1)] for c in range(4)], dtype=np.uint8)
        return s, (s ^ (i_[0] % 2).astype(np.uint8)).sum(axis=2)""",
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


TABLEAU = "A = ((), (0.25,), (0.1, 0.2), (0.3, -0.9, 1.2))\nSTEPS = ((0.5, True), (0.25, False), (2.0, True))"


@pytest.mark.parametrize("body", ("""K = np.zeros((4, v.size))
        for s in range(len(A)):
            z = v.copy()
            for m, a in enumerate(A[s]):
                z += a * K[m]
            K[s] = np.sin(z)
        return v + K.sum(0)""", """for c, odd in STEPS[::-1]:
            v = v * c + odd
        for c, odd in reversed(STEPS[1:]):
            v = v - c
        return v"""))
def test_rows_of_the_module_are_gone_through_as_they_are_written(body):
    spec, observation, found = lifted(f"def rows(v):\n        {body}", "(rng.standard_normal(n),)", TABLEAU)
    assert found.kept == ()
    assert_lifted(spec, observation, found)


def test_a_default_that_the_inputs_leave_out_is_a_constant():
    spec, observation, found = lifted("def scaled(a, k=3, eps=1e-5):\n        return a ** k / (eps + a.std(-1, keepdims=True))", "(rng.random((n, m)),)")
    assert spec.parameters == ("a",) and spec.fixed == {"k": 3, "eps": 1e-5} and found.kept == ()
    assert_lifted(spec, observation, found)


def test_a_sum_whose_size_only_its_loop_knows_is_left_as_it_is():
    _, _, found = lifted("""def odd(v, n):
        total = 0
        for i in range(3):
            c = n - 2
            total = total + v[:c] * i
        return total""", "(rng.random(n), n)")
    assert [kept.reason for kept in found.kept] == ["the size of `total` is not known before the loop"]
