"""The gate: what it lets through compiles, what it refuses is named with line and reason, and it never raises."""
import ast
import random
import warnings

import numba
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kernwright.kernels import dialect
from kernwright.kernels.candidate import Candidate
from kernwright.kernels.dialect import MATH_ALLOWED, NUMPY_ALLOWED, check, check_text, describe
from kernwright.kernels.dialect.vocabulary import ATTRIBUTES, BUILTINS_ALLOWED, METHODS, NUMPY_CONSTANTS
from kernwright.kernels.signature import Argument, Output, Signature
from numba.core.registry import cpu_target


def reasons(text):
    return [f"{r.line}: {r.reason}" for r in check_text(text)]


def in_kernel(*lines, parameters="a, n"):
    return f"def kernel({parameters}):\n" + "".join(f"    {line}\n" for line in lines)


REFUSED = {
    # what would reach out of the arrays
    "import": "import os\n" + in_kernel("return a"),
    "from import": "from math import exp\n" + in_kernel("return a"),
    "import inside": in_kernel("import os", "return a"),
    "dunder import": in_kernel("return __import__('os')"),
    "eval": in_kernel("return eval(a)"),
    "exec": in_kernel("exec(a)"),
    "open": in_kernel("open(a)"),
    "print": in_kernel("print(a)"),
    "getattr": in_kernel("return getattr(a, n)"),
    "globals": in_kernel("return globals()"),
    "np.core": in_kernel("return np.core.multiarray(a)"),
    "np.ctypeslib": in_kernel("return np.ctypeslib.as_array(a)"),
    "np.load": in_kernel("return np.load(a)"),
    "np.save": in_kernel("np.save(a, a)"),
    "np.frombuffer": in_kernel("return np.frombuffer(a)"),
    "np.memmap": in_kernel("return np.memmap(a)"),
    "np.random": in_kernel("return np.random.rand(n)"),
    "np.random.seed": in_kernel("np.random.seed(3)", "return a"),
    "np.show_config": in_kernel("np.show_config()"),
    "np.lib.stride_tricks": in_kernel("return np.lib.stride_tricks.as_strided(a)"),
    "np.linalg.__dict__": in_kernel("return np.linalg.__dict__"),
    "np.add.reduce": in_kernel("return np.add.reduce(a)"),
    "np.sum.__globals__": in_kernel("return np.sum.__globals__"),
    "math.__loader__": in_kernel("return math.__loader__"),
    "a.ctypes": in_kernel("return a.ctypes"),
    "a.__class__": in_kernel("return a.__class__"),
    "a.base": in_kernel("return a.base"),
    "a.data": in_kernel("return a.data"),
    "a.tofile": in_kernel("a.tofile(n)"),
    "a.tolist": in_kernel("return a.tolist()"),
    "a.dtype.descr": in_kernel("return a.dtype.descr"),
    "a.setflags": in_kernel("a.setflags(n)"),
    "number's class": in_kernel("return (1).__class__"),
    "prange attribute": in_kernel("return prange.__module__"),
    "carray": in_kernel("return carray(a, n)"),
    "objmode": in_kernel("with objmode():", "    pass", "return a"),
    "numba": in_kernel("return numba.njit(a)"),
    # other values and other scopes
    "string": in_kernel("return 'x'"),
    "string as dtype": in_kernel("return np.zeros(n, dtype='float64')"),
    "stray string": in_kernel("x = 1", "'now this'", "return x"),
    "bytes": in_kernel("return b'x'"),
    "f-string": in_kernel("return f'{a}'"),
    "list": in_kernel("x = [a, n]", "return x"),
    "list repetition": in_kernel("return np.array([0] * 10**9)"),
    "dict": in_kernel("return {n: a}"),
    "set": in_kernel("return {n}"),
    "lambda": in_kernel("f = lambda x: x", "return f(a)"),
    "list comprehension": in_kernel("return np.array([i for i in range(n)])"),
    "generator": in_kernel("return sum(i for i in range(n))"),
    "yield": in_kernel("yield a"),
    "await": "async def kernel(a):\n    return a\n",
    "walrus": in_kernel("return (b := a)"),
    "match": in_kernel("match n:", "    case 1:", "        return a", "return a"),
    "try": in_kernel("try:", "    return a", "except ValueError:", "    return a"),
    "raise": in_kernel("raise ValueError"),
    "assert": in_kernel("assert n", "return a"),
    "global": "X = 1\n" + in_kernel("global X", "X = 2", "return a"),
    "del": in_kernel("del a"),
    "class": "class A:\n    pass\n" + in_kernel("return a"),
    "nested function": in_kernel("def f(x):", "    return x", "return f(a)"),
    "is": in_kernel("return a if n is None else n"),
    "None as a value": in_kernel("b = None", "return b"),
    "for else": in_kernel("for i in range(n):", "    pass", "else:", "    n = 1", "return n"),
    "annotated assignment": in_kernel("x: int = 1", "return x"),
    "expression without effect": in_kernel("a", "return a"),
    # headers
    "decorator": "@njit\n" + in_kernel("return a"),
    "default": in_kernel("return a", parameters="a, n=[]"),
    "star": in_kernel("return a", parameters="*a"),
    "double star": in_kernel("return a", parameters="**a"),
    "keyword only": in_kernel("return a", parameters="a, *, n"),
    "positional only": in_kernel("return a", parameters="a, /, n"),
    "parameter annotation": in_kernel("return a", parameters="a: int, n"),
    "return annotation": "def kernel(a) -> int:\n    return a\n",
    "star argument": in_kernel("return max(*a)"),
    "double star argument": in_kernel("return np.zeros(n, **a)"),
    "starred target": in_kernel("x, *y = a", "return x"),
    "one parameter twice": in_kernel("return a", parameters="a, a"),
    "no entry": "def other(a):\n    return a\n",
    "two entries": in_kernel("return a") * 2,
    "two helpers of one name": "def f(a):\n    return a\ndef f(a):\n    return a\n" + in_kernel("return f(a)"),
    "statement at the top": "for i in range(3):\n    pass\n" + in_kernel("return a"),
    "call at the top": "np.zeros(3)\n" + in_kernel("return a"),
    # shadowing
    "np assigned": in_kernel("np = a", "return np.sum(a)"),
    "np as parameter": in_kernel("return np.sum(a)", parameters="a, np"),
    "np as helper": "def np(a):\n    return a\n" + in_kernel("return a"),
    "math as constant": "math = 3\n" + in_kernel("return a"),
    "prange as loop variable": in_kernel("for prange in range(n):", "    pass", "return a"),
    "max assigned": in_kernel("max = a[0]", "return max"),
    "len as parameter": in_kernel("return a", parameters="a, len"),
    "range as helper": "def range(a):\n    return a\n" + in_kernel("return a"),
    "helper assigned": "def f(a):\n    return a\n" + in_kernel("f = a", "return f"),
    "constant assigned": "N = 1\n" + in_kernel("N = 2", "return N"),
    "dunder variable": in_kernel("__x = 1", "return __x"),
    "kernel as variable": in_kernel("kernel = 1", "return kernel"),
    # functions as values
    "np as a value": in_kernel("m = np", "return m.load(a)"),
    "function as a value": in_kernel("f = np.exp", "return f(a)"),
    "helper as a value": "def f(a):\n    return a\ndef g(h, a):\n    return h(a)\n" + in_kernel("return g(f, a)"),
    "method as a value": in_kernel("f = a.sum", "return f()"),
    "called element": in_kernel("return a[0](n)"),
    "called parameter": in_kernel("return a(n)"),
    "called constant": in_kernel("return np.pi(3)"),
    # recursion
    "recursion": "def f(n):\n    return f(n - 1)\n" + in_kernel("return f(n)"),
    "mutual recursion": "def f(n):\n    return g(n)\ndef g(n):\n    return f(n)\n" + in_kernel("return f(n)"),
    "entry called": "def f(a, n):\n    return kernel(a, n)\n" + in_kernel("return f(a, n)"),
    "wrong number of arguments": "def f(a, b):\n    return a\n" + in_kernel("return f(a)"),
    # globals
    "global array": "X = np.zeros(3)\n" + in_kernel("return X"),
    "global tuple": "X = (1, 2)\n" + in_kernel("return X"),
    "global expression": "X = 2 * 3\n" + in_kernel("return X"),
    "global string": "X = 'a'\n" + in_kernel("return a"),
    "global list": "X = []\n" + in_kernel("return a"),
    "chained globals": "X = Y = 1\n" + in_kernel("return a"),
    "constant twice": "X = 1\nX = 2\n" + in_kernel("return a"),
    "unknown name": in_kernel("return b"),
    # what would choke the compiler
    "tuple repetition": in_kernel("return (0,) * 10**9"),
    "augmented tuple": in_kernel("t = (0,)", "t *= (1, 2)", "return t"),
    "power of powers": in_kernel("return 10 ** 10 ** 10"),
    "power of a constant": "B = 10\n" + in_kernel("return B ** 100"),
    "huge product": in_kernel("return 9999999999 * 9999999999 * 9999999999"),
    "huge shift": in_kernel("return 1 << 10000000000"),
    "shift by 64": in_kernel("return n << 64"),
    "augmented shift": in_kernel("n <<= 99", "return n"),
    "huge integer": in_kernel(f"return {10**30}"),
    "million digits": in_kernel("return " + "9" * 1_000_000),
    "five thousand digits": in_kernel("return " + "9" * 5_000),
    "huge hexadecimal": in_kernel("return 0x" + "f" * 5_000),
    "huge allocation": in_kernel("return np.zeros(10**12)"),
    "huge 2-d allocation": in_kernel("return np.empty((n, 100_000, 100_000))"),
    "huge arange": in_kernel("return np.arange(10_000_000_000)"),
    "huge eye": in_kernel("return np.eye(1_000_000)"),
    "huge linspace": in_kernel("return np.linspace(0.0, 1.0, 10_000_000_000)"),
    "huge tuple": in_kernel("t = (" + "0," * 1000 + ")", "return t[n]"),
    "huge array literal": in_kernel("return np.array([" + "0.0," * 1000 + "])"),
    "unrolled text": in_kernel(*["n += 1"] * 2000, "return n"),
    "too many statements": in_kernel(*["n += 1"] * 700, "return n"),
    "too many nodes": in_kernel(*["n = n+n+n+n+n+n+n+n+n+n+n+n+n"] * 590, "return n"),
    "deep parentheses": in_kernel("return " + "(" * 190 + "n" + ")" * 190 + "+ (" * 150 + "n" + ")" * 150),
    "deep minus": in_kernel("return " + "-" * 5000 + "n"),
    "long sum": in_kernel("return " + " + ".join(["n"] * 3000)),
    "deep subscripts": in_kernel("return a" + "[a" * 180 + "]" * 180),
    "deep attributes": in_kernel("return a" + ".T" * 3000),
    "zeros by name": in_kernel("return np.zeros(shape=10**12)"),
    "full by name": in_kernel("return np.full(fill_value=1, shape=(10**6, 10**6))"),
    "eye by name": in_kernel("return np.eye(N=10**6)"),
    "arange by name": in_kernel("return np.arange(stop=10**12)"),
    "linspace by name": in_kernel("return np.linspace(0, 1, num=10**12)"),
    "repeat": in_kernel("return np.repeat(a, 10**12)"),
    "broadcast": in_kernel("return np.broadcast_to(a, (10**12, 3)).copy()"),
    "bincount": in_kernel("return np.bincount(a, minlength=10**12)"),
    "histogram bins": in_kernel("return np.histogram(a, bins=10**12)"),
    "helpers inlined over and over": "".join(f"def h{i}(a):\n    return h{i + 1}(a) + h{i + 1}(a)\n" for i in range(30))
    + "def h30(a):\n    return a\n" + in_kernel("return h0(a)"),
    "tuples of tuples": in_kernel("t0 = (a, n)", *[f"t{i} = (t{i - 1}, t{i - 1})" for i in range(1, 30)], "return t29"),
    "tuples added": in_kernel("t = (a, n)", *["t = t + t"] * 20, "return t"),
    "tuples added in place": in_kernel("t = (a, n)", *["t += t"] * 20, "return t"),
    "deep ifs": "def kernel(n):\n" + "".join(" " * (i + 1) + "if n:\n" for i in range(90)) + " " * 91 + "n = 1\n",
    "deep loops": "def kernel(n):\n" + "".join(" " * (i + 1) + "while n:\n" for i in range(18)) + " " * 19 + "n = 1\n",
    "too many functions": "".join(f"def f{i}(a):\n    return a\n" for i in range(200)) + in_kernel("return a"),
    "too many parameters": in_kernel("return p0", parameters=", ".join(f"p{i}" for i in range(300))),
    # characters
    "fullwidth import": in_kernel("return ｅｖａｌ(a)"),
    "fullwidth underscore": in_kernel("return ＿＿import＿＿(n)"),
    "mathematical letters": in_kernel("return 𝐧"),
    "Greek name": in_kernel("α = 1", "return α"),
    "ligature": in_kernel("return ﬁ"),
    "non-ASCII digit": in_kernel("return ١"),
    "null byte": in_kernel("return a\0"),
    "form feed": in_kernel("\freturn a"),
    "line separator in a comment": in_kernel("return a  # \u2028import os"),
    "next line in a comment": "X = 1  # \x85Y = 2\n" + in_kernel("return a"),
    "bidirectional override": in_kernel("return a  # \u202e)a(lave"),
    "zero width space": in_kernel("return a  # \u200b"),
    "surrogate": in_kernel("return a  # \ud800"),
    "lone carriage return": in_kernel("return a  # x\rimport os"),
    "encoding cookie": "# coding: utf-7\n" + in_kernel("return a  # +AAo-import os"),
    "encoding cookie in line 2": "#\n# -*- coding=latin-1 -*-\n" + in_kernel("return a"),
    "syntax error": "def kernel(:\n",
    "indentation error": "def kernel(a):\nreturn a\n",
    "tabs and blanks": "def kernel(a):\n\tif a:\n        return a\n",
    "unclosed": "def kernel(a:\n    return (a\n",
    "empty": "",
    "prose": "Here is the kernel you asked for.\n",
    # prange
    "prange as a value": in_kernel("r = prange(n)", "return r"),
    "prange in zip": in_kernel("for i, j in zip(prange(n), range(n)):", "    a[i] = j", "return a"),
    "prange with a step": in_kernel("for i in prange(0, n, 2):", "    a[i] = 1", "return a"),
    "break out of prange": in_kernel("for i in prange(n):", "    if a[i] > 0:", "        break", "return a"),
    "return out of prange": in_kernel("for i in prange(n):", "    for j in range(n):", "        return a", "return a"),
    "prange index assigned": in_kernel("for i in prange(n):", "    i += 1", "    a[i] = 1", "return a"),
    "prange over two indices": in_kernel("for i, j in prange(n):", "    a[i] = j", "return a"),
    # control outside of its place
    "break outside": in_kernel("break", "return a"),
    "continue outside": in_kernel("continue", "return a"),
    "return outside": "return 1\n" + in_kernel("return a"),
    "attribute assigned": in_kernel("a.shape = (n, n)", "return a"),
    "attribute augmented": in_kernel("a.T += 1", "return a"),
    "call assigned": in_kernel("np.zeros(n)[0] = 1", "f(a) = 2", "return a"),
    # tunables
    "lower-case tunable": "tile = 4  # tune: 4 8\n" + in_kernel("return a"),
    "tunable with words": "TILE = 4  # tune: small large\n" + in_kernel("return a"),
    "tunable with nan": "TILE = 4  # tune: 4 nan\n" + in_kernel("return a"),
    "tunable with inf": "TILE = 4.0  # tune: 4.0 inf\n" + in_kernel("return a"),
    "tunable with a huge choice": "TILE = 4  # tune: 4 99999999999999999999999\n" + in_kernel("return a"),
    "tunable with many choices": "TILE = 4  # tune: " + " ".join(map(str, range(100))) + "\n" + in_kernel("return a"),
    "tunable in a docstring": 'def kernel(a):\n    """\nTILE = 4  # tune: 4 8\n"""\n    return a\n',
    "tunable of two statements": "X = 4; Y = 5  # tune: 4 8\n" + in_kernel("return a"),
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_refused_with_a_reason(text):
    found = check_text(text)
    assert found
    assert all(r.reason and len(r.reason) < 400 and r.line >= 0 for r in found)
    assert check(Candidate(text)) == found


def test_there_are_many_of_them():
    assert len(REFUSED) >= 150


@pytest.mark.parametrize("text, line, words", [
    (in_kernel("x = 1", "return np.load(x)"), 3, "`np.load` is not in the dialect; a kernel does no input or output"),
    (in_kernel("return np.einsum(a)"), 2, "write the loops"),
    (in_kernel("return np.maxmum(a, n)"), 2, "did you mean `np.maximum`?"),
    (in_kernel("return exp(a)"), 2, "write np.exp"),
    (in_kernel("return np.zeros(n, dtype='f4')"), 2, "np.float64"),
    (in_kernel("return a.sum"), 2, "call it"),
    (in_kernel("return a.shape()"), 2, "without parentheses"),
    ("T = 3  # tune: 1 2 x\n" + in_kernel("return a"), 0, "tunable T"),
    (in_kernel("if n:", "    return print(n)", "return a"), 3, "no input or output"),
    ("def kernel(a):\n    return coutn\n", 2, "`coutn`"),
    (in_kernel("count = 1", "return coutn"), 3, "did you mean `count`?"),
    (in_kernel("return np.fmax"), 2, "call it"),
    ("@njit(parallel=True)\ndef kernel(a):\n    return a\n", 1, "the harness compiles"),
])
def test_reasons_name_the_line_and_say_what_to_do(text, line, words):
    assert any(r.line == line and words in r.reason for r in check_text(text)), reasons(text)


def test_every_refusal_of_a_text_is_reported_in_order_and_their_number_is_bounded():
    text = in_kernel("import os", "print(a)", "return np.load(a)")
    assert [r.line for r in check_text(text)] == [2, 3, 4]
    assert len(check_text(in_kernel(*["print(a)"] * 200))) == 20


def test_a_kernel_that_writes_returns_nothing():
    returning = in_kernel("a[0] = n", "return a")
    assert not check(Candidate(returning))
    assert "fill the output" in check(Candidate(returning, convention="writes"))[0].reason
    assert not check(Candidate(in_kernel("if n:", "    return", "a[0] = n"), convention="writes"))
    helper = "def f(x):\n    return x + 1\n" + in_kernel("a[0] = f(n)")
    assert not check(Candidate(helper, convention="writes"))


def test_with_a_signature_the_number_of_parameters_is_checked():
    signature = Signature((Argument("a", "array", "float64", 1), Argument("n", "int", "int64")), (Output("array", "float64", 1, ("n",)),))
    assert not check(Candidate(in_kernel("return a")), signature)
    assert "must take 2" in check(Candidate(in_kernel("return a", parameters="a")), signature)[0].reason
    writes = Candidate(in_kernel("a[0] = 1"), convention="writes")
    assert "must take 3" in check(writes, signature)[0].reason
    assert not check(Candidate(in_kernel("out[0] = 1", parameters="a, n, out"), convention="writes"), signature)


@pytest.mark.parametrize("text", [None, 3, b"def kernel(a): return a", ["x"]])
def test_what_is_no_text_is_refused(text):
    assert "not str" in check_text(text)[0].reason


VECTOR, MATRIX = np.linspace(0.5, 2.0, 12), np.arange(1.0, 17.0).reshape(4, 4)
ACCEPTED = {
    "sum": (in_kernel('"""The sum of a."""', "s = 0.0", "for i in range(n):", "    s += a[i]", "return s"), (VECTOR, 12)),
    "parallel sum": (in_kernel("s = 0.0", "for i in prange(a.shape[0]):", "    s += a[i] * n", "return s"), (VECTOR, 2)),
    "tiled product": ("""
TILE_I = 2  # tune: 1 2 4 8
TILE_K = 4  # tune: 2 4
def kernel(a, b, c):
    m, n = a.shape[0], b.shape[1]
    for i0 in prange((m + TILE_I - 1) // TILE_I):
        lo = i0 * TILE_I
        hi = min(lo + TILE_I, m)
        for k0 in range(0, a.shape[1], TILE_K):
            for i in range(lo, hi):
                for k in range(k0, min(k0 + TILE_K, a.shape[1])):
                    x = a[i, k]
                    for j in range(n):
                        c[i, j] += x * b[k, j]
""", (MATRIX, MATRIX, np.zeros((4, 4)))),
    "unsigned indices": (in_kernel(
        "s = np.float32(0.0)", "for i in range(np.uint64(n)):", "    s += np.float32(a[np.uint64(i)])", "return s"), (VECTOR, 5)),
    "bit tricks": ("""
LOG2E = 1.4426950408889634
def exp2i(k):
    bits = (np.int64(k) + np.int64(1023)) << np.int64(52)
    return np.int64(bits).view(np.float64)
def kernel(a, n):
    out = np.empty_like(a)
    for i in range(a.size):
        k = math.floor(a[i] * LOG2E)
        out[i] = exp2i(k) * math.exp(a[i] - k / LOG2E)
    return out
""", (VECTOR, 1)),
    "float32 bits": (in_kernel("x = np.float32(a[0])", "return np.float32(x).view(np.int32) >> 23 & 0xFF"), (VECTOR, 1)),
    "helpers with several returns": ("""
def step(x, lo, hi):
    if x < lo:
        return lo
    elif x > hi:
        return hi
    return x
def kernel(a, n):
    out = np.zeros(a.shape, dtype=a.dtype)
    for i, x in enumerate(a):
        out[i] = step(x, hi=1.5, lo=0.7)
    return out
""", (VECTOR, 1)),
    "while, break, continue, pass": (in_kernel(
        "i = 0", "found = -1", "while True:", "    i += 1", "    if i >= n:", "        break", "    if a[i] < 1.0:", "        continue",
        "    else:", "        pass", "    found = i", "    break", "return found"), (VECTOR, 12)),
    "ternary and chained comparison": (in_kernel("x = a[0]", "return 1.0 if 0.0 < x <= 1.0 and not n == 3 or n != 2 else -1.0"), (VECTOR, 1)),
    "tuples": (in_kernel("lo, hi = a[0], a[1]", "lo, hi = hi, lo", "t = (lo, hi, n)", "return t[0] - t[1], len(t)"), (VECTOR, 2)),
    "slices": (in_kernel("b = a[1:-1]", "c = a[::2]", "d = a[: n]", "b[0] = c[0] + d[-1]", "return a[None, :] * 2, a[..., np.newaxis]"), (VECTOR, 3)),
    "array expressions": (in_kernel("d = a - n", "e = np.exp(-d * d) / np.sqrt(2.0 * np.pi)", "return np.maximum(e, 0.1)"), (VECTOR, 1)),
    "reductions": (in_kernel("return a.sum(), np.max(a), a.mean(), np.argmin(a), np.any(a > 1.0), a.std()"), (VECTOR, 1)),
    "reductions by axis": (in_kernel("return np.sum(a, axis=1), a.sum(axis=0)[n]"), (MATRIX, 1)),
    "allocation": (in_kernel(
        "z = np.zeros((n, 4), dtype=np.float32)", "o = np.ones(n)", "f = np.full((n, 2), -np.inf)", "e = np.empty(n, np.int64)", "e.fill(0)",
        "g = np.arange(n)", "h = np.linspace(0.0, 1.0, 5)", "return z[0, 0] + o[0] + f.size + e[0] + g[0] + h[0] + np.eye(3)[0, 0]"), (VECTOR, 3)),
    "allocation by dtype": (in_kernel("b = np.empty(a.shape, a.dtype)", "b[:] = a.dtype.type(1)", "return b, np.zeros(n, dtype=float)"), (VECTOR, 3)),
    "histogram": (in_kernel(
        "h = np.zeros(n, np.int64)", "for x in a:", "    b = int((x - 0.5) / 1.5 * n)", "    h[min(max(b, 0), n - 1)] += 1", "return h"), (VECTOR, 4)),
    "edit distance rows": ("""
def kernel(a, b):
    n = b.size
    row = np.arange(n + 1)
    for i in range(a.size):
        diagonal = row[0]
        row[0] = i + 1
        for j in range(1, n + 1):
            above = row[j]
            row[j] = min(above + 1, row[j - 1] + 1, diagonal + (0 if a[i] == b[j - 1] else 1))
            diagonal = above
    return row[n]
""", (np.array([1, 2, 3]), np.array([1, 3, 3, 1]))),
    "mandelbrot": ("""
LIMIT = 20
def escape(cr, ci):
    zr = zi = 0.0
    for k in range(LIMIT):
        if zr * zr + zi * zi > 4.0:
            return k
        zr, zi = zr * zr - zi * zi + cr, 2.0 * zr * zi + ci
    return LIMIT
def kernel(a, n):
    out = np.zeros((a.size, n), np.int32)
    for i in prange(a.size):
        for j in range(n):
            out[i, j] = escape(a[i], j * 0.1)
    return out
""", (VECTOR, 3)),
    "complex numbers": (in_kernel("z = complex(a[0], 1.0) * 1j", "c = np.zeros(n, np.complex128)", "c[0] = z", "return c.real + c.imag, abs(z), z.conjugate()"), (VECTOR, 2)),
    "softmax online": ("""
def kernel(a, n):
    rows, cols = a.shape
    out = np.empty_like(a)
    for i in prange(rows):
        m = -np.inf
        s = 0.0
        for j in range(cols):
            x = a[i, j]
            new = max(m, x)
            s = s * math.exp(m - new) + math.exp(x - new)
            m = new
        for j in range(cols):
            out[i, j] = math.exp(a[i, j] - m) / s
    return out
""", (MATRIX, 1)),
    "jacobi": (in_kernel(
        "b = a.copy()", "for t in range(n):", "    for i in prange(1, a.shape[0] - 1):", "        for j in range(1, a.shape[1] - 1):",
        "            b[i, j] = 0.25 * (a[i - 1, j] + a[i + 1, j] + a[i, j - 1] + a[i, j + 1])", "    a, b = b, a", "return a"), (MATRIX, 3)),
    "views of panels": (in_kernel(
        "panel = np.empty(16, a.dtype)", "for r in range(4):", "    p = panel[r * 4 : r * 4 + 4]", "    row = a[r]",
        "    for j in range(4):", "        p[j] = row[j] * n", "return panel.reshape(4, 4).T.copy()"), (MATRIX, 3)),
    "masks and gathers": (in_kernel("i = np.array([2, 0, 1])", "b = a[i]", "b[b > 1.0] = 0.0", "return b, a[a > 1.0], np.where(a > 1.0, a, 0.0)"), (VECTOR, 1)),
    "products": (in_kernel("c = np.empty((4, 4))", "np.dot(a, a, c)", "return a @ a + c + np.outer(a[0], a[1]), np.linalg.norm(a)"), (MATRIX, 1)),
    "out argument": (in_kernel("np.add(a, n, a)", "np.sqrt(a, a)", "return a"), (VECTOR, 1)),
    "integers": (in_kernel("h = np.uint64(14695981039346656037)", "for i in range(n):", "    h = (h ^ np.uint64(i)) * np.uint64(1099511628211)",
                           "return h, n // 2, n % 3, n << 2, n >> 1, ~n & 7 | 8, pow(n, 2), divmod(n, 2)"), (VECTOR, 5)),
    "augmented operators": (in_kernel("x = 7", "x += n", "x -= 1", "x *= 2", "x //= 3", "x %= 100", "x <<= 2", "x >>= 1", "x |= 1", "x &= 0xFF", "x ^= 3", "x **= 2",
                                      "y = 1.0", "y /= 3.0", "return x, y"), (VECTOR, 5)),
    "math": (in_kernel("return math.sqrt(a[0]) + math.exp(a[1]) + math.atan2(1.0, a[0]) + math.pi + math.inf * 0.0 + math.hypot(1.0, 2.0) + math.pow(a[0], 2)"), (VECTOR, 1)),
    "searching": (in_kernel("return np.searchsorted(a, 1.0), np.searchsorted(a, a, side='right'), np.argsort(a)[0], np.sort(a)[n]"), (VECTOR, 1)),
    "counting": (in_kernel("return np.bincount(a.astype(np.int64), minlength=n), np.cumsum(a), np.diff(a)"), (VECTOR, 7)),
    "ndindex and zip": (in_kernel("s = 0.0", "for i, j in np.ndindex(a.shape):", "    s += a[i, j]", "for x, y in zip(a[0], a[1]):", "    s += x * y", "return s"), (MATRIX, 1)),
    "limits": (in_kernel("m = np.finfo(np.float64).max", "k = np.iinfo(np.int32).min", "return m, k, np.finfo(np.float32).eps"), (VECTOR, 1)),
    "names of other builtins": (in_kernel("input = filter[0]", "id = input + type", "return id", parameters="filter, type"), (VECTOR, 1)),
    "comments in any script": (in_kernel("# Σ aᵢ → s, O(n²) × ½", '"""not a docstring"""' if False else "s = a.sum()  # √2 ≈ 1.41", "return s"), (VECTOR, 1)),
    "docstring in any script": ('"""Module: Σ."""\nX = -1.5e-3\nY = True\n' + in_kernel('"""Größe × 2."""', "return a * X if Y else a"), (VECTOR, 1)),
    "windows line ends": ("T = 2  # tune: 1 2\r\ndef kernel(a, n):\r\n    return a * T\r\n", (VECTOR, 1)),
    "unrolled by four": (in_kernel(
        "s0 = s1 = s2 = s3 = 0.0", "for i in range(0, n - n % 4, 4):", "    s0 += a[i]", "    s1 += a[i + 1]", "    s2 += a[i + 2]", "    s3 += a[i + 3]",
        "for i in range(n - n % 4, n):", "    s0 += a[i]", "return (s0 + s1) + (s2 + s3)"), (VECTOR, 11)),
    "unrolled tile of 64 scalars": (in_kernel(
        *[f"c{i} = 0.0" for i in range(64)], "for k in range(n):", "    x = a[k]", *[f"    c{i} += x * {i}.0" for i in range(64)],
        "return " + " + ".join(f"c{i}" for i in range(64))), (VECTOR, 3)),
    "in a tuple": (in_kernel("return n in (1, 2, 3) and n not in (4, 5)"), (VECTOR, 3)),
}


@pytest.mark.parametrize("text", [text for text, _ in ACCEPTED.values()], ids=ACCEPTED.keys())
def test_accepted(text):
    assert reasons(text) == []


def test_there_are_enough_of_them():
    assert len(ACCEPTED) >= 35


COMPILED = ("bit tricks", "float32 bits", "helpers with several returns", "tuples", "slices", "reductions", "reductions by axis",
            "allocation", "allocation by dtype", "complex numbers", "masks and gathers", "out argument", "integers",
            "augmented operators", "math", "searching", "limits", "names of other builtins", "in a tuple", "ndindex and zip")


@pytest.mark.parametrize("name", COMPILED)
def test_what_is_accepted_compiles_and_agrees_with_python(name):
    text, arguments = ACCEPTED[name]

    def run(compiled):
        space = {"np": np, "math": __import__("math"), "prange": range}
        exec(text, space)
        if compiled:
            for key in [k for k, v in space.items() if type(v).__name__ == "function"]:
                space[key] = numba.njit(space[key])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return space["kernel"](*[a.copy() if isinstance(a, np.ndarray) else a for a in arguments])

    expected, got = run(False), run(True)
    for e, g in zip(expected if isinstance(expected, tuple) else (expected,), got if isinstance(got, tuple) else (got,)):
        np.testing.assert_allclose(np.asarray(g), np.asarray(e), rtol=1e-6)


@pytest.fixture(scope="module")
def numba_knows():
    context = cpu_target.typing_context
    numba.njit(lambda x: x)(1)
    context.refresh()

    def knows(value):
        return context.resolve_value_type(value) is not None

    return knows


def test_numba_knows_every_name_of_the_vocabulary(numba_knows):
    for name in NUMPY_ALLOWED - {"newaxis"}:
        value = np
        for part in name.split("."):
            value = getattr(value, part)
        assert numba_knows(value), name
    for name in MATH_ALLOWED:
        assert numba_knows(getattr(__import__("math"), name)), name
    for name in BUILTINS_ALLOWED:
        assert numba_knows(__builtins__[name] if isinstance(__builtins__, dict) else getattr(__builtins__, name)), name


def test_the_page_names_every_word_of_the_vocabulary():
    page = describe()
    words = set(page.replace(",", " ").replace(":", " ").split())
    assert (NUMPY_ALLOWED | MATH_ALLOWED | BUILTINS_ALLOWED | METHODS | ATTRIBUTES) <= words
    assert len(page) < 8_000


def test_the_gate_is_quick_on_the_largest_text_that_it_reads():
    text = in_kernel(*["n = n + a[n]"] * 590, "return n")
    assert len(text) < 40_000
    assert reasons(text) == []


PIECES = ["def kernel(a):\n", "    return a\n", "    x = ", "(", ")", "[", "]", "a", "np.", "load", "zeros", "__", "class__", "\0", "\n", "'", '"""', "#",
          " tune:", "9" * 30, "**", "<<", "lambda", ":", "=", ":=", "*", "for i in prange(3):\n", "\u2028", "ｎｐ", "async ", "yield ", "\\", "\r", "\x0c",
          "match x:\n", "f'{a}'", "@", "T = 1  # tune: 1 2\n", "import os", ";", "\ud800", "-", "if "]


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=40).map("".join)))
def test_the_gate_never_raises(text):
    found = check_text(text)
    if not found:
        assert_only_listed_words(text)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(ACCEPTED)), st.integers(0, 10**9), st.sampled_from(PIECES + ["__import__('os')", "a.ctypes", "np.load(a)", "open(a)"]))
def test_a_disturbed_kernel_is_refused_or_still_uses_only_listed_words(name, seed, piece):
    text = ACCEPTED[name][0]
    position = random.Random(seed).randrange(len(text) + 1)
    disturbed = text[:position] + piece + text[position:]
    if not check_text(disturbed):
        assert_only_listed_words(disturbed)


def assert_only_listed_words(text):
    """A second, independent and blunter reading of a text that has passed."""
    tree = ast.parse(text)
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    constants = {t.id for node in tree.body if isinstance(node, ast.Assign) for t in node.targets}
    harmless = {"eps", "tiny", "type", "linalg"} | ATTRIBUTES | METHODS | NUMPY_ALLOWED | MATH_ALLOWED | {n.split(".")[-1] for n in NUMPY_ALLOWED}
    for node in ast.walk(tree):
        assert not isinstance(node, ast.Import | ast.ImportFrom | ast.Lambda | ast.With | ast.Try | ast.Global | ast.ClassDef | ast.JoinedStr)
        if isinstance(node, ast.Attribute):
            assert node.attr in harmless
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            bound = {n.id for f in functions.values() for n in ast.walk(f) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
            bound |= {a.arg for f in functions.values() for a in f.args.args}
            assert node.id in bound | constants | set(functions) | BUILTINS_ALLOWED | {"np", "math", "prange"}
            assert node.id.isascii()


def test_the_public_names_are_what_other_parts_import():
    assert {"np", "math"}.isdisjoint(NUMPY_CONSTANTS)
    assert set(dialect.__all__) == {"BUILTINS_ALLOWED", "MATH_ALLOWED", "NUMPY_ALLOWED", "Refusal", "check", "check_text", "describe"}
