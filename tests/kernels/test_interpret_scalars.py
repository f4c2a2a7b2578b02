"""Races between variables: what Numba reduces is allowed, what it compiles into something else is named.

Which forms give wrong results was tried with Numba 0.68.1 on eight threads.
"""
from __future__ import annotations

import numpy as np
import pytest
from kernwright.kernels.candidate import Candidate, JitOptions
from kernwright.kernels.interpret import log_accesses
from kernwright.kernels.signature import Argument, Signature

SIGNATURE = Signature((Argument("x", "array", "float64", 1), Argument("v", "array", "float64", 1)), ())


def races(before: str, body: str, after: str = "return s") -> tuple[str, ...]:
    text = f"def kernel(x, v):\n    {before}\n    for i in prange(len(x)):\n        {body}\n    {after}\n"
    report = log_accesses(Candidate(text, JitOptions(parallel=True)), (np.linspace(0.1, 2.0, 8), np.ones(3)), SIGNATURE)
    assert report.finished or report.races, report
    return report.races


REDUCED = {
    "s += x": ("s = 0.0", "s += x[i]"),
    "s -= x": ("s = 5.0", "s -= x[i]"),
    "s *= x": ("s = 1.0", "s *= x[i]"),
    "s /= x": ("s = 1.0", "s /= x[i]"),
    "s = s + x": ("s = 0.0", "s = s + x[i]"),
    "s = s - x": ("s = 0.0", "s = s - x[i]"),
    "s = s * x": ("s = 1.0", "s = s * x[i]"),
    "max": ("s = 0.0", "s = max(s, x[i])"),
    "max, turned": ("s = 0.0", "s = max(x[i], s)"),
    "min": ("s = 9.0", "s = min(s, x[i])"),
    "max of more": ("s = 0.0", "s = max(s, max(x[i], 0.5))"),
    "under a condition": ("s = 0.0", "if x[i] > 1.0:\n            s += x[i]"),
    "in both branches": ("s = 0.0", "if x[i] > 1.0:\n            s += x[i]\n        else:\n            s += 2.0"),
    "in an inner loop": ("s = 0.0", "for j in range(3):\n            s += x[i] * j"),
    "in an inner prange": ("s = 0.0", "for j in prange(3):\n            s += x[i]"),
    "after continue": ("s = 0.0", "if x[i] > 1.0:\n            continue\n        s += x[i]"),
    "an array": ("s = np.zeros(3)", "s += x[i] * v"),
    "an array, subtracted": ("s = np.zeros(3)", "s -= x[i] * v"),
    "an array, multiplied": ("s = np.ones(3)", "s *= x[i] * v"),
    "an argument": ("s = v", "s += x[i]"),
    "two of them": ("s = 0.0\n    t = 0", "s += x[i]\n        t += 1", "return s, t"),
    "not read afterwards": ("s = 0.0", "s += x[i]", "return 0"),
}


@pytest.mark.parametrize("case", REDUCED.values(), ids=REDUCED)
def test_a_reduction_that_numba_recognises_is_none(case):
    assert races(*case) == ()


SHARED = {
    "if larger": ("s = 0.0", "if x[i] > s:\n            s = x[i]"),
    "ternary": ("s = 0.0", "s = x[i] if x[i] > s else s"),
    "the last one's value": ("s = 0.0", "s = x[i]"),
    "the last one's value, read in the iteration": ("s = 0.0", "s = x[i]\n        x[i] = s * 2.0"),
    "the value under a condition": ("s = 0.0", "if x[i] > 1.0:\n            s = x[i]"),
    "the index afterwards": ("s = 0.0", "s += x[i]", "return i"),
    "a product and a sum": ("s = 0.0", "s += x[i]\n        s *= 2.0"),
    "a sum that is read": ("s = 0.0", "s += x[i]\n        x[i] = s"),
    "a sum that is read before": ("s = 0.0", "x[i] = s\n        s += x[i]"),
    "a sum in its own term": ("s = 0.0", "s += x[i] * s"),
    "a maximum of itself": ("s = 0.0", "s = max(s, s * x[i])"),
    "x - s": ("s = 0.0", "s = x[i] - s"),
    "x / s": ("s = 1.0", "s = x[i] / s"),
    "a power": ("s = 2.0", "s **= x[i]"),
    "bits": ("s = 0", "s |= i"),
    "a recurrence": ("s = 0.0", "s = 0.5 * s + x[i]"),
    "by way of another": ("s = 0.0", "t = s\n        s = t * x[i]"),
    "a swap": ("s = 0.0\n    t = 1.0", "s, t = t, s\n        x[i] = s"),
    "a carried neighbour": ("s = 0.0", "x[i] = x[i] - s\n        s = x[i]"),
    "carried under a condition": ("s = 0.0", "if i % 2 == 0:\n            s = x[i]\n        x[i] = s", "return 0"),
    "carried past continue": ("s = 0.0", "if x[i] > 1.0:\n            continue\n        x[i] = s\n        s = 1.0", "return 0"),
    "carried by an inner loop that may not run": ("s = 0.0", "for j in range(i):\n            s = x[j] * 1.0\n        v[0] = v[0]\n        x[i] = s", "return 0"),
    "a counter": ("s = 0", "x[s] = x[s] * 2.0\n        s += 1"),
    "np.maximum of arrays": ("s = np.zeros(3)", "s = np.maximum(s, x[i] * v)"),
    "s = s + x of arrays": ("s = np.zeros(3)", "s = s + x[i] * v"),
    "an array bound anew": ("s = np.zeros(3)", "s = x[i] * v"),
    "never assigned by this iteration": ("s = 0.0", "if i == 0:\n            t = 1.0\n        x[i] = t", "return 0"),
    "a loop variable": ("j = 0", "x[i] = x[j]\n        for j in range(3):\n            pass", "return 0"),
}


@pytest.mark.parametrize("case", SHARED.values(), ids=SHARED)
def test_a_variable_that_iterations_share_is_named(case):
    found = races(*case)
    assert found and all(text.startswith("line ") for text in found)


PRIVATE = {
    "assigned first": ("s = 0.0", "s = x[i] * 2.0\n        x[i] = s", "return 0"),
    "assigned on every path": ("s = 0.0", "if x[i] > 1.0:\n            s = 1.0\n        elif x[i] > 0.5:\n            s = 2.0\n        else:\n            s = 3.0\n        x[i] = s", "return 0"),
    "assigned before continue": ("s = 0.0", "s = 1.0\n        if x[i] > 1.0:\n            continue\n        x[i] = s", "return 0"),
    "assigned anew afterwards": ("s = 0.0", "s = x[i]\n        x[i] = s", "s = 3.0\n    return s"),
    "an accumulator of the iteration": ("t = 0.0", "t = 0.0\n        for j in range(3):\n            t += v[j]\n        x[i] = t", "return 0"),
    "the index, assigned anew": ("i = 5", "x[i] = 1.0", "i = 3\n    return i"),
    "read and not assigned": ("s = 3.0", "x[i] = s"),
    "an inner index": ("j = 7", "for j in range(3):\n            x[i] += v[j]", "return 0"),
    "a while loop's counter": ("k = 0", "k = 0\n        while k < 3:\n            x[i] += v[k]\n            k += 1", "return 0"),
    "a tuple": ("a = b = 0.0", "a, b = x[i], 2.0\n        x[i] = a * b", "return 0"),
    "known under the same condition": ("s = 0.0", "if x[i] > 1.0:\n            t = 1.0\n        if x[i] > 1.0:\n            x[i] = t", "return 0"),
    "an array of the iteration": ("s = np.zeros(3)", "s = np.zeros(3)\n        s += x[i]\n        x[i] = s.sum()", "return 0"),
}


@pytest.mark.parametrize("case", PRIVATE.values(), ids=PRIVATE)
def test_a_variable_of_the_iteration_alone_is_none(case):
    assert races(*case) == ()


def test_a_value_that_a_later_turn_of_an_outer_loop_reads_is_named():
    text = """
def kernel(x, v):
    s = 1.0
    for step in range(3):
        x[0] = s
        for i in prange(len(x)):
            {body}
    return x[0]
"""
    def found(body):
        candidate = Candidate(text.format(body=body), JitOptions(parallel=True))
        return log_accesses(candidate, (np.ones(4), np.ones(3)), SIGNATURE).races

    assert any("value of s after the prange loop" in race for race in found("s = x[i]"))
    assert found("s += x[i]") == ()
    assert found("t = x[i]\n            x[i] = t") == ()


def test_the_same_name_in_another_function_does_not_matter():
    text = ("def f(s):\n    s += 1.0\n    if s > 3.0:\n        s = 3.0\n    return s\n"
            "def kernel(x, v):\n    s = 2.0\n    for i in prange(len(x)):\n        x[i] = f(s)\n    return s\n")
    assert log_accesses(Candidate(text, JitOptions(parallel=True)), (np.ones(4), np.ones(3)), SIGNATURE).races == ()


def test_variables_of_a_loop_that_is_not_parallel_are_free():
    text = "def kernel(x, v):\n    s = 0.0\n    for i in prange(len(x)):\n        if x[i] > s:\n            s = x[i]\n    return s\n"
    assert log_accesses(Candidate(text), (np.ones(4), np.ones(3)), SIGNATURE).races == ()
    assert log_accesses(Candidate(text, JitOptions(parallel=True)), (np.ones(4), np.ones(3)), SIGNATURE).races != ()


def test_helpers_with_parallel_loops_are_examined_too():
    text = ("def largest(x):\n    s = 0.0\n    for i in prange(len(x)):\n        if x[i] > s:\n            s = x[i]\n    return s\n"
            "def kernel(x, v):\n    return largest(x)\n")
    found = log_accesses(Candidate(text, JitOptions(parallel=True)), (np.ones(4), np.ones(3)), SIGNATURE).races
    assert found and found[0].startswith("line 5: ")
