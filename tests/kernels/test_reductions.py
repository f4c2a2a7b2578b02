"""Reductions of parallel loops in the form that Numba takes. Compiled in a process of its own, which may start threads."""
import subprocess
import sys

from kernwright.kernels.candidate import Candidate
from kernwright.kernels.signature import Argument, Output, Signature
from kernwright.kernels.transforms import parallel

SIGNATURE = Signature((Argument("a", "array", "float64", 1),), (Output("scalar", "float64", 0, ()),))
ONCE = "def kernel(a):\n    total = 0.0\n    for i in range(a.shape[0]):\n        total += a[i]\n    return total\n"
CHILD = '''
import numpy as np
from kernwright.kernels.candidate import Candidate, JitOptions
from kernwright.kernels.signature import Argument, Output, Signature
from kernwright.kernels.transforms import parallel, vectorise_functions
from kernwright.workers.build import build

SUM = Signature((Argument("a", "array", "float64", 1),), (Output("scalar", "float64", 0, ()),))
VECTOR = Signature((Argument("a", "array", "float64", 1),), (Output("array", "float64", 1, ("a.shape[0]",)),))
LOOP = "def kernel(a):\\n    total = {start}\\n    for i in range(a.shape[0]):\\n{body}    return total * 1.0\\n"
TWICE = "        total {op}= a[i]\\n        b = a[i] * 0.5 + 1.0\\n        total {op}= b\\n"
EITHER = "        if a[i] > 1.0:\\n            total {op}= a[i]\\n        total {op}= 0.5\\n"
COUNTS = "        if a[i] > 1.0:\\n            total {op}= 3\\n        total {op}= 2\\n"
a = np.linspace(0.5, 1.5, 7)
for start, op, body in [("1.0", "+", TWICE), ("2.0", "-", EITHER), ("1.5", "*", EITHER), ("3", "+", COUNTS), ("1", "*", COUNTS)]:
    text = LOOP.format(start=start, body=body.format(op=op))
    scope = {"np": np}
    exec(text, scope)
    made = next(parallel.propose(Candidate(text, JitOptions()), SUM)).candidate
    assert "total_part" in made.text
    np.testing.assert_allclose(build(made, SUM, ("a",), (a,), opt=1).link(np.empty)(a), scope["kernel"](a), rtol=1e-12)
text = "def kernel(a, out0):\\n    for i in prange(a.shape[0]):\\n        out0[i] = np.sin(a[i]) + np.cos(2.0 * a[i]) * np.sin(3.0 * a[i])\\n"
made = next(vectorise_functions.propose(Candidate(text, JitOptions(parallel=True), "writes"), VECTOR)).candidate
call = build(made, VECTOR, ("a",), (a,), opt=1).link(np.empty)
for a in (a, np.array([1e300, 0.5, 2e9])):
    np.testing.assert_allclose(call(a), np.sin(a) + np.cos(2.0 * a) * np.sin(3.0 * a), rtol=1e-12)
'''


def test_scalars_that_an_iteration_updates_twice_are_reduced_in_parallel():
    ended = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True, timeout=240)
    assert ended.returncode == 0, ended.stderr


def test_a_scalar_that_is_updated_once_stays_as_it_is():
    assert "total_part" not in next(parallel.propose(Candidate(ONCE), SIGNATURE)).candidate.text
