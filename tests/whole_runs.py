"""What the tests of whole runs share: a kernel, the command line in a process of its own, and looks at what it leaves."""
import os
import subprocess
import sys
import time
from pathlib import Path

from kernwright.search.journal import Journal, journal_url

KERNEL = '''
import numpy as np
import kernwright

def make_inputs(size, rng):
    return rng.standard_normal((size["n"], size["m"])), rng.standard_normal(size["m"])

@kernwright.kernel(inputs=make_inputs,
                   sizes={"tiny": {"n": 3, "m": 4}, "verify": {"n": 23, "m": 17}, "benchmark": {"n": 400, "m": 300}})
def scores(a, weights):
    centred = a - a.mean(axis=1, keepdims=True)
    return np.sqrt((centred * centred * weights * weights).sum(axis=1))
'''

SHORT = "confirm_seconds = 6.0\nrounds = 7\ndashboard = false\n"


def prepare(folder, text=KERNEL):
    """Writes the kernel's file, and a configuration under which a run measures as little as it may."""
    (folder / "mine.py").write_text(text)
    (folder / "short.toml").write_text(SHORT)


def kernwright(*arguments, folder, **more):
    return subprocess.Popen([sys.executable, "-m", "kernwright", *arguments], cwd=folder, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, start_new_session=True, **more)


def finish(process, seconds=240):
    out, err = process.communicate(timeout=seconds)
    return process.returncode, out, err


def ours(folder):
    """Processes that a run in `folder` started: the run itself, Ray's, warm processes and their children."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                where = os.readlink(entry / "cwd")
            except OSError:
                continue
            if where.startswith(str(folder)) and command:
                found.append((int(entry.name), command[:120]))
    return found


def left_behind(folder, seconds=30):
    """Processes of a run in `folder` that are still there after `seconds`."""
    end = time.monotonic() + seconds
    while (left := ours(folder)) and time.monotonic() < end:
        time.sleep(0.2)
    return left


def evaluations(directory):
    with Journal.open(journal_url(directory), write=False) as journal:
        return [(row.ordinal, row.candidate.identity, row.purpose, str(row.evaluation.verdict)) for row in journal.evaluations()]


def wait_for(directory, count, seconds=120):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if len(evaluations(directory)) >= count:
                return
        except Exception:  # noqa: BLE001 - the run has not written its journal yet
            pass
        time.sleep(0.2)
    raise AssertionError("the run did not get that far")
