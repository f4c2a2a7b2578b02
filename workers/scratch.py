"""Scratch: a temporary directory that goes with its owner: when that closes it, else when anybody sweeps after its death.

The owner holds a lock on a file in it. A lock dies with its process, even after kill -9, and tells so across the
process namespaces of containers that share a file system, where process numbers would not.
"""
from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

PREFIX = "kernwright-scratch-"
_LOCK, _UNLOCKED = ".lock", ".lock-to-be"


class Scratch:
    """A new directory, `path`. Making one sweeps away those whose owners died."""

    def __init__(self, purpose: str) -> None:
        sweep()
        self.path = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{purpose}-"))
        self._lock = os.open(self.path / _UNLOCKED, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        # It takes its name when it is locked, as one that is not counts as a dead owner's.
        os.rename(self.path / _UNLOCKED, self.path / _LOCK)

    def close(self) -> None:
        """Removes the directory. May be called twice."""
        if self._lock >= 0:
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._lock)
            self._lock = -1


def sweep() -> None:
    """Removes this user's scratch directories whose owners are dead."""
    for path in _ours():
        with contextlib.suppress(OSError):
            lock = os.open(path / _LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(lock)


def _ours() -> Iterator[Path]:
    with contextlib.suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                if entry.name.startswith(PREFIX) and entry.stat(follow_symlinks=False).st_uid == os.geteuid():
                    yield Path(entry.path)
