"""Repeated: one transform again and again, for the steps that are no more than that."""
from __future__ import annotations

from collections.abc import Callable, Iterator

from ...candidate import Candidate
from ...signature import Signature
from ...transforms import Rewrite


def repeated(step: Callable[[Candidate, Signature], Rewrite | None], candidate: Candidate, signature: Signature,
             most: int) -> Candidate | None:
    """What the step makes of the candidate, and of that, up to `most` times; None where it makes nothing of it."""
    at = candidate
    for _ in range(most):
        made = step(at, signature)
        if made is None:
            break
        at = made.candidate
    return None if at is candidate else at


def exhausted(propose: Callable[[Candidate, Signature], Iterator[Rewrite]], candidate: Candidate, signature: Signature,
              most: int) -> Candidate | None:
    """The same of the first that a transform proposes."""
    return repeated(lambda *given: next(propose(*given), None), candidate, signature, most)
