"""Calls in other forms than the lift's own: lists where NumPy makes arrays of them, functions that are made of others, `out=` of an inner
call, positions counted through a whole array, what a module holds, and helpers that take any number of things."""
import pytest
from lift_programs import INTS, V, W, X, assert_agrees, assert_lifted, compiled, lifted

HELPERS = """
from numpy.lib.stride_tricks import sliding_window_view

INNER = np.s_[1:-1]
BOTH = (slice(None, -1), slice(1, None))
LONG = np.sqrt(2.0)
AROUND_BY_LENGTH = [(-1, -1, LONG), (-1, 0, 1.0), (0, 1, 1.0), (1, 1, LONG)]
STEPS = ((-1, 1, 0.5), (0, 2, 0.25), (1, -3, 2.0))
RATES = {"beta": 0.3, "gamma": 2, "weights": np.array([1.0, -2.0, 0.5])}

def change(y, c, p):
    return -p["beta"] * y + p["gamma"] * c * p["weights"].sum()

def step(y, h, *rest):
    first = change(y, *rest)
    return y + h * change(y + 0.5 * h * first, *rest)

def step_of(f, y, h, *rest):
    return y + h * f(y + 0.5 * h * f(y, *rest), *rest)

def mean_of(*parts):
    total = 0.0
    for part in parts:
        total = total + part.sum()
    return total / len(parts)

def solved(a, mu):
    y = (a - mu).T
    for k in range(len(mu)):
        y[k] -= mu[k] * y[0]
    return y.sum(0)
"""
PROGRAMS = {
    "lists": "return np.convolve(v, [1, 2, 3]), np.correlate(w, [1.0, 2.0]), np.argmax([v[0], v[1], v[2]]), np.cumsum([v[0], 2.0])",
    "lists_at": "h = np.zeros(4); np.maximum.at(h, [0, 0, 1], 0.5); np.put(v, [0, 2], [10.0, 20.0]); return h",
    "bits_at": "b = np.zeros(9, np.uint8); np.bitwise_or.at(b, i[0] % 9, np.uint8(4)); np.bitwise_xor.at(b, i[1] % 9, b[:1]); return b",
    "truths_at": "b = np.zeros(9, bool); np.logical_or.at(b, i[0] % 9, v[0] > -9); return b",
    "range_index": "a[range(len(i)), i[:, 0] % a.shape[1]] -= 1; return a[range(2), range(2)]",
    "flat_place": "j, k = np.unravel_index(np.argmax(a), a.shape); return j * 100 + k, np.ravel_multi_index((j, k), a.shape), a[np.unravel_index(np.argmin(a), a.shape)]",
    "inner_out": "np.sqrt(np.abs(a, out=a), out=a); return np.add(np.multiply(v, 2, out=v), 1) + 1",
    "unsafe": "np.minimum(i, a, out=i, casting='unsafe'); return i",
    "spread_array": "return np.array([np.cos(v[0]), *(v[:3] * 2), *w[:2], 4.0])",
    "chosen_by_place": "k = int(np.argmax(v)) % 3; return (v[0], w[0], a[1, 1])[k]",
    "flat_sort": "return np.argsort(-a, axis=None, kind='stable'), np.sort(a, axis=None), np.argsort([v[0], v[1], v[2]], kind='stable')",
    "flat_write": "b = a.copy(); b.flat[::7] = 0.0; b.flat[3] += 2; e = np.eye(4); e.flat[::5] = v[:4]; return b, e",
    "beyond": "return np.take(v, i[0] + 7, mode='wrap'), np.take(a, [0, 50], mode='wrap'), np.take(w, i[0] - 3, mode='clip'), np.take(a, i[0] * 3, axis=0, mode='wrap')",
    "parts": "p = np.array_split(w, 4); q = np.split(w, [1, 3]); return np.array([x.sum() for x in p]), len(p[-1]), q[1], q[2].sum()",
    "module_slices": "b = a[INNER, INNER]; b *= 2; return a[BOTH], a",
    "module_dictionary": "return RATES['beta'] * v, change(w[:2], w[1:3], RATES)",
    "rest": "y = v\n    for t in range(3):\n        y = step(y, 0.1, v, RATES)\n    return y, mean_of(v, w) + mean_of(y)",
    "function_and_rest": "y = w\n    for t in range(3):\n        y = step_of(change, y, 0.1, w, RATES)\n    return y",
    "rows_in_pairs": "s = 0.0\n    for k, ((x, y, z), q) in enumerate(zip(a[:, :3], v)):\n        s += k * q * x * y - z\n    return s",
    "table_of_kinds": "s = v.copy()\n    for k in i[0]:\n        dy, dx, far = AROUND_BY_LENGTH[k % 4]\n        s[1 + dy] += a[1 + dy, 1 + dx] * far\n    return s",
    "table_of_pythons_numbers": "s = a.astype(np.float32)\n    for k in i[0]:\n        dy, dx, far = STEPS[k % 3]\n        s[1 + dy] = s[1 + dy] * far + dx\n    return s",
    "conditions_of_integers": "return np.extract(i % 2, a), np.compress(i[0] % 2, w)",
    "inner_names": "f = np.sum; g = lambda f, q: f + q; return g(f(a), 2.0), f(w)",
    "loop_over_kinds": "s = np.zeros_like(a)\n    for k, (dy, dx, far) in enumerate(AROUND_BY_LENGTH):\n        s[1 + dy, 1 + dx] += k / far\n    return s",
    "dictionary_at_once": "for c, (p, q) in {8: (1, 0), 1: (0, 2)}.items():\n        v[p + q] += c * v[q]\n    return v",
    "unpacked_generator": "x, y = np.split(a[:4], 2)\n    x, y = (t.T * 2 for t in (x, y))\n    return x @ y.T",
    "polynomials": "c = [1.0, -2.0, 0.5]; return np.polyval(c, v), np.polyval([1, 2], 3.0) + v[0], np.polyval(v[:3], a), np.polyder(v)",
    "unwrapped": "return np.unwrap(v * 9), np.unwrap(a * 9)",
    "real_ones": "z = v * (1 + 2j); z[0] = 1.0; return np.isreal(z), np.iscomplex(z), np.isreal(v), v.imag",
    "composed": "k = np.lexsort((i[0], i[1])); j, l = np.triu_indices_from(a[:4, :4], 1); return k, np.union1d(i[0], i[1]), np.cumulative_sum(v), j + l, np.extract(v > 0, v), np.compress(v > 0, v)",
    "newer_names": "return np.concat((v, w)), np.acos(v / 9), np.bitwise_left_shift(i, 2), np.atan2(v, 2.0)",
    "from_function": "return np.fromfunction(lambda p, q: (p + 1) * (q - 2), (5, 3)), np.fromfunction(lambda p, q: p * 2 - q, (3, 4), dtype=int)",
    "stacked_along": "h = np.zeros(a.shape[1]); ys = []\n    for t in range(a.shape[0]):\n        h = 0.5 * h + a[t]\n        ys.append(h * 2)\n    return np.stack(ys, axis=1)",
    "named_functions": "norm = np.linalg.norm; f = np.float32; return norm(a, axis=1), norm(v), f(2) * a.astype(f)",
    "windows": "b = sliding_window_view(a, (3, 3)); c = b[..., 1, 1]; return (b >= c[..., None, None]).reshape(*c.shape, 9).sum(-1), sliding_window_view(v, 3).sum(-1)",
    "diagonal_kept": "c = np.zeros((5, 5), dtype=int); np.add.at(c, (i[0] % 5, i[0] % 3), 1); d = c.diagonal(); return c, d / np.maximum(c.sum(0), 1), d.sum()",
    "densities": "d, _ = np.histogram(v, bins=[-3.0, -1.0, 0.0, 0.5, 3.0], density=True); return d, np.histogram(v, 7, density=True)[0]",
    "sorted_by_three": "b = i % 3; return np.lexsort((b[:, 0], b[:, 1], b[:, 2])), np.setxor1d(b[0], i[1]), b[np.ix_(range(2))]",
    "chosen_within": "return np.choose(i[0], [w, -w], mode='clip'), np.choose(i[0], [w, -w], mode='wrap'), np.sum(range(4))",
    "ranks": "r = np.argsort(np.argsort(v)); o = w.argsort(); return r, o.argsort()",
    "single_values": "np.place(a, a > 0.5, [0.5]); np.put(v, [0, 2], [7.0]); np.putmask(w, w < 0.1, [-1]); return a, v, w",
    "median_of_windows": "return np.median(sliding_window_view(np.pad(a, 1, mode='reflect'), (3, 3)), axis=(-2, -1))",
    "views_of_new": "return np.log(v * v + 1)[:3] + solved(a[:3, :3], v[:3])",
}
ARGUMENTS = f"{X}, {V}, {W}, {INTS}"


def program(statements):
    lines = [part.strip() if not part.startswith("    ") else part for part in statements.replace("; ", "\n    ").split("\n    ")]
    return "def made(a, v, w, i):\n    " + "\n    ".join(lines)


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_becomes_loops_that_agree(name):
    spec, observation, found = lifted(program(PROGRAMS[name]), ARGUMENTS, HELPERS)
    assert found.kept == ()
    assert_lifted(spec, observation, found, compiles=name in ("lists", "rest", "table_of_kinds", "unwrapped"))


def test_elements_in_a_row_of_a_view_are_not_written_through_a_copy():
    spec, observation, found = lifted("def made(a):\n    b = a.T\n    b.flat[3] = 5.0\n    b.flat[::4] += 1\n    return b.sum()", X)
    assert found.kept
    for candidate in found.candidates:
        assert_agrees(compiled(candidate, observation, spec, jit=False), spec, ("tiny", "verify"))


def test_helpers_stay_functions_where_all_loops_together_are_too_many():
    body = "\n".join(f"    x[{k % 3}:] += {k} * x[:x.shape[0] - {k % 3}]" for k in range(40))
    calls = "\n    ".join(f"a = a * {k}; smoothed(a)" for k in range(8))
    spec, observation, found = lifted(f"def many(a):\n    a = a + 1\n    {calls}\n    return a", f"({X},)", f"def smoothed(x):\n{body}\n")
    assert found.kept == ()
    for candidate in found.candidates[:1]:
        assert candidate.text.count("def ") > 1
        assert_agrees(compiled(candidate, observation, spec, jit=False), spec, ("tiny",))


def test_rows_of_lists_are_no_numbers():
    spec, observation, found = lifted("def made(a):\n    s = 0.0\n    for row in a.tolist():\n        s += row[0]\n    return s", f"({X},)")
    assert found.kept
    for candidate in found.candidates:
        assert_agrees(compiled(candidate, observation, spec, jit=False), spec, ("tiny",))
