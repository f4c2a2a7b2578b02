"""A niche says how a kernel works: what its text does and what its machine code shows."""
import pytest
from kernwright.kernels.candidate import Candidate, JitOptions
from kernwright.search.population.niche import niche_of
from populations import verified


def niche(text, parallel=False, **facts):
    candidate = Candidate(text, JitOptions(parallel=parallel))
    return niche_of(candidate, verified(candidate, 2.0, **facts))


def test_a_kernel_without_loops_is_a_niche_of_its_own():
    found = niche("def kernel(a, b):\n    return a @ b\n", vector_width=256, parfors=0)
    assert found.label == "serial, 256-bit, no loops"


def test_loops_and_allocations_are_counted_apart_inside_and_outside():
    found = niche("""def kernel(a):
    out = np.empty(9)
    for i in range(9):
        row = a[i].copy()
        for j in range(9):
            out[i] += row[j]
        for j in range(3):
            out[i] *= 2.0
    while out[0] > 1.0:
        out[0] /= 2.0
    return out
""", vector_width=0, parfors=0)
    assert (found.allocations, found.looped_allocations, found.depth, found.innermost) == (2, True, 2, 2)
    assert found.label == "serial, scalar, 2 allocations (in a loop), 2-3 innermost loops, depth 2"


def test_an_array_made_before_a_loop_is_not_in_it():
    found = niche("def kernel(a):\n    b = np.zeros(3)\n    for x in np.arange(4):\n        b[0] += x\n    return b\n")
    assert (found.allocations, found.looped_allocations) == (2, False)


def test_helpers_count_where_they_are_called_and_recursion_ends():
    text = """def helper(a, n):
    t = np.zeros(n)
    for i in range(n):
        t[i] = a[i]
    return t

def unused(a):
    for i in range(3):
        for j in range(3):
            for k in range(3):
                a[i] = j + k

def kernel(a):
    s = 0.0
    for i in range(9):
        s += helper(a, i)[0]
    return s + {more}
"""
    found = niche(text.format(more="0.0"))
    assert (found.depth, found.innermost, found.allocations, found.looped_allocations) == (2, 1, 1, True)
    assert niche(text.format(more="kernel(a)")) == found


def test_helpers_of_helpers_take_no_long_time():
    lines = ["def f0(a):\n    for i in range(3):\n        a[i] = np.zeros(2)[0]\n    return a"]
    lines += [f"def f{n}(a):\n    return f{n - 1}(a) + f{n - 1}(a)" for n in range(1, 60)]
    found = niche("\n\n".join([*lines, "def kernel(a):\n    return f59(a)"]))
    assert (found.depth, found.innermost, found.allocations) == (1, 8, 3)


@pytest.mark.parametrize("loops, tiled", [
    (["for i0 in range(0, n, T):", "for i in range(i0, min(i0 + T, n)):"], True),
    (["for b in prange(n // T):", "for i in range(b * T, min(b * T + T, n)):"], True),
    (["for i0 in range(0, n, 8):", "for i in range(i0, i0 + 8):"], True),
    (["for i in range(0, n, 4):"], False),                                          # unrolled
    (["for i in range(n - 1, -1, -1):", "for j in range(i, n):"], False),           # backwards, a triangle
    (["for d in range(n):", "for i in range(max(0, d - 3), min(d, n)):"], False),   # a window
])
def test_tiles_are_told_from_windows_triangles_and_unrolling(loops, tiled):
    body = "".join(f"{'    ' * (1 + depth)}{line}\n" for depth, line in enumerate(loops))
    text = f"T = 8  # tune: 8 16\n\ndef kernel(a, n):\n{body}{'    ' * (1 + len(loops))}a[i] = 0.0\n    return a\n"
    assert niche(text).tiled == tiled


def test_what_numba_made_counts_more_than_what_it_was_told():
    text = "def kernel(a):\n    return a + 1.0\n"
    assert niche(text, parallel=True, parfors=0) == niche(text, parallel=False, parfors=0)
    assert niche(text, parallel=True, parfors=2).parallel and niche(text, parallel=True).parallel
    assert niche(text, vector_width=512) != niche(text, vector_width=256)


def test_tunables_and_names_do_not_change_the_niche():
    texts = [f"T = {t}  # tune: 4 8\n\ndef kernel({a}):\n    for i in range(9):\n        {a}[i] += T\n    return {a}\n"
             for t in (4, 8) for a in "ab"]
    assert len({niche(text) for text in texts}) == 1
