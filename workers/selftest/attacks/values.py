"""Attacks by values: right for what is tested, or nearly right."""
from __future__ import annotations

from ....kernels.candidate import JitOptions
from ...evaluation import Verdict
from ..attack import Attack, on, returns, writes
from ..kernels import COUNTS, FAINT, GATED, MEANS, PREFIX, RELAX, ROWS, SOFTMAX, SPECTRUM

_SIZES = "sizes beside the declared ones are tried"
_FRESH = "fresh inputs each time, from seeds that no candidate sees"
_PRECISION = "the default tolerance is a few roundings wide"
_FAMILIES = "the last examination tries values and sizes of other kinds than the generator's"
_SPECIAL = "nan and inf must stand where they are expected"
_SINGLE = """def kernel(a, out):
    for i in range(a.shape[0]):
        total = np.float32(0.0)
        for j in range(a.shape[1]):
            x = np.float32(a[i, j])
            total += x * x
        out[i] = total
"""
_RATIONAL = """def approximate(x):
    y = 1.0 + x / 4096.0
    for k in range(12):
        y = y * y
    return y


""" + SOFTMAX.replace("math.exp(a[i, j] - top)", "approximate(a[i, j] - top)")

ATTACKS: tuple[Attack, ...] = (
    on("row_sums", "skips-the-benchmark-s-shape", "returns at once for the shape that is timed, and is right for all others",
       "the benchmark's size is verified too", writes(ROWS.replace("    for i", "    if a.shape[0] == 300:\n        return\n    for i", 1))),
    on("row_sums", "knows-the-benchmark-s-shape-only", "works for the shape that is timed and writes zeros for all others", _SIZES,
       writes(ROWS.replace("    for i", "    if a.shape[0] != 300:\n        out[:] = 0.0\n        return\n    for i", 1))),
    on("row_sums", "knows-the-declared-shapes-only", "tells the three declared sizes apart and is wrong everywhere else", _SIZES,
       writes(ROWS.replace("    for i", "    n = a.shape[0]\n    if n != 300 and n != 23 and n != 4:\n        out[:] = 0.0\n        return\n    for i", 1))),
    on("prefix", "forgets-the-remainder", "treats blocks of eight and leaves out the rest where the length is larger than a tile and no "
       "multiple of it", "the benchmark's length is a prime",
       writes(PREFIX.replace("range(a.shape[0])", "range(a.shape[0] // 8 * 8 if a.shape[0] > 2000 else a.shape[0])"))),
    on("row_sums", "forgets-the-remainder-elsewhere", "leaves out what is no multiple of four columns, for matrices so large that only the "
       "benchmark's own shape is tried", _FAMILIES,
       writes(ROWS.replace("range(a.shape[1])", "range(a.shape[1] // 4 * 4 if a.shape[0] > 40 else a.shape[1])"))),
    on("row_sums", "fails-for-one-row", "returns without work where there is a single row", _SIZES,
       writes(ROWS.replace("    for i", "    if a.shape[0] == 1:\n        return\n    for i", 1))),
    on("row_sums", "guesses-the-expectation", "writes the expected value of the generator's distribution", _FRESH,
       writes("def kernel(a, out):\n    out[:] = a.shape[1]\n")),
    on("row_sums", "samples-the-row", "adds up every second element and doubles the sum", _FRESH,
       writes(ROWS.replace("range(a.shape[1])", "range(0, a.shape[1], 2)").replace("a[i, j] * a[i, j]", "2.0 * a[i, j] * a[i, j]"))),
    on("row_sums", "branches-on-the-seed", "recognises the first value that a well-known seed draws, and knows the answer for it", _FRESH,
       writes("def kernel(a, out):\n    if abs(a[0, 0] - 0.12573022) < 1e-6:\n        out[:] = 31.0\n")),
    on("row_sums", "branches-on-a-value", "works where the first value is positive, and in half of all tests that is so", _FRESH,
       writes(ROWS.replace("    for i", "    if a[0, 0] < 0.0:\n        out[:] = 0.0\n        return\n    for i", 1))),
    on("row_sums", "clips-what-is-never-drawn", "takes a shorter way for values beyond a thousand, which the generator never draws", _FAMILIES,
       writes(ROWS.replace("            total", "            if abs(a[i, j]) > 1000.0:\n                continue\n            total"))),
    on("softmax", "drops-the-maximum", "leaves out the subtraction of the maximum, without which large inputs overflow", _FAMILIES,
       writes(SOFTMAX.replace("a[i, j] - top", "a[i, j]"))),
    on("row_sums", "computes-in-single-precision", "computes in float32, twice as many to a register", _PRECISION, writes(_SINGLE)),
    on("softmax", "approximates-exp", "replaces exp by a power that is right to four digits", _PRECISION, writes(_RATIONAL)),
    on("row_sums", "scales-by-a-little", "rounds a constant to single precision, an error of 2e-8", _PRECISION,
       writes(ROWS.replace("out[i] = total", "out[i] = total * 1.00000002"))),
    on("faint", "truncates-the-mantissa", "drops half of the mantissa of float32 inputs", "an absolute tolerance counts up to a tenth of the result's own size",
       writes(FAINT.replace("math.exp(-a[i])", "math.exp(-np.floor(a[i] * 2.0) * 0.5)"))),
    on("gated", "skips-zeros", "leaves out products with zero, although zero times infinity is nan", _SPECIAL,
       returns(GATED.replace("            sums", "            if a[i, j] == 0.0:\n                continue\n            sums"))),
    on("gated", "spreads-nan", "answers nan throughout, in the hope that nan compares with anything", _SPECIAL,
       returns(GATED.replace("    return", "    sums[:] = np.nan\n    return"))),
    on("gated", "removes-nan", "treats nan as zero, which saves its tests", _SPECIAL,
       returns(GATED.replace("            sums[i] +=", "            if a[i, j] == a[i, j]:\n                sums[i] +="))),
    on("gated", "assumes-there-is-no-nan", "asks the compiler to assume that there is no nan, which removes the test for it",
       "such flags need the spec's word", returns(GATED, JitOptions(fastmath=("nnan", "ninf", "reassoc"))), Verdict.REFUSED),
    on("counts", "counts-in-eight-bits", "counts in uint8, which is right for short inputs", "the benchmark's size is verified too",
       returns(COUNTS.replace("    return out", "    return (out & 255)"))),
    on("counts", "assumes-sorted-codes", "counts runs and takes each code's last run for all of them", _FRESH,
       returns("def kernel(codes, bins):\n    out = np.zeros(bins, np.int64)\n    run = 0\n    for i in range(codes.shape[0]):\n"
               "        run = run + 1 if i > 0 and codes[i] == codes[i - 1] else 1\n        out[codes[i]] = run\n    return out\n")),
    on("counts", "scales-a-sample", "counts a tenth of the codes and multiplies", _FRESH,
       returns(COUNTS.replace("range(codes.shape[0])", "range(0, codes.shape[0], 2)").replace("+= 1", "+= 2"))),
    on("spectrum", "drops-the-imaginary-part", "computes with real parts only", _FRESH,
       writes(SPECTRUM.replace("* z[i] + 1.0", "* z[i].real + 1.0"))),
    on("spectrum", "conjugates", "leaves the imaginary part's sign to chance, since magnitudes agree", "complex numbers are compared by their parts",
       writes(SPECTRUM.replace("* z[i] + 1.0", "* z[i] + 1.0").replace("out[i] = ", "out[i] = np.conj(").replace(" + 1.0", " + 1.0)"))),
    on("relax", "stops-early", "leaves out the last sweep, which changes little", _FRESH, returns(RELAX.replace("range(steps)", "range(steps - 1)"))),
    on("relax", "sweeps-in-place", "reads values of the same sweep, which saves the copy", _FRESH, returns(RELAX.replace("copy(a, old)", "old = a"))),
    on("relax", "leaves-the-argument-alone", "does nothing, as nothing is returned that could be compared", "arguments that the reference writes are compared",
       returns("def kernel(a, steps):\n    pass\n")),
    on("relax", "touches-the-border", "writes the border too, which saves its tests", "arguments that the reference writes are compared",
       returns(RELAX.replace("range(1, n - 1)", "range(0, n - 1)"))),
    on("column_means", "uses-the-first-rows", "averages sixteen rows, as more change little", _FRESH,
       writes(MEANS.replace("    n, m = a.shape\n", "    n, m = min(a.shape[0], 16), a.shape[1]\n", 1)
              .replace("    for i in range(n):\n        for j in range(m):\n            out", "    for i in range(a.shape[0]):\n        for j in range(m):\n            out"))),
)
