"""What is exported as champion.py is read back as the very same candidate, and nothing of the file is executed."""
import math
import re

import pytest
from kernwright.kernels import library
from kernwright.kernels.candidate import Candidate, JitOptions
from kernwright.kernels.export import champion_source
from kernwright.kernels.observe import observe
from kernwright.kernels.spec import KernelSpec
from kernwright.search.schema import RunError
from kernwright.search.warm_start import Place, gather, read_given
from kernwright.workers.inspection import Inspection

HEAD = "import numpy as np\nimport kernwright\n\n"
SIZES = 'sizes={"tiny": {"n": 4}, "verify": {"n": 11}, "benchmark": {"n": 40}}'


def spec(body, inputs, function="f", finite=False, head=HEAD):
    text = f"{head}def make(size, rng):\n    n = size['n']\n    return {inputs}\n\n@kernwright.kernel(inputs=make, finite={finite}, {SIZES})\n{body}"
    return KernelSpec(function, text, function)


ROWS = spec("def f(x, scale):\n    return (x * scale).sum(axis=1), x.max(axis=1)\n", "rng.random((n, n + 1)), 2.0", finite=True)
ROWS_KERNEL = '''# how many rows go together
ROWS = 4  # tune: 1 2 4
UNREAD = 1  # tune: 1 2


def largest(x, i):
    found = x[i, 0]
    for j in range(x.shape[1]):
        found = max(found, x[i, j])  # no nan here
    return found


def kernel(x, scale, sums, tops):
    """Sums and largest of each row."""
    for block in prange((x.shape[0] + ROWS - 1) // ROWS):
        for i in range(block * ROWS, min(x.shape[0], block * ROWS + ROWS)):
            total = 0.0
            for j in range(x.shape[1]):
                total += x[i, j] * scale
            sums[i] = total
            tops[i] = largest(x, i)
'''
IN_PLACE = spec("def f(steps, a):\n    for _ in range(steps):\n        a[1:] += 0.5 * a[:-1]\n", "3, rng.random(n)")
IN_PLACE_KERNEL = '''def kernel(steps, a):
    for t in range(steps):
        previous = a[0]
        for i in range(1, a.shape[0]):
            here = a[i]
            a[i] = here + 0.5 * previous
            previous = here
'''
COMPLEX = spec("def f(z):\n    return z * np.conj(z) * 1j\n", "rng.random(n) + 1j * rng.random(n)")
COMPLEX_KERNEL = '''PHASE = 1j


def kernel(z):
    out = np.empty_like(z)
    for i in range(z.shape[0]):
        out[i] = z[i] * np.conj(z[i]) * PHASE
    return out
'''
SINGLE = spec("def f(x):\n    return np.exp(x) * np.float32(0.5)\n", "rng.random(n, np.float32)")
SINGLE_KERNEL = "def kernel(x, out):\n    for i in range(x.shape[0]):\n        out[i] = np.float32(math.exp(x[i])) * np.float32(0.5)\n"
SCALAR = spec("def f(a, b):\n    return int((a != b).sum())\n", "rng.integers(0, 4, n), rng.integers(0, 4, n)")
SCALAR_KERNEL = "def kernel(a, b):\n    found = 0\n    for i in range(len(a)):\n        found += a[i] != b[i]\n    return found\n"
# The reference takes the very names that the kernel uses, and a builtin's name for its parameter.
TAKEN = spec(
    '''def kernel(max, filter, int=7):
    return abs(max) * TILE[0] + weigh(filter) * np.sqrt(int)
''', "rng.random(n), rng.random(n), 4", "kernel", head='''from numpy import *
import kernwright, math as np
TILE, WEIGHT, compiled, call = zeros(3), 2.0, 1.0, 2.0
def weigh(x):
    return x * WEIGHT + compiled + call

''')
TAKEN_KERNEL = '''TILE = 8  # tune: 4 8
WEIGHT = 2.0


def weigh(x, size):
    return x * WEIGHT + max(3.0, 0.0) + 0 * size


def kernel(a, filter, n):
    out = np.empty(a.shape[0])
    for i in prange(max(len(a), 0)):
        out[i] = weigh(filter[i], TILE) * math.sqrt(n)
    return out
'''
STYLES = {
    "several outputs, helper, tunables, parallel": (ROWS, ROWS_KERNEL, JitOptions(True, ("nnan", "reassoc", "contract")), "writes"),
    "fewer threads than the run": (ROWS, ROWS_KERNEL, JitOptions(True, (), "numpy", 1), "writes"),
    "tunables, serial": (ROWS, ROWS_KERNEL.replace("prange", "range"), JitOptions(error_model="numpy"), "writes"),
    "in place, returns nothing": (IN_PLACE, IN_PLACE_KERNEL, JitOptions(fastmath=("contract",)), "returns"),
    "complex": (COMPLEX, COMPLEX_KERNEL, JitOptions(), "returns"),
    "float32": (SINGLE, SINGLE_KERNEL, JitOptions(fastmath=("afn", "arcp", "contract", "nsz", "reassoc")), "writes"),
    "a scalar": (SCALAR, SCALAR_KERNEL, JitOptions(), "returns"),
    "names that the reference has too": (TAKEN, TAKEN_KERNEL, JitOptions(True), "returns"),
}


def exported(about, candidate, threads=2):
    signature = observe(about.open(), 1, 10.0).signature
    summary = [f"Found by Kernwright 0.1.0 on {'a CPU with a long name ' * 4}, {threads} thread(s)."]
    return signature, champion_source(candidate, about, signature, threads=threads, threading_layer="omp",
                                      finite=about.open().declaration.finite, summary=summary)


def read_back(path, about, signature, threads=2):
    place = Place(signature, about.open().declaration.finite, "here", threads)
    return gather(read_given([path], about.function), [], place, [], None)


@pytest.mark.parametrize("about, text, options, convention", STYLES.values(), ids=STYLES.keys())
def test_a_champion_comes_back_as_the_candidate_that_was_exported(tmp_path, about, text, options, convention):
    candidate = Candidate(text, options, convention)
    signature, source = exported(about, candidate)
    (tmp_path / "champion.py").write_text(source)
    found, = read_back(tmp_path / "champion.py", about, signature)
    assert found.identity == candidate.identity and found.skeleton == candidate.skeleton
    assert (found.options, found.convention, found.tunables) == (options, convention, candidate.tunables)
    assert found.lineage.operator == "warm:champion.py" and found.lineage.parents == ()


@pytest.mark.parametrize("edit", [
    lambda text: "\n".join(line for line in text.split("\n") if not line.startswith("# ---")),
    lambda text: re.sub(r'^""".*?"""\n', "", text, flags=re.DOTALL),
    lambda text: text.replace("f.kernel = kernel\n", ""),
    lambda text: text.replace("\n", "\r\n"),
    lambda text: "\ufeff" + text,
    lambda text: text.replace("@compiled", "@numba.njit(cache=True, **JIT_OPTIONS)"),
    lambda text: text.replace("@compiled", "@numba.njit(parallel=True, fastmath={'nnan', 'reassoc', 'contract'})"),
], ids=["no headings", "no header", "no mark", "line ends of Windows", "byte order mark", "njit in place", "options in place"])
def test_a_champion_that_was_edited_by_hand_is_read_all_the_same(tmp_path, edit):
    options = JitOptions(True, ("nnan", "reassoc", "contract"))
    text = ROWS_KERNEL.replace("UNREAD = 1  # tune: 1 2\n", "")
    signature, source = exported(ROWS, Candidate(text, options, "writes"))
    (tmp_path / "mine.py").write_bytes(edit(source).encode())
    found, = read_back(tmp_path / "mine.py", ROWS, signature)
    assert found.identity == Candidate(text, options, "writes").identity


def test_a_kernel_that_was_changed_by_hand_is_another_candidate(tmp_path):
    signature, source = exported(IN_PLACE, Candidate(IN_PLACE_KERNEL))
    (tmp_path / "champion.py").write_text(source.replace("0.5 * previous", "previous * 0.25"))
    found, = read_back(tmp_path / "champion.py", IN_PLACE, signature)
    assert found.identity == Candidate(IN_PLACE_KERNEL.replace("0.5 * previous", "previous * 0.25")).identity


@pytest.mark.parametrize("its_threads, threads, there, here", [(2, 8, None, None), (8, 2, 4, None), (8, 8, 4, 4), (8, 16, 4, 4), (1, 4, None, None)])
def test_threads_are_those_of_the_new_run_unless_the_champion_wanted_fewer_than_it_had(tmp_path, its_threads, threads, there, here):
    signature, source = exported(ROWS, Candidate(ROWS_KERNEL, JitOptions(True, threads=there), "writes"), its_threads)
    (tmp_path / "champion.py").write_text(source)
    found, = read_back(tmp_path / "champion.py", ROWS, signature, threads)
    assert found.options.threads == here


def test_flags_that_assume_finite_numbers_go_where_the_spec_does_not_promise_them(tmp_path):
    signature, source = exported(ROWS, Candidate(ROWS_KERNEL, JitOptions(True, ("nnan", "contract")), "writes"))
    (tmp_path / "champion.py").write_text(source)
    found, = gather(read_given([tmp_path / "champion.py"], "f"), [], Place(signature, False, "here", 2), [], None)
    assert found.options.fastmath == ("contract",)


def test_a_champion_of_a_related_kernel_is_read_for_another_name_and_constant(tmp_path):
    signature, source = exported(IN_PLACE, Candidate(IN_PLACE_KERNEL))
    (tmp_path / "champion.py").write_text(source)
    other = spec("def smooth(n, values):\n    for _ in range(n):\n        values[1:] += 0.75 * values[:-1]\n", "3, rng.random(n)", "smooth")
    found, = read_back(tmp_path / "champion.py", other, observe(other.open(), 1, 10.0).signature)
    assert found.identity == Candidate(IN_PLACE_KERNEL).identity


BY_HAND = {
    "in the dialect": "def kernel(a, b):\n    return 1\n",
    "called like the reference": "SIZE = 3\n\ndef f(a, b):\n    return 1\n",
    "the only function": "def count(a, b):\n    return 1\n",
    "as people write it": "from numba import njit, prange\nimport numpy as np\nfrom math import sqrt\n\n@njit(cache=True)\ndef one(x: int) -> int:\n"
                          "    return 1\n\n@njit(fastmath=True, parallel=True)\ndef fast(a: np.ndarray, b):\n    'Counts.'\n    return one(sqrt(4.0)) + 0\n\n"
                          "if __name__ == '__main__':\n    import os\n    print(fast(1, 2))\n",
    "beside its reference": f"{HEAD}import numba as nb\n\ndef make(size, rng):\n    return 1\n\n@kernwright.kernel(inputs=make)\ndef f(a, b):\n    return 2\n\n"
                            "OPTIONS = dict\nFLAGS = {'contract'}\n\n@nb.jit(nopython=True, fastmath=FLAGS)\ndef g(a, b):\n    return 1\n",
    "a helper called kernel": "def kernel(x):\n    return x\n\ndef f(a, b):\n    return kernel(1)\n",
}


@pytest.mark.parametrize("text", BY_HAND.values(), ids=BY_HAND.keys())
def test_a_kernel_written_by_hand_is_taken(tmp_path, text):
    (tmp_path / "mine.py").write_text(text)
    found, = read_back(tmp_path / "mine.py", SCALAR, observe(SCALAR.open(), 1, 10.0).signature)
    names = {"math": math}
    exec(found.text, names)  # noqa: S102 - text of this test
    assert names["kernel"](1, 2) == 1


def test_options_of_a_kernel_written_by_hand_are_its_decorators(tmp_path):
    signature = observe(SCALAR.open(), 1, 10.0).signature
    body = "def f(a, b):\n    n = 0\n    for i in prange(len(a)):\n        n += a[i] != b[i]\n    return n\n"
    for decorator, options in {
        "": JitOptions(True), "@njit\n": JitOptions(), "@njit(parallel=True)\n": JitOptions(True),
        "@njit('i8(i8[:], i8[:])', parallel={'fusion': False}, error_model='numpy', nogil=True)\n": JitOptions(True, error_model="numpy"),
        "@numba.njit(fastmath=['nsz'], **dict(parallel=True))\n": None, "@numba.njit(fastmath=['nsz'], **MORE)\n": JitOptions(True, ("nsz",)),
        "@njit(fastmath='turbo')\n": None, "@njit(error_model=max)\n": None, "@njit(fastmath=True)\n": JitOptions(
            False, ("reassoc", "nsz", "contract", "arcp", "afn")),
    }.items():
        (tmp_path / "mine.py").write_text(f"import numba\nfrom numba import njit, prange\nMORE = {{'parallel': True}}\n{decorator}{body}")
        if options is None:
            with pytest.raises(RunError, match="mine.py, line"):
                read_back(tmp_path / "mine.py", SCALAR, signature)
        else:
            assert read_back(tmp_path / "mine.py", SCALAR, signature)[0].options == options, decorator


@pytest.mark.slow
@pytest.mark.parametrize("name", library.names())
def test_every_seed_of_every_built_in_comes_back(tmp_path, name):
    from kernwright.search.launch import examine, seeds_of
    from kernwright.search.settings import RunSettings

    about = library.load(name)
    inspection: Inspection = examine(about, RunSettings(evaluations=1), 2)
    for seed in seeds_of(inspection):
        source = champion_source(seed, about, inspection.observation.signature, threads=2, threading_layer="omp",
                                 finite=about.open().declaration.finite, summary=["Found by Kernwright 0.1.0 on x, 2 thread(s)."])
        (tmp_path / "champion.py").write_text(source)
        found, = read_back(tmp_path / "champion.py", about, inspection.observation.signature)
        assert found.identity == seed.identity, found.text
