"""Process watch: CPU seconds and memory of a process, and of what it started, sampled from outside while it runs."""
from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Sample:
    """when: Unix time. cpu_s: CPU seconds of the process since its start. rss_bytes: its resident memory.
    ray_cpu_s: CPU seconds of Ray's own processes below it, workers and what they started apart."""

    when: float
    cpu_s: float
    rss_bytes: int
    ray_cpu_s: float


class ProcessWatch:
    """A context manager that samples process `pid` every `seconds` until it ends, or the context does."""

    def __init__(self, pid: int, seconds: float = 0.5) -> None:
        self.samples: list[Sample] = []
        self._pid = pid
        self._seconds = seconds
        self._daemons: dict[int, float] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> ProcessWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while (sample := self._sample()) is not None:
            self.samples.append(sample)
            if self._ended.wait(self._seconds):
                return

    def _sample(self) -> Sample | None:
        own = _stat(self._pid)
        if own is None:
            return None
        # Kept when a daemon ends: its seconds were spent.
        self._daemons |= {pid: stat.cpu_s for pid, stat in _daemons_below(self._pid)}
        return Sample(time.time(), own.cpu_s, own.rss_bytes, sum(self._daemons.values()))


@dataclass(frozen=True)
class _Stat:
    parent: int
    cpu_s: float
    rss_bytes: int


def _stat(pid: int) -> _Stat | None:
    """What the kernel says of a process; None where there is none, or but a zombie."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # a process's name may hold anything
    if fields[0] in "ZX":
        return None
    return _Stat(int(fields[1]), (int(fields[11]) + int(fields[12])) / _TICK, int(fields[21]) * _PAGE)


def _daemons_below(pid: int) -> Iterator[tuple[int, _Stat]]:
    """Processes that `pid` started, directly or not, but for Ray's workers, their descendants, and what judges kernels."""
    stats = {int(name): stat for name in os.listdir("/proc") if name.isdigit() and (stat := _stat(int(name)))}
    children: dict[int, list[int]] = {}
    for child, stat in stats.items():
        children.setdefault(stat.parent, []).append(child)
    below = list(children.get(pid, ()))
    while below:
        found = below.pop()
        if not _judges(found):
            yield found, stats[found]
            below += children.get(found, ())


def _judges(pid: int) -> bool:
    """Whether it is one of our workers (Ray titles it by its task), or a warm process."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return False
    return (command.startswith("ray::") and not command.startswith("ray::IDLE")) or "kernwright.workers.sandbox" in command
