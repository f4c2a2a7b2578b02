"""Standing: whether a run hands over the reference itself, as it found nothing that is right and faster."""
from __future__ import annotations

from ..workers.confirmation import Confirmation
from ..workers.evaluation import Verdict
from .journal import Journal

REFERENCE = "reference"
"""What result.json calls the champion of such a run."""
NEVER_RAN = frozenset({Verdict.REFUSED, Verdict.BUILD_FAILED, Verdict.TIMED_OUT, Verdict.OUT_OF_MEMORY, Verdict.TOO_SLOW})
"""Verdicts on candidates that computed nothing wrong."""


def reference_stands(journal: Journal, confirmation: Confirmation | None) -> bool:
    """True for a run that has ended and whose best verified kernel is slower than the reference, or that had nothing to
    verify: whatever it built was refused, did not compile or ran too long. Where something computed other results, and
    nothing was verified, the run has failed."""
    if journal.state("status") != "finished":
        return False
    if confirmation is not None and confirmation.verdict is Verdict.VERIFIED:
        over = confirmation.over_reference
        return over is not None and over.high < 1.0
    fallen = any(data["verdict"] != Verdict.VERIFIED for _, data, _ in journal.events("confirmation"))
    return not fallen and all(row.evaluation.verdict in NEVER_RAN for row in journal.evaluations())
