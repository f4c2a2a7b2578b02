"""champion.py: runs where there is only NumPy and Numba, and gives the reference's results whatever it is given."""
import ast
import inspect
import os
import pickle
import subprocess
import sys
import textwrap
from pathlib import Path

import numba
import numpy as np
import pytest
from kernwright.kernels import library
from kernwright.kernels.candidate import Candidate, CandidateError, JitOptions
from kernwright.kernels.dialect import check
from kernwright.kernels.export import champion_source
from kernwright.kernels.export.kernel_text import rename
from kernwright.kernels.observe import observe
from kernwright.kernels.spec import KernelSpec, copy_arguments
from kernwright.kernels.vecmath import FUNCTIONS
from threadpoolctl import threadpool_info, threadpool_limits

SITE = Path(np.__file__).parents[1]
SIZES = 'sizes={"tiny": {"n": 5}, "verify": {"n": 11}, "benchmark": {"n": 40}}'

SOFTMAX = '''SHIFT = 0  # tune: 0 1


def weights(x, out, i):
    largest = x[i, 0]
    for j in range(x.shape[1]):
        largest = max(largest, x[i, j])
    total = np.float32(0)
    for j in range(x.shape[1]):
        out[i, j] = math.exp(x[i, j] - largest)  # the exponential
        total += out[i, j]
    return total


def kernel(x, out):
    for i in prange(x.shape[0]):
        total = weights(x, out, i)
        for j in range(x.shape[1]):
            out[i, j] /= total
'''

JACOBI = '''def kernel(steps, a, b):
    n = a.shape[0]
    for t in range(1, steps):
        for i in range(1, n - 1):
            for j in range(1, n - 1):
                b[i, j] = 0.2 * (a[i, j] + a[i, j - 1] + a[i, j + 1] + a[i + 1, j] + a[i - 1, j])
        for i in range(1, n - 1):
            for j in range(1, n - 1):
                a[i, j] = 0.2 * (b[i, j] + b[i, j - 1] + b[i, j + 1] + b[i + 1, j] + b[i - 1, j])
'''

HISTOGRAM = '''def kernel(values, low, high, bins):
    counts = np.zeros(bins, np.int64)
    for i in range(values.shape[0]):
        k = int((values[i] - low) / (high - low) * bins)
        counts[min(max(k, 0), bins - 1)] += 1
    return counts
'''

EDIT_DISTANCE = '''def kernel(a, b):
    n = b.shape[0]
    row = np.arange(n + 1)
    for i in range(a.shape[0]):
        before = row[0]
        row[0] = i + 1
        for j in range(n):
            cost = before + (a[i] != b[j])
            before = row[j + 1]
            row[j + 1] = min(min(before, row[j]) + 1, cost)
    return row[n]
'''

# Names that mean one thing in the reference and another in the kernel, and all that a module may need to be set up.
AWKWARD = f'''
"""Squares, with "quotes", a back\\\\slash and names that get in the way."""
from __future__ import annotations

from numpy import *
import kernwright, math as np
from kernwright import kernel as declare

#: a table that is filled below
TILE = zeros(4)
for position in range(4):
    TILE[position] = position * 0.5
WEIGHT: float = 2.0
compiled, call, verified, link = 1.0, 2.0, 3.0, 4.0
UNUSED = kernwright.__version__


def make_inputs(size, rng):
    return rng.random(size["n"]), rng.random(size["n"]), size["n"], 2.0


def helper(value):
    return value * WEIGHT + sum(TILE) + compiled + call + verified + link  # 18


@declare(inputs=make_inputs, {SIZES})
def kernel(max: ndarray, type, int=7, float=WEIGHT):
    """The reference's own docstring."""
    big = np.sqrt(int)
    total = abs(helper(max)) - type * float
    return total * big, total.sum(), len(total)


if __name__ == "__main__":
    raise SystemExit(kernel)
'''

AWKWARD_KERNEL = '''# constants of the kernel's own
TILE = 3  # tune: 2 3
WEIGHT = 18.0


def helper(value, n):
    return abs(value * 2.0 + WEIGHT - 5.0) if n > 0 else sum(np.zeros(2))


def kernel(first, second, n, factor):
    out = np.empty(first.shape[0])
    total = 0.0
    for i in prange(max(len(first), 0)):
        value = helper(first[i], TILE) - second[i] * factor
        total += value
        out[i] = value * math.sqrt(n)
    return out, total, len(first)
'''

STRIDED = f'''
import kernwright
import numpy as np


def make_inputs(size, rng):
    return np.asfortranarray(rng.random((size["n"], size["n"] + 1))), rng.random(2 * size["n"])[::2], np.float32(0.5), True


@kernwright.kernel(inputs=make_inputs, {SIZES})
def mix(a, b, scale, flip):
    b[:] = b + scale if flip else b - scale
    return (a * 2.0).sum(axis=1) + b
'''

MIX = '''def kernel(a, b, scale, flip, out):
    for i in range(a.shape[0]):
        b[i] = b[i] + scale if flip else b[i] - scale
        total = 0.0
        for j in range(a.shape[1]):
            total += a[i, j] * 2.0
        out[i] = total + b[i]
'''

DECAY = f'''
import kernwright
import numpy as np


def make_inputs(size, rng):
    return (rng.random(size["n"]),)


@kernwright.kernel(inputs=make_inputs, {SIZES})
def decay(a):
    return np.exp(-a)
'''

DECAY_KERNEL = FUNCTIONS["exp", "float64"].text + '''

def kernel(a, out):
    for i in range(a.shape[0]):
        out[i] = exp_f64(-a[i])
'''

CASES = {
    "decay": (DECAY, DECAY_KERNEL, JitOptions(fastmath=("contract", "reassoc")), "writes"),
    "softmax": (None, SOFTMAX, JitOptions(parallel=True, fastmath=("nnan", "contract", "reassoc")), "writes"),
    "jacobi_2d": (None, JACOBI, JitOptions(), "returns"),
    "histogram": (None, HISTOGRAM, JitOptions(error_model="numpy"), "returns"),
    "edit_distance": (None, EDIT_DISTANCE, JitOptions(), "returns"),
    "kernel": (AWKWARD, AWKWARD_KERNEL, JitOptions(parallel=True), "returns"),
    "mix": (STRIDED, MIX, JitOptions(), "writes"),
}


def champion(name, threads=64, **changed):
    """The text, the spec and the signature of one of the CASES."""
    text, kernel, options, convention = CASES[name]
    spec = library.load(name) if text is None else KernelSpec(name, text, name)
    signature = observe(spec.open(), 3, 1.0).signature
    candidate = Candidate(kernel, changed.get("options", options), convention)
    assert check(candidate, signature) == ()
    source = champion_source(
        candidate, spec, signature, threads=threads, threading_layer="omp", finite=changed.get("finite", name == "softmax"),
        summary=["Found by Kernwright on a test.", "2.00 times as fast."],
    )
    return source, spec, signature


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A Python that has only NumPy and Numba."""
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (packages,) = folder.glob("lib/python3*/site-packages")
    for found in SITE.iterdir():
        if found.name.split("-")[0].split(".")[0] in ("numpy", "numba", "llvmlite"):
            (packages / found.name).symlink_to(found)
    python = folder / "bin" / "python"
    for absent in ("kernwright", "ray", "scipy", "optuna"):
        assert b"ModuleNotFoundError" in subprocess.run([python, "-c", f"import {absent}"], capture_output=True).stderr
    return python


@pytest.fixture(scope="module")
def champions(tmp_path_factory):
    """A folder with every case's champion and, pickled, its arguments and what the reference makes of them."""
    folder = tmp_path_factory.mktemp("champions")
    for name in CASES:
        source, spec, _ = champion(name)
        (folder / f"champion_{name}.py").write_text(source)
        opened = spec.open()
        cases = []
        for size, seed in (("tiny", 1), ("verify", 2)):
            arguments = opened.make_inputs(size, seed)
            used = copy_arguments(arguments)
            cases.append((arguments, opened.reference(*used), used))
        (folder / f"{name}.pickle").write_bytes(pickle.dumps(cases))
    return folder


def run(python, folder, script, **environment):
    """What `script` prints, run by `python` in `folder` with a few helpers at hand."""
    helpers = '''
        import importlib, pickle, sys, warnings
        import numpy as np
        warnings.simplefilter("error")
        sys.path.insert(0, ".")
        def load(name):
            module = importlib.import_module("champion_" + name)
            return getattr(module, name)
        def cases(name):
            with open(name + ".pickle", "rb") as file:
                return pickle.load(file)
        def same(one, other):
            if isinstance(one, tuple):
                return type(other) is tuple and len(one) == len(other) and all(map(same, one, other))
            return type(one) is type(other) and np.allclose(one, other, rtol=1e-5) if one is not None else other is None
        def in_kernel(function, call):
            # Whether `call` reaches the compiled kernel: the reference is made to fail.
            module = sys.modules[function.__module__]
            name = function.reference.__name__
            def refuse(*arguments):
                raise LookupError
            kept, module.__dict__[name] = module.__dict__[name], refuse
            try:
                call()
            except LookupError:
                return False
            finally:
                module.__dict__[name] = kept
            return True
    '''
    text = textwrap.dedent(helpers) + textwrap.dedent(script)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("NUMBA_", "PYTHON"))}
    done = subprocess.run([python, "-c", text], cwd=folder, env={**kept, **environment}, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_champions_run_with_numpy_and_numba_alone_and_give_the_references_results(bare, champions):
    out = run(bare, champions, f'''
        for name in {list(CASES)}:
            function = load(name)
            for arguments, expected, changed in cases(name):
                result = []
                assert in_kernel(function, lambda: result.append(function(*arguments))), name
                assert same(expected, result[0]), (name, expected, result)
                assert all(np.allclose(a, b) for a, b in zip(arguments, changed)), name
            assert len(function.kernel.signatures) == 1, name
        assert not {{"kernwright", "scipy", "ray"}} & set(sys.modules)
        print("done")
    ''')
    assert out == "done\n"


def test_a_second_process_finds_the_compiled_code(bare, champions):
    script = '''
        function = load("histogram")
        for arguments, expected, _ in cases("histogram"):
            assert same(expected, function(*arguments))
        print(sum(function.kernel.stats.cache_hits.values()), sum(function.kernel.stats.cache_misses.values()))
    '''
    run(bare, champions, script)
    assert run(bare, champions, script) == "1 0\n"


def test_what_was_not_verified_goes_to_the_reference(bare, champions):
    out = run(bare, champions, '''
        softmax = load("softmax")
        (x,), expected, _ = cases("softmax")[1]
        others = {
            "dtype": x.astype(np.float64), "order": np.asfortranarray(x), "strides": x[:, ::2], "byte order": x.astype(">f4"),
            "dimensions": x[None], "empty": x[:0], "subclass": np.ma.masked_array(x), "matrix": x.view(np.matrix),
            "nan": np.where(x > 3, np.nan, x).astype(np.float32), "inf": np.where(x > 3, -np.inf, x).astype(np.float32),
            "unaligned": np.frombuffer(b"." + x.tobytes(), np.float32, offset=1).reshape(x.shape),
            "memory map": np.memmap("mapped", np.float32, "w+", shape=x.shape),
        }
        for what, other in others.items():
            assert not in_kernel(softmax, lambda: softmax(other)), what
            if what in ("matrix", "empty"):
                continue  # the reference itself fails on it
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                np.testing.assert_array_equal(softmax(other), softmax.reference(other))
        for wrong in (x.tolist(), 3.0, None):
            assert not in_kernel(softmax, lambda: softmax(wrong))
        assert in_kernel(softmax, lambda: softmax(x)) and same(softmax(x=x), expected)
        huge = np.full((3, 4), 3e38, np.float32)
        assert in_kernel(softmax, lambda: softmax(huge)) and same(softmax(huge), softmax.reference(huge))

        histogram = load("histogram")
        (values, low, high, bins), expected, _ = cases("histogram")[0]
        assert in_kernel(histogram, lambda: histogram(values, high=high, low=low, bins=bins))
        for arguments in ((values, -2, high, bins), (values, low, high, np.int64(bins)), (values, np.float64(low), high, bins),
                          (values, low, high, True), (values, low, high, 2**63), (values, low, high, -2**63)):
            assert not in_kernel(histogram, lambda: histogram(*arguments)), arguments[1:]

        try:
            softmax(x.view(np.matrix))
        except TypeError as error:
            assert "keepdims" in str(error)
        else:
            raise AssertionError("the champion answers what the reference does not")

        jacobi = load("jacobi_2d")
        (steps, a, b), _, _ = cases("jacobi_2d")[0]
        frozen = a.copy()
        frozen.flags.writeable = False
        stacked = np.stack([a, b, b])
        for arguments in ((steps, a, b[1:]), (steps, a[1:], b[1:]), (steps, a, a), (steps, frozen, b), (steps, a, frozen),
                          (steps, stacked[0], stacked[0])):
            assert not in_kernel(jacobi, lambda: jacobi(*arguments))
        assert in_kernel(jacobi, lambda: jacobi(steps, stacked[0], stacked[1]))
        try:
            jacobi(steps, frozen, b)
        except ValueError as error:
            assert "read-only" in str(error)

        mix = load("mix")
        (a, b, scale, flip), _, _ = cases("mix")[0]
        assert in_kernel(mix, lambda: mix(a, b, scale, flip))
        for arguments in ((a.copy("C"), b, scale, flip), (a, b, 0.5, flip), (a, b, scale, 1), (a, b[1:], scale, flip),
                          (a, a[:, 0], scale, flip), (np.asfortranarray(a[:, :1]), b, scale, flip)):
            assert not in_kernel(mix, lambda: mix(*arguments))
        print("done")
    ''')
    assert out == "done\n"


def test_read_only_arguments_reach_the_kernel_unless_they_are_written(bare, champions):
    out = run(bare, champions, '''
        histogram = load("histogram")
        (values, *rest), expected, _ = cases("histogram")[0]
        values.flags.writeable = False
        assert in_kernel(histogram, lambda: histogram(values, *rest)) and same(histogram(values, *rest), expected)
        assert len(histogram.kernel.signatures) == 1
        print("done")
    ''')
    assert out == "done\n"


def test_where_numba_does_not_compile_the_reference_answers_with_one_warning(bare, champions):
    source, _, _ = champion("histogram")
    broken = source.replace("counts = np.zeros(bins, np.int64)", "counts = np.einsum(bins)")
    assert broken != source
    (champions / "champion_broken.py").write_text(broken.replace("histogram", "broken"))
    out = run(bare, champions, '''
        broken = load("broken")
        arguments, expected, _ = cases("histogram")[0]
        for _ in range(3):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                assert same(broken(*arguments), expected)
            print(len(caught))
    ''')
    assert out == "1\n0\n0\n"


@pytest.mark.parametrize("layer", ["workqueue", "default"])
def test_two_threads_may_call_a_parallel_champion_at_once(bare, champions, layer):
    out = run(bare, champions, '''
        import threading, numba
        sys.setswitchinterval(1e-5)
        softmax = load("softmax")
        x = np.random.default_rng(1).standard_normal((64, 512), dtype=np.float32)
        expected, right = softmax.reference(x), []
        def work():
            for _ in range(50):
                right.append(np.allclose(softmax(x), expected, atol=1e-6))
        threads = [threading.Thread(target=work) for _ in range(3)]
        [t.start() for t in threads], [t.join() for t in threads]
        print(len(right), all(right), numba.get_num_threads())
    ''', NUMBA_THREADING_LAYER=layer, NUMBA_NUM_THREADS="2")
    assert out == "150 True 2\n"


def test_a_champion_uses_no_more_threads_than_it_was_timed_with_or_numba_has(bare, champions):
    out = run(bare, champions, '''
        import numba
        softmax, module = load("softmax"), sys.modules["champion_softmax"]
        (x,), expected, _ = cases("softmax")[0]
        assert module.THREADS == 64
        seen, call = [], module.call
        def spy(*arguments):
            seen.append(numba.get_num_threads())
            return call(*arguments)
        module.call = spy
        for allowed, most in ((2, 64), (1, 64), (2, 1)):
            numba.set_num_threads(allowed)
            module.THREADS = most
            assert same(softmax(x), expected)
            assert numba.get_num_threads() == allowed
        print(*seen)
    ''', NUMBA_NUM_THREADS="2")
    assert out == "2 1 1\n"
    assert "\nTHREADS = 1\n" in champion("softmax", options=JitOptions(parallel=True, threads=1))[0]


def test_it_works_where_no_file_can_be_cached_and_where_numba_does_not_compile(bare, champions):
    script = '''
        scope = {"__name__": "champion"}
        exec(open("champion_edit_distance.py").read(), scope)
        for arguments, expected, _ in cases("edit_distance"):
            assert same(scope["edit_distance"](*arguments), expected)
        print("done")
    '''
    assert run(bare, champions, script) == "done\n"
    script = '''
        for name in ("softmax", "mix"):
            for arguments, expected, _ in cases(name):
                assert same(load(name)(*arguments), expected)
        print("done")
    '''
    assert run(bare, champions, script, NUMBA_DISABLE_JIT="1") == "done\n"


def test_it_says_what_it_is_and_does_nothing_else_on_import(bare, champions):
    told = subprocess.run([bare, "champion_kernel.py"], cwd=champions, capture_output=True, text=True, check=True).stdout
    assert 'with "quotes", a back\\slash' in told
    assert "2.00 times as fast." in told
    assert run(bare, champions, 'load("kernel")') == ""


def test_the_function_has_the_references_name_parameters_defaults_and_docstring(champions):
    source, spec, _ = champion("kernel")
    scope = {"__name__": "champion"}
    exec(compile(source, "<champion>", "exec"), scope)
    function, reference = scope["kernel"], spec.open().reference
    plain = [(p.name, p.kind, p.default) for p in inspect.signature(reference).parameters.values()]
    assert [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()] == plain
    assert function.__name__ == "kernel"
    assert function.__doc__ == reference.__doc__ == "The reference's own docstring."
    assert scope["__all__"] == ["kernel"]
    first, second = np.random.default_rng(1).random((2, 6))
    # The default of `float` is the reference's constant, not the kernel's of the same name.
    np.testing.assert_array_equal(function.reference(first, second)[0], reference(first, second)[0])


@pytest.mark.parametrize("name", CASES)
def test_the_file_keeps_the_kernels_comments_and_drops_what_the_reference_does_not_need(name):
    source, spec, _ = champion(name)
    tree = ast.parse(source)
    modules = {a.name.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    assert "kernwright" not in modules
    assert not any(isinstance(n, ast.ImportFrom) and (n.module or "").startswith("kernwright") for n in ast.walk(tree))
    defined = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
    assert "make_inputs" not in defined
    assert "UNUSED" not in source
    for comment in ("# the exponential", "# tune: 0 1", "# constants of the kernel's own", "# 18", "#: a table"):
        if comment in spec.text or comment in CASES[name][1]:
            assert comment in source


def test_renaming_leaves_everything_else_as_it_is():
    text = "N = 2  # ünïcode\n\n\ndef  f(a, N2):  # f\n    return a * N + N2 + np.eye(3, N=N)[0, 0]  # N\n"
    assert rename(text, {"N": "fast_N", "f": "g"}) == (
        "fast_N = 2  # ünïcode\n\n\ndef  g(a, N2):  # f\n    return a * fast_N + N2 + np.eye(3, N=fast_N)[0, 0]  # N\n"
    )
    broken = "def \\\n  f(a):\n    return a\n"
    assert rename(broken, {"f": "g"}) == "def g(a):\n    return a\n"
    assert rename("x = ('a' 'ü', x)\n", {"x": "y"}) == "y = ('a' 'ü', y)\n"


def test_the_kernel_is_compiled_with_the_candidates_options():
    source, _, _ = champion("softmax")
    scope = {"__name__": "champion"}
    exec(compile(source, "<champion>", "exec"), scope)
    for function in (scope["softmax"].kernel, scope["fast_weights"]):
        assert isinstance(function, numba.core.dispatcher.Dispatcher)
        assert function.targetoptions["parallel"] == CASES["softmax"][2].njit_parallel
        assert function.targetoptions["fastmath"] == {"nnan", "contract", "reassoc"}
        assert function.targetoptions["error_model"] == "python"
        assert function.targetoptions["boundscheck"] is False


def test_functions_of_vecmath_are_compiled_with_options_of_their_own_and_named():
    text = champion("decay")[0]
    assert "@vectorised\ndef exp_f64(x):" in text and "@compiled\ndef kernel(" in text
    assert "njit(error_model='numpy', fastmath={'contract'}, forceinline=True)" in text and "exp_f64 (0.8 ULP)" in text
    assert "@vectorised" not in champion("softmax")[0]


def test_a_kernel_that_assumes_finite_numbers_is_refused_where_the_spec_promises_none():
    with pytest.raises(CandidateError, match="nan or inf"):
        champion("softmax", finite=False)


def test_blas_in_the_kernel_makes_scipy_a_stated_requirement():
    spec = library.load("gemm_epilogue")
    signature = observe(spec.open(), 3, 1.0).signature
    text = "def kernel(x, weight, bias):\n    z = x @ weight + bias\n    return 0.5 * z * (1.0 + np.tanh(0.79788456 * (z + 0.044715 * z**3)))\n"
    source = champion_source(
        Candidate(text), spec, signature, threads=1, threading_layer="", finite=True, summary=[])
    assert "Needs NumPy, Numba and SciPy" in source
    assert "import scipy" in source
    assert "scipy" not in champion("softmax")[0].lower()


def test_a_parallel_kernel_that_calls_blas_gives_blas_one_thread_as_long_as_it_runs():
    text = ("import numpy as np\n\nimport kernwright\n\n\ndef make_inputs(size, rng):\n    return (rng.random((size['n'], 9, 5)),)\n\n\n"
            "@kernwright.kernel(inputs=make_inputs, sizes={'tiny': {'n': 2}, 'verify': {'n': 5}, 'benchmark': {'n': 20}})\n"
            "def gram(x):\n    return x @ x.transpose(0, 2, 1)\n")
    spec = KernelSpec("gram", text, "gram")
    kernel = Candidate("def kernel(x, out0):\n    for i in prange(x.shape[0]):\n        np.dot(x[i], x[i].T, out=out0[i])\n",
                       JitOptions(parallel=True), convention="writes")
    source = champion_source(kernel, spec, observe(spec.open(), 3, 1.0).signature, threads=2, threading_layer="", finite=False, summary=[])
    assert "Needs NumPy, Numba, threadpoolctl and SciPy" in source
    scope = {"__name__": "champion"}
    exec(compile(source, "<champion>", "exec"), scope)
    x, plain, seen = np.random.default_rng(0).random((7, 9, 5)), scope["call"], []

    def blas_threads():
        return {info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas"}

    scope["call"] = lambda *arguments: seen.append(blas_threads()) or plain(*arguments)
    with threadpool_limits(2, "blas"):
        np.testing.assert_allclose(scope["gram"](x), x @ x.transpose(0, 2, 1))
        assert seen == [{1}] and blas_threads() == {2}


def test_a_parameter_named_like_a_builtin_keeps_its_name():
    text = ("import numpy as np\n\nimport kernwright\n\n\ndef make_inputs(size, rng):\n    return rng.random(size['n']), rng.random(3)\n\n\n"
            "@kernwright.kernel(inputs=make_inputs, sizes={'tiny': {'n': 8}, 'verify': {'n': 31}, 'benchmark': {'n': 99}})\n"
            "def smooth(x, filter):\n    return np.convolve(x, filter, 'valid')\n")
    spec = KernelSpec("smooth", text, "smooth")
    kernel = Candidate("def kernel(x, filter, out):\n    for i in range(out.shape[0]):\n        sum = 0.0\n        for k in range(3):\n"
                       "            sum += filter[2 - k] * x[i + k]\n        out[i] = sum\n", convention="writes")
    source = champion_source(kernel, spec, observe(spec.open(), 3, 1.0).signature, threads=1, threading_layer="", finite=False, summary=[])
    assert "def kernel(x, filter, out):" in source and "fast_filter" not in source
    scope = {"__name__": "champion"}
    exec(compile(source, "<champion>", "exec"), scope)
    x, weights = np.random.default_rng(2).random((2, 8))
    np.testing.assert_allclose(scope["smooth"].kernel.py_func(x, weights[:3], out := np.empty(6)) or out, np.convolve(x, weights[:3], "valid"))
