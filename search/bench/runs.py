"""Runs that a bench is made of: each a `kernwright run` of its own, gone on with where it was stopped, never done twice.

None begins with what another found: they are compared, or their speedups are stated for so many evaluations.
"""
from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...kernels.spec import KernelSpec
from ..journal import DATABASE, Journal, journal_url
from ..result import result_of
from ..schema import RunError
from ..target import resolve

STOP_SECONDS = 30.0
BAD_INPUT, NOTHING_VERIFIED, INTERRUPTED = 2, 3, 130


class DidNotEnd(RunError):
    """A run ended without a result; the message says why. Others may still be carried out."""


@dataclass(frozen=True)
class PlannedRun:
    """What one run is told. kernel, preset: as the command line names them. config: a preset of settings or a TOML file."""

    kernel: str
    directory: Path
    evaluations: int
    seed: int
    config: str | None = None
    preset: str | None = None


def carry_out(planned: PlannedRun) -> dict[str, Any]:
    """The run's result, as result.json has it; from its journal where it has ended already.

    Raises DidNotEnd where it cannot be run, RunError where the directory holds another run, KeyboardInterrupt where it
    was stopped.
    """
    directory = planned.directory
    _forget_unexamined(directory)
    begun = (directory / DATABASE).exists()
    result = finished(planned) if begun else None
    if result is not None:
        return result
    if begun:
        status, said = _kernwright("resume", str(directory))
    else:
        told = {"--config": planned.config, "--preset": planned.preset}
        further = [part for option, value in told.items() if value is not None for part in (option, value)]
        status, said = _kernwright("run", planned.kernel, "--evaluations", str(planned.evaluations), "--seed", str(planned.seed),
                                   "--out", str(directory), "--no-warm-start", *further)
    if status in (INTERRUPTED, -signal.SIGTERM):       # the latter where it was told to end before it listened
        raise KeyboardInterrupt
    result = finished(planned) if status in (0, NOTHING_VERIFIED) else None
    if result is None:
        last = next((line for line in reversed(said.splitlines()) if line.strip()), f"exit status {status}")
        raise DidNotEnd(f"the run of {planned.kernel} in {directory} did not end well: {last.removeprefix('kernwright: ')}")
    return result


def finished(planned: PlannedRun) -> dict[str, Any] | None:
    """The result of the run in the planned directory, None where it has not ended. Raises RunError where it is another."""
    with Journal.open(journal_url(planned.directory), write=False) as journal:
        check_same(planned, journal, resolve(planned.kernel, planned.preset))
        return result_of(journal) if journal.state("status") == "finished" else None


def _forget_unexamined(directory: Path) -> None:
    """Removes a run that was killed while it examined its reference: it has learned nothing and cannot be resumed."""
    if not (directory / DATABASE).exists():
        return
    with Journal.open(journal_url(directory), write=False) as journal:
        examined = journal.state("inspection") is not None
    if not examined:
        shutil.rmtree(directory)


def check_same(planned: PlannedRun, journal: Journal, spec: KernelSpec) -> None:
    """Raises RunError where the journal is of another kernel, seed or number of evaluations than planned."""
    settings, where = journal.run.settings, f"{planned.directory} holds a run"
    for name, wanted in (("evaluations", planned.evaluations), ("seed", planned.seed)):
        if settings.get(name) != wanted:
            raise RunError(f"{where} with {name} {settings.get(name)}, not {wanted}; name another --out")
    if journal.run.spec.content_hash != spec.content_hash:
        raise RunError(f"{where} of another {planned.kernel}: the kernel's text has changed; name another --out")


def _kernwright(*arguments: str) -> tuple[int, str]:
    """Exit status and what was said on stderr of a command that has this one's environment and terminal."""
    with subprocess.Popen([sys.executable, "-m", "kernwright", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, errors="replace") as process, _forwarding(process):
        try:
            said = process.communicate()[1]
            return process.returncode, said
        except KeyboardInterrupt:
            # Ctrl-C reaches the run as well, which then writes its files; it is told once more only if it does not end.
            try:
                process.communicate(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.terminate()
                process.communicate()
            raise



@contextmanager
def _forwarding(process: subprocess.Popen[str]) -> Iterator[None]:
    """While open, SIGTERM is passed on to `process`, which then ends as after Ctrl-C: a run must not outlive its bench."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
