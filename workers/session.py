"""Session: a sandboxed child with built kernels, made ready for the clock that its parent holds."""
from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any

from .failure import RunFailed
from .sandbox.client import Child, ChildFailure

_REST_SECONDS, _REST_SHARE, _PATIENCE_SECONDS = 0.001, 0.02, 0.5
_PRIMED_NS = 20_000_000


class ChildSession:
    """What `timing` needs of a child: kernels built in slots, and the argument set `args` attached. Context manager:
    while it is open, the calling thread runs on the first of `cores` only.

    cores: those leased; the child must be allowed on all of them. Its main thread gets the first, the threads of each
    of its pools the others. Left alone, the scheduler puts a woken thread beside one that spins, for milliseconds,
    and us behind either when the answer comes: two-thread kernels were seen to vary by a factor of five.
    mixed_pools: slots use several pools of threads (BLAS's and Numba's): then each batch waits until the other pool
    has stopped spinning, and wakes its own by one call beforehand.
    seconds: wall limit of one command. All methods raise RunFailed where the kernel raises or the child dies.
    """

    def __init__(
        self, child: Child, args: str, cores: Sequence[int], mixed_pools: bool = False, seconds: float | None = None
    ) -> None:
        self._child = child
        self._args = args
        self._cores = tuple(cores)
        self._mixed_pools = mixed_pools and len(self._cores) > 1
        self._seconds = seconds
        self._placed: frozenset[int] = frozenset()
        self._usual: set[int] = set()
        self._call_ns: dict[str, float] = {}
        self._prepared = ("", 0)

    def __enter__(self) -> ChildSession:
        self._usual = os.sched_getaffinity(0)
        self._pin(0, self._cores[0])
        return self

    def __exit__(self, *_: object) -> None:
        os.sched_setaffinity(0, self._usual)

    def prepare(self, slot: str, calls: int) -> int:
        """Private inputs for `calls` calls of `slot`; returns for how many of them there is memory."""
        if self._mixed_pools:
            self._rest()
            if calls and self._call_ns.get(slot, _PRIMED_NS) < _PRIMED_NS:
                self._ready(slot, 1)
                self.go()
        calls = self._ready(slot, calls)
        self._place_threads()
        return calls

    def go(self) -> int:
        """Makes the prepared calls; nanoseconds by the child's clock."""
        ns = int(self._call({"do": "go"})["ns"])
        slot, calls = self._prepared
        if calls:
            self._call_ns[slot] = ns / calls
        return ns

    def _ready(self, slot: str, calls: int) -> int:
        reply = self._call({"do": "prepare", "slot": slot, "args": self._args, "calls": calls})
        self._prepared = (slot, int(reply["calls"]))
        return self._prepared[1]

    def _rest(self) -> None:
        """Waits, half a second at most, until the child's processor time stands still."""
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

    def _place_threads(self) -> None:
        """Gives each thread of the child a core of its own, as far as they go; pools start with their first use."""
        try:
            threads = sorted(int(name) for name in os.listdir(f"/proc/{self._child.pid}/task"))
        except OSError:
            return
        if self._placed == frozenset(threads):
            return
        others = self._cores[1:] or self._cores
        for position, thread in enumerate(threads):
            self._pin(thread, self._cores[0] if position == 0 else others[(position - 1) % len(others)])
        self._placed = frozenset(threads)

    def _pin(self, thread: int, core: int) -> None:
        try:
            os.sched_setaffinity(thread, {core})
        except OSError:
            pass  # not allowed, or gone already: what is measured varies more, and its interval says so

    def _call(self, message: dict[str, Any]) -> dict[str, Any]:
        try:
            reply = self._child.call(message, seconds=self._seconds)
        except ChildFailure as failure:
            raise RunFailed.of_child(failure) from None
        if not reply["ok"]:
            raise RunFailed.of_reply(reply)
        return reply
