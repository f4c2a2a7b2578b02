"""A kernel that takes no time, for tests of what carries kernels about: its spec, and the text of a candidate that adds {}."""
from kernwright.kernels.spec import KernelSpec

SPEC = KernelSpec("shift", '''
import kernwright

def make_inputs(size, rng):
    return (rng.standard_normal(size["n"]),)

@kernwright.kernel(inputs=make_inputs, sizes={"tiny": {"n": 4}, "verify": {"n": 23}, "benchmark": {"n": 2000}})
def shift(a):
    return a + 1.0
''', "shift")
TEXT = "def kernel(a, out):\n    for i in range(a.shape[0]):\n        out[i] = a[i] + {}\n"
