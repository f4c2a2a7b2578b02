"""The janitor: a small process that outlives the driver and clears up after it, even after kill -9.

It holds the reading end of a pipe whose writing end only the driver has. When the driver is gone, however it went,
the pipe closes; the janitor then kills every process that carries the run's mark in its environment (Ray's daemons,
workers and their warm processes inherit it) and removes the run's temporary directory and the killed ones' scratch directories.
"""
from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from . import scratch

MARK = "KERNWRIGHT_RUN_MARK"
GRACE_SECONDS = 3.0


class Janitor:
    """Started by the driver before anything that has to be cleared up; `close()` is the driver's regular end."""

    def __init__(self, mark: str, directory: Path) -> None:
        environment = {k: v for k, v in os.environ.items() if k != MARK}
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, mark, str(directory)],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=environment, start_new_session=True,
        )

    def close(self) -> None:
        """Lets the janitor clear up now, and waits for it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)


def marked_processes(mark: str, directory: Path) -> list[int]:
    """Ids of living processes that carry `mark` in their environment or hold a file of `directory` open.

    The second sign is needed because a process that sets its title (Ray's agents do) overwrites its environment. The
    driver, our parent while it lives, holds such files too (Ray's logs), and is spared.
    """
    wanted = f"{MARK}={mark}".encode()
    return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc")))
            if pid not in (os.getpid(), os.getppid()) and (_carries(pid, wanted) or _holds_file_of(pid, directory))]


def _carries(pid: int, wanted: bytes) -> bool:
    try:
        return wanted in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False


def _holds_file_of(pid: int, directory: Path) -> bool:
    try:
        descriptors = os.listdir(f"/proc/{pid}/fd")
    except OSError:
        return False
    for descriptor in descriptors:
        try:
            target = os.readlink(f"/proc/{pid}/fd/{descriptor}")
        except OSError:
            continue
        if target.startswith(f"{directory}/"):
            return True
    return False


def sweep(mark: str, directory: Path) -> None:
    """Kills what carries `mark` (after a grace period for a regular end) and removes `directory`."""
    deadline = time.monotonic() + GRACE_SECONDS
    while marked_processes(mark, directory) and time.monotonic() < deadline:
        time.sleep(0.1)
    deadline = time.monotonic() + 10
    while (left := marked_processes(mark, directory)) and time.monotonic() < deadline:
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.1)
    shutil.rmtree(directory, ignore_errors=True)
    scratch.sweep()


def main() -> None:
    mark, directory = sys.argv[1], Path(sys.argv[2])
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    sweep(mark, directory)


if __name__ == "__main__":
    main()
