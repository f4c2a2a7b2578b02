"""Rivals: the contract that all pass, and that only what computes what the reference does is timed."""
import importlib.util
import shutil

import numpy as np
import pytest
from kernwright.kernels.candidate import Candidate
from kernwright.kernels.observe import observe
from kernwright.kernels.signature import Argument, Signature
from kernwright.kernels.spec import KernelSpec
from kernwright.workers.evaluate import REFERENCE, Judge
from kernwright.workers.evaluation import Verdict
from kernwright.workers.job import Assignment, JudgeSettings
from kernwright.workers.rivals import NotBuilt, court
from kernwright.workers.rivals.export import exported
from kernwright.workers.rivals.known import Known
from kernwright.workers.rivals.njit import Njit
from kernwright.workers.rivals.pythran import Pythran, _reason

HEAD = '''
from __future__ import annotations
import numpy as np
import kernwright

HALF = 0.5

def make_inputs(size, rng):
    a = rng.standard_normal((size["n"], size["m"]))
    a[rng.random(a.shape) < 0.1] = np.nan
    return a, rng.standard_normal(size["m"])

SIZES = {"tiny": {"n": 3, "m": 4}, "verify": {"n": 13, "m": 11}, "benchmark": {"n": 60, "m": 50}}

def scaled(value: float, by: float) -> float:
    return HALF * value * by

@kernwright.kernel(inputs=make_inputs, sizes=SIZES)
'''
# Numba compiles it as it is; flags that assume that there is no nan turn `x == x` into true.
LOOPS = HEAD + '''
def present(a: np.ndarray, w: np.ndarray) -> np.ndarray:
    out = np.zeros(a.shape[0])
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            if a[i, j] == a[i, j]:
                out[i] += scaled(a[i, j], w[j])
    return out
'''
# Numba has no np.nansum with an axis.
ARRAYS = HEAD + '''
def present(a: np.ndarray, w: np.ndarray) -> np.ndarray:
    return np.nansum(HALF * a * w, axis=1)
'''
FASTER = Candidate('''
def kernel(a, w):
    out = np.zeros(a.shape[0])
    for i in range(a.shape[0]):
        total = 0.0
        for j in range(a.shape[1]):
            if a[i, j] == a[i, j]:
                total += 0.5 * a[i, j] * w[j]
        out[i] = total
    return out
''')
PLAIN, BOLD = Njit(), Njit("bold", parallel=True, fastmath=True)
RIVALS = [pytest.param(Known(REFERENCE), marks=pytest.mark.slow), Known("candidate", FASTER), PLAIN]
HAS_PYTHRAN = importlib.util.find_spec("pythran") is not None and shutil.which("g++") is not None


def opened(text):
    spec = KernelSpec("present", text, "present")
    return Judge(Assignment(spec, observe(spec.open(), 0, 30.0).signature, JudgeSettings(threads=1, run_seconds=20.0)))


@pytest.fixture(scope="module")
def loops():
    with opened(LOOPS) as judge:
        yield judge


@pytest.fixture(scope="module")
def arrays():
    with opened(ARRAYS) as judge:
        yield judge


@pytest.mark.parametrize("rival", RIVALS, ids=["reference", "candidate", "njit"])
def test_a_rival_that_computes_the_same_passes_its_check(loops, rival):
    check = court.check(loops, rival, 5)
    assert check.passed, check.message
    assert check.facts["cases"] > 5


def test_a_rival_is_timed_in_fresh_processes(loops):
    ratio = court.paired(loops, PLAIN, Known(REFERENCE), 5, seconds=1.0, rounds=2)
    assert ratio.rival == REFERENCE and ratio.rounds == 6 * 2
    assert 1.0 < ratio.low <= ratio.speedup <= ratio.high


def test_flags_that_assume_numbers_are_found_out_where_there_is_nan(loops):
    check = court.check(loops, BOLD, 5)
    assert check.verdict is Verdict.WRONG and "nan" in check.message


def test_what_numba_does_not_compile_says_why(arrays):
    check = court.check(arrays, PLAIN, 5)
    assert check.verdict is Verdict.BUILD_FAILED and "nansum" in check.message


def test_the_reference_beside_a_compiled_one_stays_as_it_was(loops):
    """Its helpers are compiled in a module of their own, not in the reference's."""
    case = loops.oracle.case("benchmark", 3)
    with loops.slots.fork("both") as child:
        loops.slots.attach(child, case)
        PLAIN.build(loops.slots, child, "rival")
        Known(REFERENCE).build(loops.slots, child, "reference")
        for slot in ("reference", "rival"):
            child.call({"do": "run", "slot": slot, "args": "timed", "perturb": None, "threads": None})
    assert type(vars(loops.oracle.spec.module)["scaled"]).__name__ == "function"


def test_pythran_is_told_the_signature_and_the_text_without_decorators_and_annotations():
    spec = KernelSpec("present", LOOPS, "present")
    text = exported(spec, observe(spec.open(), 0, 30.0).signature)
    assert text.startswith("# pythran export present(float64[:,:], float64[:])\n")
    assert "kernwright" not in text and "make_inputs" not in text and "->" not in text and ": float" not in text
    scope = {}
    exec(text, scope)  # noqa: S102 - the text is what is tested
    assert np.isfinite(scope["present"](np.ones((2, 3)), np.ones(3))).all()


def test_every_kind_of_argument_has_its_name_in_pythran():
    arguments = (
        Argument("a", "array", "float32", 2, "F"), Argument("b", "array", "complex128", 3, "A"), Argument("c", "array", "uint8", 1),
        Argument("n", "int", "int64"), Argument("x", "float", "float64"), Argument("y", "float", "float32", numpy_scalar=True),
        Argument("z", "complex", "complex128"), Argument("t", "bool", "bool"),
    )
    spec = KernelSpec("present", LOOPS, "present")
    assert exported(spec, Signature(arguments, ())).splitlines()[0] == (
        "# pythran export present(float32[:,:] order(F), complex128[::,::,::], uint8[:], int, float64, float32, complex128, bool)")
    with pytest.raises(NotBuilt, match="without dimensions"):
        exported(spec, Signature((Argument("s", "array", "float64", 0),), ()))


def test_without_pythran_the_reason_is_given(loops, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(NotBuilt, match="not installed"):
        Pythran().prepare(loops.slots, loops.oracle.case("tiny", 5), [0])


@pytest.mark.parametrize("said, reason", [
    ("\x1b[31mCRITICAL\x1b[0m I am in trouble...\nk.py:7:11 error: function uses an unknown keyword argument `minlength`\n----\n",
     "function uses an unknown keyword argument `minlength`"),
    ("In file included from x.hpp:3:\nx.hpp:3:11: error: no type named 'type' in 'struct std::invoke_result<{anonymous}::pythonic::numpy::functor::sum>'\n",
     "g++ does not compile the C++ that Pythran writes: no type named 'type' in 'struct invoke_result<numpy::functor::sum>'"),
    ("Traceback (most recent call last):\n  File\nPythranTypeError: out of types\n", "PythranTypeError: out of types"),
    ("", "Pythran failed without a word"),
])
def test_the_reason_is_what_the_compiler_says_of_its_first_trouble(said, reason):
    assert _reason(said) == reason


@pytest.mark.slow
@pytest.mark.skipif(not HAS_PYTHRAN, reason="needs the extra pythran, and g++")
def test_pythran_compiles_checks_and_times(loops):
    rival = Pythran()
    check = court.check(loops, rival, 5)
    assert check.passed, check.message
    assert court.paired(loops, rival, Known(REFERENCE), 5, seconds=1.0, rounds=2).low > 1.0


@pytest.mark.slow
@pytest.mark.skipif(not HAS_PYTHRAN, reason="needs the extra pythran, and g++")
def test_what_pythran_does_not_know_is_said_in_a_line():
    with opened(LOOPS.replace("np.zeros(a.shape[0])", "np.asfortranarray(np.nan_to_num(np.einsum('ij->i', a)) * 0.0)")) as judge:
        with pytest.raises(NotBuilt) as error:
            court.check(judge, Pythran(), 5)
        assert str(error.value) and "\n" not in str(error.value)
