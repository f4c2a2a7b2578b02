"""The differential test over kernels that are wrong in the ways in which fast kernels are wrong."""
import numpy as np
import pytest
from kernwright.kernels.observe import observe
from kernwright.kernels.spec import KernelSpec
from kernwright.workers.evaluation import Verdict
from kernwright.workers.failure import RunFailed
from kernwright.workers.oracle import Case, Oracle
from kernwright.workers.verify.check import Check
from kernwright.workers.verify.differential import POISON, Outcome, PlannedCase, differential, excused, plan
from library_kernels import NAMES, observed

HEAD = "import numpy as np\nimport kernwright\n"
BLUR = """
def make(size, rng):
    return (rng.standard_normal((size["n"], size["m"])),)
@kernwright.kernel(inputs=make, sizes={"tiny": {"n": 5, "m": 4}, "verify": {"n": 17, "m": 23}, "benchmark": {"n": 60, "m": 50},
                                       "wide": {"n": 3, "m": 200}, "huge": {"n": 300, "m": 200}})
def f(a):
    out = np.zeros_like(a)
    out[:, 1:-1] = (a[:, :-2] + a[:, 1:-1] + a[:, 2:]) / 3
    return out
"""
STEP = """
def make(size, rng):
    return rng.standard_normal(size["n"]), rng.standard_normal(size["n"]), 0.5
@kernwright.kernel(inputs=make, sizes={"tiny": {"n": 5}, "verify": {"n": 17}, "benchmark": {"n": 60}})
def f(x, v, dt):
    x += dt * v
"""
TWO = """
def make(size, rng):
    return (rng.integers(0, 50, size["n"]),)
@kernwright.kernel(inputs=make, sizes={"tiny": {"n": 5}, "verify": {"n": 17}, "benchmark": {"n": 60}})
def f(a):
    return np.bincount(a, minlength=50), int(a.sum())
"""


class InProcess:
    """Runs a Python function as a candidate, all in one process, with poison in `self.memory`."""

    def __init__(self, function, oracle):
        self.function, self.oracle = function, oracle
        self.poisons, self.cases = [], []
        self.poison = None
        self.previous = ()

    def run(self, case, poison):
        self.poison = poison
        self.poisons.append(poison)
        self.cases.append(case)
        arguments = tuple(a.copy() if isinstance(a, np.ndarray) else a for a in case.arguments)
        result = self.function(*arguments)
        outputs = () if result is None else result if isinstance(result, tuple) else (result,)
        aliases = tuple(self.alias(output, arguments) for output in outputs)
        self.previous = outputs
        return Outcome(outputs, arguments, aliases)

    def alias(self, output, arguments):
        if not isinstance(output, np.ndarray):
            return None
        for argument, known in zip(arguments, self.oracle.signature.arguments):
            if isinstance(argument, np.ndarray) and np.shares_memory(argument, output):
                return known.name
        return "previous output" if any(np.shares_memory(output, old) for old in self.previous) else None

    def empty_like(self, a):
        out = np.empty_like(a)
        out.reshape(-1).view(np.uint8).fill(self.poison)
        return out


@pytest.fixture(scope="module")
def oracles():
    made = {}
    for name, text in (("blur", BLUR), ("step", STEP), ("two", TWO)):
        opened = KernelSpec(name, HEAD + text, "f").open()
        made[name] = Oracle(opened, observe(opened, 0).signature)
    return made


def judge(oracle, function, seed=1, **keywords):
    runner = InProcess(function, oracle)
    return differential(runner, oracle, plan(oracle, seed, **keywords)), runner


def good_blur(a):
    out = np.zeros_like(a)
    out[:, 1:-1] = (a[:, 2:] + (a[:, 1:-1] + a[:, :-2])) * (1 / 3)
    return out


def test_a_right_kernel_is_verified_and_the_facts_tell_how(oracles):
    check, runner = judge(oracles["blur"], good_blur)
    assert check.passed and check.message == ""
    assert check.facts["cases"] == len(runner.cases) == len(check.facts["seeds"])
    assert any("benchmark" in size for size in check.facts["sizes"]) and any("wide" in size for size in check.facts["sizes"])
    assert 0 < check.facts["worst_ulp"] < 50 and check.facts["worst_at"]
    assert Check.from_json(check.as_json()) == check


def test_poison_changes_from_one_case_to_the_next(oracles):
    _, runner = judge(oracles["blur"], good_blur)
    assert all(one != other for one, other in zip(runner.poisons, runner.poisons[1:]))
    assert set(runner.poisons) == set(POISON)


def test_the_plan_covers_sizes_and_repeats_and_equal_seeds_give_equal_plans(oracles):
    oracle = oracles["blur"]
    cases = plan(oracle, 5)
    names = [case.size for case in cases if isinstance(case.size, str)]
    assert names == ["tiny", "verify", "verify", "verify", "wide", "benchmark"]
    assert cases[1].seed != cases[2].seed and [c for c in cases if c == cases[1]] == [cases[1]] * 2
    extras = [case for case in cases if not isinstance(case.size, str)]
    assert len([case for case in extras if case.case is None]) == 4 and 4 < len(extras) <= 18
    assert all(case.case.derived for case in extras if case.case is not None)
    assert cases == plan(oracle, 5) != plan(oracle, 6)
    deep = plan(oracle, 5, deep=True)
    assert len([case for case in deep if not isinstance(case.size, str)]) == 2 * len(oracle.extra_sizes())
    assert [case.size for case in deep[-6:]] == ["wide", "wide", "huge", "huge", "benchmark", "benchmark"]


@pytest.mark.parametrize("seed", range(3))
def test_a_kernel_that_works_only_at_the_benchmark_s_size_is_wrong(oracles, seed):
    def only_there(a):
        return good_blur(a) if a.shape == (60, 50) else np.zeros_like(a)

    check, _ = judge(oracles["blur"], only_there, seed)
    assert check.verdict is Verdict.WRONG and check.facts["cases"] == 1


def test_a_kernel_that_works_only_at_declared_sizes_is_wrong(oracles):
    def only_there(a):
        return good_blur(a) if a.shape in {(5, 4), (17, 23), (60, 50), (3, 200)} else np.zeros_like(a)

    check, _ = judge(oracles["blur"], only_there)
    assert check.verdict is Verdict.WRONG


def test_a_kernel_that_answers_from_its_stale_output_is_wrong(oracles):
    kept = {}

    def stale(a):
        if a.shape not in kept:
            kept[a.shape] = good_blur(a)
        return kept[a.shape].copy()

    check, runner = judge(oracles["blur"], stale)
    assert check.verdict is Verdict.WRONG and check.facts["cases"] == 3
    assert "verify" in check.message and "elements differ" in check.message


def test_a_kernel_that_counts_its_calls_is_wrong(oracles):
    calls = []

    def counting(a):
        calls.append(a.shape)
        return good_blur(a) * (1.0 if calls.count((17, 23)) < 3 else 1.001)

    check, _ = judge(oracles["blur"], counting)
    assert check.verdict is Verdict.WRONG


def test_a_border_that_is_left_unwritten_is_wrong(oracles):
    runner = InProcess(None, oracles["blur"])

    def unwritten(a):
        out = runner.empty_like(a)
        out[:, 1:-1] = good_blur(a)[:, 1:-1]
        return out

    runner.function = unwritten
    check = differential(runner, oracles["blur"], plan(oracles["blur"], 1))
    assert check.verdict is Verdict.WRONG and "expected 0.0" in check.message


@pytest.mark.parametrize(
    "function, words",
    [
        (lambda a: good_blur(a).astype(np.float32), "dtype float32"),
        (lambda a: good_blur(a)[:, :-1].copy(), "shape"),
        (lambda a: float(good_blur(a)[0, 0]), "scalar"),
    ],
)
def test_dtype_shape_and_kind_are_compared(oracles, function, words):
    check, _ = judge(oracles["blur"], function)
    assert check.verdict is Verdict.WRONG and words in check.message


def test_returning_an_argument_or_an_earlier_result_is_wrong(oracles):
    def own_input(a):
        a[...] = good_blur(a)
        return a

    check, _ = judge(oracles["blur"], own_input)
    assert check.verdict is Verdict.WRONG and "shares memory with argument a" in check.message
    buffer = {}

    def reused(a):
        out = buffer.setdefault(a.shape, np.empty_like(a))
        out[...] = good_blur(a)
        return out

    check, _ = judge(oracles["blur"], reused)
    assert check.verdict is Verdict.WRONG and "earlier call" in check.message


def test_an_input_that_is_changed_is_wrong_down_to_a_bit(oracles):
    def touching(a):
        out = good_blur(a)
        a[-1, -1] = np.nextafter(a[-1, -1], np.inf)
        return out

    check, _ = judge(oracles["blur"], touching)
    assert check.verdict is Verdict.WRONG and "argument a was changed, first at [4, 3]" in check.message


def test_arguments_that_the_reference_writes_are_compared_with_tolerance(oracles):
    def in_place(x, v, dt):
        x[:] = v * dt + x

    assert judge(oracles["step"], in_place)[0].passed

    def half(x, v, dt):
        x[: x.size // 2] += dt * v[: x.size // 2]

    check, _ = judge(oracles["step"], half)
    assert check.verdict is Verdict.WRONG and "argument x afterwards" in check.message

    def both(x, v, dt):
        x += dt * v
        v[0] = 0.0

    check, _ = judge(oracles["step"], both)
    assert check.verdict is Verdict.WRONG and "argument v was changed" in check.message


def test_several_results_are_told_apart(oracles):
    def right(a):
        return np.bincount(a, minlength=50), int(a.sum())

    assert judge(oracles["two"], right)[0].passed

    def late(a):
        return np.bincount(a, minlength=50), int(a[1:].sum())

    check, _ = judge(oracles["two"], late)
    assert check.verdict is Verdict.WRONG and "result 1" in check.message


@pytest.mark.parametrize("verdict", [Verdict.CRASHED, Verdict.TIMED_OUT, Verdict.RAISED, Verdict.OUT_OF_BOUNDS])
def test_a_run_without_a_result_ends_in_its_own_verdict(oracles, verdict):
    def failing(a):
        if a.shape == (60, 50):
            raise RunFailed(verdict, "it did")
        return good_blur(a)

    check, _ = judge(oracles["blur"], failing)
    assert check.verdict is verdict and "benchmark" in check.message and "it did" in check.message


def test_nan_in_an_untouched_input_is_no_change(oracles):
    opened = KernelSpec("nan", HEAD + """
def make(size, rng):
    a = rng.standard_normal(size["n"])
    a[0] = np.nan
    return (a,)
@kernwright.kernel(inputs=make, sizes={"tiny": {"n": 5}, "verify": {"n": 17}, "benchmark": {"n": 60}})
def f(a):
    return np.nan_to_num(a)
""", "f").open()
    oracle = Oracle(opened, observe(opened, 0).signature)
    assert differential(InProcess(np.nan_to_num, oracle), oracle, plan(oracle, 1)).passed


@pytest.mark.parametrize("name", NAMES)
def test_every_reference_of_the_library_is_equal_to_itself(name):
    opened, observation = observed(name)
    oracle = Oracle(opened, observation.signature)
    cases = [case for case in plan(oracle, 2) if case.size not in ("benchmark", "large")]
    check = differential(InProcess(opened.reference, oracle), oracle, cases)
    assert check.passed and check.facts["worst_ulp"] == 0


def test_the_same_case_planned_alone_repeats_a_failure(oracles):
    def off(a):
        out = good_blur(a)
        out[0, 1] += 1e-9
        return out

    first, _ = judge(oracles["blur"], off)
    again = differential(InProcess(off, oracles["blur"]), oracles["blur"],
                         [PlannedCase(first.facts["size"], first.facts["seed"])])
    assert again.message == first.message


@pytest.mark.parametrize("message, expected, derived, may_fail", [
    ("LinAlgError: Array must not contain infs or NaNs.", np.nan, True, True),
    ("LinAlgError: Array must not contain infs or NaNs.", 1.0, True, False),
    ("LinAlgError: Array must not contain infs or NaNs.", np.nan, False, False),
    ("LinAlgError: Matrix is singular to machine precision.", np.nan, True, False),
    ("ZeroDivisionError: division by zero", np.inf, True, True),
])
def test_numba_s_linear_algebra_may_refuse_nan_where_the_reference_gives_nan_and_only_there(message, expected, derived, may_fail):
    case = Case({"n": 1}, 0, "size tiny", (np.ones(1),), (np.full(1, expected),), (), (1,), derived)
    assert excused(RunFailed(Verdict.RAISED, message), case) is may_fail
