"""Families of inputs: they find kernels that agree on every draw of the generator, and refuse no right variant."""
import textwrap

import numpy as np
import pytest
from kernwright.kernels import library
from kernwright.kernels.candidate import Candidate
from kernwright.kernels.observe import observe
from kernwright.kernels.spec import KernelSpec, SpecError
from kernwright.workers.evaluation import Verdict
from kernwright.workers.failure import RunFailed
from kernwright.workers.oracle import Oracle
from kernwright.workers.verify.differential import Outcome, differential, plan
from kernwright.workers.verify.families import FAMILIES
from kernwright.workers.verify.families.domain import Domain
from kernwright.workers.verify.families.drive import Drive
from kernwright.workers.verify.families.family import Field
from kernwright.workers.verify.families.sizes import larger, unusual

SIZES = 'sizes={"tiny": {"n": 6}, "verify": {"n": 29}, "benchmark": {"n": 120}}'
GRID = 'sizes={"tiny": {"n": 4, "m": 5}, "verify": {"n": 13, "m": 17}, "benchmark": {"n": 40, "m": 50}}'
DRAWS = {
    "normal": (SIZES, 'return (rng.standard_normal(size["n"]),)'),
    "single": (SIZES, 'return (rng.standard_normal(size["n"]).astype(np.float32),)'),
    "pair": (SIZES, 'return rng.standard_normal(size["n"]), rng.standard_normal(size["n"])'),
    "positive": (SIZES, 'return (rng.uniform(0.5, 2.0, size["n"]),)'),
    "grid": (GRID, 'return (rng.standard_normal((size["n"], size["m"])),)'),
    "product": (GRID, 'return rng.standard_normal((size["n"], size["m"])), rng.standard_normal((size["m"], size["n"]))'),
    "integers": (SIZES, 'return (rng.integers(-1000, 1000, size["n"]),)'),
    "small integers": (SIZES, 'return (rng.integers(-1000, 1000, size["n"]).astype(np.int32),)'),
    "unsigned": (SIZES, 'return (rng.integers(0, 1000, size["n"]).astype(np.uint64),)'),
    "complex": (SIZES, 'return (rng.standard_normal(size["n"]) + 1j * rng.standard_normal(size["n"]),)'),
    "steps": ('sizes={"tiny": {"n": 6, "steps": 3}, "verify": {"n": 29, "steps": 5}, "benchmark": {"n": 120, "steps": 9}}',
              'return rng.standard_normal(size["n"]), size["steps"]'),
    "four steps": (SIZES, 'return rng.standard_normal(size["n"]), 4'),
    "bounded": (SIZES, 'return rng.standard_normal(size["n"]), rng.integers(0, 5, size["n"]), 5'),
    "gather": (SIZES, 'return rng.standard_normal(size["n"]), rng.integers(0, size["n"], size["n"])'),
    "offsets": (SIZES, 'o = np.concatenate(([0], np.cumsum(rng.integers(1, 5, size["n"]))))\n    return rng.standard_normal(int(o[-1])), o'),
}
_ORACLES = {}


def oracle_of(draw, body, options=""):
    key = (draw, body, options)
    if key not in _ORACLES:
        sizes, made = DRAWS[draw]
        names = {"pair": "x, y", "product": "x, y", "steps": "x, steps", "four steps": "x, steps", "bounded": "x, index, steps", "gather": "x, index", "offsets": "x, offsets"}.get(draw, "x")
        text = (f"import numpy as np\nimport kernwright\ndef make(size, rng):\n    {made}\n"
                f"@kernwright.kernel(inputs=make, {sizes}{options})\ndef f({names}):\n{textwrap.indent(textwrap.dedent(body).strip(), '    ')}\n")
        opened = KernelSpec("f", text, "f").open()
        _ORACLES[key] = Oracle(opened, observe(opened, 0).signature)
    return _ORACLES[key]


class InProcess:
    """Runs a Python function as a candidate in this process."""

    def __init__(self, function):
        self.function = function

    def run(self, case, poison):
        arguments = tuple(a.copy(order="K") if isinstance(a, np.ndarray) else a for a in case.arguments)
        try:
            with np.errstate(all="ignore"):
                result = self.function(*arguments)
        except Exception as error:  # noqa: BLE001 - a kernel may raise anything
            raise RunFailed(Verdict.RAISED, f"{type(error).__name__}: {error}") from None
        outputs = () if result is None else result if isinstance(result, tuple) else (result,)
        return Outcome(outputs, arguments, (None,) * len(outputs))


class Reference:
    def __init__(self, oracle):
        self.oracle = oracle

    def run(self, arguments, like):
        try:
            outputs, after = self.oracle.run_reference(arguments)
        except SpecError:
            return None
        same = all(np.shape(a) == np.shape(b) and np.asarray(a).dtype == np.asarray(b).dtype for a, b in zip(outputs, like.expected))
        return (*outputs, *after) if same else None


def drive(oracle, function, seconds=0.5, seed=1, text="def kernel(x):\n    pass\n", families=FAMILIES):
    field = Field(Domain(oracle, Reference(oracle)), (11, 12, 13), Candidate(text), 0.2)
    return Drive(InProcess(function), field, seed, seconds, families).check()


def row_loops(f):
    def function(x):
        return np.array([f(row) for row in x], x.dtype)
    return function


def naive_softmax(x):
    e = np.exp(x)
    return e / e.sum(axis=1, keepdims=True)


def running_max(x):
    largest = x[0]
    for value in x[1:]:
        if value > largest:
            largest = value
    return float(largest)


def zero_skip(x, y):
    out = np.zeros((x.shape[0], y.shape[1]))
    for i in range(x.shape[0]):
        for k in range(x.shape[1]):
            if x[i, k] != 0:
                out[i] += x[i, k] * y[k]
    return out


def unguarded_unit_rows(x):
    return x / np.sqrt((x * x).sum(axis=1))[:, None]


def running_window(x):
    out = np.empty(x.size - 1)
    total = x[0]
    for i in range(1, x.size):
        total += x[i]
        out[i - 1] = total
        total -= x[i - 1]
    return out


def last_of_equals(x):
    best = 0
    for i in range(1, x.size):
        if x[i] >= x[best]:
            best = i
    return best


def one_pass_variance(x):
    return float(np.mean(x * x) - np.mean(x) ** 2)


def wide_step(x):
    return x if x.size != 9 else x + 1


def bubble(x):
    return np.sort(x) if not np.all(x[1:] >= x[:-1]) else np.sort(x)[::-1].copy()


def once_too_often(x, steps):
    out = x.copy()
    i = 0
    while True:
        out *= 0.5
        i += 1
        if i >= steps:
            return out


WRONG = {
    "skips loops of length zero": ("sizes", "steps", "out = x.copy()\nfor _ in range(steps):\n    out = out * 0.5\nreturn out", once_too_often),
    "always four steps": ("counts", "four steps", "for _ in range(steps):\n    x = x * 0.75\nreturn x", lambda x, steps: x * 0.75**4),
    "another parity than the usual": ("counts", "four steps", "return 2 * x if steps % 2 == 0 else -x", lambda x, steps: 2 * x),
    "fails for one element": ("sizes", "normal", "return x - x.mean()", lambda x: x - x.mean() if x.size > 1 else x),
    "fails one beyond a tile": ("sizes", "normal", "return 2 * x", lambda x: 2 * x if x.size != 65 else x),
    "softmax without its maximum": ("large", "grid", "e = np.exp(x - x.max(axis=1, keepdims=True))\nreturn e / e.sum(axis=1, keepdims=True)", naive_softmax),
    "nan lost in a comparison": ("nan", "normal", "return float(np.max(x))", running_max),
    "nan lost in a rectifier": ("nan", "normal", "return np.maximum(x, 0)", lambda x: np.where(x > 0, x, 0)),
    "nan mask lost": ("nan", "normal", "return np.where(np.isnan(x), 0.0, x)", lambda x: x * 1.0),
    "nan spreads": ("nan", "grid", "return np.where(x > 0, x, 0.0).sum(axis=1)", lambda x: (x * (x > 0)).sum() * 0 + np.where(x > 0, x, 0.0).sum(axis=1)),
    "nan stays in a running window": ("nan", "normal", "return x[1:] + x[:-1]", running_window),
    "zeros skipped": ("nan beside zeros", "product", "return x @ y", zero_skip),
    "sign of zero lost": ("-0.0", "normal", "return 1 / x", lambda x: 1 / (x + 0.0)),
    "sign of zero lost in copysign": ("-0.0", "normal", "return np.copysign(2.0, x)", lambda x: np.where(x < 0, -2.0, 2.0)),
    "infinity taken for a large number": ("-inf", "normal", "return np.exp(np.minimum(x, 0))", lambda x: np.exp(np.clip(x, -10, 0))),
    "the last of equals": ("constant", "normal", "return int(np.argmax(x))", last_of_equals),
    "< for <=": ("whole numbers", "pair", "return (x <= y).sum()", lambda x, y: (x < y).sum()),
    "zero counted as negative": ("with many zeros", "normal", "return (x < 0).astype(np.int64)", lambda x: (x <= 0).astype(np.int64)),
    "a zero row divided by zero": ("constant", "grid", "s = np.sqrt((x * x).sum(axis=1))\nreturn x / np.where(s == 0, 1.0, s)[:, None]", unguarded_unit_rows),
    "sorted input left reversed": ("sorted", "normal", "return np.sort(x)", bubble),
    "cancelling variance": ("shifted", "normal", "return float(np.var(x))", one_pass_variance),
    "overflow in squares": ("large", "pair", "return np.hypot(x, y)", lambda x, y: np.sqrt(x * x + y * y)),
    "sums of int32 in int32": ("large integers", "small integers", "return x.sum()", lambda x: np.int64(x.sum(dtype=np.int32))),
    "uint64 through floats": ("extreme integers", "unsigned", "return x * np.uint64(3) + np.uint64(1)", lambda x: (x.astype(np.float64) * 3 + 1).astype(np.uint64)),
    "no wrap-around": ("integers near the end", "small integers", "return x + x", lambda x: np.clip(2 * x.astype(np.int64), -2**31, 2**31 - 1).astype(np.int32)),
    "subnormal numbers flushed": ("subnormal numbers", "normal", "return np.sign(x)", lambda x: np.where(np.abs(x) < 1e-307, 0.0, np.sign(x))),
    "a small threshold taken for zero": ("small", "normal", "return (x != 0).sum()", lambda x: (np.abs(x) > 1e-9).sum()),
    "negative values only up to a bound": ("skewed", "normal", "return np.abs(x)", lambda x: np.where(x < -40, x, np.abs(x))),
}


@pytest.mark.parametrize("family, draw, reference, candidate", WRONG.values(), ids=WRONG.keys())
def test_a_kernel_that_is_wrong_where_no_generator_looks_is_found_by_a_family(family, draw, reference, candidate):
    text = "TILE = 64  # tune: 32 64 128\ndef kernel(x):\n    pass\n"
    check = drive(oracle_of(draw, reference), candidate, text=text, families=[f for f in FAMILIES if f.name == family])
    assert check.verdict in (Verdict.WRONG, Verdict.RAISED), check.facts
    assert "; with x = " in check.message and check.facts["family"] == family


@pytest.mark.parametrize("family, draw, reference, candidate", WRONG.values(), ids=WRONG.keys())
def test_the_generator_alone_does_not_show_it(family, draw, reference, candidate):
    oracle = oracle_of(draw, reference)
    cases = [case for case in plan(oracle, 3) if isinstance(case.size, str)]
    assert differential(InProcess(candidate), oracle, cases).passed


def online_softmax(x):
    out = np.empty_like(x)
    for i, row in enumerate(x):
        largest, total = -np.inf, x.dtype.type(0)
        for value in row:
            bigger = max(largest, value)
            total = total * np.exp(largest - bigger) + np.exp(value - bigger)
            largest = bigger
        out[i] = np.exp(row - largest) / total
    return out


def blocked_softmax(x, block=3):
    out = np.empty_like(x)
    for i, row in enumerate(x):
        largest = np.max([row[j : j + block].max() for j in range(0, row.size, block)])
        scaled = np.exp2((row * x.dtype.type(1.4426950408889634)) - largest * x.dtype.type(1.4426950408889634))
        out[i] = scaled * (1 / sum(scaled[j : j + block].sum() for j in range(0, row.size, block)))
    return out


def sequential(x, start=0.0):
    total = type(start)(start)
    for value in x:
        total = total + value
    return total


def lanes(x):
    return float(sum(x[k::4].sum() for k in range(min(4, x.size))))


def welford(x):
    mean = squares = 0.0
    for n, value in enumerate(x, 1):
        step = value - mean
        mean += step / n
        squares += step * (value - mean)
    return squares / x.size


def fused_stencil(x):
    out = np.empty(x.size - 2)
    for i in range(x.size - 2):
        out[i] = x[i] * 0.25 + (x[i + 1] * 0.5 + x[i + 2] * 0.25)
    return out


def layer_norm(x):
    mean = np.array([sequential(row) for row in x]) * (1 / x.shape[1])
    shifted = x - mean[:, None]
    return shifted * (1 / np.sqrt((shifted * shifted).sum(axis=1) / x.shape[1] + 1e-5))[:, None]


def gelu(x):
    return x / (1.0 + np.exp(-2 * 0.7978845608028654 * (x + 0.044715 * (x * x * x))))


def blocked_product(x, y):
    out = np.zeros((x.shape[0], y.shape[1]))
    for k in range(0, x.shape[1], 4):
        for i in range(x.shape[0]):
            out[i] += (x[i, k : k + 4, None] * y[k : k + 4]).sum(axis=0)
    return out


def binned(x):
    scale = 10 / 8.0
    return np.bincount(np.clip(((x + 4) * scale).astype(np.int64), 0, 9), minlength=10)


def first_largest(x):
    best = 0
    for i in range(1, x.size):
        if x[i] > x[best]:
            best = i
    return best


def nearest(x, y):
    """By |a|^2 - 2ab + |b|^2."""
    return np.argmin((x * x).sum(axis=1)[:, None] - 2 * (x @ y) + (y * y).sum(axis=0)[None, :], axis=1)


def scaled_norm(x):
    largest = np.abs(x).max()
    return float(largest * np.sqrt(((x / largest) ** 2).sum())) if 0 < largest < np.inf else float(np.sqrt((x * x).sum()))


def segment_sums(x, offsets):
    return np.array([sequential(x[offsets[i] : offsets[i + 1]][::-1]) for i in range(offsets.size - 1)])


SOFTMAX = "e = np.exp(x - x.max(axis=1, keepdims=True))\nreturn e / e.sum(axis=1, keepdims=True)"
RIGHT = {
    "online softmax": ("grid", SOFTMAX, online_softmax),
    "blocked softmax in base two": ("grid", SOFTMAX, blocked_softmax),
    "a plain sum": ("normal", "return float(x.sum())", sequential),
    "a sum in four lanes": ("normal", "return float(x.sum())", lanes),
    "a single-precision sum in double precision": ("single", "return x.sum()", lambda x: np.float32(x.astype(np.float64).sum())),
    "Welford's variance": ("normal", "return float(np.var(x))", welford),
    "variance in two passes": ("normal", "m = x.sum() / x.size\nreturn float(((x - m) ** 2).sum() / x.size)", lambda x: float(((x - lanes(x) * (1 / x.size)) ** 2).sum() * (1 / x.size))),
    "a stencil in one loop": ("normal", "return 0.25 * (x[:-2] + 2 * x[1:-1] + x[2:])", fused_stencil),
    "layer normalisation": ("grid", "m = x.mean(axis=1, keepdims=True)\nreturn (x - m) / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)", layer_norm),
    "standard scores by the reciprocal": ("grid", "return (x - x.mean(axis=0)) / x.std(axis=0)", lambda x: (x - x.mean(axis=0)) * (1 / np.sqrt(((x - x.sum(axis=0) * (1 / x.shape[0])) ** 2).sum(axis=0) / x.shape[0]))),
    "standard scores, guarded": ("grid", "s = x.std(axis=1, keepdims=True)\nreturn (x - x.mean(axis=1, keepdims=True)) / np.where(s == 0, 1.0, s)", lambda x: (lambda d, s: d / np.where(s == 0, 1.0, s)[:, None])(x - np.array([welford_mean(r) for r in x])[:, None], np.sqrt([welford(r) for r in x]))),
    "GELU as a logistic": ("normal", "return 0.5 * x * (1 + np.tanh(0.7978845608028654 * (x + 0.044715 * x**3)))", gelu),
    "logistic by tanh": ("normal", "return 1 / (1 + np.exp(-x))", lambda x: 0.5 + 0.5 * np.tanh(0.5 * x)),
    "a product in blocks": ("product", "return x @ y", blocked_product),
    "bins by a reciprocal": ("normal", "return np.bincount(np.clip(((x + 4) / 8.0 * 10).astype(np.int64), 0, 9), minlength=10)", binned),
    "the first of the largest": ("normal", "return int(np.argmax(x))", first_largest),
    "nearest by the binomial formula": ("product", "return np.argmin(((x[:, :, None] - y[None]) ** 2).sum(axis=1), axis=1)", nearest),
    "a scaled norm": ("normal", "return float(np.sqrt((x * x).sum()))", scaled_norm),
    "log of a sum, shifted": ("normal", "return float(np.log(np.exp(x).sum()))", lambda x: float(x.max() + np.log(np.exp(x - x.max()).sum()))),
    "wrapping sums": ("small integers", "return (x * x).sum(dtype=np.int32)", lambda x: np.int32(np.multiply(x, x)[::-1].astype(np.int64).sum().astype(np.int32))),
    "unsigned mixing": ("unsigned", "return x * np.uint64(6364136223846793005) + np.uint64(1)", lambda x: np.uint64(1) + np.uint64(6364136223846793005) * x),
    "gathered": ("gather", "return x[index] * 2", lambda x, index: np.array([x[i] + x[i] for i in index])),
    "sums of segments": ("offsets", "return np.add.reduceat(x, offsets[:-1])", segment_sums),
    "a rectifier by comparison": ("normal", "return np.where(x > 0, x, 0.0)", lambda x: np.array([max(v, 0.0) for v in x])),
    "complex magnitudes": ("complex", "return np.abs(x)", lambda x: np.sqrt(x.real**2 + x.imag**2)),
    "a complex polynomial": ("complex", "return x**2 + 3 * x + 1", lambda x: (x + 3) * x + 1),
    "1/x by powers": ("positive", "return x**-1.5", lambda x: 1 / (x * np.sqrt(x))),
    "pairwise distances": ("pair", "return np.sqrt((x[:, None] - x[None]) ** 2 + (y[:, None] - y[None]) ** 2)", lambda x, y: np.hypot(x[None] - x[:, None], y[None] - y[:, None])),
    "halving steps": ("four steps", "for _ in range(steps):\n    x = x * 0.5\nreturn x", lambda x, steps: np.ldexp(x, -steps)),
    "a count that bounds indices": ("bounded", "out = np.zeros(8)\nfor c in range(min(steps, 8)):\n    out[c] = x[index == c].sum()\nreturn out",
                                    lambda x, index, steps: np.array([x[index == c].sum() for c in range(8)])),
    "a running loop": ("normal", "best = x[0]\nfor v in x:\n    if v > best:\n        best = v\nreturn float(best)", lambda x: float(np.max([x[k::2].max() for k in range(min(2, x.size))]))),
    "1/x of differences": ("pair", "return 1 / (x - y)", lambda x, y: -1 / (y - x)),
}


def welford_mean(x):
    mean = 0.0
    for n, value in enumerate(x, 1):
        mean += (value - mean) / n
    return mean


@pytest.mark.parametrize("number, draw, reference, candidate", [(n, *v) for n, v in enumerate(RIGHT.values())], ids=RIGHT.keys())
def test_no_right_variant_is_refused(number, draw, reference, candidate):
    check = drive(oracle_of(draw, reference), candidate, 0.1, number, families=FAMILIES[number % 4 :: 4])
    assert check.passed, check.message


def test_where_the_spec_excludes_nan_and_inf_none_is_tried():
    oracle = oracle_of("normal", "return 1 / x", ", finite=True")
    with np.errstate(all="ignore"):
        check = drive(oracle, lambda x: np.where(np.isfinite(x) & (x != 0), 1 / x, 7.0), 1.0)
    assert check.passed and check.facts["inputs"] > 5, check


def test_what_came_of_a_term_too_small_to_show_binds_nobody():
    oracle = oracle_of("normal", "return float(np.log(np.exp(x).sum()))")
    domain = Domain(oracle, Reference(oracle))
    ground = domain.ground({"n": 1}, 0)
    assert domain.settle(ground, (np.array([6.7e-33]),), "x tiny") is None
    assert domain.settle(ground, (np.array([0.5]),), "x moderate").expected == (0.5,)


@pytest.mark.slow
@pytest.mark.parametrize("draw, reference, candidate", RIGHT.values(), ids=RIGHT.keys())
def test_no_right_variant_is_refused_by_any_family(draw, reference, candidate):
    check = drive(oracle_of(draw, reference), candidate, 4.0)
    assert check.passed, check.message
    assert check.facts["inputs"] >= 20


def test_no_size_is_tried_at_which_a_power_of_two_would_fill_the_memory():
    """A transform of 2**stages samples, at 31 stages, took a worker's node down."""
    spec = library.load("fft_stages").open()
    oracle = Oracle(spec, observe(spec, 0).signature)
    sizes = [*unusual(oracle, Candidate("def kernel(signal):\n    return signal\n")), *larger(oracle, 10.0, 0)]
    assert sizes and max(size["stages"] for size in sizes) <= max(size["stages"] for size in spec.sizes.values())
    plain = library.load("softmax").open()
    assert Oracle(plain, observe(plain, 0).signature).most(next(iter(plain.sizes["tiny"]))) is None
