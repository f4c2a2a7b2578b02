"""The access log flags racy kernels in every style they may be written in, and clears parallel ones that are right."""
from __future__ import annotations

import numpy as np
import pytest
from kernwright.kernels.candidate import Candidate, JitOptions
from kernwright.kernels.interpret import AccessReport, log_accesses
from kernwright.kernels.signature import Argument, Signature


def run(text: str, *arguments, parallel: bool = True, error_model: str = "python", **options) -> AccessReport:
    candidate = Candidate(text, JitOptions(parallel=parallel, error_model=error_model))
    return log_accesses(candidate, arguments, signature_of(*arguments), **options)


def signature_of(*arguments) -> Signature:
    made = []
    for name, value in zip("abcdefgh", arguments):
        if isinstance(value, np.ndarray):
            made.append(Argument(name, "array", value.dtype.name, value.ndim))
        else:
            made.append(Argument(name, "int" if isinstance(value, int) else "float", "int64" if isinstance(value, int) else "float64"))
    return Signature(tuple(made), ())


def vector(n: int = 12) -> np.ndarray:
    return np.linspace(0.1, 0.9, n)


def table(rows: int = 6, columns: int = 5) -> np.ndarray:
    return vector(rows * columns).reshape(rows, columns)


RACY = {
    "one cell, scalar": ("""
def kernel(a):
    out = np.zeros(1)
    for i in prange(len(a)):
        out[0] += a[i]
    return out
""", vector),
    "one cell, whole-array statement": ("""
def kernel(a):
    out = np.zeros(1)
    for i in prange(len(a)):
        out += a[i]
        out[:] = out
    return out
""", vector),
    "one cell, through a view": ("""
def kernel(a):
    out = np.zeros((2, 3))
    for i in prange(len(a)):
        row = out[1]
        last = row[2:]
        last[0] = a[i]
    return out
""", vector),
    "one cell, in a helper": ("""
def add(out, x):
    out[0] = out[0] + x

def kernel(a):
    out = np.zeros(1)
    for i in prange(len(a)):
        add(out, a[i])
    return out
""", vector),
    "histogram": ("""
def kernel(a):
    bins = np.zeros(4, np.int64)
    for i in prange(len(a)):
        bins[int(a[i] * 4)] += 1
    return bins
""", vector),
    "histogram, helper finds the bin": ("""
def bin_of(x):
    return np.int64(x * 4.0)

def kernel(a):
    bins = np.zeros(4, np.int64)
    for block in prange(3):
        for i in range(block * 4, block * 4 + 4):
            k = bin_of(a[i])
            bins[k] = bins[k] + 1
    return bins
""", vector),
    "histogram, fancy index": ("""
def kernel(a):
    bins = np.zeros(4, np.int64)
    for block in prange(3):
        part = (a[block * 4 : block * 4 + 4] * 4).astype(np.int64)
        bins[part] += 1
    return bins
""", vector),
    "histogram, mask": ("""
def kernel(a):
    seen = np.zeros(12, np.bool_)
    for i in prange(len(a)):
        seen[a > a[i]] = True
    return seen
""", vector),
    "column sum, scalar": ("""
def kernel(a):
    out = np.zeros(a.shape[1])
    for i in prange(a.shape[0]):
        for j in range(a.shape[1]):
            out[j] += a[i, j]
    return out
""", table),
    "column sum, rows in place through a slice": ("""
def kernel(a):
    out = np.zeros(a.shape[1])
    for i in prange(a.shape[0]):
        out[:] += a[i]
    return out
""", table),
    "column sum, slice assignment": ("""
def kernel(a):
    out = np.zeros(a.shape[1])
    for i in prange(a.shape[0]):
        out[:] = out + a[i, :]
    return out
""", table),
    "column sum, helper": ("""
def accumulate(out, row):
    for j in range(len(row)):
        out[j] += row[j]

def kernel(a):
    out = np.zeros(a.shape[1])
    for i in prange(a.shape[0]):
        accumulate(out, a[i])
    return out
""", table),
    "column sum, in-place in a helper": ("""
def accumulate(out, row):
    out += row

def kernel(a):
    out = np.zeros(a.shape[1])
    for i in prange(a.shape[0]):
        accumulate(out, a[i])
    return out
""", table),
    "column sum, np.add with out": ("""
def kernel(a):
    out = np.zeros(a.shape[1])
    for i in prange(a.shape[0]):
        np.add(out, a[i], out)
    return out
""", table),
    "prefix sum, scalar": ("""
def kernel(a):
    out = np.empty_like(a)
    out[0] = a[0]
    for i in prange(1, len(a)):
        out[i] = out[i - 1] + a[i]
    return out
""", vector),
    "prefix sum, in place": ("""
def kernel(a):
    for i in prange(1, len(a)):
        a[i] += a[i - 1]
""", vector),
    "prefix sum, slices": ("""
def kernel(a):
    for i in prange(1, len(a)):
        a[i : i + 1] += a[i - 1 : i]
""", vector),
    "prefix sum, whole prefixes": ("""
def kernel(a):
    for i in prange(1, len(a)):
        a[i] = a[: i + 1].sum()
""", vector),
    "prefix sum, np.dot over it": ("""
def kernel(a):
    for i in prange(1, len(a)):
        a[i] = np.dot(a[:i], a[:i])
""", vector),
    "stencil in one buffer": ("""
def kernel(a):
    for i in prange(1, a.shape[0] - 1):
        for j in range(a.shape[1]):
            a[i, j] = 0.5 * (a[i - 1, j] + a[i + 1, j])
""", table),
    "stencil in one buffer, rows": ("""
def kernel(a):
    for i in prange(1, a.shape[0] - 1):
        a[i] = 0.5 * (a[i - 1] + a[i + 1])
""", table),
    "read ahead of a later write": ("""
def kernel(a):
    for i in prange(len(a) - 1):
        a[i] = a[i + 1]
""", vector),
    "everyone reads, the last writes": ("""
def kernel(a):
    out = np.empty_like(a)
    for i in prange(len(a)):
        out[i] = a[3]
        if i == len(a) - 1:
            a[3] = 0.0
    return out
""", vector),
    "the first writes, everyone reads": ("""
def kernel(a):
    out = np.empty_like(a)
    for i in prange(len(a)):
        if i == 0:
            a[3] = 0.0
        out[i] = a[3]
    return out
""", vector),
    "shared scratch": ("""
def kernel(a):
    scratch = np.empty(a.shape[1])
    out = np.empty(a.shape[0])
    for i in prange(a.shape[0]):
        scratch[:] = a[i] * 2.0
        out[i] = scratch.max()
    return out
""", table),
    "shared scratch, same values": ("""
def kernel(a):
    flag = np.zeros(1, np.int64)
    for i in prange(len(a)):
        if a[i] > 0.5:
            flag[0] = 1
    return flag
""", vector),
    "transposed view": ("""
def kernel(a):
    t = a.T
    for i in prange(a.shape[0] - 1):
        for j in range(a.shape[1]):
            t[j, i] = a[i + 1, j]
""", table),
    "reshaped view": ("""
def kernel(a):
    flat = a.reshape(-1)
    for i in prange(a.shape[0] - 1):
        a[i, 0] = flat[(i + 1) * a.shape[1]]
""", table),
    "raveled view, stepped": ("""
def kernel(a):
    even = a.ravel()[::2]
    odd = a.ravel()[1::2]
    for i in prange(len(even) - 1):
        even[i] = 1.0
        odd[i] = a.ravel()[2 * i + 2]
""", table),
    "blocks that overlap by one": ("""
def kernel(a):
    for b in prange(3):
        for i in range(b * 4, min(b * 4 + 5, len(a))):
            a[i] = 2.0 * a[i]
""", vector),
    "fill of a shared row": ("""
def kernel(a):
    for i in prange(a.shape[0]):
        a[0].fill(i)
""", table),
    "sort of a shared array": ("""
def kernel(a):
    for i in prange(a.shape[0]):
        a[0].sort()
""", table),
    "np.fill_diagonal of a shared array": ("""
def kernel(a):
    for i in prange(a.shape[0]):
        np.fill_diagonal(a, 1.0)
""", table),
    "prange in a helper": ("""
def shift(a):
    for i in prange(1, len(a)):
        a[i] = a[i - 1]

def kernel(a):
    shift(a)
""", vector),
    "prange in a helper of an iteration": ("""
def shift(row):
    for j in prange(1, len(row)):
        row[j] = row[j - 1]

def kernel(a):
    for i in prange(a.shape[0]):
        shift(a[i])
""", table),
    "iteration over an array": ("""
def kernel(a):
    for i in prange(len(a)):
        total = 0.0
        for x in a:
            total += x
        a[i] = total
""", vector),
    "take and searchsorted": ("""
def kernel(a):
    for i in prange(len(a)):
        a[i] = np.searchsorted(a, 0.4)
""", vector),
    "complex parts": ("""
def kernel(a):
    z = np.zeros(3, np.complex128)
    for i in prange(len(a)):
        z.real[0] = a[i]
    return z
""", vector),
    "unsigned index": ("""
def kernel(a):
    for i in prange(1, len(a)):
        a[np.uint64(i)] = a[np.uint64(i) - np.uint64(1)]
""", vector),
    "an array reduction that is read": ("""
def kernel(a):
    total = np.zeros(a.shape[1])
    same = total
    out = np.zeros(a.shape[0])
    for i in prange(a.shape[0]):
        total += a[i]
        out[i] = same[0]
    return total, out
""", table),
}


@pytest.mark.parametrize("name", RACY)
def test_a_race_is_flagged(name):
    text, inputs = RACY[name]
    report = run(text, inputs())
    assert report.races, report
    assert report.finished and not report.out_of_bounds and not report.unwritten_reads, report


@pytest.mark.parametrize("name", RACY)
def test_the_same_text_has_no_race_where_it_is_not_parallel(name):
    text, inputs = RACY[name]
    report = run(text, inputs(), parallel=False)
    assert report.finished and not report.races, report
    assert report.iterations == 0


SHIFTED = {
    "reversed": "a[:] = a[::-1]",
    "shifted up": "a[1:] = a[:-1]",
    "shifted down": "a[:-1] = a[1:]",
    "a named view": "t = a[:-1]\n    a[1:] = t",
    "in place, reversed": "a += a[::-1]",
    "in place, shifted": "a[1:] += a[:-1]",
    "np.add over its input": "np.add(a, a[::-1], a)",
    "a first element for all": "a[:] = a[0:1]",
    "transposed": "m = a[:9].reshape(3, 3)\n    m += m.T",
    "in a helper": "turn(a, a[::-1])",
}


@pytest.mark.parametrize("statement", SHIFTED.values(), ids=SHIFTED)
def test_a_whole_array_statement_over_shifted_memory_of_its_own_is_a_race(statement):
    text = f"def turn(x, y):\n    x[:] = y\n\ndef kernel(a):\n    {statement}\n"
    assert run(text, vector()).races
    assert not run(text, vector(), parallel=False).races


ALIGNED = {
    "elementwise": "a[:] = a * 2 + a",
    "in place": "a[1:] *= a[1:]",
    "a copy of the source": "a[:] = a[::-1].copy()",
    "a new array of the source": "a[1:] = a[:-1] + 1.0",
    "an element of it": "a[:] = a - a[0]",
    "its maximum": "a /= a.max()",
    "a mask": "a[a > 0.5] = 0.25",
    "the other half": "a[:6] = a[6:]",
    "itself": "a[:] = a",
}


@pytest.mark.parametrize("statement", ALIGNED.values(), ids=ALIGNED)
def test_a_whole_array_statement_that_reads_element_by_element_is_none(statement):
    report = run(f"def kernel(a):\n    {statement}\n", vector())
    assert report.finished and not report.races, report


GOOD = {
    "row softmax": ("""
def kernel(a):
    out = np.empty_like(a)
    for i in prange(a.shape[0]):
        top = a[i, 0]
        for j in range(1, a.shape[1]):
            top = max(top, a[i, j])
        total = 0.0
        for j in range(a.shape[1]):
            out[i, j] = math.exp(a[i, j] - top)
            total += out[i, j]
        for j in range(a.shape[1]):
            out[i, j] /= total
    return out
""", table),
    "row softmax, whole rows": ("""
def kernel(a):
    out = np.empty_like(a)
    for i in prange(a.shape[0]):
        e = np.exp(a[i] - a[i].max())
        out[i] = e / e.sum()
    return out
""", table),
    "stencil with two buffers": ("""
def kernel(a):
    b = a.copy()
    for step in range(3):
        for i in prange(1, a.shape[0] - 1):
            for j in range(1, a.shape[1] - 1):
                b[i, j] = 0.25 * (a[i - 1, j] + a[i + 1, j] + a[i, j - 1] + a[i, j + 1])
        a, b = b, a
    return a
""", table),
    "stencil with two buffers, rows": ("""
def kernel(a):
    b = a.copy()
    for step in range(3):
        for i in prange(1, a.shape[0] - 1):
            b[i] = 0.5 * (a[i - 1] + a[i + 1])
        for i in prange(a.shape[0]):
            a[i] = b[i]
    return a
""", table),
    "scratch of an iteration": ("""
def kernel(a):
    out = np.empty(a.shape[0])
    for i in prange(a.shape[0]):
        scratch = np.empty(a.shape[1])
        for j in range(a.shape[1]):
            scratch[j] = a[i, j] * 2.0
        flat = scratch.reshape(-1, 1)
        flat[:] = flat + 1.0
        out[i] = scratch.max()
    return out
""", table),
    "histogram by private rows": ("""
def kernel(a):
    private = np.zeros((3, 4), np.int64)
    for block in prange(3):
        for i in range(block * 4, block * 4 + 4):
            private[block, int(a[i] * 4)] += 1
    bins = np.zeros(4, np.int64)
    for block in range(3):
        for k in range(4):
            bins[k] += private[block, k]
    return bins
""", vector),
    "scalar reductions": ("""
def kernel(a):
    total = 0.0
    product = 1.0
    high = a[0]
    low = a[0]
    count = 0
    for i in prange(len(a)):
        total += a[i]
        product *= 1.0 + a[i]
        high = max(high, a[i])
        low = min(a[i], low)
        if a[i] > 0.5:
            count -= 1
    return total, product, high, low, count
""", vector),
    "array reduction": ("""
def kernel(a):
    total = np.zeros(a.shape[1])
    for i in prange(a.shape[0]):
        total += a[i]
    return total
""", table),
    "reduction inside an inner loop": ("""
def kernel(a):
    total = 0.0
    for i in prange(a.shape[0]):
        for j in range(a.shape[1]):
            total += a[i, j]
    return total
""", table),
    "nested prange runs serially": ("""
def kernel(a):
    for i in prange(a.shape[0]):
        for j in prange(1, a.shape[1]):
            a[i, j] = a[i, j - 1]
""", table),
    "helper with a view of the row": ("""
def scale(row, factor):
    for j in range(len(row)):
        row[j] *= factor

def kernel(a):
    for i in prange(a.shape[0]):
        scale(a[i], 2.0)
""", table),
    "prange in a helper of an iteration": ("""
def scale(row):
    for j in prange(len(row)):
        row[j] = row[j] * 2.0

def kernel(a):
    for i in prange(a.shape[0]):
        scale(a[i])
""", table),
    "columns through the transpose": ("""
def kernel(a):
    t = a.T
    for j in prange(t.shape[0]):
        column = t[j]
        for i in range(1, len(column)):
            column[i] += column[i - 1]
""", table),
    "even and odd elements": ("""
def kernel(a):
    even = a[::2]
    odd = a[1::2]
    for i in prange(len(even)):
        even[i] = odd[i] + 1.0
""", vector),
    "disjoint blocks of slices": ("""
def kernel(a):
    for b in prange(3):
        a[b * 4 : b * 4 + 4] *= 2.0
""", vector),
    "the same loop again": ("""
def kernel(a):
    for i in prange(len(a)):
        a[i] += 1.0
    for i in prange(len(a)):
        a[len(a) - 1 - i] *= 2.0
""", vector),
    "what serial code wrote": ("""
def kernel(a):
    out = np.empty_like(a)
    a[0] = 5.0
    for i in prange(len(a)):
        out[i] = a[0]
    a[0] = out.sum()
    return out
""", vector),
    "variables of earlier code assigned first": ("""
def kernel(a):
    t = 0.0
    for i in range(len(a)):
        t += a[i]
    a[0] = t
    for i in prange(len(a)):
        t = a[i] * 2.0
        a[i] = t
""", vector),
    "assigned in both branches": ("""
def kernel(a):
    x = 0.0
    for i in prange(len(a)):
        if a[i] > 0.5:
            x = 1.0
        else:
            x = 2.0
        a[i] = x
""", vector),
    "assigned where it is read": ("""
def kernel(a):
    for i in prange(len(a)):
        if a[i] > 0.5:
            x = 1.0
        if a[i] > 0.5:
            a[i] = x
""", vector),
    "assigned in a loop that runs": ("""
def kernel(a):
    last = 0.0
    for i in prange(a.shape[0]):
        for j in range(4):
            last = a[i, j]
        a[i, 0] = last
""", table),
    "array bound in each iteration": ("""
def kernel(a):
    for i in prange(a.shape[0]):
        row = a[i]
        row = row * 2.0
        a[i] = row
""", table),
    "uint64 panels": ("""
def kernel(a):
    flat = a.reshape(a.size)
    width = np.uint64(a.shape[1])
    for i in prange(a.shape[0]):
        start = np.uint64(i) * width
        for j in range(width):
            flat[start + j] *= 2.0
""", table),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_right_parallel_kernel_is_cleared(name):
    text, inputs = GOOD[name]
    report = run(text, inputs())
    assert report.finished and not report.limit, report
    assert not report.races and not report.out_of_bounds and not report.unwritten_reads and not report.negative_indices, report
    assert report.iterations > 0 and not report.unexercised


def test_arguments_that_overlap_share_their_elements():
    text = "def kernel(a, b):\n    for i in prange(len(a)):\n        a[i] = b[i]\n"
    memory = vector()
    assert run(text, memory[:-1], memory[1:]).races
    assert run(text, memory, memory[::-1]).races
    assert not run(text, memory[:6], memory[6:]).races
    assert not run(text, memory, memory).races
    assert not run(text, memory[::2], memory[1::2]).races


def test_overlapping_arguments_of_different_types_share_their_bytes():
    text = "def kernel(a, b):\n    for i in prange(len(b)):\n        b[i] = a[i]\n"
    memory = np.zeros(8)
    assert run(text, memory, memory.view(np.float32)[:8]).races
    assert not run(text, memory[:4], memory[4:].view(np.float32)[:4]).races


def test_arrays_viewed_as_a_smaller_type_are_followed():
    text = ("def kernel(a):\n    halves = a.view(np.int32)\n    for i in prange(len(a) - {shift}):\n"
            "        halves[2 * i] = halves[2 * (i + {shift})]\n")
    assert run(text.format(shift=1), np.arange(6)).races
    assert not run(text.format(shift=0), np.arange(6)).races


def test_a_finding_names_lines_iterations_and_elements():
    report = run("def kernel(a):\n    for i in prange(1, len(a)):\n        a[i] = a[i - 1]\n", vector())
    assert "line 3: iteration 2 of the prange loop in line 2 reads a[1], which iteration 1 writes" in report.races


def test_loops_without_two_iterations_are_named_as_unexercised():
    text = "def kernel(a):\n    for b in prange((len(a) + 63) // 64):\n        a[0] += b\n"
    report = run(text, vector())
    assert not report.races and report.unexercised == (2,)
    assert run(text, vector(100)).unexercised == ()
