"""Timing and verification through real sandboxed children."""
import os
import subprocess
import sys
from contextlib import contextmanager

import numpy as np
import pytest
from kernwright.kernels.candidate import Candidate, JitOptions
from kernwright.kernels.observe import observe
from kernwright.kernels.spec import KernelSpec
from kernwright.workers.arena import Arena
from kernwright.workers.evaluation import Verdict
from kernwright.workers.failure import RunFailed
from kernwright.workers.oracle import Oracle
from kernwright.workers.sandbox.client import WarmProcess
from kernwright.workers.sandbox.limits import MIB, Limits
from kernwright.workers.session import ChildSession
from kernwright.workers.timing import MOST_REPLACED, measure, reported, screen
from kernwright.workers.verify.differential import differential, plan
from kernwright.workers.verify.runner import ChildRunner

HEAD = "import numpy as np\nimport kernwright\n"
SPECS = {
    "scale": """
def make(size, rng):
    return (rng.standard_normal((size["n"], size["m"])),)
@kernwright.kernel(inputs=make, sizes={"tiny": {"n": 3, "m": 4}, "verify": {"n": 13, "m": 17}, "benchmark": {"n": 60, "m": 70}})
def f(a):
    out = np.zeros_like(a)
    out[:, 1:-1] = a[:, :-2] + a[:, 2:]
    return out
""",
    "step": """
def make(size, rng):
    return rng.standard_normal(size["n"]), 0.5
@kernwright.kernel(inputs=make, sizes={"tiny": {"n": 3}, "verify": {"n": 13}, "benchmark": {"n": 5000}})
def f(x, dt):
    x *= dt
""",
    "sum": """
def make(size, rng):
    return rng.standard_normal(size["n"], dtype=np.float32), rng.standard_normal(size["n"], dtype=np.float32)
@kernwright.kernel(inputs=make, sizes={"tiny": {"n": 3}, "verify": {"n": 1300}, "benchmark": {"n": 20000}})
def f(a, b):
    return a @ b, np.argmax(a)
""",
}
GOOD = """
def kernel(a):
    out = np.empty_like(a)
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            out[i, j] = 0.0 if j == 0 or j >= a.shape[1] - 1 else a[i, j + 1] + a[i, j - 1]
    return out
"""
STEP = "def kernel(x, dt):\n    for i in range(x.size):\n        x[i] *= dt\n"
LIMITS = Limits(cpu_seconds=30, wall_seconds=60, memory_bytes=2048 * MIB)


@pytest.fixture(scope="module")
def warm():
    with WarmProcess(threads=2) as process:
        yield process


@pytest.fixture(scope="module")
def oracles():
    made = {}
    for name, text in SPECS.items():
        opened = KernelSpec(name, HEAD + text, "f").open()
        made[name] = Oracle(opened, observe(opened, 0).signature)
    return made


@pytest.fixture
def cores():
    return tuple(sorted(os.sched_getaffinity(0)))[:2]


def build(child, oracle, slot, candidate, threads=1):
    """Build a candidate, or the reference where it is None."""
    message = {"do": "build", "slot": slot, "signature": oracle.signature.as_json(), "threads": threads}
    spec = oracle.spec.spec
    if candidate is None:
        message |= {"kind": "reference", "spec": {"name": spec.name, "text": spec.text, "function": spec.function}}
    else:
        message |= {"kind": "candidate", "candidate": candidate.as_json(), "parameters": list(oracle.spec.parameters)}
    reply = child.call(message)
    assert reply["ok"], reply


@contextmanager
def child_with(warm, oracle, candidates, cores=(), threads=1, limits=LIMITS, size="benchmark"):
    case = oracle.case(size, 1)
    outputs = [(np.asarray(value).dtype, np.shape(value)) for value in case.expected]
    with warm.fork(limits, "test", cores=cores) as child, Arena.build(case.arguments, outputs) as arena:
        assert child.call({"do": "attach", "name": "timed", "layout": arena.layout}, [arena.fd])["ok"]
        for slot, candidate in candidates.items():
            build(child, oracle, slot, candidate, threads)
        yield child


def judge(warm, oracle, text, options=JitOptions(), convention="returns", limits=LIMITS):  # noqa: B008 - frozen
    with warm.fork(limits, "test") as child:
        build(child, oracle, "candidate", Candidate(text, options, convention))
        return differential(ChildRunner(child, "candidate"), oracle, plan(oracle, 3))


def test_a_faster_kernel_comes_out_faster_and_this_thread_gets_its_cores_back(warm, oracles, cores):
    before = os.sched_getaffinity(0)
    slow = Candidate(GOOD.replace("    return out", "    for k in range(40):\n        out += a\n        out -= a\n    return out"))
    with child_with(warm, oracles["scale"], {"fast": Candidate(GOOD), "slow": slow}, cores[:1]) as child:
        with ChildSession(child, ["timed"], cores[:1]) as session:
            assert os.sched_getaffinity(0) == {cores[0]}
            ratio = measure(session, candidate="fast", rival="slow", rival_name="slow", rounds=6)
            screening = screen(session, candidate="slow", rival="fast", rival_name="fast", bar=0.9)
    assert os.sched_getaffinity(0) == before
    assert ratio.low > 2 and ratio.candidate_ns < ratio.rival_ns
    assert screening.decision == "slower"


def test_a_session_tells_when_another_process_takes_its_core(warm, oracles, cores):
    spin = f"import os\nos.sched_setaffinity(0, {{{cores[0]}}})\nprint(flush=True)\nwhile True: pass\n"
    with child_with(warm, oracles["scale"], {"a": Candidate(GOOD)}, cores[:1]) as child, ChildSession(child, ["timed"], cores[:1]) as session:
        before = session.waited_ns()
        with subprocess.Popen([sys.executable, "-c", spin], stdout=subprocess.PIPE) as other:
            other.stdout.readline()
            session.prepare("a", 20_000)
            took = session.go()
            other.kill()
            assert session.waited_ns() - before > 0.2 * took
    assert session.waited_ns() == 0, "the child is gone"


def test_a_kernel_that_writes_its_arguments_gets_fresh_ones_in_every_call(warm, oracles, cores):
    """It raises on values that it has already halved."""
    text = STEP + "    if x.size and abs(x[0]) < 1e-3:\n        raise ValueError\n"
    oracle = oracles["step"]
    assert abs(oracle.case("benchmark", 1).arguments[0][0]) > 2e-3
    with child_with(warm, oracle, {"a": Candidate(text), "b": None}, cores[:1]) as child:
        with ChildSession(child, ["timed"], cores[:1]) as session:
            ratio = measure(session, candidate="a", rival="b", rival_name="reference", rounds=6)
    assert ratio.rounds >= 6


def test_threads_of_the_child_get_a_core_each(warm, oracles, cores):
    if len(cores) < 2:
        pytest.skip("needs two cores")
    parallel = Candidate(GOOD.replace("for i in range", "for i in prange"), JitOptions(parallel=True))
    with child_with(warm, oracles["scale"], {"a": parallel, "b": None}, cores, threads=2) as child:
        with ChildSession(child, ["timed"], cores, mixed_pools=True) as session:
            ratio = measure(session, candidate="a", rival="b", rival_name="reference", rounds=6)
            threads = sorted(int(name) for name in os.listdir(f"/proc/{child.pid}/task"))
            assert os.sched_getaffinity(threads[0]) == {cores[0]}
            assert len(threads) > 1 and all(os.sched_getaffinity(thread) == {cores[1]} for thread in threads[1:])
    assert ratio.low <= ratio.speedup <= ratio.high


def test_a_kernel_that_raises_when_timed_fails_with_its_own_verdict(warm, oracles, cores):
    text = STEP + "    raise ValueError('never')\n"
    with child_with(warm, oracles["step"], {"a": Candidate(text), "b": None}, cores[:1]) as child:
        with ChildSession(child, ["timed"], cores[:1]) as session, pytest.raises(RunFailed) as failed:
            measure(session, candidate="a", rival="b", rival_name="reference")
    assert failed.value.verdict is Verdict.RAISED and "never" in failed.value.message


def test_a_reported_ratio_comes_from_fresh_children(warm, oracles, cores):
    pids = []

    @contextmanager
    def open_session(number, rival_first):
        order = ("b", "a") if rival_first else ("a", "b")
        with child_with(warm, oracles["scale"], dict.fromkeys(order, Candidate(GOOD)), cores[:1]) as child:
            pids.append(child.pid)
            with ChildSession(child, ["timed"], cores[:1]) as session:
                yield session

    ratio = reported(open_session, candidate="a", rival="b", rival_name="itself", processes=6, rounds=3)
    assert len(pids) == len(set(pids)) <= 6 + MOST_REPLACED and ratio.rounds == 18
    assert 0.7 < ratio.speedup < 1.4


def test_right_kernels_are_verified_in_both_conventions(warm, oracles):
    assert judge(warm, oracles["scale"], GOOD).passed
    writes = GOOD.replace("def kernel(a)", "def kernel(a, out)").replace("    out = np.empty_like(a)\n", "").replace("    return out\n", "")
    assert judge(warm, oracles["scale"], writes, convention="writes").passed
    assert judge(warm, oracles["step"], STEP).passed
    both = "def kernel(a, b):\n    s = np.float32(0)\n    for i in range(a.size):\n        s += a[i] * b[i]\n    return s, np.argmax(a)\n"
    check = judge(warm, oracles["sum"], both)
    assert check.passed, check.message
    assert check.facts["worst_ulp"] > 0


@pytest.mark.parametrize("convention", ["returns", "writes"])
def test_an_unwritten_border_is_seen_through_poison(warm, oracles, convention):
    if convention == "returns":
        text = "def kernel(a):\n    out = np.empty_like(a)\n"
    else:
        text = "def kernel(a, out):\n"
    text += "    for i in range(a.shape[0]):\n        for j in range(1, a.shape[1] - 1):\n            out[i, j] = a[i, j + 1] + a[i, j - 1]\n"
    check = judge(warm, oracles["scale"], text + ("    return out\n" if convention == "returns" else ""), convention=convention)
    assert check.verdict is Verdict.WRONG and "expected 0.0" in check.message


@pytest.mark.parametrize(
    "name, text, verdict",
    [
        ("scale", GOOD.replace("a[i, j - 1]", "a[i, j - 1] * (1.0 if a.shape[1] == 70 else 0.0)"), Verdict.WRONG),
        ("scale", GOOD.replace("    return out", "    a[0, 0] = 1.0\n    return out"), Verdict.WRONG),
        ("scale", "def kernel(a):\n    return a\n", Verdict.WRONG),
        ("scale", GOOD.replace("np.empty_like(a)", "np.empty(a.shape, np.float32)"), Verdict.WRONG),
        ("scale", GOOD.replace("np.empty_like(a)", "np.empty((a.shape[0] + 1, a.shape[1]))"), Verdict.WRONG),
        ("scale", GOOD.replace("    return out", "    if a.shape[0] == 60:\n        raise ValueError\n    return out"), Verdict.RAISED),
        ("sum", "def kernel(a, b):\n    return np.dot(a[1:], b[1:]), np.argmax(a)\n", Verdict.WRONG),
        ("sum", "def kernel(a, b):\n    return np.float32(0.0), np.argmax(a)\n", Verdict.WRONG),
    ],
    ids=["benchmark only", "changes its input", "returns its input", "dtype", "shape", "raises", "drops a term", "zero"],
)
def test_wrong_kernels_end_in_the_right_verdict(warm, oracles, name, text, verdict):
    check = judge(warm, oracles[name], text)
    assert check.verdict is verdict, check
    assert "seed" in check.facts and "seed" not in check.message


def test_a_kernel_that_never_ends_times_out(warm, oracles):
    text = GOOD.replace("    return out", "    k = 0\n    while k >= 0:\n        k = (k + 1) % 1000\n    return out")
    check = judge(warm, oracles["scale"], text, limits=Limits(cpu_seconds=2, wall_seconds=5, memory_bytes=1024 * MIB))
    assert check.verdict is Verdict.TIMED_OUT


def test_a_kernel_that_writes_far_outside_ends_in_a_crash_or_a_mismatch(warm, oracles):
    text = GOOD.replace("    return out", "    for k in range(1 << 40):\n        out[0, k * 4096] = 1.0\n    return out")
    assert judge(warm, oracles["scale"], text).verdict in (Verdict.CRASHED, Verdict.WRONG)
