"""What stops a statement, or a whole reference, from being lifted."""
from __future__ import annotations

from ..spec import SpecError


class CannotLift(Exception):
    """A statement has no loop form here; the message is the reason that `doctor` prints."""


class NotInDialect(SpecError):
    """The reference uses something that no candidate may; the message names the line and the reason."""
