"""Pair: two candidates that are combined, and what comes of it."""
from __future__ import annotations

from dataclasses import dataclass

from ..candidate import Candidate
from ..signature import Signature


@dataclass(frozen=True)
class Pair:
    """The result is mostly `first`, with something of `second`. base: an ancestor of both, where one is known.

    signature: of the reference.
    """

    first: Candidate
    second: Candidate
    base: Candidate | None
    signature: Signature


@dataclass(frozen=True)
class Recombined:
    """A candidate made of two. kind: which way; note: what it took from the second parent."""

    candidate: Candidate
    kind: str
    note: str
