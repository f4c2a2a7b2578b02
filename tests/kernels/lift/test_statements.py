"""Python around array code: loops over rows, swaps, views with names, early returns and the like, against the references."""
import pytest
from lift_programs import assert_agrees, assert_lifted, compiled, lifted

ARGUMENTS = "(rng.standard_normal((n, m)), rng.standard_normal((n, m)), rng.standard_normal(n), n)"
PROGRAMS = {
    "numbers_that_a_loop_may_leave": """x, s = v * 1.0, 0.0
    for k in range(5):
        for sign in (1.0, -0.5):
            t = x + sign * k
            if t.sum() < 0:
                continue
            s += t.max()
            if s > 3:
                break
        for step in [2, 3]:
            if step * k > 7:
                break
            x[::step] += np.float32(0.5) * step
    return x, s""",
    "arrays_under_a_condition": """out = np.zeros_like(a)
    for k in range(3):
        out += a * (1 - 2 * np.abs(b)) if k < 2 else b * k
    w = 2 * (a + 1 if c > 7 else b) + b
    return np.exp(out if v[0] > 0 else -out).sum(axis=0), w""",
    "sums_under_a_condition": """s = 1.0 if c > 3 else 2.0
    w = a if s > 1.5 else b
    t = (v.sum() if v[0] > 0.5 else (v.max() if v[1] > 0.5 else v.min())) * 2
    return w * s, (v.sum() if c > 2 else v.max()), t""",
    "sums_under_a_condition_fill_a_mask": """out, m = a.copy(), b > 0
    out[m] = a[~m].mean() if (~m).any() else 0.0
    return out""",
    "sums_under_a_condition_in_a_loop": """out = np.zeros(len(v))
    for i in range(len(v)):
        out[i] = v[:i].sum() / i if i > 0 else v[i]
        if (v[i:].max() if i % 2 else v[:i + 1].min()) > 0.5:
            out[i] += 1
    return out""",
    # name: statements on matrices a and b, a vector v, a number c
    "ping_pong": """for t in range(4):
        b[1:-1, 1:-1] = 0.25 * (a[1:-1, :-2] + a[1:-1, 2:] + a[:-2, 1:-1] + a[2:, 1:-1])
        a, b = b, a
    return a.copy(), b.copy()""",
    "ping_pong_of_copies": """u = a.copy()
    w = np.empty_like(u)
    for t in range(3):
        w[:] = np.roll(u, 1, axis=0) * 0.5
        u, w = w, u
    return u""",
    "named_view": """inner = a[1:-1, 1:-1]
    inner += 1.0
    inner[0] = 5.0
    inner[:, 1:] -= inner[:, :-1]
    column = a[:, 0]
    column *= 2.0""",
    "view_of_view": """top = a[: c // 2]
    left = top[:, 1:3]
    left[:] = 7.0
    left += top[:, :2]
    t = a.T
    t[0] = v""",
    "rows": """total = 0.0
    for row in a:
        row -= row.mean()
        total += (row * row).sum()
    return total""",
    "rows_zipped": """s = np.zeros(a.shape[1])
    for x, y, z in zip(a, b, v):
        s += x * y * z
    return s""",
    "enumerated": """w = np.zeros_like(v)
    for k, x in enumerate(v[1:]):
        w[k] = x - v[k]
    return w""",
    "reversed": """w = v.copy()
    for k in reversed(range(1, c, 2)):
        w[k - 1] += w[k]
    for k in range(c - 1, 0, -2):
        w[k] -= w[k - 1]
    for x in reversed(v):
        w[0] = w[0] * 0.5 + x
    return w""",
    "converges": """x = 1.0
    count = 0
    while True:
        new = 0.5 * (x + 2.0 / x)
        count += 1
        if abs(new - x) < 1e-12:
            break
        x = new
    return x, count""",
    "converges_on_arrays": """x = np.zeros_like(v)
    error = 1.0
    steps = 0
    while error > 1e-3 and steps < 50:
        new = 0.5 * np.cos(x) + 0.1 * v
        error = np.abs(new - x).max()
        x = new
        steps += 1
    return x, steps""",
    "breaks": """s = 0.0
    for k in range(c):
        if v[k] > 2:
            break
        if v[k] < 0:
            continue
        s += v[k]
    return s""",
    "loop_else": """s = 0.0
    for k in range(c):
        if v[k] > 1e9:
            break
        s += v[k]
    else:
        s = s * 2
    return s""",
    "while_else": """k = 0
    s = 0.0
    while k < c:
        s += v[k]
        k += 1
    else:
        s -= 1.0
    return s""",
    "walrus": """if (s := v.sum()) > 0:
        v -= s
    while (s := s * 0.5) > 0.1:
        v += 0.01
    return s""",
    "chained": """s = 0
    for x in v:
        if -1 < x <= 1:
            s += 1
    return s, ((-1 < v) & (v < 1)).sum()""",
    "chained_targets": """x = y = v * 2
    p = q = 0.0
    y[0] = 3.0
    p += 1
    return x + y, p, q""",
    "nested_function": """def scaled(x, by=2.0):
        return x * by
    f = lambda x: x + 1.0
    return scaled(v) + f(v), scaled(v, by=3.0)""",
    "closure": """s = v.mean()
    def centred(x):
        return x - s
    return centred(v), centred(a)""",
    "early_return": """if c < 0:
        return v * 0
    s = v.sum()
    if s > 0:
        return v / s
    return v.copy()""",
    "asserted": """assert c > 0, "a positive number"
    if c < 0:
        raise ValueError("a negative number")
    return v * c""",
    "math_on_numbers": """import math
    s = math.sqrt(abs(v[0])) + math.sin(math.pi / c) + math.floor(2.7) + math.hypot(3.0, v[1])
    return s, int(s), float(c), bool(c > 3), round(2.6)""",
    "constants": """return v * HALF + WEIGHTS[1] + STEPS[0], np.convolve(v, WEIGHTS, "valid")""",
    "fibonacci": """p, q = 0, 1
    for _ in range(c):
        p, q = q, (p + q) % 1000
    return p""",
    "rows_swapped": """a[[0, 1]] = a[[1, 0]]
    t = a[2].copy()
    a[2] = a[3]
    a[3] = t""",
    "power_steps": """x = v / np.linalg.norm(v)
    for _ in range(3):
        y = a.T @ x
        x = a @ y
        x /= np.sqrt((x ** 2).sum())
    return x""",
    "deleted": """t = v * 2
    w = t + 1
    del t
    return w""",
    "annotated": """s: float = 0.0
    w: np.ndarray = v * 2
    s += w.sum()
    return s""",
}
STAY = {
    "optional": """def shifted(x, by=None):
        if by is None:
            return x - x.mean()
        return x - by
    return shifted(v), shifted(v, 2.0)""",
    "printed": """if c < 0:
        print("negative", f"{c}")
    return v + c""",
    "starred": """first, *rest = a.shape
    return first, a.sum(axis=0)""",
    "unpacked": """n, m = a.shape
    (p, q), r = (1.0, 2.0), 3.0
    x, y = v[0], v[1]
    x, y = y, x
    v[0], v[1] = v[1], v[0]
    return p + q * n + r * m, x - y""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_python_around_arrays_becomes_loops_that_agree(name):
    spec, observation, found = lifted("def made(a, b, v, c):\n    " + PROGRAMS[name], ARGUMENTS)
    assert found.kept == ()
    assert_lifted(spec, observation, found, compiles=name in ("ping_pong", "view_of_view", "converges_on_arrays"))


@pytest.mark.parametrize("name", STAY)
def test_what_has_no_loop_form_is_named_and_stays_as_it_is(name):
    spec, observation, found = lifted("def made(a, b, v, c):\n    " + STAY[name], ARGUMENTS)
    assert found.kept
    for candidate in found.candidates:
        assert_agrees(compiled(candidate, observation, spec, jit=False), spec, ("tiny", "verify"))


def test_a_statement_that_the_dialect_refuses_is_named_and_so_is_what_the_dialect_says():
    _, _, found = lifted("def made(a, b, v, c):\n    " + STAY["printed"], ARGUMENTS)
    assert found.candidates == ()
    assert found.kept[0].text.startswith("print")
    assert found.kept[-1].text == "" and found.kept[-1].reason.startswith("outside the kernel dialect")
