"""The bundled reference: computes the same without Kernwright, from no more of its file than it needs."""
import builtins
import textwrap

import numpy as np
import pytest
from kernwright.kernels import library
from kernwright.kernels.export.reference import bundle
from kernwright.kernels.spec import KernelSpec, copy_arguments

HEAD = '''
def make_inputs(size, rng):
    return rng.random(size["n"]), 3

SIZES = {"tiny": {"n": 5}, "verify": {"n": 7}, "benchmark": {"n": 9}}
'''

FILES = {
    "decorated in several lines": '''
        import kernwright
        @kernwright.kernel(
            inputs=make_inputs,  # the generator
            sizes=SIZES,
        )
        # a comment between
        def work(a, n):
            return a * n
    ''',
    "the decorator in a variable": '''
        import kernwright as kw
        declare = kw.kernel(inputs=make_inputs, sizes=SIZES)
        @declare
        def work(a, n):
            return a * n
    ''',
    "the decorator applied by hand": '''
        from kernwright import kernel as k
        def work(a, n):
            return a * n
        work = k(inputs=make_inputs, sizes=SIZES)(work)
    ''',
    "imports of several modules in a line": '''
        import math, kernwright, numpy as np; FACTOR = 2; OTHER = kernwright.__version__
        @kernwright.kernel(inputs=make_inputs, sizes=SIZES)
        def work(a, n):
            return np.floor(a * n * FACTOR) + math.pi
    ''',
    "an optional import": '''
        import kernwright
        try:
            import no_such_module as fast
        except ImportError:
            fast = None
        @kernwright.kernel(inputs=make_inputs, sizes=SIZES)
        def work(a, n):
            return a * n if fast is None else fast.multiply(a, n)
    ''',
    "recursion": '''
        import kernwright
        @kernwright.kernel(inputs=make_inputs, sizes=SIZES)
        def work(a, n):
            return a if n == 0 else work(a, n - 1) + a
    ''',
    "tables filled by statements": '''
        import kernwright
        TABLE, LIST, AGAIN = {}, [], 1
        for position in range(5):
            if position % 2:
                TABLE[position] = position**2
        LIST.append(3)
        LIST.extend([4, 5])
        AGAIN += 1
        @kernwright.kernel(inputs=make_inputs, sizes=SIZES)
        def work(a, n):
            return a * TABLE[n] + sum(LIST) + AGAIN
    ''',
    "helpers of helpers, classes, lambdas and closures": '''
        import kernwright
        import functools
        SCALE = 2.0
        def leaf(a):
            return a * SCALE
        class Shift:
            amount = SCALE
            def __call__(self, a):
                return leaf(a) + self.amount
        shift = Shift()
        negate = lambda a: -leaf(a)
        @functools.lru_cache
        def number(n):
            return n + SCALE
        @kernwright.kernel(inputs=make_inputs, sizes=SIZES)
        def work(a, n):
            def inner(b):
                return shift(b) + number(n)
            return sum(negate(x) for x in (a, inner(a)))
    ''',
    "a compiled helper": '''
        import kernwright
        import numba as nb
        @nb.njit(fastmath=True)
        def helper(a):
            return a * 2.0
        @kernwright.kernel(inputs=make_inputs, sizes=SIZES)
        def work(a, n):
            return helper(a) * n
    ''',
    "another declared kernel as its helper": '''
        import kernwright
        @kernwright.kernel(inputs=make_inputs, sizes=SIZES)
        def helper(a, n):
            return a * n
        @kernwright.kernel(inputs=make_inputs, sizes=SIZES)
        def work(a, n):
            return helper(a, n) + 1
    ''',
    "imports and text inside": '''
        import kernwright
        NAME = """
        work(a, n) and def work(
        """
        @kernwright.kernel(inputs=make_inputs, sizes=SIZES)
        def work(a, n):
            """def work(a, n): of several lines
               with an indent"""
            import math
            return a * n + math.e + len(NAME) + len(f"{n:>4}")
    ''',
    "names that are local": '''
        import kernwright
        rng = print
        x = [print]
        @kernwright.kernel(inputs=make_inputs, sizes=SIZES)
        def work(a, n):
            x = a * n
            rng = [x for x in range(3)]
            return x + len(rng)
    ''',
    "defined twice": '''
        import kernwright
        def work(a, n):
            return a
        @kernwright.kernel(inputs=make_inputs, sizes=SIZES)
        def work(a, n):
            return a * n
    ''',
}


def opened(spec):
    return spec.open(), bundle(spec, vars(spec.open().module), f"{spec.function}_reference")


def executed(text, monkeypatch):
    """What the text defines where nothing of Kernwright can be imported and nothing is printed."""
    usual = builtins.__import__

    def refuse(name, *rest):
        assert not name.startswith("kernwright")
        return usual(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    scope = {"__name__": "champion"}
    exec(compile(text, "<champion>", "exec"), scope)
    return scope


@pytest.mark.parametrize("case", FILES)
def test_it_computes_what_the_reference_computes(case, monkeypatch):
    spec = KernelSpec("work", HEAD + textwrap.dedent(FILES[case]), "work")
    opened_spec, bundled = opened(spec)
    text = bundled.text()
    scope = executed(text, monkeypatch)
    arguments = opened_spec.make_inputs("verify", 1)
    np.testing.assert_array_equal(scope["work_reference"](*arguments), opened_spec.reference(*arguments))
    assert bundled.parameters == "a, n"
    for absent in ("kernwright", "make_inputs", "SIZES", "OTHER", "print"):
        assert absent not in text, text


@pytest.mark.parametrize("name", library.names())
def test_each_built_in_reference_runs_alone(name, monkeypatch):
    opened_spec, bundled = opened(library.load(name))
    scope = executed(bundled.text(), monkeypatch)
    arguments = opened_spec.make_inputs("tiny", 1)
    used, alone = copy_arguments(arguments), copy_arguments(arguments)
    expected, got = opened_spec.reference(*used), scope[f"{name}_reference"](*alone)
    if expected is not None:
        np.testing.assert_array_equal(got, expected)
    for one, other in zip(used, alone):
        np.testing.assert_array_equal(one, other)
    assert bundled.packages == ()


def test_what_it_imports_beyond_numpy_and_numba_is_named():
    text = HEAD + textwrap.dedent('''
        import kernwright, os
        import scipy.special as special
        @kernwright.kernel(inputs=make_inputs, sizes=SIZES)
        def work(a, n):
            from optuna import logging
            return special.erf(a) * n
    ''')
    _, bundled = opened(KernelSpec("work", text, "work"))
    assert bundled.packages == ("optuna", "scipy")
    assert "import os" not in bundled.text()
