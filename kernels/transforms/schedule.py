"""Schedules: compositions of the other rewrites that are worth trying first.

From statement-by-statement loops to what a person would write at once: temporaries fused away, the deepest
independent nests parallel, reductions free to be vectorised. Legality: that of each step.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..candidate import Candidate
from ..signature import Signature
from . import parallel, streamline
from .draft import Rewrite, rewritten

NAME = "schedule"
FLAGS = ("arcp", "contract", "nsz", "reassoc")


def propose(candidate: Candidate, signature: Signature) -> Iterator[Rewrite]:
    """Fused and with free reductions; the deepest nests parallel; both at once first."""
    fused = next((r.candidate for r in streamline.propose(candidate, signature)), None)
    bases = [(fused, "streamlined, "), (candidate, "")] if fused is not None else [(candidate, "")]
    for base, prefix in bases:
        deepest = parallel.deepest(base, signature)
        if deepest is not None:
            yield from _finish(candidate, deepest.candidate, f"{prefix}{deepest.note}, reductions reordered")
        yield from _finish(candidate, base, f"{prefix}reductions reordered")


def _finish(origin: Candidate, made: Candidate, note: str) -> Iterator[Rewrite]:
    options = replace(made.options, fastmath=FLAGS, error_model="numpy")
    rewrite = rewritten(origin, NAME, note, text=made.text, options=options)
    if rewrite is not None:
        yield rewrite
