"""Why a kernel's work was not counted."""
from __future__ import annotations


class NotCounted(Exception):
    """The text does something whose work is not known here; the message names it."""


class OutOfTime(NotCounted):
    """Counting took longer than it was allowed."""
