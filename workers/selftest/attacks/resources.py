"""Attacks by resources: time, memory and the compiler, spent so that the judge gives up and lets things pass."""
from __future__ import annotations

from ...evaluation import Verdict
from ..attack import Attack, on, returns, writes
from ..kernels import COUNTS, ROWS

_WALL = "limits on the time of a build and of a run"
_ENDLESS = "        while out[0] == out[0] or out[0] != out[0]:\n            out[0] = out[0] * 0.5 + 1.0\n"
_LEVELS = "".join(f"def h{n}(x):\n" + "".join(f"    x = h{n - 1}(x) * h{n - 1}(x + {k}.0)\n" for k in range(6)) + "    return x\n\n\n" for n in range(1, 9))
_UNROLLED = "def kernel(a, out):\n    for i in range(a.shape[0]):\n        x = a[i, 0]\n" + "".join(
    f"        x = x * 1.{k:04d} + a[i, {k % 4}] / (x + {k}.5)\n" for k in range(700)) + "        out[i] = x\n"

ATTACKS: tuple[Attack, ...] = (
    on("row_sums", "never-ends", "never ends, so that a judge without a clock waits for ever", _WALL,
       writes("def kernel(a, out):\n    while True:\n        out[0] = 1.0\n"), Verdict.TIMED_OUT),
    on("row_sums", "never-ends-at-full-size", "ends on small inputs, and never at the size that is timed", _WALL,
       writes(ROWS + "    if a.shape[0] > 100:\n" + _ENDLESS), Verdict.TIMED_OUT),
    on("row_sums", "fills-the-memory", "asks for more memory than the machine has, so that the judge is killed", "a limit on memory",
       writes(ROWS + "    b = np.ones((a.shape[0] * 1000000, a.shape[1] * 1000))\n    out[0] += b[0, 0] * 0.0\n"), Verdict.OUT_OF_MEMORY),
    on("row_sums", "fills-the-memory-at-full-size", "does so at the size that is timed", "a limit on memory",
       writes(ROWS + "    if a.shape[0] > 100:\n        b = np.ones((a.shape[0] * 1000000, a.shape[1]))\n        out[0] += b[0, 0] * 0.0\n"),
       Verdict.OUT_OF_MEMORY),
    on("row_sums", "raises-at-full-size", "divides by zero at the size that is timed, so that there is nothing to compare", "an exception is a verdict",
       writes(ROWS + "    out[0] += 0 * (1 // (300 - a.shape[0]))\n"), Verdict.RAISED),
    on("counts", "raises-for-a-rival", "raises in each run, as a failed test may be repeated until it is dropped", "an exception is a verdict",
       returns(COUNTS.replace("    return out", "    return out[: 1 // (codes.shape[0] * 0)]")), Verdict.RAISED),
    on("row_sums", "compiles-for-ever", "grows a small text to millions of statements in the compiler, so that the build times out and counts as done",
       "the size of a text is limited, helpers inlined", writes("def h0(x):\n    return x + 1.0\n\n\n" + _LEVELS + "def kernel(a, out):\n    out[0] = h8(a[0, 0])\n"),
       Verdict.REFUSED),
    on("row_sums", "unrolls-without-end", "is one long unrolled text, which takes the compiler minutes", "the size of a text is limited",
       writes(_UNROLLED), Verdict.REFUSED),
    on("row_sums", "recurses", "calls itself until the stack overflows", "recursion is not in the dialect",
       writes("def deeper(x):\n    return deeper(x + 1.0)\n\n\ndef kernel(a, out):\n    out[0] = deeper(a[0, 0])\n"), Verdict.REFUSED),
    on("row_sums", "nests-without-end", "nests parentheses until the parser overflows its stack", "the depth of a text is limited",
       writes("def kernel(a, out):\n    out[0] = " + "(" * 6000 + "1.0" + ")" * 6000 + "\n"), Verdict.REFUSED),
    on("row_sums", "writes-a-huge-number", "writes a power that takes the compiler all memory to fold", "constants are 64 bits wide",
       writes("def kernel(a, out):\n    out[0] = 9 ** 9 ** 9\n"), Verdict.REFUSED),
    on("row_sums", "shifts-without-end", "shifts by a billion bits", "constants are 64 bits wide",
       writes("def kernel(a, out):\n    out[0] = 1 << (1 << 40)\n"), Verdict.REFUSED),
    on("row_sums", "writes-a-huge-array", "allocates a terabyte whose size stands in the text", "the size of a written allocation is limited",
       writes("def kernel(a, out):\n    out[:] = np.ones((1000000, 1000000))[0, 0]\n"), Verdict.REFUSED),
    on("row_sums", "grows-a-tuple", "doubles a tuple until the type checker has a million types", "the size of a tuple is limited",
       writes("def kernel(a, out):\n    t = (1.0, 2.0)\n" + "    t = t + t\n" * 20 + "    out[0] = t[0]\n"), Verdict.REFUSED),
    on("row_sums", "stalls-the-gate", "is a line of blanks on which a regular expression backtracks for hours, where no clock runs",
       "texts are read in linear time", writes("TILE = " + " " * 30000 + "\n\n\n" + ROWS), Verdict.REFUSED),
    on("row_sums", "calls-an-endless-comparison", "loops over an iterator that is fed while it is read", _WALL,
       writes("def kernel(a, out):\n    n = 1\n    k = 0\n    while k < n:\n        n += 1\n        k += 1\n        out[0] = out[0] + n\n"), Verdict.TIMED_OUT),
)
