"""Earlier runs: those beside a new one that searched for the same kernel, found within a second."""
from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from ..journal import DATABASE
from ..schema import RunError
from .run_directory import EarlierRun, read_run

SECONDS = 1.0
MOST_RUNS = 50


def earlier_runs(parent: Path, spec_hash: str, seconds: float = SECONDS) -> Sequence[EarlierRun]:
    """The runs of the spec in directories right below `parent`, the newest first.

    Only the MOST_RUNS newest are looked into, and none after so many seconds. What cannot be read (damaged, of a newer
    version, locked) or is being driven right now is passed over: an earlier run is a help, and no condition.
    """
    end = time.monotonic() + seconds
    found = []
    for directory in _newest(parent, end):
        left = end - time.monotonic()
        if left <= 0:
            break
        try:
            run = read_run(directory, spec_hash, left)
        except RunError:
            continue
        if run is not None and not run.driven:
            found.append(run)
    return found


def _newest(parent: Path, end: float) -> list[Path]:
    """Directories that hold a run's database, the one written last first."""
    times: dict[Path, float] = {}
    try:
        with os.scandir(parent) as entries:
            for entry in entries:
                if time.monotonic() > end:
                    break
                try:
                    times[Path(entry.path)] = os.stat(os.path.join(entry.path, DATABASE)).st_mtime
                except OSError:
                    continue  # a file, no run, or a place that we may not look into
    except OSError:
        return []
    return sorted(times, key=lambda path: -times[path])[:MOST_RUNS]
