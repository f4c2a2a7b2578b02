"""Selections in place: what must hold of the loops that gather what a mask selects."""
import numpy as np
import pytest
from kernwright.kernels.candidate import Candidate
from kernwright.kernels.signature import Argument, Output, Signature
from kernwright.kernels.transforms import uncompress

SIGNATURE = Signature(
    (Argument("x", "array", "float64", 1), Argument("m", "array", "bool", 1), Argument("y", "array", "float64", 1, written=True)),
    (Output("array", "float64", 1),), relations=("m.shape[0] == x.shape[0]", "y.shape[0] == x.shape[0]"))
COUNT = """    c = 0
    for i in range(m.shape[0]):
        if m[i]:
            c += 1
"""
GATHER = """    t = np.empty(c, dtype=np.float64)
    p = 0
    for i in range(m.shape[0]):
        if m[i]:
            t[p] = x[i]
            p += 1
"""
USE = """    total = np.zeros(1, dtype=np.float64)
    for j in range(c):
        total[0] += t[j] * t[j]
    return total
"""
HEAD = "def kernel(x, m, y):\n"


def made_of(text):
    return [rewrite.candidate.text for rewrite in uncompress.propose(Candidate(HEAD + text), SIGNATURE)]


def agrees(before, after):
    results = []
    for text in (before, after):
        namespace = {"np": np}
        exec(text, namespace)
        for seed in range(4):
            rng = np.random.default_rng(seed)
            y = rng.standard_normal(9)
            result = namespace["kernel"](rng.standard_normal(9), rng.random(9) < 0.3 * seed, y)
            results.append([*np.atleast_1d(result), *y])
    return all(one == other for one, other in zip(results[:4], results[4:], strict=True))


@pytest.mark.parametrize("use", [
    USE,
    USE.replace("t[j] * t[j]", "t[j] * j"),
    "    total = np.empty(c, dtype=np.float64)\n    for j in range(c):\n        total[j] = t[j] + 1.0\n    return total\n",
    "    y[0] = 7.0\n" + USE,
    "    q = 0\n    for k in range(m.shape[0]):\n        if m[k]:\n            y[k] = t[q]\n            q += 1\n    return y * 2.0\n",
    "    for j in range(c):\n        for i in range(2):\n            y[i] += t[j]\n    return y + c\n",
], ids=["a sum", "its number is used", "an array of that length", "others are written", "back to its place", "loops inside"])
def test_what_was_gathered_stays_in_its_place(use):
    text = COUNT + GATHER + use
    found = made_of(text)
    assert len(found) == 1 and agrees(HEAD + text, found[0])
    assert "    t = np.empty(c" not in found[0]


@pytest.mark.parametrize("between, use", [
    ("    m[0] = False\n", USE),
    ("    for i in range(m.shape[0]):\n        m[i] = x[i] > 0.5\n", USE),
    ("", USE.replace("return total", "return t")),
    ("", USE.replace("t[j] * t[j]", "t[c - 1 - j]")),
    ("", USE.replace("range(c)", "range(1, c)")),
    ("", USE.replace("        total[0] += t[j] * t[j]\n", "        total[0] += t[j]\n        if t[j] > 1.0:\n            break\n")),
    ("", USE.replace("for j in range(c):", "for j in range(c):\n        m[j] = False")),
    ("    p = 0\n", USE.replace("t[j] * t[j]", "t[j] + p")),
], ids=["the mask is changed", "it is computed anew", "it is returned", "backwards", "not all", "left early", "changed on the way", "a counter elsewhere"])
def test_it_stays_gathered_where_that_might_differ(between, use):
    assert not made_of(COUNT + GATHER + between + use)


def test_a_mask_that_is_changed_begins_another_selection():
    text = COUNT + GATHER + USE.replace("    return total\n", "") + "    m[3] = not m[3]\n"
    second = """    d = 0
    for i in range(m.shape[0]):
        if m[i]:
            d += 1
    u = np.empty(d, dtype=np.float64)
    q = 0
    for i in range(m.shape[0]):
        if m[i]:
            u[q] = x[i]
            q += 1
    for j in range(d):
        total[0] += u[j]
    return total
"""
    both = HEAD + text + second
    made = [rewrite.candidate for rewrite in uncompress.propose(Candidate(both), SIGNATURE)]
    assert len(made) == 2
    last = next(iter(uncompress.propose(made[0], SIGNATURE))).candidate.text
    assert agrees(both, last) and "t = np.empty(m.shape[0]" in last and "u = np.empty(m.shape[0]" in last


def test_what_one_mask_selects_is_counted_once():
    twice = COUNT + COUNT.replace("c = 0", "d = 0").replace("c += 1", "d += 1") + "    y[0] = c * 0.5\n    return y[:1] * d\n"
    text, = made_of(twice)
    assert agrees(HEAD + twice, text) and text.count("for ") == 1


def test_a_mask_over_two_dimensions_has_two_loops():
    signature = Signature((Argument("a", "array", "float64", 2),), (Output("float", "float64"),))
    gathered = """def kernel(a):
    c = 0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            if a[i, j] > 0.5:
                c += 1
    t = np.empty(c, dtype=np.float64)
    p = 0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            if a[i, j] > 0.5:
                t[p] = a[i, j]
                p += 1
    total = 0.0
    for i in range(c):
        total += t[i] * t[i]
    return total
"""
    text, = [rewrite.candidate.text for rewrite in uncompress.propose(Candidate(gathered), signature)]
    results = []
    for each in (gathered, text):
        namespace = {"np": np}
        exec(each, namespace)
        results.append(namespace["kernel"](np.random.default_rng(0).standard_normal((5, 7))))
    assert results[0] == results[1] and "t[i, j] * t[i, j]" in text and "c" not in text.split()
