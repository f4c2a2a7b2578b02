"""Timed test: whether a kernel does in a timed call what it did in the tests.

Tests run in poisoned memory, timings do not: a kernel could tell one from the other by what its fresh memory holds, and
skip the work where the clock runs. So calls are made once more exactly as a timing makes them, on two sets of arguments
in turn, and their results compared: what a call finds in memory is then the answer to other arguments. And once more on
equal arguments, with results that were altered before their memory was given back (see `workers.spoil`).
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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
_SPOILED_RUNS = 2


def check_timed(child: Child, slot: str, oracle: Oracle, planned: PlannedCase, seconds: float | None = None) -> Check:
    """What timed calls of the kernel in `slot` show, at `planned`, whose arguments and others `Slots.attach_timed` has
    attached. seconds: wall limit of one command. Raises RunFailed."""
    spoils = ({"do": "spoil", "slot": slot, "seed": planned.seed + number} for number in range(_SPOILED_RUNS))
    for names, call in (((ARGS, OTHER_ARGS), {"do": "go"}), *(((ARGS,), spoil) for spoil in spoils)):
        found = differential(_TimedRunner(child, slot, names, call, seconds), oracle, [planned])
        if not found.passed:
            return Check(found.verdict, f"in a timed call: {found.message}", found.facts)
    return found


class _TimedRunner:
    """Runs a kernel as a timing does: calls in a row, on the arguments attached under `names` in turn, in ordinary memory;
    the outcome of the third counts. call: the command that makes them."""

    def __init__(self, child: Child, slot: str, names: Sequence[str], call: dict[str, Any], seconds: float | None) -> None:
        self._child = child
        self._slot = slot
        self._names = names
        self._call = call
        self._seconds = seconds

    def run(self, case: Case, poison: int) -> Outcome:
        """The third call, which is on the case's arguments like the first. Raises RunFailed."""
        with Arena.for_case(case.arguments, case.expected) as arena:
            ask(self._child, {"do": "attach", "name": ARGS, "layout": arena.layout}, [arena.fd], self._seconds)
            prepare = {"do": "prepare", "slot": self._slot, "args": list(self._names), "calls": 3, "copy_bytes": _COPY_BYTES}
            ask(self._child, prepare, seconds=self._seconds)
            ask(self._child, self._call, seconds=self._seconds)
            reply = ask(self._child, {"do": "collect", "slot": self._slot}, seconds=self._seconds)
            return outcome_of(reply, arena, case)
