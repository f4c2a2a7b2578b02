"""A judge for measurements, some of which may stand in a file already."""
from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property
from typing import Self

from ...workers.evaluate import Judge
from ...workers.job import Assignment


class JudgeOnDemand:
    """Context manager; the judge starts with the first measurement that needs it, and ends with the context."""

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @cached_property
    def _judge(self) -> Judge:
        return self._stack.enter_context(Judge(self._assignment))
