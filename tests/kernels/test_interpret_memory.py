"""What the access log says of bounds, of unwritten memory and of runs that do not end; and that it computes what is right."""
from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
from kernwright.kernels.candidate import Candidate, CandidateError, JitOptions
from kernwright.kernels.interpret import AccessReport, load, log_accesses
from kernwright.kernels.signature import Argument, Output, Signature


def run(text: str, *arguments, parallel: bool = False, convention="returns", outputs=(), error_model="python", **options) -> AccessReport:
    names = [Argument(name, "array" if isinstance(value, np.ndarray) else "int", str(np.asarray(value).dtype), np.ndim(value))
             for name, value in zip("abcdefgh", arguments)]
    candidate = Candidate(text, JitOptions(parallel=parallel, error_model=error_model), convention)
    return log_accesses(candidate, arguments, Signature(tuple(names), tuple(outputs)), **options)


def kernel(*lines: str, parameters: str = "a, n") -> str:
    return f"def kernel({parameters}):\n" + "".join(f"    {line}\n" for line in lines)


def vector(n: int = 6) -> np.ndarray:
    return np.arange(1.0, n + 1)


OUTSIDE = {
    "read past the end": ("x = a[n]",),
    "write past the end": ("a[n] = 1.0",),
    "read before the start": ("x = a[-n - 1]",),
    "write before the start": ("a[-n - 1] = 1.0",),
    "in place": ("a[n] += 1.0",),
    "a view's end": ("b = a[1:3]", "b[2] = 1.0"),
    "a row": ("m = a.reshape(2, 3)", "r = m[2]"),
    "a column": ("m = a.reshape(2, 3)", "x = m[0, 3]"),
    "an index array": ("x = a[np.array([0, 6])]",),
    "an index array, written": ("a[np.array([0, -7])] = 1.0",),
    "an unsigned index that wrapped": ("x = a[np.uint64(0) - np.uint64(1)]",),
    "an unsigned index": ("x = a[np.uint64(n)]",),
    "a mixed index": ("m = a.reshape(2, 3)", "x = m[2, :]"),
    "a reversed view": ("b = a[::-1]", "x = b[6]"),
    "a helper": ("x = last(a)",),
    "an empty axis": ("b = np.zeros(0)", "x = b[0]"),
    "an empty axis, sliced": ("b = np.zeros((0, 3))", "x = b[0]"),
    "np.take": ("x = np.take(a, 6)",),
}


@pytest.mark.parametrize("lines", OUTSIDE.values(), ids=OUTSIDE)
def test_an_index_out_of_bounds_is_reported(lines):
    report = run(kernel(*lines) + "def last(x):\n    return x[len(x)]\n", vector(), 6)
    assert report.out_of_bounds, report
    assert not report.races and not report.unwritten_reads


def test_the_report_names_index_axis_and_length_and_the_run_goes_on():
    report = run(kernel("m = a.reshape(2, 3)", "m[0, 3] = 1.0", "b = np.empty(2)", "return b[1]"), vector(), 6)
    assert report.out_of_bounds == ("line 3: index 3 is out of bounds for axis 1 of a, of length 3",)
    assert report.unwritten_reads == ("line 5: b[1] is read, but nothing has written it",)
    assert report.finished


INSIDE = {
    "whole": ("for i in range(n):", "    a[i] += a[n - 1 - i]"),
    "slices beyond the end": ("b = a[2:100]", "return b[len(b) - 1]"),
    "unsigned": ("for i in range(np.uint64(n)):", "    a[np.uint64(i)] = 1.0"),
    "newaxis and ellipsis": ("b = a[None, :]", "c = b[..., 0:2]", "return c[0, 1] + b[0, np.int64(3)]"),
    "a mask": ("a[a > 2.0] = 0.0", "return a[a == 0.0]"),
    "an index array": ("return a[np.array([0, 5])]",),
    "an empty loop": ("b = np.zeros(0)", "for i in range(len(b)):", "    b[i] = 1.0"),
    "a two-dimensional index array": ("i = np.array([[0, 1], [2, 3]])", "return a[i]"),
}


@pytest.mark.parametrize("lines", INSIDE.values(), ids=INSIDE)
def test_what_is_in_bounds_is_not_reported(lines):
    report = run(kernel(*lines), vector(), 6)
    assert report == AccessReport((), (), (), (), True, 0), report


@pytest.mark.parametrize("line", ["x = a[-1]", "a[-1] = 2.0", "x = a[np.array([-2])]", "x = a.reshape(2, 3)[-1]"])
def test_negative_indices_are_listed_apart(line):
    report = run(kernel(line), vector(), 6)
    assert report.negative_indices and not report.out_of_bounds and report.finished


UNWRITTEN = {
    "one element": ("b = np.empty(3)", "b[0] = 1.0", "return b[1]"),
    "a sum": ("b = np.empty(3)", "b[:2] = 1.0", "return b.sum()"),
    "in place": ("b = np.empty(3)", "b[0] += 1.0", "return 0"),
    "whole in place": ("b = np.empty(3)", "b += a[:3]", "return 0"),
    "an expression": ("b = np.empty(3)", "c = b + 1.0", "return 0"),
    "of like": ("b = np.empty_like(a)", "return b[0]"),
    "through a view": ("b = np.empty((2, 3))", "b[0] = 1.0", "r = b[1]", "return r[0]"),
    "through the transpose": ("b = np.empty((2, 3))", "b.T[0] = 1.0", "return b[1, 1]"),
    "a product": ("b = np.empty((3, 3))", "return np.dot(b, a[:3])"),
    "its copy": ("b = np.empty(3)", "a[:3] = b", "return 0"),
    "in a helper": ("b = np.empty(3)", "return total(b)"),
    "returned": ("b = np.empty(3)", "b[1:] = 1.0", "return b"),
    "returned in a tuple": ("b = np.empty(3)", "return a, b"),
    "as an index": ("b = np.empty(3, np.int64)", "return a[b]"),
    "its maximum": ("b = np.empty(3)", "return np.max(b)"),
    "compared": ("b = np.empty(3)", "return (b > 1.0).any()"),
    "iterated": ("b = np.empty(3)", "s = 0.0", "for x in b:", "    s += x", "return s"),
    "a dot product into it": ("b = np.empty(3)", "np.add(a[:3], b, b)", "return 0"),
}


@pytest.mark.parametrize("lines", UNWRITTEN.values(), ids=UNWRITTEN)
def test_a_read_of_unwritten_memory_is_reported(lines):
    report = run(kernel(*lines) + "def total(x):\n    s = 0.0\n    for i in range(len(x)):\n        s += x[i]\n    return s\n", vector(), 6)
    assert report.unwritten_reads and report.finished, report


WRITTEN = {
    "by elements": ("b = np.empty(3)", "for i in range(3):", "    b[i] = a[i]", "return b"),
    "by a slice": ("b = np.empty((2, 3))", "b[:, :2] = 1.0", "b[:, 2] = 2.0", "return b.sum()"),
    "by fill": ("b = np.empty(3)", "b.fill(2.0)", "return b"),
    "by out": ("b = np.empty(3)", "np.add(a[:3], 1.0, b)", "return b"),
    "by np.dot": ("b = np.empty(2)", "np.dot(a.reshape(2, 3), a[:3], b)", "return b"),
    "by a mask and its opposite": ("b = np.empty(6)", "b[a > 2.0] = 1.0", "b[a <= 2.0] = 0.0", "return b"),
    "through a flat view": ("b = np.empty((2, 3))", "f = b.reshape(6)", "f[:] = a", "return b"),
    "only what is read": ("b = np.empty(100)", "b[:6] = a", "return b[:6].sum()"),
    "zeros": ("b = np.zeros(3)", "return b[0]"),
    "its shape alone": ("b = np.empty(3)", "return np.zeros_like(b) + len(b) + b.size"),
}


@pytest.mark.parametrize("lines", WRITTEN.values(), ids=WRITTEN)
def test_memory_that_was_written_may_be_read(lines):
    report = run(kernel(*lines), vector(), 6)
    assert not report.unwritten_reads and report.finished, report


def test_outputs_are_allocated_from_their_shape_expressions_and_start_unwritten():
    outputs = (Output("array", "float64", 2, ("b + 1", "a.shape[0]")), Output("array", "int64", 1, ("2",)))
    right = kernel("out[:] = 1.0", "k[0] = out.shape[0]", "k[1] = out.shape[1]", parameters="a, n, out, k")
    assert run(right, vector(), 6, convention="writes", outputs=outputs) == AccessReport((), (), (), (), True, 0)
    partly = run(kernel("out[:n] = 1.0", "k[:] = 0", parameters="a, n, out, k"), vector(), 6, convention="writes", outputs=outputs)
    assert partly.unwritten_reads == ("at the end: out[6, 0] and 5 more is read, but nothing has written it",)
    outside = run(kernel("out[n + 1, 0] = 1.0", "out[:] = 0.0", "k[:] = 0", parameters="a, n, out, k"), vector(), 6, convention="writes", outputs=outputs)
    assert "index 7 is out of bounds for axis 0 of out," in outside.out_of_bounds[0]


@pytest.mark.parametrize("lines, words", [
    (("while True:", "    n += 1"), "more than 5,000 steps"),
    (("while n:", "    pass"), "more than 5,000 steps"),
    (("for i in range(10**12):", "    a[0] = i"), "more than 5,000 steps"),
    (("for i in np.ndindex(100000, 100000):", "    pass"), "more than 5,000 steps"),
    (("for i in range(10**6):", "    a += a"), "more than 5,000 steps"),
    (("m = 1 // (n - 6)", "return m"), "line 2: it raises ZeroDivisionError"),
    (("return a + np.zeros(5)",), "line 2: it raises ValueError"),
    (("return np.zeros((n, 10**12))",), "MemoryError"),
    (("return a.reshape(4, 4)",), "ValueError"),
    (("return missing(n)",), "NameError"),
    (("if n > 100:", "    t = 1", "return t"), "line 4: it raises UnboundLocalError"),
])
def test_a_run_that_does_not_end_well_says_why(lines, words):
    report = run(kernel(*lines), vector(), 6, max_steps=5_000)
    assert not report.finished and words in report.limit, report.limit


def test_a_wrong_number_of_arguments_and_unknown_shapes_are_said():
    assert "TypeError" in run(kernel("return 0", parameters="a"), vector(), 6).limit
    unknown = (Output("array", "float64", 1, None),)
    assert "shapes" in run(kernel("return", parameters="a, n, out"), vector(), 6, convention="writes", outputs=unknown).limit
    assert "line 1" in run("def kernel(a, n:\n", vector(), 6).limit


def test_read_only_arguments_cannot_be_written():
    a = vector()
    a.flags.writeable = False
    report = run(kernel("a[0] = 1.0"), a, 6)
    assert not report.finished and "read-only" in report.limit


def test_loading_gives_the_kernel_nothing_but_the_dialect():
    entry = load(kernel("return np.sqrt(a) + math.sqrt(n)"), np, range)
    assert entry(4.0, 9) == 5.0
    with pytest.raises(NameError):
        load(kernel("return open(n)"), np, range)(1, 2)
    with pytest.raises(ImportError):
        load("import os\n" + kernel("return os"), np, range)
    with pytest.raises(CandidateError):
        load("def other(a):\n    return a\n", np, range)


COMPUTED = {
    "slices": "b = a.reshape(3, 4)\n    c = b[1:, ::2] * 2.0\n    b[:, 0] = 7.0\n    b[0] += b[2]\n    out[:4] = c.reshape(4)\n    out[4:8] = b[2, ::-1]",
    "masks and gathers": "i = np.array([3, 0, 1])\n    b = a[i]\n    b[b > 2.0] = 0.5\n    out[:3] = b\n    out[i] += 1.0\n    out[3] = a[a > 3.0].sum()",
    "reductions": "m = a.reshape(3, 4)\n    out[:3] = m.sum(axis=1)\n    out[3] = a.max() + a.min() + a.mean()\n    out[4] = np.argmax(a)\n    out[5:9] = np.sum(m, 0)",
    "operators": "b = -a % 3.0 + 2.0 ** a - a // 2.0\n    out[:] = abs(b) / (1.0 + a) @ np.eye(12)\n    out[0] = (a < 3.0).sum() + (~(a > 2.0)).sum()",
    "products": "m = a.reshape(3, 4)\n    p = np.dot(m, m.T)\n    out[:9] = p.ravel()\n    out[9] = np.dot(a, a)\n    out[10] = (m @ m[0])[1]",
    "arrangement": "m = a.reshape(3, 4)\n    out[:] = np.concatenate((m[0], np.flip(m[1]), np.repeat(m[2, :2], 2)))\n    out[:3] = np.stack((m[0, :3], m[1, :3]))[1]",
    "scalars": "x = 0.0\n    k = 0\n    for i, v in enumerate(a):\n        x += v * i\n        k = max(k, int(v))\n    out[0] = x\n    out[1] = k\n    out[2] = math.exp(-x) + math.floor(2.5) + round(3.7)",
    "bits": "for i in range(12):\n        k = math.floor(a[i])\n        bits = (np.int64(k) + np.int64(1023)) << np.int64(52)\n        out[i] = np.int64(bits).view(np.float64)",
    "float32 bits": "for i in range(12):\n        out[i] = np.float32(a[i]).view(np.int32) >> 23",
    "sorting": "b = a[::-1].copy()\n    b.sort()\n    out[:] = b + np.argsort(a) + np.searchsorted(b, 4.5)",
    "complex": "z = a + 1j * a[::-1]\n    z[0] = complex(1.0, 2.0)\n    out[:] = z.real + z.imag * 2.0 + np.abs(z)\n    out[0] = abs(z[1]) + z[2].real",
    "astype and where": "k = a.astype(np.int32)\n    out[:] = np.where(k % 2 == 0, a, -a) + k // 2\n    out[0] = k.dtype.itemsize + np.float64(k[3])",
    "in place with another type": "k = np.arange(12)\n    k += 1\n    k *= 2\n    out += k\n    out[2:4] -= k[:2]",
    "tuples of arrays": "x, y = a[:6], a[6:]\n    x, y = y, x\n    t = (x, y)\n    out[:6] = t[0]\n    out[6:] = t[1] * len(t)",
    "fill and full": "b = np.full((3, 4), 2.0)\n    b.fill(3.0)\n    np.fill_diagonal(b, 9.0)\n    out[:] = b.reshape(-1) + np.ones(12) + np.linspace(0.0, 1.0, 12)",
    "take and clip": "out[:3] = np.take(a, np.array([1, 5, 7]))\n    out[3:] = np.clip(a, 2.0, 5.0)[3:]",
    "cumulative": "out[:] = np.cumsum(a)\n    out[1:] += np.diff(a)",
    "broadcast": "m = a.reshape(3, 4) + a[:4]\n    m -= m.mean()\n    out[:] = (m * a[:3, None]).ravel()",
    "zip and ndindex": "m = a.reshape(3, 4)\n    for i, j in np.ndindex(m.shape):\n        out[4 * i + j] = m[i, j]\n    for p, q in zip(m[0], m[1]):\n        out[0] += p * q",
}


@pytest.mark.parametrize("body", COMPUTED.values(), ids=COMPUTED)
@pytest.mark.parametrize("parallel", [False, True])
def test_the_interpreted_kernel_computes_what_numpy_computes(body, parallel):
    text = f"def kernel(a, out):\n    {body}\n"
    a, out, same, expected = vector(12) / 2, np.zeros(12), vector(12) / 2, np.zeros(12)
    report = run(text, a, out, parallel=parallel)
    assert report.finished and not report.out_of_bounds and not report.unwritten_reads, report
    load(text, np, range)(same, expected)
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(a, same)


MACHINE = {
    "integers wrap": ("h = 5381", "for i in range(40):", "    h = h * 33 + i", "out[0] = h % 1000 if h > 0 else -(-h % 1000)"),
    "shifts wrap": ("x = 1", "for i in range(70):", "    x <<= 1", "out[0] = x"),
    "powers wrap": ("b = int(out[0]) + 3", "x = b ** 50 * b", "out[0] = x == b ** 51", "out[1] = x % 1000 if x > 0 else -x"),
    "unsigned hash": ("h = np.uint64(14695981039346656037)", "for i in range(5):", "    h = (h ^ np.uint64(i)) * np.uint64(1099511628211)", "out[0] = h % np.uint64(1000)"),
    "no domain errors": ("out[0] = math.isnan(math.sqrt(-1.0)) + 2 * math.isinf(math.log(0.0)) + 4 * math.isinf(math.exp(1000.0))",),
    "infinities of numpy scalars": ("x = out[0] + 1.0", "out[0] = math.isinf(x / out[1])"),
}


@pytest.mark.parametrize("lines", MACHINE.values(), ids=MACHINE)
def test_scalars_behave_as_compiled(lines):
    import numba

    text = kernel(*lines, parameters="out")
    scope = {"np": np, "math": __import__("math")}
    exec(text, scope)
    out, expected = np.zeros(2), np.zeros(2)
    report = run(text, out, error_model="numpy")
    assert report.finished, report.limit
    numba.njit(scope["kernel"], error_model="numpy")(expected)
    np.testing.assert_array_equal(out, expected)


def test_division_by_zero_follows_the_error_model():
    text = kernel("x = 0.0", "y = 1.0 / x", "z = 1.0", "z /= x", "a[0] = y + z + 1.0 % x")
    assert "ZeroDivisionError" in run(text, vector(), 6, error_model="python").limit
    assert run(text, vector(), 6, error_model="numpy").finished


def test_random_loop_nests_are_judged_as_by_sets_of_accesses():
    """Against a brute-force judge: for each element, which iterations read it and which write it."""
    draw = random.Random(7)
    flagged = 0
    for _ in range(150):
        outer, inner = draw.randint(2, 4), draw.randint(1, 3)
        statements = [[draw.choice(((1, 0, 0), (1, 0, 1), (0, 1, 0), (inner, 1, 0), (inner, 1, 1), (1, 1, 0), (2, 0, 0), (0, 0, draw.randint(0, 3))))
                       for _ in range(2)] + [draw.choice("ab"), draw.choice("ab")] for _ in range(draw.randint(1, 2))]
        body = "".join(f"            {x}[{p[0]} * i + {p[1]} * j + {p[2]}] = {y}[{q[0]} * i + {q[1]} * j + {q[2]}]\n" for p, q, x, y in statements)
        text = f"def kernel(a, b):\n    for i in prange({outer}):\n        for j in range({inner}):\n{body}"
        writes, reads = {}, {}
        for i, j in itertools.product(range(outer), range(inner)):
            for p, q, x, y in statements:
                reads.setdefault((y, q[0] * i + q[1] * j + q[2]), set()).add(i)
                writes.setdefault((x, p[0] * i + p[1] * j + p[2]), set()).add(i)
        racy = any(len(by | reads.get(element, set())) > 1 for element, by in writes.items())
        report = run(text, np.zeros(30), np.zeros(30), parallel=True)
        assert report.finished and bool(report.races) is racy, (text, report.races)
        flagged += racy
    assert 30 < flagged < 140
