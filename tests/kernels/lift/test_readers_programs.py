"""What programs of readers who had not seen the lift, and random ones, kept or were lifted wrongly in: each is lifted whole now, or stays."""
import pytest
from lift_programs import INTS, S, V, X, assert_agrees, assert_lifted, compiled, lifted

FILLED = """
    a, b = [], []
    for i in range(len(v)):
        a.append(v[i])
        if v[i] > -0.5:
            b.append(2 * v[i])
"""
JOINED = ("np.array(a + b)", "np.array(a[1:] + b[1:])", "np.array(a[::-1] + b)", "len(a[1:] + b[1:])", "np.mean(a[1:] + b)", "sum(a[1:] + b[1:])",
          "np.array([a[0]] + a)", "np.array(a[1:] + [a[0], 2.0])", "np.array([0.0] + a[:-1])")


@pytest.mark.parametrize("joined", JOINED)
def test_lists_that_are_joined_are_concatenated(joined):
    spec, observation, found = lifted(f"def program(v):{FILLED}    return {joined}", V)
    assert not found.kept
    assert_lifted(spec, observation, found)


@pytest.mark.parametrize("repeated", ["np.array(a * 2)", "np.array(a[:-1] * 2)", "float(a < b)"])
def test_lists_that_are_repeated_or_compared_stay_lists(repeated):
    _, _, found = lifted(f"def program(v):{FILLED}    return {repeated}", V)
    assert found.kept and not found.candidates


def test_a_list_that_another_extends_under_a_new_name_stays():
    _, _, found = lifted(f"def program(v):{FILLED}    c = a[:-1]\n    c += b[1:]\n    return np.array(c)", V)
    assert found.kept and not found.candidates


PROGRAMS = {
    "an array in place of its list, filled by two loops": (X, """
        def program(x):
            rows = [x[1].sum()]
            for j in range(3):
                for k in range(1, 4):
                    rows.append(x[k].sum() * j)
            rows = np.array(rows)
            return rows * 2
        """),
    "a number in place of its list": (X, """
        def program(x):
            hits = []
            for j in range(x.shape[0]):
                for k in range(1, 3):
                    if x[j, k] > 0:
                        hits.append(x[j, k])
            hits = len(hits)
            return hits * 0.5
        """),
    "imports of names": (V, """
        def program(v):
            from math import sqrt
            from numpy import abs as size, linalg
            total = linalg.norm(v)
            for x in v:
                total += sqrt(size(x))
            return total
        """),
    "what several loops of a generator yield": (f"{INTS}, {V}", """
        def program(i, v):
            some = any(i[k, l] == 2 for k in range(i.shape[0]) for l in range(k % 3))
            every = all(v[k] > -9 for k in range(len(v)) if i[k, 0] for l in range(2))
            largest = max(v[k] * l for k in range(len(v)) for l in range(1, 3))
            return some, every, largest
        """),
    "the larger of numbers of two types": (f"{INTS}, rng.standard_normal((n, m), dtype=np.float32)", """
        def program(i, f):
            out = np.zeros(f.shape, dtype=np.float32)
            total = 0.0
            for k in range(f.shape[0]):
                for l in range(f.shape[1]):
                    out[k, l] = max(f[k, l], 0.0) * 2
                total += max(i[k, 0] - 3, 0.5) if i[k, 1] > 2 else 1
            return out, total
        """),
    "absolute values of booleans": (X, "def program(x):\n    return abs(x > 0).sum(axis=0), np.abs(x < 1)"),
    "infinities by name": (V, """
        def program(v):
            best, worst, first = float("inf"), -float("inf"), float("-Infinity")
            for x in v:
                best, worst, first = min(best, x), max(worst, x), max(first, x)
            return best, worst, first
        """),
    "groups that may be empty": (f"{X}, rng.integers(0, 3, n), 3", """
        def program(x, label, k):
            return np.array([x[label == j].mean(axis=0) if np.any(label == j) else x[j] for j in range(k)])
        """),
    "rows by a condition": (f"{X}, rng.integers(0, 3, n), 3", """
        def program(x, label, k):
            return np.array([x[j] * 2 if label[j] > 1 else x[0] for j in range(k)])
        """),
    "axes swapped in a statement": ("rng.random((n, m, 3))", "def program(x):\n    y = x.swapaxes(1, 2)\n    return y * 2"),
    "the place of an extreme": (X, """
        def program(x):
            y = x.copy()
            out = np.zeros(3)
            for k in range(3):
                best = np.unravel_index(np.argmax(y), y.shape)
                out[k] = y[best] * best[0] + best[1]
                y[best] = -1.0
            lowest = np.unravel_index(x.argmin(), x.shape)
            return out, lowest[0], lowest[1]
        """),
    "pairs of indices of what is written": (X, """
        def program(x):
            y = np.zeros(x.shape)
            for i, j in itertools.product(range(y.shape[0]), range(len(y[0]))):
                y[i, j] = x[i, j] + 1
            return y
        """),
    "the dtype that holds two": (f"{V}, rng.random(n, dtype=np.float32)", """
        def program(v, f):
            out = np.zeros(len(v), dtype=np.result_type(v, f))
            for i in range(len(v)):
                out[i] = v[i] + f[-1 - i]
            return out, np.ones(3, dtype=np.promote_types(np.float32, f.dtype))
        """),
    "a list that is sorted": (V, """
        def program(v):
            kept = []
            for x in v:
                if x > -0.3:
                    kept.append(x)
            kept.sort()
            return np.array(kept)
        """),
    "sorted() of a list and of an array": (V, """
        def program(v):
            kept = [0.5]
            for i in range(2):
                for x in v:
                    if x > -0.3:
                        kept.append(x + i)
            kept = sorted(kept)
            return kept[len(kept) // 2], np.array(sorted(v))
        """),
    "results that are written where they are returned": (S, """
        def program(x):
            y = x * 2 + 1
            total = np.log(y, out=y).sum()
            return np.maximum(y, 0.1, out=y), total
        """),
    "a convex hull": ("rng.standard_normal((n, 2))", """
        def cross(o, a, b):
            return (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0])

        def program(points):
            points = points[np.argsort(points[:, 0])]
            lower = []
            for p in points:
                while len(lower) >= 2 and cross(lower[-2], lower[-1], p) <= 0:
                    lower.pop()
                lower.append(p)
            upper = []
            for p in points[::-1]:
                while len(upper) >= 2 and cross(upper[-2], upper[-1], p) <= 0:
                    upper.pop()
                upper.append(p)
            return np.array(lower[:-1] + upper[:-1])
        """),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_that_were_kept_once_are_lifted_whole(name):
    inputs, text = PROGRAMS[name]
    helpers, _, kernel = text.rpartition("def program")
    spec, observation, found = lifted(f"def program{kernel.replace(chr(10) + ' ' * 8, chr(10))}", inputs, helpers)
    assert not found.kept
    assert_lifted(spec, observation, found)


FLAGS = """
    def softmax(x, axis=None, keepdims=True):
        e = np.exp(x - x.max(axis=axis, keepdims=keepdims))
        return e / e.sum(axis=axis, keepdims=True)
"""


def test_what_the_inputs_leave_out_is_known():
    text = """
        def program(x, axis=-1, turns=3, squeeze=False):
            for _ in range(turns):
                x = softmax(x, axis=axis)
            if squeeze:
                return x[0]
            return x
        """
    spec, observation, found = lifted(text, X, FLAGS)
    assert not found.kept
    assert_agrees(compiled(found.candidates[-1], observation, spec), spec, ("tiny", "verify"))
