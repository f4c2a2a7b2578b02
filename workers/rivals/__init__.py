"""Rivals: kernels that a champion is timed against. The reference, candidates, and what other compilers make of the
reference's own text, one compiler a file.

All of them are trusted code: a rival's builder reads the author's text, never a candidate's.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..oracle import Case
from ..sandbox.client import Child
from ..slots import Slots


class NotBuilt(Exception):
    """The rival cannot be had here; the message says in a line why."""


class Rival(Protocol):
    """One rival of one kernel. `name` is how a table calls it."""

    name: str

    def prepare(self, slots: Slots, case: Case, cores: Sequence[int]) -> None:
        """Compiles once what every child then loads. Raises NotBuilt or RunFailed."""

    def build(self, slots: Slots, child: Child, slot: str) -> None:
        """Makes the rival runnable in `slot` of `child`, for the types of the arguments attached there. Raises RunFailed."""
