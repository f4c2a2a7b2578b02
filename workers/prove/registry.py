"""The proofs that a champion must stand, in the order in which they are tried."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ...kernels.candidate import Candidate
from ..evaluate import Judge
from ..verify.check import Check
from .determinism import determinism
from .families import families
from .identity import identity
from .parallel import parallel
from .precision import precision


class Proof(Protocol):
    """One way of examining a champion in depth."""

    def __call__(self, judge: Judge, candidate: Candidate, seed: int, seconds: float) -> Check:
        """What it shows. seed: fixes everything that is drawn. seconds: about how long it may take.

        facts hold at least "method" (one sentence: how this was found out) and "answer" (a word or two: "identical",
        "not applicable", ...). A question that it cannot answer is no failure: the Check is VERIFIED, and the answer
        says "not applicable" and why. Raises what `failure.FAILURES` lists.
        """


PROOFS: Mapping[str, Proof] = {
    "parallel": parallel,
    "identity": identity,
    "families": families,
    "precision": precision,
    "determinism": determinism,
}
