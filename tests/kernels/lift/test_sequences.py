"""Numbers by formula, and index vectors of triangles and meshes, against NumPy at short lengths too."""
import pytest
from lift_programs import assert_agrees, assert_lifted, compiled, defined, lifted

ARGUMENTS = "(rng.standard_normal((n, m)), rng.standard_normal(n), rng.integers(-5, 9, n), n)"
SHORT = [{"n": n, "m": m} for n, m in ((4, 3), (1, 1), (0, 2), (2, 0), (2, 5))]
EXPRESSIONS = """np.logspace(0, 2, k)
    np.logspace(-1.0, v[0], 7, base=2.0)
    np.logspace(0, 1, k, endpoint=False)
    np.geomspace(1.0, 100.0, k)
    np.geomspace(-8, -1000.0, num=5, endpoint=False)
    np.vander(v)
    np.vander(v, 4)
    np.vander(i, 3, increasing=True)
    np.vander([1.0, 2.0, 0.5])
    np.hanning(k)
    np.hamming(k + 1) * 2
    np.blackman(k)
    v * np.bartlett(k)
    np.tril_indices(k)[0] * 1
    np.triu_indices(k, 1)[1] * 1
    np.triu_indices(4, -1, 3)[0] - np.tril_indices(4, -1)[0][0]
    a[np.triu_indices(3, 1)]
    np.diag_indices(k)[0] * 2
    a[np.ix_(np.arange(2), [0, -1])] * 2
    a[np.ix_(np.arange(k)[::-1], np.arange(3))]
    np.broadcast_arrays(v[:, None], a)[0] + 1
    np.broadcast_arrays(v, 2.0)[1] * v"""
EACH = [e.strip() for e in EXPRESSIONS.splitlines()]


def program(expression):
    return f"def made(a, v, i, k):\n    return {expression}"


@pytest.mark.parametrize("expression", EACH)
def test_the_loops_of_an_expression_agree_with_numpy(expression):
    spec, observation, found = lifted(program(expression), ARGUMENTS)
    assert found.kept == ()
    assert_agrees(compiled(found.candidates[0], observation, spec, jit=False), spec, ("tiny", "verify", *defined(spec, SHORT)))


@pytest.mark.slow
@pytest.mark.parametrize("expression", EACH)
def test_the_loops_of_an_expression_compile_and_agree(expression):
    assert_lifted(*lifted(program(expression), ARGUMENTS))


def test_elements_at_a_tuple_of_index_vectors_are_read_and_written():
    spec, observation, found = lifted("""def made(a, v, i, k):
        upper = np.triu_indices(k, 1)
        square = np.zeros((k, k))
        square[upper] = 2.0
        square[np.ix_(np.arange(2), np.arange(3))] += 1.0
        rows, columns = np.tril_indices(k, -1)
        square[rows, columns] = -1.0
        return square + np.geomspace(1.0, 9.0, k) * np.hanning(k)""", ARGUMENTS)
    assert found.kept == ()
    assert_lifted(spec, observation, found)
