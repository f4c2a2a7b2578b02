"""Timed test: whether a kernel does in a timed call what it did in the tests.

Tests run in poisoned memory, timings do not: a kernel could tell one from the other by what its fresh memory holds, and
skip the work where the clock runs. So calls are made once more exactly as a timing makes them, on two sets of arguments
in turn, and their results compared: what a call finds in memory is then the answer to other arguments.
"""
from __future__ import annotations

from ..arena import Arena
from ..failure import ask
from ..oracle import Case, Oracle
from ..sandbox.client import Child
from ..slots import OTHER_ARGS
from .check import Check
from .differential import Outcome, PlannedCase, differential
from .runner import outcome_of

ARGS = "timed again"
_COPY_BYTES = 32 << 20


def check_timed(child: Child, slot: str, oracle: Oracle, planned: PlannedCase, seconds: float | None = None) -> Check:
    """What timed calls of the kernel in `slot` show, at `planned`, whose arguments and others `Slots.attach_timed` has
    attached. seconds: wall limit of one command. Raises RunFailed."""
    found = differential(_TimedRunner(child, slot, seconds), oracle, [planned])
    return found if found.passed else Check(found.verdict, f"in a timed call: {found.message}", found.facts)


class _TimedRunner:
    """Runs a kernel as a timing does: calls in a row, on two sets of arguments in turn, in ordinary memory; the outcome of
    the last one counts."""

    def __init__(self, child: Child, slot: str, seconds: float | None = None) -> None:
        self._child = child
        self._slot = slot
        self._seconds = seconds

    def run(self, case: Case, poison: int) -> Outcome:
        """The third call, after one on the case's arguments and one on others. Raises RunFailed."""
        with Arena.for_case(case.arguments, case.expected) as arena:
            ask(self._child, {"do": "attach", "name": ARGS, "layout": arena.layout}, [arena.fd], self._seconds)
            prepare = {"do": "prepare", "slot": self._slot, "args": [ARGS, OTHER_ARGS], "calls": 3, "copy_bytes": _COPY_BYTES}
            ask(self._child, prepare, seconds=self._seconds)
            ask(self._child, {"do": "go"}, seconds=self._seconds)
            reply = ask(self._child, {"do": "collect", "slot": self._slot}, seconds=self._seconds)
            return outcome_of(reply, arena, case)
