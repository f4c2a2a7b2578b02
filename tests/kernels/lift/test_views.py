"""Views, and what is written through them: where it lifts, the loops see what NumPy sees."""
import pytest
from lift_programs import assert_agrees, assert_lifted, compiled, lifted

ARGUMENTS = "(rng.standard_normal((n, n)), rng.standard_normal(n), n)"
PROGRAMS = {
    "view_of_a_reshaped_range": """x = np.arange(n * 3).reshape(n, 3)
        r = x[1]
        r += 1
        return x""",
    "buffers_that_swap": """b = np.zeros_like(v)
        for k in range(4):
            src = v if k % 2 == 0 else b
            dst = b if k % 2 == 0 else v
            dst[1:-1] = 0.5 * (src[2:] + src[:-2])
        return v, b""",
    "view_of_an_array_that_waits": """x = np.arange(n) * 2.0
        w = x[1:]
        w += 1
        return x""",
    "earlier_value_of_a_sum": """total = 0
        prev = a[0] * 0
        change = np.zeros(n)
        for k in range(n):
            total = total + a[k]
            change[k] = np.abs(total - prev).max()
            prev = total
        return change""",
    "slice_of_flat": """d = a.flat[::n + 1]
        d -= 1.0
        return a, d""",
    "shape_that_another_name_sees": """c = a * 2
        b = c
        c.shape = (-1,)
        return b.sum(axis=0), c""",
    "closure_over_a_target": """s = 2.0
        def g(y):
            return y * s
        s, t = g(v[0]), g(v[1])
        return s, t""",
    "vectorised_over_a_parameter_it_ignores": "return np.vectorize(lambda x, y: x * 2)(v, a)",
    "loop_over_an_array_that_is_rebound": """s = 0.0
        for x in v:
            v = v - x * 0.1
            s += x
        return s""",
    "reshaped_and_written_after": """f = a[:2].reshape(-1)
        a[0] = 7
        return f * 2""",
    "part_of_what_was_reshaped": """f = a[:2].reshape(-1)
        g = f[1:]
        a[0] = 7
        return g * 2""",
    "reshaped_in_a_loop_that_writes": """t = np.zeros(2 * n)
        for k in range(3):
            f = a[:2].reshape(-1)
            t = t + f
            a[0] += 1
        return t""",
    "reshaped_and_written": """f = a[:2].reshape(-1)
        f[0] = 9.0
        return a""",
    "reshaped_for_a_helper_that_writes": """def bump(x):
            x[0] += 1
            return x[0]
        f = a[:2].reshape(-1)
        y = bump(f)
        return y, a""",
    "copies": """x = v.copy()
        c, d, e, f = np.array(x), x.astype(np.float64), x[np.arange(n)], +x
        x[:] = 0.0
        return c + d, e * f, x""",
    "windows": """w = np.lib.stride_tricks.sliding_window_view(v, 3)
        m = w.max(axis=1)
        v[1:-1] = m
        return w.sum(axis=1)""",
    "windows_that_are_overwritten": """w = np.lib.stride_tricks.sliding_window_view(v, 3)
        v[1:-1] = w.sum(axis=1)
        return w.max(axis=1)""",
    "broadcast": """w = np.broadcast_to(v, (3, n))
        v[0] = 5.0
        return w.sum(axis=0)""",
    "broadcast_together": """w, u = np.broadcast_arrays(a, v[:, None])
        a[0] = 5.0
        v[1] = 3.0
        return w + u""",
    "parts_of_complex_numbers": """z = v + 1j
        r = z.real
        s = z.imag + z.real
        z[0] = 7.0
        return r * 2, s, z""",
    "rows_in_a_list": """rows = [r for r in a]
        a[0] = 5.0
        return rows[0] + rows[1]""",
    "chained_places": """v[0] = v[-1] = 0.5 * (v[0] + v[-1])
        return v""",
    "unrolled_over_names_that_change": """s, b = 0.0, a
        for x in (a, b):
            b = b * 2
            s += x.sum()
        return s""",
    "astype_without_a_copy": """c = a.astype(np.float64, copy=False)
        c *= 2
        return a""",
    "operand_before_a_helper_that_writes": """def bump(x):
            x[0] += 1
            return x[0]
        y = v[0] + bump(v)
        return y, v""",
    "default_of_a_lambda": """k = 2.0
        f = lambda x, s=k: x * s
        k = 5.0
        return f(v) + k""",
    "helper_that_stays_and_returns_a_view": """def part(x):
            for k in range(3):
                if x[k] > 1.0:
                    return x[2:]
            return x[1:]
        p = part(v)
        p += 1
        return v""",
}


LIFTED = {
    "windows_read_once": """v *= 2
        w = np.lib.stride_tricks.sliding_window_view(v, 3)
        s = w.sum(axis=1)
        v[0] = 5.0
        return s, v""",
    "complex_numbers_that_change": """z = v + 1j * v[::-1]
        out = np.zeros(n)
        for k in range(3):
            out[:] += z.real ** 2 + z.imag ** 2
            z[out > 2] *= 0.5
        return out, np.abs(z)""",
    "frames": """a *= 2
        f = a[:n // 2 * 2].reshape(-1, 2, n)
        return np.sqrt((f ** 2).mean(axis=1))""",
    "amplitudes": """p = np.zeros(8 * n)
        p[0] = 1.0
        for q in range(3):
            w = p.reshape(2 ** q, 2, -1)
            p = (w + w[:, ::-1] * v[q]).reshape(-1)
            u = p.reshape(2 ** q, 2, -1).copy()
            u[:, 1] = u[:, 1, ::-1]
            p = u.reshape(-1)
        return p""",
}


def agrees(program):
    spec, observation, found = lifted(f"def viewing(a, v, n):\n        {program}", ARGUMENTS)
    for candidate in found.candidates:
        assert_agrees(compiled(candidate, observation, spec, jit=False), spec, ("tiny", "verify"))


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_loops_see_what_numpy_sees(name):
    agrees(PROGRAMS[name])


@pytest.mark.parametrize("name", LIFTED)
def test_what_is_reshaped_and_only_read_until_something_is_written_lifts(name):
    spec, observation, found = lifted(f"def viewing(a, v, n):\n        {LIFTED[name]}", ARGUMENTS)
    assert not found.kept
    assert_lifted(spec, observation, found, compiles=False)
