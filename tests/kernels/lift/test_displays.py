"""Tuples, lists and dictionaries of arrays, axes and slices that loops go through: taken apart before the lift, and the same in the end."""
import pytest
from lift_programs import assert_agrees, assert_lifted, compiled, lifted

ARGUMENTS = "(rng.standard_normal((n, m)), rng.standard_normal((n, m)), rng.standard_normal(n), n)"
PROGRAMS = {
    "tuple": """g = (np.exp(a), a * b)
        return g[0] * g[-1]""",
    "list_that_a_loop_reads": """out = np.zeros_like(a)
        for d in [np.exp(x) for x in (a, b)]:
            out += d
        return out""",
    "all_at_once": """g = [np.exp(a), b]
        return np.stack(g) + np.array(g), sum(g), len(g)""",
    "unpacked": """p, q = [x * 2 for x in (a, b)]
        return p - q""",
    "unpacked_from_a_variable": """g = [a + 1, b]
        p, q = g
        return p - q""",
    "stored_into": """g = [a, b]
        for k in range(2):
            g[k] = g[k] + k
        g[0] += g[1]
        return g[0] * g[1]""",
    "in_place": """g = [np.zeros_like(a), b.copy()]
        g[0] += a
        g[1][:] = g[0] * 2
        g[0][0] = 7
        return g[0] + g[1]""",
    "another_name_for_an_array": """c = a.copy()
        g = [c, b]
        g[0] += 1
        c[0] = 3
        g[0] = g[0] * 2
        c += 1
        return g[0] + c""",
    "numbered": """s = 0.0
        g = [a, b]
        for i, d in enumerate(g):
            s = s + d * i
        for x, y in zip(g, (1.0, 2.0)):
            s = s + x * y
        return s""",
    "state_that_steps": """state = [v.copy(), v * 0]
        for _ in range(5):
            state = [state[0] + 0.1 * state[1], state[1] - 0.1 * state[0]]
        return state[0], state[1]""",
    "swapped": """g = [v * 1.0, v * 2.0]
        for _ in range(3):
            g[0], g[1] = g[1], g[0] + g[1]
        return g[0]""",
    "in_branches": """if v[0] > 0:
            g = [a + 1, b]
        else:
            g = [b + 2, a]
        return g[0] - g[-1]""",
    "lists_of_lists": """K = [[v, v * 2], [v * 3, v * 5]]
        return K[0][0] * K[1][1] - K[0][1] * K[1][0]""",
    "appended_one_by_one": """cols = []
        cols.append(a[:, 0] * 2)
        t = a.sum(axis=1)
        cols.append(t)
        return np.column_stack(cols)""",
    "appended_by_axis": """out = []
        for ax in range(a.ndim):
            out.append(np.diff(a, axis=ax))
        return out[0].sum() + out[1].sum()""",
    "by_axis": """return sum(np.abs(np.diff(a, axis=k)).sum() for k in range(2)), [np.cumsum(a, k) for k in range(2)][1]""",
    "dictionary": """s = {"u": a * 2, "v": b + 1}
        s["u"] = s["u"] * s["v"]
        return s["u"] - s["v"]""",
    "dictionary_that_fills": """s = {}
        s["mean"] = a.mean(axis=0)
        s["spread"] = (a - s["mean"]) * 2
        return s["spread"] + s["mean"]""",
    "dictionary_by_name": """g = {}
        for name, f in (("u", a), ("v", b)):
            g[name] = f[1:] - f[:-1]
        return g["u"] * g["v"]""",
    "slices": """inner, left = slice(1, -1), slice(None, -2)
        out = np.zeros_like(a)
        out[inner, inner] = a[left, inner] + a[inner, left]
        core = np.s_[1:-1, 1:-1]
        out[core] *= 2
        return out""",
    "slices_by_axis": """out = np.zeros_like(a)
        for ax in range(a.ndim):
            low = [slice(None)] * a.ndim
            low[ax] = slice(None, -1)
            high = [slice(None) for _ in range(a.ndim)]
            high[ax] = slice(1, None)
            again = list(high)
            out[tuple(low)] += a[tuple(again)] - a[tuple(low)]
        return out""",
    "dictionary_of_state": """p = {"w": a.copy(), "c": b.copy()}
        speed = {k: np.zeros_like(x) for k, x in p.items()}
        for step in range(3):
            g = {"w": np.tanh(p["w"]), "c": p["c"] * 0.1}
            for name in p:
                speed[name] *= 0.9
                speed[name] -= 0.1 * g[name]
                p[name] += speed[name]
        return p["w"] + p["c"]""",
    "dictionary_through_helpers": """def forward(p, x):
            return np.tanh(x * p["w"] + p["c"])
        def slope(p, h):
            return {"w": (h - 0.5) * p["w"], "c": (h - 0.5).sum(axis=0)}
        p = {"w": a.copy(), "c": b[0].copy()}
        for step in range(3):
            g = slope(p, forward(p, b))
            for k in p.keys():
                p[k] -= 0.05 * g[k]
        return p["w"], p["c"]""",
    "values_of_a_dictionary": """d = {"x": a, "y": b * 2}
        t = np.zeros_like(a)
        for q in d.values():
            t = t + q
        for k, q in d.items():
            t = t * q
        return t, len(d)""",
    "tuples_within_a_loop": """p = np.pad(a, 1)
        h, w = a.shape
        out = np.zeros_like(a)
        for s, (dy, dx) in enumerate([(0, 1), (1, 1), (1, -1)]):
            out += s * p[1 + dy:1 + dy + h, 1 + dx:1 + dx + w]
        return out""",
    "tuples_of_the_module": """p = np.pad(a, 1)
        h, w = a.shape
        out = np.zeros_like(a)
        for bit, (dy, dx) in enumerate(AROUND):
            out += bit * p[1 + dy:1 + dy + h, 1 + dx:1 + dx + w]
        return out""",
    "numbers": """w = [0.25, 0.5, 0.25]
        out = np.zeros(n)
        for i in range(1, n - 1):
            for k in range(-1, 2):
                out[i] += w[k + 1] * v[i + k]
        return out, max(w), min([v[0], v[1]]), min(a.shape) + max((n, 3))""",
}
STAY = {
    "dictionary_that_grows": """d = {"x": a}
        for k in ("y", "z"):
            d[k] = d["x"] + 1
        t = np.zeros_like(a)
        for k in d:
            t = t + d[k]
        return t""",
    "dictionary_that_a_loop_fills_beside_another": """d, e = {"x": a}, {"x": b, "y": a}
        for k in e:
            d[k] = e[k] * 2
        return d["x"] + d["y"]""",
    "variable_index": """g = [a, b]
        s = a * 0
        for k in range(n):
            s = s + g[k % 2]
        return s""",
    "grows_while_it_is_read": """g = [v[0], v[1]]
        for x in g:
            if len(g) < 5:
                g.append(x + 1)
        return sum(g)""",
    "slices_that_change": """w = slice(0, 2)
        t = a[w] * 2
        k = 1
        w = slice(k, k + 2)
        k = 0
        return t + a[w], v[w].sum() + k""",
    "kept_by_another": """g = [v[0], v[1]]
        h = g
        h[0] = 3.0
        return g[0] + g[1]""",
    "handed_to_an_inner_function": """g = [v[0], v[1]]
        def change(x):
            g[0] = x
            return x
        y = change(4.0)
        return g[0] + y""",
}


def kernel(name, text):
    return f"def {name}(a, b, v, n):\n        {text}"


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_lifts_and_agrees(name):
    spec, observation, found = lifted(kernel(name, PROGRAMS[name]), ARGUMENTS)
    assert not found.kept
    assert_lifted(spec, observation, found)


@pytest.mark.parametrize("name", STAY)
def test_what_is_not_understood_is_not_taken_apart(name):
    spec, observation, found = lifted(kernel(name, STAY[name]), ARGUMENTS)
    for candidate in found.candidates:
        assert_agrees(compiled(candidate, observation, spec, jit=False), spec, ("tiny", "verify"))
