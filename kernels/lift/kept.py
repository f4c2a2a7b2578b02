"""Kept: what the lift left as it was."""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kept:
    """A statement that was not turned into loops: its line in the reference's file, its text, and why."""

    line: int
    text: str
    reason: str
