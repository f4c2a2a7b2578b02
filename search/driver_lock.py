"""DriverLock: at most one process drives a run."""
from __future__ import annotations

import fcntl
import os
from pathlib import Path

from .schema import RunError


class DriverLock:
    """An exclusive lock on a file, held until `release` or the end of the process, however it ends.

    The file stays when the lock is gone: a process that removed it could remove the one that another has just locked.
    """

    def __init__(self, path: Path) -> None:
        """Takes the lock. Raises RunError where another process holds it, or the file cannot be had."""
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise RunError(f"{path.parent} cannot be written to: {error.strerror}") from None
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._descriptor, 20, 0).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            by = f" (process {holder})" if holder.isdigit() else ""
            raise RunError(f"{path.parent} is being driven by another process{by}; `kernwright status` shows how far it is") from None
        except OSError as error:
            os.close(self._descriptor)
            raise RunError(f"{path} cannot be locked: {error.strerror}") from None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        os.close(self._descriptor)
