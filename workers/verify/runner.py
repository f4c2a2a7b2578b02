"""Runner: one built kernel in a sandboxed child, run on arguments that the parent owns."""
from __future__ import annotations

from typing import Any

import numpy as np

from ..arena import Arena
from ..evaluation import Verdict
from ..failure import RunFailed, ask
from ..oracle import Case
from ..sandbox.client import Child
from .differential import Outcome


class ChildRunner:
    """Runs the kernel in `slot` of `child`, each case in an arena of its own. seconds: wall limit of one run.
    threads: how many each run uses at most; None: as many as the slot was built for."""

    ARGS = "verify"

    def __init__(self, child: Child, slot: str, seconds: float | None = None, threads: int | None = None) -> None:
        self._child = child
        self._slot = slot
        self._seconds = seconds
        self._threads = threads

    def run(self, case: Case, poison: int) -> Outcome:
        """Once, on copies of the case's arguments, outputs and allocated memory filled with `poison`. Raises RunFailed."""
        with Arena.for_case(case.arguments, case.expected) as arena:
            arena.poison(poison)
            ask(self._child, {"do": "attach", "name": self.ARGS, "layout": arena.layout}, [arena.fd], self._seconds)
            run = {"do": "run", "slot": self._slot, "args": self.ARGS, "perturb": poison, "threads": self._threads}
            reply = ask(self._child, run, seconds=self._seconds)
            if arena.overrun():
                raise RunFailed(Verdict.OUT_OF_BOUNDS, "writes beyond the end of an argument, or before its start")
            return outcome_of(reply, arena, case)


def outcome_of(reply: dict[str, Any], arena: Arena, case: Case) -> Outcome:
    """What the child's reply and the arena hold of one run. Copies: the child can still write to the arena, now or while
    it is compared. Raises RunFailed where the reply does not describe each result."""
    described = reply.get("outputs")
    if not isinstance(described, list) or len(described) != len(case.expected):
        raise RunFailed(Verdict.CRASHED, "its answer is no answer: it does not describe each result")
    aliases = tuple(output.get("alias", "unknown") if isinstance(output, dict) else "unknown" for output in described)
    results = tuple(
        buffer.copy() if isinstance(expected, np.ndarray) else buffer.item()
        for buffer, expected in zip(arena.outputs(), case.expected)
    )
    arguments = tuple(a.copy(order="K") if isinstance(a, np.ndarray) else a for a in arena.arguments())
    return Outcome(results, arguments, aliases)
