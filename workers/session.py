"""Session: a sandboxed child with built kernels, made ready for the clock that its parent holds."""
from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any

from .failure import RunFailed
from .sandbox.client import Child, ChildFailure

_LOOK_SECONDS, _PATIENCE_SECONDS = 0.0005, 0.5
_PRIMED_NS = 20_000_000


class ChildSession:
    """What `timing` needs of a child: kernels built in slots, and the argument sets `args` attached. Context manager:
    while it is open, the calling thread runs on the first of `cores` only.

    cores: those leased; the child must be allowed on all of them. Its main thread gets the first, the threads of each
    of its pools the others. Left alone, the scheduler puts a woken thread beside one that spins, for milliseconds,
    and us behind either when the answer comes: two-thread kernels were seen to vary by a factor of five.
    mixed_pools: slots use several pools of threads (BLAS's and Numba's): then a change of slots waits until the other's
    pool has stopped spinning (OpenBLAS's goes on for 0.1 s), and wakes its own by one call. Without that a two-thread
    kernel took 4.5 ms beside BLAS in place of 1.7.
    seconds: wall limit of one command. All methods raise RunFailed where the kernel raises or the child dies.
    """

    def __init__(
        self, child: Child, args: Sequence[str], cores: Sequence[int], mixed_pools: bool = False, seconds: float | None = None
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
        if self._mixed_pools and slot != self._prepared[0]:
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

    def waited_ns(self) -> int:
        """Nanoseconds that the child's threads waited for their core while another process had it, by the kernel's count; 0
        where the kernel does not count."""
        return sum(map(self._waited, self._threads()))

    def _waited(self, thread: int) -> int:
        try:
            with open(f"/proc/{self._child.pid}/task/{thread}/schedstat", "rb") as file:
                return int(file.read().split()[1])
        except (OSError, IndexError, ValueError):
            return 0

    def _ready(self, slot: str, calls: int) -> int:
        reply = self._call({"do": "prepare", "slot": slot, "args": list(self._args), "calls": calls})
        self._prepared = (slot, int(reply["calls"]))
        return self._prepared[1]

    def _rest(self) -> None:
        """Waits, half a second at most, until every thread of the child sleeps. (Its processor time would not tell: a
        thread that spins is charged at the kernel's next tick only.)"""
        end = time.perf_counter() + _PATIENCE_SECONDS
        while time.perf_counter() < end and any(map(self._runs, self._threads())):
            time.sleep(_LOOK_SECONDS)

    def _runs(self, thread: int) -> bool:
        try:
            with open(f"/proc/{self._child.pid}/task/{thread}/stat", "rb") as file:
                return file.read().rpartition(b")")[2].split()[0] == b"R"
        except OSError:
            return False

    def _threads(self) -> list[int]:
        """The child's threads, the main one first; none where it is gone, and the next command says how."""
        try:
            return sorted(int(name) for name in os.listdir(f"/proc/{self._child.pid}/task"))
        except OSError:
            return []

    def _place_threads(self) -> None:
        """Gives each thread of the child a core of its own, as far as they go; pools start with their first use."""
        threads = self._threads()
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
