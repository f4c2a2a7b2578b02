"""Expressions that make, join, arrange and slide over arrays: their loops against NumPy."""
import pytest
from lift_programs import assert_lifted, lifted

ARGUMENTS = ("(rng.standard_normal((n, m)), rng.standard_normal(n), np.sort(rng.standard_normal(n)) + 0.1 * np.arange(n), "
             "rng.standard_normal((n, m), dtype=np.float32), rng.integers(-5, 9, n), n)")
EXPRESSIONS = {
    "grids": """np.mgrid[0:k, 2:9:3]
        np.mgrid[1:k] * 2
        np.mgrid[0:k, 0:3][1] - np.mgrid[0:k, 0:3][0]
        np.ogrid[0:k, 0:4][0] + np.ogrid[0:k, 0:4][1]
        np.indices((k, 3))
        np.meshgrid(v, x)[0] + np.meshgrid(v, x)[1]
        np.meshgrid(v, x, indexing="ij")[0]
        np.meshgrid(v, x, i)[2] * 2.0
        np.meshgrid(v, x, sparse=True)[1] + v
        np.mgrid[0:1:4j] * v[:4]
        np.mgrid[-1:1:0.5, 0:2:3j]
        np.ogrid[0:k, -1:1:4j][1] * 2
        np.mgrid[0:2:k * 1j, -1:1:4j]""",
    "numbers": """np.arange(k, dtype=np.float32) / 2
        np.arange(-3, k, 2) ** 2
        np.arange(k, 0, -1)
        np.arange(0.5, 2.0, 0.3) * 2
        np.linspace(0.0, 1.0, k) + v
        np.linspace(-1, 2, k, endpoint=False)
        np.linspace(0, 9, k, dtype=np.int64)
        np.linspace(0, 1, k, dtype=np.float32) * 2
        np.linspace(v[0], v[1], 5)
        np.eye(k, k + 1, 1) * 2
        np.eye(k, k=-1) + np.tri(k, k, 1)
        np.identity(k, dtype=np.float32)
        np.array([[v[0], 1.0], [2.0, v[1]]])
        np.array([v, x, v + x])
        np.array([[1, 2, 3]], dtype=np.float32)
        np.asarray(v) * 2
        np.asarray(i, dtype=np.float64)
        np.ascontiguousarray(a.T) + 1
        np.zeros_like(a, shape=(k, 2)) + i[:2]""",
    "diagonals": """np.diag(v)
        np.diag(v, 2)
        np.diag(v, -1) @ np.ones(k + 1)
        np.diagflat(v)
        np.diag(a) * 2
        np.diag(a, 1) * 2
        np.diagonal(a, -1) + 1
        a.diagonal(4) * 1
        np.triu(a, 1) + np.tril(a, -1)""",
    "joined": """np.dstack([a, a + 1, a * 2])
        np.dstack((v, x))
        np.column_stack((v, x, a))
        np.column_stack([v, x]).sum(axis=1)
        np.row_stack([v, x])
        np.vstack((v, x)) * 2
        np.hstack([a, f])
        np.hstack((v, x))
        np.stack([a, a * 2], axis=-1)
        np.stack((v, x), axis=1)
        np.concatenate((a, f), axis=1)
        np.append(v, 3.0)
        np.append(v, x)
        np.append(a, a * 2, axis=0)
        np.insert(v, 0, 0.5)
        np.insert(v, 2, v[3])
        np.insert(v, -1, 1.0)
        np.delete(v, 1)
        np.delete(v, -1) * 2
        np.r_[v, 1.0, x]
        np.c_[v, x]
        np.c_[a, v]
        np.tile(v, 3)
        np.tile(a, (2, 1))
        np.tile(v, (2, 3)) + 1
        np.repeat(v, 2)
        np.repeat(a, 3, axis=1)""",
    "turned": """np.fliplr(a) - np.flipud(a)
        np.rot90(a) * 1
        np.rot90(a, 2) + 1
        np.rot90(a, 3) * 2
        np.moveaxis(a[:, :, None] * v[:3], -1, 0)
        np.rollaxis(a[:, :, None] * v[:3], 2)
        np.atleast_2d(v) + np.atleast_1d(v)
        np.squeeze(a[None, :, :, None]) * 2
        np.squeeze(a[None], axis=0)
        np.squeeze(a[None, :, :, None], axis=(0, 3)) + 1
        np.expand_dims(v, (0, 2)) * a[0]
        np.matrix_transpose(a[None] + 1)""",
    "differences": """np.diff(v)
        np.diff(a, axis=0) + 1
        np.diff(v, 2)
        np.diff(a, n=3)
        np.diff(i)
        np.ediff1d(v) * 2
        np.ediff1d(a, to_begin=0.0, to_end=[1.0, 2.0])
        np.diff(v, prepend=0.0)
        np.diff(f, prepend=0, append=a[:, :1])
        np.diff(v > 0)
        np.interp(v, x, v, left=0.0, right=-1)
        np.interp(x, x[:4], v[:4], right=7.0)
        np.trapezoid(v)
        np.trapezoid(v, x)
        np.trapezoid(a, dx=0.5)
        np.trapezoid(a, v, axis=0)
        np.gradient(v)
        np.gradient(v, 0.1) * 2
        np.gradient(v, 0.1, edge_order=2)
        np.gradient(f, axis=1, edge_order=2)
        np.gradient(v, x)
        np.gradient(i)
        np.gradient(f, axis=0)
        np.gradient(a, 0.5, axis=1)
        np.gradient(a)[0] + np.gradient(a)[1]
        np.gradient(a, x, np.arange(a.shape[1]) * 2.0)[0]
        np.interp(v, x, v)
        np.interp(a, x, v)
        np.interp(0.3, x, v) + np.interp(-99.0, x, v) + np.interp(99.0, x, v)
        np.interp(i, x, i)""",
    "windows": """np.convolve(v, x)
        np.convolve(v, np.ones(3) / 3, mode="same")
        np.convolve(np.ones(4), v, "same")
        np.convolve(v, v[:2], mode="valid")
        np.convolve(i, i)
        np.convolve(v, [0.5, 0.25], "valid")
        np.correlate(v, v[:3])
        np.correlate(v, x, mode="full")
        np.correlate(v, v[:4], "same")
        np.correlate(v[:4], v, "same")
        np.correlate(v[:2], v, "valid")
        np.convolve(f[0], f[1])
        np.lib.stride_tricks.sliding_window_view(v, 3).sum(axis=1)
        np.lib.stride_tricks.sliding_window_view(v, 2) + 1
        np.lib.stride_tricks.sliding_window_view(a, 2, axis=1).max(axis=-1)
        np.lib.stride_tricks.sliding_window_view(a, (2, 3)).mean(axis=(2, 3))""",
}
EACH = [pytest.param(e.strip(), id=f"{family}: {e.strip()}") for family, text in EXPRESSIONS.items() for e in text.splitlines()]


def program(expression):
    return f"def made(a, v, x, f, i, k):\n    return {expression}"


@pytest.mark.parametrize("expression", EACH)
def test_the_loops_of_an_expression_agree_with_numpy(expression):
    spec, observation, found = lifted(program(expression), ARGUMENTS)
    assert found.kept == ()
    assert_lifted(spec, observation, found, compiles=False)


@pytest.mark.slow
@pytest.mark.parametrize("expression", EACH)
def test_the_loops_of_an_expression_compile_and_agree(expression):
    assert_lifted(*lifted(program(expression), ARGUMENTS))


def test_unpacked_arrays_are_their_rows():
    spec, observation, found = lifted("""def made(a, v, x, f, i, k):
        rows, columns = np.mgrid[0:k, 0:3]
        up, down = np.gradient(a)
        first, second = a[:2]
        first += 1.0
        p, q = v[:2]
        return rows * 2 + columns, up - down, second * p + q""", ARGUMENTS)
    assert found.kept == ()
    assert_lifted(spec, observation, found)


def test_rows_of_a_slice_that_are_written_are_those_of_the_array():
    spec, observation, found = lifted("""def made(a, v, x, f, i, k):
        for row in a[1:]:
            row += 1.0
        for number, row in enumerate(a[:, ::2]):
            row[:] = number""", ARGUMENTS)
    assert found.kept == ()
    assert_lifted(spec, observation, found)


def test_a_conversion_that_changes_nothing_is_the_array_itself():
    spec, observation, found = lifted("""def made(a, v, x, f, i, k):
        v = np.asarray(v)
        y = np.asarray(x, dtype=np.float64)
        y += v
        v[0] = 9.0
        rows = np.asarray(a[1:])
        rows[:, 0] = y[1:]
        whole = np.ascontiguousarray(f.T) * 2
        return v * 2 + x, whole""", ARGUMENTS)
    assert found.kept == ()
    assert_lifted(spec, observation, found)
