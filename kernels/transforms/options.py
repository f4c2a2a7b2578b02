"""Options and flags: other jit options for the same text.

Legality: none of them changes what the text says. `fastmath` flags license the compiler to round differently (the
tolerance decides); `nnan` and `ninf` assume finite numbers, so they are proposed only for specs that exclude others.
`error_model` differs only where a divisor is zero; "numpy" gives inf and nan, as the reference does, and "python", which looks at
each divisor, is never the faster one.
"""
from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from ..analysis.legality import uses_parallel
from ..candidate import Candidate, JitOptions
from ..idle_flags import awake
from ..signature import Signature
from .draft import Rewrite, rewritten

NAME = "options"
FASTMATH = ((), ("contract",), ("contract", "nsz", "reassoc"), ("afn", "arcp", "contract", "nsz", "reassoc"))
FASTMATH_FINITE = (("afn", "arcp", "contract", "ninf", "nnan", "nsz", "reassoc"),)


def propose(candidate: Candidate, signature: Signature, *, max_threads: int = 1, finite: bool = False) -> Iterator[Rewrite]:
    """Each change of one option. max_threads: what `threads` may rise to; finite: inputs and results are finite."""
    seen = set()
    for options, note in _changes(candidate, signature, max_threads, finite):
        options = awake(replace(candidate, options=options)).options
        made = rewritten(candidate, NAME, note or f"fastmath {', '.join(options.fastmath) or 'off'}", options=options)
        if made is not None and options not in seen:
            seen.add(options)
            yield made


def _changes(candidate: Candidate, signature: Signature, max_threads: int, finite: bool) -> Iterator[tuple[JitOptions, str]]:
    """Options with a note on what changed, "" where it is the flags."""
    options = candidate.options
    if _has_floats(candidate, signature):
        for flags in FASTMATH + (FASTMATH_FINITE if finite else ()):
            yield replace(options, fastmath=flags), ""
    if options.error_model == "python":
        yield replace(options, error_model="numpy"), "error_model numpy"
    if options.parallel:
        yield replace(options, parallel=False, threads=None), "parallel off"
        for threads in sorted({1 << k for k in range(max_threads.bit_length())} - {max_threads}):
            yield replace(options, threads=threads), f"{threads} thread{'s' if threads > 1 else ''}"
        yield replace(options, threads=None), "all threads"
    elif max_threads > 1 and uses_parallel([candidate.tree]):
        yield replace(options, parallel=True), "parallel on"


def _has_floats(candidate: Candidate, signature: Signature) -> bool:
    dtypes = [a.dtype or a.kind for a in signature.arguments] + [o.dtype or o.kind for o in signature.outputs]
    if any(dtype.startswith(("float", "complex")) for dtype in dtypes):
        return True
    return any(isinstance(n, ast.Div) or isinstance(n, ast.Constant) and isinstance(n.value, float | complex)
               for n in ast.walk(candidate.tree))
