"""Comprehensions, lists that loops fill, and loops over what is written out: their loops against the references."""
import pytest
from lift_programs import assert_lifted, lifted

ARGUMENTS = "(rng.standard_normal((n, m)), rng.standard_normal(n), rng.integers(0, 9, n), n)"
PROGRAMS = {
    "rows": """rows = []
        for k in range(a.shape[0]):
            rows.append(a[k] * k)
        return np.array(rows)""",
    "numbers": """found = []
        for x in v:
            y = x * 2
            found.append(y + 1)
        return np.array(found), len(found)""",
    "some": """found = []
        for k in range(1, c):
            if v[k] > v[k - 1]:
                found.append(v[k])
        return np.array(found) * 2.0, float(len(found))""",
    "stacked": """return np.stack([a[k] - v[k] for k in range(c)]).sum(axis=0)""",
    "nested": """return np.array([[v[i] * v[j] for j in range(c)] for i in range(c)])""",
    "table": """w = np.array([np.exp(-x * x) for x in v])
        return w / w.sum()""",
    "summed": """return sum(np.roll(a, k, axis=0) for k in (-1, 0, 1)) / 3""",
    "neighbours": """return sum(np.roll(np.roll(a, i, 0), j, 1) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0))""",
    "sum_of_numbers": """return sum(v[k] * v[-k - 1] for k in range(c)), sum(x > 0 for x in i)""",
    "sums_that_stay_narrow": """narrow, single = i.astype(np.int8), v.astype(np.float32)
        return sum(x * x * x for x in narrow), sum(x for x in narrow if x > 4), sum(x * x for x in single)""",
    "sum_that_a_loop_narrows": """narrow, single = i.astype(np.uint8), v.astype(np.float32)
        total, positive = 0, 0.0
        for k in range(len(v)):
            total += narrow[k] * narrow[k]
            if single[k] > 0:
                positive = positive + single[k]
        return total, positive""",
    "extremes_pass_nan_over": """v[1] = np.nan
        return max(x for x in v), min(x for x in v[2:])""",
    "extremes": """return max(abs(x) for x in v), min([x * x for x in v])""",
    "written_out": """b = a.copy()
        for axis, weight in ((0, 0.5), (1, 0.25)):
            b += weight * np.roll(a, 1, axis=axis)
        for shift in [1, 2]:
            b[shift:] -= a[:-shift]
        return b""",
    "counted": """total = np.zeros(c + 3)
        for k, x in enumerate(v, start=3):
            total[k] = x * k
        for k, row in enumerate(a, 1):
            total[k] += row.sum()
        return total""",
    "powers": """total = 0.0
        for k in range(3):
            total += v[: 2**k].sum() * 3**k
        return total, np.zeros(2**k)""",
    "changing_type": """change, turns = 1, 0
        while change > 1e-3 and turns < 50:
            before = v.sum()
            v[1:-1] = 0.5 * (v[:-2] + v[2:])
            change = abs(v.sum() - before)
            turns += 1
        return v, turns""",
    "until_it_settles": """history, x = [], v * 1.0
        for k in range(20):
            x = 0.5 * x
            r = np.abs(x).max()
            history.append(r)
            if r < 1e-3:
                break
        return x, np.array(history)""",
    "leaves": """rows = []
        for k in range(c):
            if v[k] > 1.0:
                break
            rows.append(v[k])
        return np.array(rows)""",
    "left_out": """rows = []
        for k in range(c):
            if v[k] < 0:
                continue
            rows.append(a[k] * 2)
        return np.array(rows).sum()""",
    "bits": """t = np.zeros(c, dtype=np.int64)
        for k in range(c):
            t[k] = bin(k ^ (k >> 1)).count("1") + bin(-k).count("1")
        return t""",
    "calls_within_a_call": """def relax(x, w):
            x[1:] += w * x[:-1]
            return np.abs(x).max()
        return max(relax(a, 0.1), relax(v, 0.2))""",
    "given_by_a_star": """return np.hypot(*a[:2].mean(axis=1)) + np.maximum(*a[:, :2].T)""",
    "numbers_of_the_module": """out = np.zeros((c - 2, a.shape[1]), dtype=np.float32)
        for k, w in enumerate(TAPS):
            out += w * a[k:c - 2 + k].astype(np.float32)
        for w, r in zip(SIGNS, a):
            out += np.float32(w) * r[0]
        for w in MANY:
            out = out * 0.5 + w
        return out, TAPS[0] + SIGNS[-1]""",
    "table_of_the_module": """state, out, f = 0, np.empty(c, dtype=np.int64), v.astype(np.float32)
        for k in range(c):
            state = NEXT[state][0 if v[k] < -0.5 else (1 if v[k] < 0.5 else 2)]
            out[k] = state * 10 + NEXT[1][0]
            f[k:] = f[k:] * TAPS[state]
        return out, state, f""",
    "sums_over_the_module": """s = sum(w * v[k] for k, w in enumerate(TAPS))
        t = [w * v[0] for w in SIGNS]
        u = v.astype(np.float32) * sum(TAPS) * max(SIGNS) / len(MANY)
        return s, np.array(t), u, np.dot(TAPS, v[:3]), np.convolve(v, TAPS), np.array(TAPS)[::-1] + np.array(SIGNS)""",
    "rows_of_a_computed_length": """k = np.array([0.25, 0.5, 0.25])
        return np.array([np.convolve(r, k, "same") for r in a]), np.array([np.convolve(r, k, "valid") for r in a])""",
    "several_percentiles": """low, high = np.percentile(v, [10, 90])
        return np.percentile(a, [10, 50, 90], axis=0), np.quantile(v, (0.25, 0.75)), np.clip(v, low, high)""",
    "own_names": """x = 5.0
        squares = np.array([x * x for x in v])
        return squares + x""",
}
GROW = {
    "returns_from_within": """rows = []
        for k in range(c):
            rows.append(v[k])
            if v[k] > 1.0:
                return np.array(rows)
        return np.array(rows) * 2""",
    "counted_from_within": """rows, s = [], 0
        for k in range(c):
            rows.append(v[k])
            if len(rows) > 3:
                s += len(rows)
        return np.array(rows), s""",
    "two_places": """rows = []
        for k in range(c):
            rows.append(v[k])
        for k in range(c):
            rows.append(2 * v[k])
        return np.array(rows)""",
}
STAY = {
    "changes_later": """row = np.zeros(3)
        rows = []
        for k in range(c):
            row[0] = v[k]
            rows.append(row)
        return np.array(rows)""",
}


def program(body):
    return f"def made(a, v, i, c):\n        {body}"


@pytest.mark.parametrize("name", GROW)
def test_a_list_that_is_read_while_it_grows_has_room(name):
    spec, observation, found = lifted(program(GROW[name]), ARGUMENTS)
    assert found.kept == ()
    assert_lifted(spec, observation, found, compiles=False)


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_written_short_becomes_loops_that_agree(name):
    spec, observation, found = lifted(program(PROGRAMS[name]), ARGUMENTS)
    assert found.kept == ()
    assert_lifted(spec, observation, found, compiles=name in ("rows", "some", "neighbours"))


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
def test_it_compiles(name):
    assert_lifted(*lifted(program(PROGRAMS[name]), ARGUMENTS))


@pytest.mark.parametrize("name", STAY)
def test_a_list_that_no_array_can_stand_for_stays_and_is_named(name):
    spec, observation, found = lifted(program(STAY[name]), ARGUMENTS)
    assert found.kept
    if found.candidates:
        assert_lifted(spec, observation, found, compiles=False)


@pytest.mark.parametrize("scale", ["1.0", "1e200", "1e-200", "0.0"])
def test_the_length_of_complex_numbers_overflows_nowhere(scale):
    spec, observation, found = lifted(f"def made(a, v, i, c):\n    return np.abs((a + 2j * a[::-1]) * {scale})", ARGUMENTS)
    assert "np.sqrt(" in found.candidates[0].text
    assert_lifted(spec, observation, found, compiles=scale == "1e200")
