"""Proof: the checks of the champion's last examination, in a person's words. What follows from them stands in the
certificate's statement, which the report shows as it is."""
from __future__ import annotations

from dataclasses import dataclass

from ...workers.confirmation import Confirmation
from ...workers.evaluation import Verdict
from ..certificate.evidence import Evidence, evidence, title


@dataclass(frozen=True)
class Shown:
    """All checks of one kind. found: the answer, or what went wrong. cases: inputs tried, None where it does not say.
    worst: the greatest difference seen, in words."""

    name: str
    found: str
    method: str
    cases: int | None
    sizes: tuple[str, ...]
    worst: str


def checks(confirmation: Confirmation | None) -> list[Shown]:
    """The kinds of checks in the order in which they were made."""
    return [_shown(seen) for seen in evidence(confirmation.checks).values()] if confirmation else []


def _shown(seen: Evidence) -> Shown:
    return Shown(title(seen.name), _found(seen), seen.method, seen.cases, seen.sizes, seen.worst)


def _found(seen: Evidence) -> str:
    if seen.verdict is not Verdict.VERIFIED:
        return f"{seen.verdict}{f': {seen.message}' if seen.message else ''}"
    if not seen.applicable and seen.reason:
        return f"{seen.answer}: {seen.reason}"
    return seen.answer or str(seen.verdict)
