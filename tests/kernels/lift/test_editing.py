"""Arrays that are edited, cut into parts and joined, against NumPy at short lengths too."""
import pytest
from lift_programs import assert_agrees, assert_lifted, compiled, defined, lifted

ARGUMENTS = ("(rng.standard_normal((n, m)), rng.standard_normal(n), np.sort(rng.standard_normal(n)) + 0.1 * np.arange(n), "
             "rng.standard_normal((n, m), dtype=np.float32), rng.integers(-5, 9, n), n)")
SHORT = [{"n": n, "m": m} for n, m in ((4, 3), (1, 1), (0, 2), (2, 0), (2, 5))]
EXPRESSIONS = """np.concatenate(([0.0], v))
    np.concatenate(([0], np.cumsum(i)))
    np.concatenate((v, [1.0, 2.0], x))
    np.vstack((a, np.zeros(a.shape[1])))
    np.vstack([v, a.T])
    np.append(v, [1.0, 2.0])
    np.append(a, v)
    np.append(f[0], 1.5)
    np.insert(v, 0, [1.0, 2.0])
    np.insert(a, 0, 1.0, axis=0)
    np.insert(a, 1, v, axis=1)
    np.insert(i, -1, 2.7)
    np.delete(v, [0, 2])
    np.delete(v, -2)
    np.delete(a, 1, axis=0)
    np.delete(f, [2, 0], axis=1)
    np.repeat(a, 2)
    np.repeat(v, k)
    np.repeat(f, 3, axis=1)
    np.repeat(v, np.abs(i))
    np.repeat(1.5, 4)
    np.split(np.arange(12.0), 3)[1]
    np.split(v, [2])[0] * 2
    np.split(v, [2, 4])[1] * 2
    np.split(v, [k - 3, 2])[1] * 2
    np.array_split(v, 3)[0] * 1
    np.array_split(v, 3)[2] * 1
    np.hsplit(a, [2])[1] + 1
    np.hsplit(v, [1])[1] + 1
    np.vsplit(a, [1, -2])[1] + 1
    np.block([[a, a], [a * 2, f]])
    np.block([v, x, 1.0])
    np.kron(v, x[:3])
    np.kron(i, i)
    np.pad(v, (1, 2), constant_values=(0, 1.5))
    np.full((k, 3), [1.0, 2.0, 3.0])
    np.full((3, k), v, dtype=np.float32)
    np.array(a, copy=True)
    np.atleast_3d(a) * 2 + np.atleast_3d(v[:1])
    a[None].mT + 1
    np.atleast_2d([1.0, 2.0]) * 2"""
EACH = [e.strip() for e in EXPRESSIONS.splitlines()]


def program(expression):
    return f"def made(a, v, x, f, i, k):\n    return {expression}"


@pytest.mark.parametrize("expression", EACH)
def test_the_loops_of_an_expression_agree_with_numpy(expression):
    spec, observation, found = lifted(program(expression), ARGUMENTS)
    assert found.kept == ()
    assert_agrees(compiled(found.candidates[0], observation, spec, jit=False), spec, ("tiny", "verify", *defined(spec, SHORT)))


@pytest.mark.slow
@pytest.mark.parametrize("expression", EACH)
def test_the_loops_of_an_expression_compile_and_agree(expression):
    assert_lifted(*lifted(program(expression), ARGUMENTS))


def test_parts_of_an_array_that_are_written_are_the_array_s():
    spec, observation, found = lifted("""def made(a, v, x, f, i, k):
        low, high = np.split(v, [3])
        low += 1.0
        v *= 2.0
        high[:] = low[0]
        first, second, third = np.array_split(a, 3)
        second[:, 0] = 5.0
        left, right = np.hsplit(f, [1])
        left[:] = right.sum()""", ARGUMENTS)
    assert found.kept == ()
    assert_lifted(spec, observation, found)
