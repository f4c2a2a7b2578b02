"""The access check in a real sandboxed child: what it answers on racy, wrong, endless and right kernels."""
from __future__ import annotations

import numpy as np
import pytest
from kernwright.kernels import library
from kernwright.kernels.candidate import Candidate, JitOptions
from kernwright.kernels.observe import observe
from kernwright.kernels.spec import KernelSpec
from kernwright.workers.evaluation import Verdict
from kernwright.workers.oracle import Oracle
from kernwright.workers.sandbox.client import WarmProcess
from kernwright.workers.sandbox.limits import MIB, Limits
from kernwright.workers.verify.access import check, check_access, clear

LIMITS = Limits(cpu_seconds=60, wall_seconds=120, memory_bytes=1024 * MIB)
PARALLEL = JitOptions(parallel=True)
COLUMNS = """
import numpy as np
import kernwright
def make(size, rng):
    return (rng.standard_normal((size["n"], size["m"])),)
@kernwright.kernel(inputs=make, sizes={"tiny": {"n": 5, "m": 4}, "verify": {"n": 17, "m": 23}, "benchmark": {"n": 60, "m": 50}})
def columns(a):
    return a.sum(axis=0)
"""
SHIFT = """
import numpy as np
import kernwright
def make(size, rng):
    return rng.standard_normal(size["n"]), 2
@kernwright.kernel(inputs=make, sizes={"tiny": {"n": 9}, "verify": {"n": 40}, "benchmark": {"n": 300}})
def shift(x, k):
    x[:-1] = x[1:] * k
"""


@pytest.fixture(scope="module")
def warm():
    with WarmProcess(2) as process:
        yield process


@pytest.fixture
def child(warm):
    with warm.fork(LIMITS, "access") as forked:
        yield forked


def oracle_of(name: str, text: str) -> Oracle:
    opened = KernelSpec(name, text, name).open()
    return Oracle(opened, observe(opened, 0).signature)


@pytest.fixture(scope="module")
def columns():
    return oracle_of("columns", COLUMNS)


@pytest.fixture(scope="module")
def shift():
    return oracle_of("shift", SHIFT)


def asked(child, oracle: Oracle, text: str, *, size: str = "tiny", convention="returns", options=PARALLEL, seconds=None):
    candidate = Candidate(text, options, convention)
    return check_access(child, candidate, oracle.case(size, 3), oracle.signature, seconds)


def test_a_race_is_named_with_size_line_and_element(child, columns):
    found = asked(child, columns, """
def kernel(a):
    out = np.zeros(a.shape[1])
    for i in prange(a.shape[0]):
        for j in range(a.shape[1]):
            out[j] += a[i, j]
    return out
""")
    assert found.verdict is Verdict.RACE and not found.passed
    assert "tiny" in found.message and "line 6" in found.message and "[0]" in found.message
    assert found.facts["size"] == {"n": 5, "m": 4} and found.facts["seed"] == 3


def test_a_race_between_variables_is_named(child, columns):
    found = asked(child, columns, """
def kernel(a):
    out = np.empty(a.shape[1])
    total = 0.0
    for j in prange(a.shape[1]):
        total = 0.0 * total
        for i in range(a.shape[0]):
            total = total + a[i, j] * 1.0
        out[j] = total
    return out
""")
    assert found.verdict is Verdict.RACE and "total" in found.message


def test_the_outputs_of_a_kernel_that_writes_are_part_of_the_log(child, columns):
    racy = "def kernel(a, out):\n    for i in prange(a.shape[0]):\n        out[:] = a[i]\n"
    assert asked(child, columns, racy, convention="writes").verdict is Verdict.RACE
    right = """
def kernel(a, out):
    for j in prange(a.shape[1]):
        s = 0.0
        for i in range(a.shape[0]):
            s += a[i, j]
        out[j] = s
"""
    found = asked(child, columns, right, convention="writes")
    assert found.passed and found.message == "" and found.facts["iterations"] == 4 and found.facts["unexercised"] == []
    partly = right.replace("a.shape[1])", "a.shape[1] - 1)")
    found = asked(child, columns, partly, convention="writes")
    assert found.verdict is Verdict.WRONG and "nothing has written" in found.message
    adding = right.replace("out[j] = s", "out[j] += s")
    assert asked(child, columns, adding, convention="writes").verdict is Verdict.WRONG


def test_an_index_out_of_bounds_is_named(child, columns):
    found = asked(child, columns, """
def kernel(a):
    out = np.zeros(a.shape[1])
    for j in prange(a.shape[1]):
        for i in range(a.shape[0] + 1):
            out[j] += a[i, j]
    return out
""")
    assert found.verdict is Verdict.OUT_OF_BOUNDS and "index 5 is out of bounds for axis 0 of a" in found.message


def test_a_negative_index_is_a_fact_and_no_failure(child, columns):
    found = asked(child, columns, """
def kernel(a):
    out = np.zeros(a.shape[1])
    for j in prange(a.shape[1]):
        for i in range(1, a.shape[0] + 1):
            out[j] += a[-i, j]
    return out
""")
    assert found.passed and "counts from the end" in found.facts["negative_indices"][0]


def test_an_argument_that_is_written_is_logged_and_the_case_stays_as_it_was(child, shift):
    case = shift.case("tiny", 3)
    before = case.arguments[0].copy()
    racy = "def kernel(x, k):\n    for i in prange(len(x) - 1):\n        x[i] = x[i + 1] * k\n"
    assert asked(child, shift, racy).verdict is Verdict.RACE
    right = ("def kernel(x, k):\n    y = x.copy()\n    for i in prange(len(x) - 1):\n        x[i] = y[i + 1] * k\n")
    assert asked(child, shift, right).passed
    np.testing.assert_array_equal(case.arguments[0], before)


def test_an_endless_kernel_is_refused_and_the_child_lives_on(child, columns):
    found = asked(child, columns, "def kernel(a):\n    while True:\n        a[0, 0] += 1.0\n    return a[0]\n")
    assert found.verdict is Verdict.REFUSED and "steps" in found.message
    assert asked(child, columns, "def kernel(a):\n    return a.sum(axis=0)\n").passed


def test_a_kernel_that_raises_is_refused_with_its_line(child, columns):
    found = asked(child, columns, "def kernel(a):\n    n = 0\n    return a[0] * (1 // n)\n")
    assert found.verdict is Verdict.REFUSED and "line 3" in found.message and "ZeroDivisionError" in found.message


def test_time_and_memory_end_the_child_not_the_judge(warm, columns):
    endless = "def kernel(a):\n    return a[0] * pow(3, 10**17, 10**17 + 3) + round(7, -(10**9))\n"
    with warm.fork(LIMITS, "endless") as child:
        found = asked(child, columns, endless, seconds=2.0)
        assert found.verdict is Verdict.TIMED_OUT and "logged" in found.message
    hungry = "def kernel(a):\n    b = np.ones((8000, 8000))\n    for i in range(20):\n        b = np.concatenate((b, b))\n    return b[0, :4]\n"
    with warm.fork(LIMITS, "hungry") as child:
        assert asked(child, columns, hungry).verdict in (Verdict.OUT_OF_MEMORY, Verdict.REFUSED)


def test_the_same_answer_is_given_without_a_child(child, columns):
    text = "def kernel(a):\n    out = np.zeros(4)\n    for i in prange(a.shape[0]):\n        out[:] = out + a[i]\n    return out\n"
    case = columns.case("tiny", 3)
    direct = check(Candidate(text, PARALLEL), tuple(np.array(a) for a in case.arguments), columns.signature)
    remote = asked(child, columns, text)
    assert direct.verdict is remote.verdict is Verdict.RACE
    assert remote.message.endswith(direct.message)


BEYOND_PROOF = "j * j // max(j, 1)"  # it is j, but no affine subscript
BLOCKS = """
def kernel(a, out):
    for block in prange((a.shape[1] + {width} - 1) // {width}):
        for j in range(block * {width}, min((block + 1) * {width}, a.shape[1])):
            s = 0.0
            for i in range(a.shape[0]):
                s += a[i, j]
            out[{place}] = s
        for j in range(a.shape[1] if block == 0 else 0):
            out[j] += 0.0
"""


def test_blocks_too_large_for_the_tiny_size_are_examined_at_larger_ones(child, columns):
    racy, right = BLOCKS.format(width=24, place="j"), BLOCKS.format(width=24, place=BEYOND_PROOF).rsplit("        for j", 1)[0]
    case = columns.case("tiny", 3)
    assert asked(child, columns, racy, convention="writes").passed
    found = clear(child, Candidate(racy, PARALLEL, "writes"), columns, case)
    assert found.verdict is Verdict.RACE and found.facts["size"]["m"] == 50
    found = clear(child, Candidate(right, PARALLEL, "writes"), columns, case)
    assert found.passed and found.facts["unexercised"] == [] and len(found.facts["sizes"]) > 1


def test_a_parallel_loop_that_never_has_two_iterations_is_refused_unless_it_is_proven(child, columns):
    proven = BLOCKS.format(width=1000, place="j").rsplit("        for j", 1)[0]
    assert clear(child, Candidate(proven, PARALLEL, "writes"), columns, columns.case("tiny", 3)).passed
    text = BLOCKS.format(width=1000, place=BEYOND_PROOF).rsplit("        for j", 1)[0]
    found = clear(child, Candidate(text, PARALLEL, "writes"), columns, columns.case("tiny", 3))
    assert found.verdict is Verdict.REFUSED and "line 3" in found.message and "smaller blocks" in found.message
    assert clear(child, Candidate(text, JitOptions(), "writes"), columns, columns.case("tiny", 3)).passed


def test_a_library_kernel_at_its_verify_size_is_cleared(child):
    opened = library.load("softmax").open()
    oracle = Oracle(opened, observe(opened, 0).signature)
    found = asked(child, oracle, """
def kernel(x, out):
    for i in prange(x.shape[0]):
        top = -np.inf
        for j in range(x.shape[1]):
            top = max(top, x[i, j])
        total = 0.0
        for j in range(x.shape[1]):
            out[i, j] = math.exp(x[i, j] - top)
            total += out[i, j]
        for j in range(x.shape[1]):
            out[i, j] /= total
""", size="verify", convention="writes")
    assert found.passed and found.facts["iterations"] == 61
