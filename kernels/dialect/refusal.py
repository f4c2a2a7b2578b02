"""Refusal: one reason why the gate does not let a text pass."""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Refusal:
    """line: 1-based line of the text, 0 where none can be named. reason: what stands there and what to write instead."""

    line: int
    reason: str


class Refused(Exception):
    """Ends the inspection of a text at once: what follows could not be read, or not cheaply."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.refusal = Refusal(line, reason)
