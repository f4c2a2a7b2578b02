"""Check: what one way of verifying a candidate found."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..evaluation import Verdict


@dataclass(frozen=True)
class Check:
    """verdict: VERIFIED where nothing was found. message: one or two lines that say what to change, "" if VERIFIED.
    facts: JSON of what was tried and seen."""

    verdict: Verdict
    message: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return self.verdict is Verdict.VERIFIED

    def as_json(self) -> dict[str, Any]:
        return {"verdict": str(self.verdict), "message": self.message, "facts": dict(self.facts)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Check:
        return cls(Verdict(data["verdict"]), data["message"], data["facts"])
