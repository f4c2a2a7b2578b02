"""Session: a sandboxed child with built kernels, for the clock that its parent holds."""
from __future__ import annotations

import time
from typing import Any

from .failure import RunFailed
from .sandbox.client import Child, ChildFailure

_REST_SECONDS, _REST_SHARE, _PATIENCE_SECONDS = 0.001, 0.02, 0.5


class ChildSession:
    """What `timing` needs of a child: kernels built in slots, and the argument set `args` attached.

    threads: how many the kernels may use; with more than one, `settle` waits for pools that spin. seconds: wall limit
    of one command. All methods raise RunFailed where the kernel raises or the child dies.
    """

    def __init__(self, child: Child, args: str, threads: int, seconds: float | None = None) -> None:
        self._child = child
        self._args = args
        self._threads = threads
        self._seconds = seconds

    def prepare(self, slot: str, calls: int) -> int:
        """Private inputs for `calls` calls of `slot`; returns for how many of them there is memory."""
        return int(self._call({"do": "prepare", "slot": slot, "args": self._args, "calls": calls})["calls"])

    def settle(self) -> None:
        """Waits, half a second at most, until the child's processor time stands still: OpenMP's and BLAS's threads
        look busily for further work after each call, and would take the cores from whatever is timed next."""
        if self._threads == 1:
            return
        # The clock of another process's CPU time, as clock_getcpuclockid(3) makes it.
        clock = (~self._child.pid << 3) | 2
        end = time.perf_counter() + _PATIENCE_SECONDS
        try:
            while time.perf_counter() < end:
                start, used = time.perf_counter(), time.clock_gettime(clock)
                time.sleep(_REST_SECONDS)
                if time.clock_gettime(clock) - used < _REST_SHARE * (time.perf_counter() - start):
                    return
        except OSError:
            return  # the child is gone; the next command says how

    def go(self) -> int:
        """Makes the prepared calls; nanoseconds by the child's clock."""
        return int(self._call({"do": "go"})["ns"])

    def _call(self, message: dict[str, Any]) -> dict[str, Any]:
        try:
            reply = self._child.call(message, seconds=self._seconds)
        except ChildFailure as failure:
            raise RunFailed.of_child(failure) from None
        if not reply["ok"]:
            raise RunFailed.of_reply(reply)
        return reply
