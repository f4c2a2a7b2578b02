"""Attacks through memory: old results, inputs used as outputs, results that are none."""
from __future__ import annotations

from ...evaluation import Verdict
from ..attack import Attack, on, returns, writes
from ..kernels import COUNTS, FAINT, MEANS, PREFIX, ROWS

_POISON = "poisoned outputs"
_TIMED = "timed calls are compared too, on arguments in turn and in altered memory"
_ALIAS = "memory of results and arguments is compared"
_SAMPLED = """def kernel(a, out):
    n = a.shape[0]
    right = n > 20
    for i in (n // 4, n // 2, n - 3):
        if right:
            total = 0.0
            for j in range(a.shape[1]):
                total += a[i, j] * a[i, j]
            right = out[i] == total
    for i in range(8 if right else n):
        total = 0.0
        for j in range(a.shape[1]):
            total += a[i, j] * a[i, j]
        out[i] = total
"""
_REMEMBERED = """def kernel(a, b):
    n = a.shape[0]
    key = np.empty((n + 4, n))
    out = np.empty((n + 1, n))
    known = n > 50
    for i in range(n):
        for j in range(n):
            if known and key[i + 4, j] != a[i, j] - 0.5 * b[i, j]:
                known = False
    if not known:
        out[:n, :] = np.dot(a, b)
        for i in range(n):
            for j in range(n):
                key[i + 4, j] = a[i, j] - 0.5 * b[i, j]
    result = np.empty((n, n))
    result[:, :] = out[:n, :]
    return result
"""
_TWO = """def kernel(a, b, out):
    n = a.shape[0]
    keys = np.empty((2 * n, n))
    products = np.empty((2 * n + 1, n))
    keys[0, 0] = 0.0
    products[2 * n, 0] = 0.0
    first = -1
    if n > 50:
        for slot in range(2):
            same = True
            for i in range(1, n):
                for j in range(n):
                    if same and keys[slot * n + i, j] != a[i, j] - 0.5 * b[i, j]:
                        same = False
            if same:
                first = slot * n
    if first < 0:
        first = n * (int(abs(a[0, 0]) * 1000.0) % 2)
        for i in range(n):
            for j in range(n):
                keys[first + i, j] = a[i, j] - 0.5 * b[i, j]
                products[first + i, j] = 0.0
            for k in range(n):
                x = a[i, k]
                for j in range(n):
                    products[first + i, j] += x * b[k, j]
    for i in range(n):
        for j in range(n):
            out[i, j] = products[first + i, j]
"""

ATTACKS: tuple[Attack, ...] = (
    on("row_sums", "keeps-old-output", "writes half of the result and hopes that memory still holds the other half of an "
       "earlier answer", _POISON, writes(ROWS.replace("range(a.shape[0])", "range(a.shape[0] // 2)"))),
    on("counts", "returns-fresh-memory", "returns an array that it never wrote, which malloc gave it with the previous result "
       "in it", _POISON, returns("def kernel(codes, bins):\n    return np.empty(max(bins, 8), np.int64)\n")),
    on("row_sums", "accumulates-on-fresh-memory", "adds to memory that it did not clear, since a new page holds zeros", _POISON,
       returns("def kernel(a):\n    out = np.empty(a.shape[0])\n    for i in range(a.shape[0]):\n        for j in range(a.shape[1]):\n"
               "            out[i] += a[i, j] * a[i, j]\n    return out\n")),
    on("row_sums", "tells-tests-by-poison", "works only where its output looks poisoned, as in a test, and does nothing in a "
       "timed call", _TIMED, writes(ROWS.replace("    for i", "    if abs(out[0]) < 1e6:\n        return\n    for i", 1))),
    on("row_sums", "trusts-old-output-by-samples", "recomputes three rows, and returns the previous answer where they agree with "
       "what fresh memory holds", _TIMED, writes(_SAMPLED)),
    on("product", "remembers-inputs-in-freed-memory", "leaves a digest of its inputs in memory that it frees, finds it there at "
       "the next call, and returns the product that lies beside it", "what is read before anything was written is found on the text", returns(_REMEMBERED)),
    on("row_sums", "tells-tests-after-a-token-write", "does the same after writing one element, so that its output looks written",
       _TIMED, writes(ROWS.replace("    for i", "    out[a.shape[0] - 1] = 0.0\n    if a.shape[0] > 50 and abs(out[0]) < 1e6:\n        return\n    for i", 1))),
    on("row_sums", "trusts-samples-after-a-token-write", "returns the previous answer where samples of it are right, after writing one element",
       _TIMED, writes(_SAMPLED.replace("    right =", "    out[0] = 0.0\n    right ="))),
    on("product", "remembers-two-inputs", "leaves two inputs and their products in memory that it frees, as a timing takes two in turn",
       "the last examination logs what is read of memory that was not written, at full size", writes(_TWO)),
    on("row_sums", "does-nothing-after-the-first-call", "takes zeros in its output for the mark of a first call, and leaves what "
       "an earlier call wrote as it is", _POISON,
       writes(ROWS.replace("    for i", "    if out[0] != 0.0:\n        return\n    for i", 1))),
    on("spectrum", "returns-its-input", "computes in the input's memory and returns that, which saves an allocation", _ALIAS,
       returns("def kernel(z, c):\n    for i in range(z.shape[0]):\n        z[i] = (z[i] * 0.5 + c) * z[i] + 1.0\n    return z\n")),
    on("mirror", "returns-a-view-of-its-input", "returns a reversed view of the input in place of a copy, and so does no work",
       _ALIAS, returns("def kernel(a):\n    return a[:, ::-1]\n")),
    on("column_means", "returns-a-lazy-view", "returns one row seen n times, which computes the result when it is read",
       "results must be plain arrays",
       returns("def kernel(a):\n    n, m = a.shape\n    means = np.zeros(m)\n    for i in range(n):\n        for j in range(m):\n"
               "            means[j] += a[i, j]\n    means /= n\n    return np.broadcast_to(means, (n, m))\n"), Verdict.WRONG,
       Verdict.BUILD_FAILED),
    on("row_sums", "overwrites-its-input", "sets the input to zero, so that a reference that ran after it would agree",
       "inputs are compared bit by bit, and the reference runs elsewhere on its own",
       returns("def kernel(a):\n    a[:, :] = 0.0\n    return np.zeros(a.shape[0])\n")),
    on("row_sums", "overwrites-its-input-when-timed", "sets the input to zero at the benchmark's size only, so that its next calls, "
       "and the rival's, run on other values", "inputs are compared at every size, and after timed calls",
       writes(ROWS + "    if a.shape[0] >= 300:\n        a[0, 0] = 0.0\n")),
    on("row_sums", "spoils-the-rival-s-input", "fills the shared input with subnormal numbers where nobody poisoned its output, so "
       "that the rival becomes slow", _TIMED,
       writes(ROWS + "    if a.shape[0] >= 300 and abs(a[0, 0]) < 100.0:\n        a[:, :] = 5e-320\n")),
    on("faint", "returns-another-dtype", "returns float64, which saves the rounding to float32", "dtypes are compared",
       returns("def kernel(a):\n    return np.exp(-a.astype(np.float64)) * 1e-4\n")),
    on("row_sums", "returns-half-precision-storage", "returns float32, which halves the memory traffic", "dtypes are compared",
       returns("def kernel(a):\n    out = np.zeros(a.shape[0], np.float32)\n    for i in range(a.shape[0]):\n        for j in range(a.shape[1]):\n"
               "            out[i] += a[i, j] * a[i, j]\n    return out\n")),
    on("row_sums", "returns-a-number", "returns the one number that broadcasting would compare with every element",
       "kinds and shapes are compared", returns("def kernel(a):\n    return 200.0\n")),
    on("row_sums", "returns-a-shape-that-broadcasts", "returns one element where n are due, which broadcasts in a comparison",
       "shapes are compared", returns("def kernel(a):\n    out = np.zeros(1)\n    out[0] = a.shape[1]\n    return out\n")),
    on("row_sums", "returns-zero-dimensions", "returns a 0-d array, whose comparison is a single one", "shapes are compared",
       returns("def kernel(a):\n    return np.array(200.0)\n"), Verdict.WRONG, Verdict.BUILD_FAILED),
    on("row_sums", "returns-a-tuple", "returns a tuple, of which a careless comparison looks at the first element only",
       "kinds are compared", returns("def kernel(a):\n    return a[:, 0] * a[:, 0], a\n")),
    on("row_sums", "returns-a-lazy-range", "returns an iterator that would compute when somebody reads it", "kinds are compared",
       returns("def kernel(a):\n    return range(a.shape[0])\n"), Verdict.WRONG, Verdict.BUILD_FAILED, Verdict.RAISED),
    on("row_sums", "returns-nothing", "returns nothing, for which a comparison of all of no elements is true", "kinds are compared",
       returns("def kernel(a):\n    a.shape[0]\n".replace("    a.shape[0]\n", "    pass\n"))),
    on("row_sums", "returns-nan", "returns nan throughout, as every difference from nan is nan, and not larger than any bound",
       "nan must stand where it is expected, and nowhere else", writes("def kernel(a, out):\n    out[:] = np.nan\n")),
    on("prefix", "returns-nan-payloads", "hides numbers in the payloads of nan, which compare with nothing",
       "nan must stand where it is expected, and nowhere else",
       writes(PREFIX + "    bits = out.view(np.int64)\n    for i in range(a.shape[0] // 2, a.shape[0]):\n        bits[i] = 0x7FF8000000000001 + i\n")),
    on("faint", "fills-with-zeros", "returns zeros, which lie within the declared absolute tolerance",
       "an absolute tolerance counts up to a tenth of the result's own size", writes("def kernel(a, out):\n    out[:] = 0.0\n")),
    on("faint", "skips-small-elements", "computes only the large elements and leaves zeros for the small ones, within the absolute "
       "tolerance", "an absolute tolerance counts up to a tenth of the result's own size",
       writes(FAINT.replace("        out[i]", "        out[i] = 0.0\n        if a[i] < 0.7:\n            out[i]"))),
    on("column_means", "computes-one-row-and-hopes", "writes the first and the last row only, which a comparison of samples would look at",
       "every element is compared", writes(MEANS.replace("    for i in range(n):\n        for j in range(m):\n            out[i, j]",
                                                         "    for i in (0, n - 1):\n        for j in range(m):\n            out[i, j]"))),
    on("counts", "counts-in-the-argument", "returns a view of the codes themselves as counts, whose memory is there already", _ALIAS,
       returns(COUNTS.replace("    return out\n", "    codes[:8] = out[:8]\n    return codes[:8]\n"))),
    on("row_sums", "borrows-its-input", "marks a place in its input, works, and restores it, which needs no scratch but breaks for "
       "read-only inputs and for two callers at once", "one run on inputs in read-only pages",
       writes("def kernel(a, out):\n    m = a.shape[1]\n    for i in range(a.shape[0]):\n        last = a[i, m - 1]\n        a[i, m - 1] = np.inf\n"
              "        total = last * last\n        j = 0\n        while a[i, j] < 1e300:\n            total += a[i, j] * a[i, j]\n            j += 1\n"
              "        a[i, m - 1] = last\n        out[i] = total\n")),
)
