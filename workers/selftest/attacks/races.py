"""Attacks by races: parallel loops whose iterations touch the same memory, and which pass when nothing disturbs them."""
from __future__ import annotations

from ...evaluation import Verdict
from ..attack import PARALLEL, Attack, on, returns, writes
from ..kernels import COUNTS, RELAX, ROWS

_LOG = "every access is logged by iteration"
_NEVER = (Verdict.RACE, Verdict.REFUSED, Verdict.WRONG)

ATTACKS: tuple[Attack, ...] = (
    on("row_sums", "adds-columns-in-parallel", "lets iterations add to the same row sums, which is right as long as they do not meet", _LOG,
       writes("def kernel(a, out):\n    out[:] = 0.0\n    for j in prange(a.shape[1]):\n        for i in range(a.shape[0]):\n"
              "            out[i] += a[i, j] * a[i, j]\n", PARALLEL), Verdict.RACE),
    on("row_sums", "shares-a-scratch", "keeps its sum in a scratch array that all iterations share", _LOG,
       writes("def kernel(a, out):\n    t = np.zeros(1)\n    for i in prange(a.shape[0]):\n        t[0] = 0.0\n        for j in range(a.shape[1]):\n"
              "            t[0] += a[i, j] * a[i, j]\n        out[i] = t[0]\n", PARALLEL), Verdict.RACE),
    on("counts", "shares-the-bins", "counts into shared bins, where a lost increment is rare", _LOG,
       returns(COUNTS.replace("in range", "in prange"), PARALLEL), Verdict.RACE),
    on("prefix", "scans-in-parallel", "reads the element before, which the other thread may not have written yet", _LOG,
       writes("def kernel(a, out):\n    if a.shape[0] > 0:\n        out[0] = a[0]\n    for i in prange(1, a.shape[0]):\n        out[i] = out[i - 1] + a[i]\n",
              PARALLEL), Verdict.RACE),
    on("relax", "sweeps-in-place-in-parallel", "updates rows in place while the other thread reads them", _LOG,
       returns(RELAX.replace("        copy(a, old)\n", "").replace("    old = np.empty_like(a)\n", "").replace("old[", "a[")
               .replace("for i in range(1, n - 1)", "for i in prange(1, n - 1)"), PARALLEL), *_NEVER),
    on("row_sums", "overlaps-its-blocks", "lets each block write the next one's first row too", _LOG,
       writes("def kernel(a, out):\n    n = a.shape[0]\n    for b in prange((n + 1) // 2):\n        for i in range(2 * b, min(n, 2 * b + 3)):\n"
              "            total = 0.0\n            for j in range(a.shape[1]):\n                total += a[i, j] * a[i, j]\n            out[i] = total\n",
              PARALLEL), Verdict.RACE),
    on("counts", "finds-the-largest-code-together", "compares and sets one shared cell from all iterations", _LOG,
       returns("def kernel(codes, bins):\n    top = np.zeros(1, np.int64)\n    for i in prange(codes.shape[0]):\n        if codes[i] > top[0]:\n"
               "            top[0] = codes[i]\n    out = np.zeros(max(bins, top[0] + 1), np.int64)\n    for i in range(codes.shape[0]):\n"
               "        out[codes[i]] += 1\n    return out\n", PARALLEL), Verdict.RACE),
    on("row_sums", "leaks-a-scalar", "uses in one iteration what another one computed", _LOG,
       writes(ROWS.replace("for i in range", "for i in prange").replace("        total = 0.0\n", "        if i == 0:\n            total = 0.0\n")
              .replace("out[i] = total", "out[i] = total\n        total = 0.0"), PARALLEL), *_NEVER, Verdict.BUILD_FAILED),
    on("prefix", "reads-a-reduction-inside", "reads the running value of a parallel sum, which is each thread's own", _LOG,
       writes("def kernel(a, out):\n    total = 0.0\n    for i in prange(a.shape[0]):\n        total += a[i]\n        out[i] = total\n", PARALLEL), *_NEVER),
    on("counts", "races-in-a-helper", "hides the shared increment in a helper function", _LOG,
       returns("def bump(out, code):\n    out[code] += 1\n\n\n" + COUNTS.replace("out[codes[i]] += 1", "bump(out, codes[i])").replace("in range", "in prange"),
               PARALLEL), Verdict.RACE),
    on("counts", "races-through-a-view", "writes through two names of the same memory", _LOG,
       returns("def kernel(codes, bins):\n    out = np.zeros(bins, np.int64)\n    view = out[:]\n    for i in prange(codes.shape[0]):\n"
               "        view[codes[i]] = out[codes[i]] + 1\n    return out\n", PARALLEL), Verdict.RACE),
    on("counts", "races-under-load-only", "counts serially on small inputs, and with shared bins from a length on that the log does not reach",
       "a parallel loop that the log never reached is refused",
       returns("def kernel(codes, bins):\n    out = np.zeros(bins, np.int64)\n    if codes.shape[0] < 15000:\n"
               "        for i in range(codes.shape[0]):\n            out[codes[i]] += 1\n    else:\n        for i in prange(codes.shape[0]):\n"
               "            out[codes[i]] += 1\n    return out\n", PARALLEL), *_NEVER),
    on("counts", "races-by-arithmetic", "gives each iteration bins of its own on small inputs, and shared ones on large inputs, without a branch",
       "the last examination logs at larger sizes, or asks for a proof",
       returns("def kernel(codes, bins):\n    n = codes.shape[0]\n    width = bins\n    rows = min(n, 400)\n"
               "    own = np.zeros((rows, width), np.int64)\n    for i in prange(n):\n        own[i % rows, codes[i]] += 1\n"
               "    out = np.zeros(width, np.int64)\n    for r in range(rows):\n        for b in range(width):\n            out[b] += own[r, b]\n"
               "    return out\n", PARALLEL), *_NEVER),
    on("row_sums", "sets-the-same-value-twice", "lets all iterations write one cell, as they write the same value", _LOG,
       writes(ROWS.replace("for i in range", "for i in prange").replace("    for i", "    seen = np.zeros(1)\n    for i", 1)
              .replace("out[i] = total", "out[i] = total\n        seen[0] = 1.0"), PARALLEL), Verdict.RACE),
)
