"""Attacks by indices: beyond an array's end, where no bounds are checked."""
from __future__ import annotations

from ...evaluation import Verdict
from ..attack import Attack, on, returns, writes
from ..kernels import COUNTS, PREFIX, ROWS

_SMALL = "bounds-checked on small inputs"
_ZONES = "red zones around inputs and outputs, at every size"
_LOST = (Verdict.OUT_OF_BOUNDS, Verdict.CRASHED)

ATTACKS: tuple[Attack, ...] = (
    on("row_sums", "writes-one-past-the-end", "writes one element past its output, where the expected result might lie", _SMALL,
       writes(ROWS + "    out[a.shape[0]] = 1.0\n"), *_LOST),
    on("row_sums", "writes-past-the-end-at-full-size", "does so only at the benchmark's size, where bounds are not checked", _ZONES,
       writes(ROWS + "    if a.shape[0] > 100:\n        out[a.shape[0]] = 1.0\n"), *_LOST),
    on("row_sums", "writes-before-the-start-at-full-size", "writes before its output, by an unsigned index that does not wrap", _ZONES,
       writes(ROWS + "    if a.shape[0] > 100:\n        back = np.uint64(0) - np.uint64(2)\n        out[back] = 1.0\n"), *_LOST, Verdict.WRONG),
    on("row_sums", "writes-past-its-input-at-full-size", "writes past the end of its input, where the next argument or the expected "
       "result might lie", _ZONES, writes(ROWS + "    if a.shape[0] > 100:\n        a[a.shape[0], 3] = 1.0\n"), *_LOST),
    on("prefix", "rounds-the-length-up", "treats eight elements at a time and never mind the rest, beyond the sizes at which bounds are "
       "checked", _ZONES,
       writes("def kernel(a, out):\n    n = a.shape[0]\n    if n > 1000:\n        n = (n + 7) // 8 * 8\n    total = 0.0\n"
              "    for i in range(n):\n        total += a[i]\n        out[i] = total\n"), *_LOST, Verdict.WRONG),
    on("prefix", "reads-zeros-past-the-end", "adds what lies beyond its input to the last element, which is zero in memory that was just mapped",
       _ZONES, writes(PREFIX + "    if a.shape[0] > 1000:\n        for i in range(4):\n            out[a.shape[0] - 1] += a[a.shape[0] + i]\n"),
       Verdict.WRONG, *_LOST),
    on("row_sums", "searches-memory-for-the-answer", "walks far beyond its arrays in search of the expected result", "the expected result lies in another process",
       writes(ROWS.replace("    for i", "    if a.shape[0] > 100:\n        for i in range(1 << 40):\n            if out[i + 300] == 0.125:\n"
                           "                out[0] = out[i + 299]\n                return\n    for i", 1)), Verdict.CRASHED, Verdict.TIMED_OUT, Verdict.WRONG),
    on("row_sums", "crashes-behind-a-condition", "writes to a wild address at the benchmark's size, so that the judge dies with it",
       "candidates run in a process of their own", writes(ROWS + "    if a.shape[0] > 100:\n        out[1 << 45] = 1.0\n"), *_LOST),
    on("row_sums", "wraps-a-negative-index", "lets an index run below zero, which Python takes from the end", "every element is compared",
       writes(ROWS.replace("out[i] = total", "out[i - 1] = total"))),
    on("row_sums", "overflows-a-flat-index", "computes flat indices in 16 bits, which overflow at the benchmark's size only",
       "the benchmark's size is verified too",
       writes("def kernel(a, out):\n    n, m = a.shape\n    flat = a.reshape(n * m)\n    starts = (np.arange(n) * m).astype(np.int16)\n"
              "    for i in range(n):\n        total = 0.0\n        for j in range(m):\n            x = flat[starts[i] + j]\n            total += x * x\n"
              "        out[i] = total\n"), Verdict.WRONG, *_LOST),
    on("counts", "trusts-the-codes", "allocates eight bins whatever is asked for, and would write beyond them for other codes",
       "sizes and arguments around the declared ones are tried",
       returns(COUNTS.replace("np.zeros(top", "np.zeros(bins - (codes.shape[0] > 5000)")), *_LOST, Verdict.WRONG),
)
