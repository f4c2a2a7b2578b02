"""Slices fit the array as NumPy makes them fit, at every size; where they always fit, the loops say nothing of it."""
import pytest
from lift_programs import assert_agrees, assert_lifted, compiled, lifted

ARGUMENTS = "(rng.standard_normal((n, m)), rng.standard_normal(n), n, 2)"
SMALL = [{"n": n, "m": m} for n in range(5) for m in (0, 1, 3)]
CUT = """x[:3] * 2
    x[-2:] + 1
    x[:n - 3] * 1
    x[5:].sum() + x[:2].sum()
    np.concatenate((x[3:], x[:3]))
    a[:, :1] * a
    a[-1:, 1:4:2] * 1
    x[-3:-1] * 1.0
    x[3:1:-1] * 1
    x[:-4:-1] * 1
    x[1:100].sum()
    x[k:k + 2] * 1
    x[-k:] * 1
    x[:-k] * 1
    x[k - 3:] * 1
    x[k + 2:k] * 1
    x[::2][:2] * 1
    a[1:3, 2:4].T * 1
    a[:2].shape[0] + len(a[4:]) + a[3:, 2:].size"""
PLAIN = """x[1:-1] + x[2:] - x[:-2]
    a[1:-1, 2:] - a[1:-1, :-2]
    x[:n - 1] - x[1:n]
    x[:n // 2] * 1
    x[n // 2:] * 1
    x[::2] + x[::-2]
    x[-2::-1] * 1"""


def each(text):
    return [e.strip() for e in text.splitlines()]


def program(expression):
    return f"def made(a, x, n, k):\n    return {expression}"


@pytest.mark.parametrize("expression", each(CUT) + each(PLAIN))
def test_a_slice_of_a_short_array_is_cut_as_numpy_cuts_it(expression):
    spec, observation, found = lifted(program(expression), ARGUMENTS)
    assert found.kept == ()
    assert_agrees(compiled(found.candidates[0], observation, spec, jit=False), spec, ("tiny", "verify", *SMALL))


@pytest.mark.parametrize("expression", each(PLAIN))
def test_a_slice_that_always_fits_has_plain_bounds(expression):
    text = lifted(program(expression), ARGUMENTS)[2].candidates[0].text
    assert "min(" not in text
    assert "start" not in text and "stop" not in text


def test_a_slice_that_follows_a_loop_to_the_array_s_end_has_plain_bounds():
    spec, observation, found = lifted("""def made(a, x, n, k):
        for i in range(n):
            x[:i] += x[i] * 0.5
            x[i + 1:n] -= x[i] * 0.25
            x[i:i + 1] *= 2.0""", ARGUMENTS)
    assert "min(" not in found.candidates[0].text
    assert_agrees(compiled(found.candidates[0], observation, spec, jit=False), spec, ("tiny", *SMALL))


def test_blocks_of_an_array_end_where_it_ends():
    spec, observation, found = lifted("""def made(a, x, n, k):
        for i in range(0, n, 4):
            x[i:i + 4] = x[i:i + 4].sum()
            a[i:i + 4, :2] = i""", ARGUMENTS)
    assert found.kept == ()
    assert_agrees(compiled(found.candidates[0], observation, spec, jit=False), spec, ("tiny", *SMALL))
    assert_lifted(spec, observation, found)


def test_an_end_of_either_sign_counts_from_either_end():
    spec, observation, found = lifted("""def made(a, x, n, k):
        total = 0.0
        for i in range(-8, 9):
            total += x[i:].sum() - 2.0 * x[:i].sum() + x[i::-1].sum() + x[:i:-2].sum()
        return total""", ARGUMENTS)
    assert found.kept == ()
    assert_agrees(compiled(found.candidates[0], observation, spec, jit=False), spec, ("tiny", *SMALL))
