"""Intrusions: attempts to break out of the sandbox, made by code in a child as if the gate had let it through."""
from __future__ import annotations

import ctypes
import os
import socket
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...kernels.observe import observe
from ..arena import Arena
from ..evaluation import Verdict
from ..failure import RunFailed
from ..leases import default_directory
from ..oracle import Oracle
from ..sandbox.client import Child, ChildFailure, WarmProcess
from ..sandbox.limits import Limits
from ..session import ChildSession
from ..slots import CANDIDATE_FILE_BYTES
from ..timing import TimingError, measure
from ..verify.differential import PlannedCase, differential
from ..verify.runner import ChildRunner
from .intruder import LATE_SECONDS
from .kernels import KERNELS
from .run import Outcome

LIMITS = Limits(cpu_seconds=3.0, wall_seconds=20.0, memory_bytes=512 << 20, file_bytes=CANDIDATE_FILE_BYTES)
_TARGET = "kernwright.workers.selftest.intruder:serve"
_PATIENCE_SECONDS = 1.0
_ALWAYS: tuple[str, ...] = ()


@dataclass(frozen=True)
class Intrusion:
    """One attempt.

    story: what it would gain. stopped_by: what stops it, in some words. needs: defences of which one must be active for
    it to be stopped (none: it must be stopped everywhere). make: makes the attempt and says what became of it, "reached:
    ..." or "stopped: ...".
    """

    name: str
    story: str
    stopped_by: str
    needs: tuple[str, ...]
    make: Callable[[Stage], str]


@dataclass(frozen=True)
class Stage:
    """Where attempts are made: a warm process, and a directory of the judge's that no child may see."""

    warm: WarmProcess
    directory: Path

    @contextmanager
    def child(self, readable: tuple[str, ...] = ()) -> Iterator[Child]:
        """A child confined as a candidate's is, in which the intruder waits."""
        with self.warm.fork(LIMITS, "selftest", target=_TARGET, readable=readable) as child:
            yield child

    def ask(self, do: str, *, fds: tuple[int, ...] = (), readable: tuple[str, ...] = (), **fields: Any) -> str:
        """What the intruder says of one attempt, or how its child ended."""
        with self.child(readable) as child:
            return ended(lambda: str(child.call({"do": do, "judge": os.getpid(), **fields}, fds, LIMITS.wall_seconds)["value"]))


def ended(attempt: Callable[[], str]) -> str:
    """What the attempt says, or that its child ended, which is as good as being stopped."""
    try:
        return attempt()
    except ChildFailure as failure:
        return f"stopped: {failure}"
    except RunFailed as failure:
        return f"stopped: {failure.verdict}: {failure.message}"


def run_intrusions(names: frozenset[str] | None = None) -> Iterator[Outcome]:
    """What became of each intrusion (of those called `names`); None for defended where this machine lacks the defence."""
    chosen = [intrusion for intrusion in INTRUSIONS.values() if names is None or intrusion.name in names]
    if not chosen:
        return
    with WarmProcess(1) as warm, tempfile.TemporaryDirectory(prefix="kernwright-selftest-") as directory:
        stage = Stage(warm, Path(directory))
        with stage.child() as child:
            active = set(child.defences)
        for intrusion in chosen:
            started = time.perf_counter()
            said = intrusion.make(stage)
            verdict, _, message = said.partition(": ")
            stopped = verdict == "stopped"
            lacking = bool(intrusion.needs) and not active & set(intrusion.needs)
            if not stopped and lacking:
                verdict, message = "not available", f"this machine has none of {', '.join(intrusion.needs)}"
            yield Outcome("sandbox", intrusion.name, "the judge", verdict, "sandbox", message,
                          None if lacking and not stopped else stopped, round(time.perf_counter() - started, 3))


def _probe(do: str, **fields: Any) -> Callable[[Stage], str]:
    return lambda stage: stage.ask(do, **fields)


def _copy_memory(stage: Stage) -> str:
    secret = ctypes.create_string_buffer(b"expected")
    return stage.ask("copy judge memory", address=ctypes.addressof(secret))


def _read_secret(stage: Stage) -> str:
    path = stage.directory / "secret"
    path.write_text("secret")
    return stage.ask("read file", path=str(path))


def _plant(stage: Stage) -> str:
    """Into a directory that the child may read, as the cache of compiled code is."""
    path = stage.directory / "cache"
    path.mkdir(exist_ok=True)
    said = stage.ask("write file", path=str(path / "champion.nbo"), readable=(str(path),))
    return f"reached: {path} holds its file" if any(path.iterdir()) else said


def _lock_cores(stage: Stage) -> str:
    path = default_directory() / f"selftest-{uuid.uuid4().hex}"
    try:
        return stage.ask("write file", path=str(path))
    finally:
        path.unlink(missing_ok=True)


def _connect(stage: Stage) -> str:
    name = f"kernwright-{uuid.uuid4().hex}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind("\0" + name)
        server.listen(1)
        return stage.ask("connect", name=name)


def _shrink(stage: Stage) -> str:
    with Arena.for_case((), ()) as arena:
        said = stage.ask("shrink", fds=(arena.fd,))
        return said if os.fstat(arena.fd).st_size == arena.nbytes else "reached: the memory is gone"


def _run_program(stage: Stage) -> str:
    said = stage.ask("run another program")
    return "reached: it became another program" if "exited" in said else said


def _flood(stage: Stage) -> str:
    with stage.child() as child:
        said = ended(lambda: str(child.call({"do": "flood output"}, seconds=LIMITS.wall_seconds)["value"]))
    return said if len(child.output) < 10_000 else f"reached: {len(child.output)} characters are kept"


def _impatient(do: str, **fields: Any) -> Callable[[Stage], str]:
    def make(stage: Stage) -> str:
        with stage.child() as child:
            started = time.perf_counter()
            said = ended(lambda: str(child.call({"do": do, **fields}, seconds=_PATIENCE_SECONDS)["value"]))
            child.kill()
            late = time.perf_counter() - started > 10 * _PATIENCE_SECONDS
            return "reached: it held the judge up" if late or Path(f"/proc/{child.pid}/status").exists() else said

    return make


def _descriptors(stage: Stage) -> str:
    before = len(os.listdir("/proc/self/fd"))
    said = stage.ask("send descriptors")
    more = len(os.listdir("/proc/self/fd")) - before
    return f"reached: {more} descriptors are left with the judge" if more > 20 else said


def _answer_late(stage: Stage) -> str:
    spec = KERNELS["row_sums"].open()
    oracle = Oracle(spec, observe(spec, 0, 10.0).signature)
    with stage.child() as child:
        check = differential(ChildRunner(child, "any", 10.0), oracle, [PlannedCase("verify", 1)])
        time.sleep(2 * LATE_SECONDS)
    return "reached: what came late was taken" if check.passed else f"stopped: {check.verdict}: {check.message}"


def _nonsense(stage: Stage) -> str:
    spec = KERNELS["row_sums"].open()
    oracle = Oracle(spec, observe(spec, 0, 10.0).signature)
    for reply in ({}, {"ok": 1}, {"ok": True}, {"ok": True, "outputs": "all"}, {"ok": True, "outputs": []},
                  {"ok": True, "outputs": [{"alias": {}}]}, {"ok": False}, {"ok": False, "kind": "verified", "message": "verified"},
                  {"ok": False, "kind": 3, "message": None}):
        with stage.child() as child:
            runner = ChildRunner(_Replying(child, reply), "any", 10.0)  # type: ignore[arg-type]
            check = differential(runner, oracle, [PlannedCase("verify", 1)])
            if check.verdict is Verdict.VERIFIED:
                return f"reached: {reply} was believed"
    return "stopped: what is no answer is a crash"


class _Replying:
    """A child that is asked to answer every run with `reply`."""

    def __init__(self, child: Child, reply: Mapping[str, Any]) -> None:
        self._child = child
        self._reply = reply

    def call(self, message: dict[str, Any], fds: Any = (), seconds: float | None = None) -> dict[str, Any]:
        if message["do"] == "run":
            message = {"do": "nonsense", "reply": dict(self._reply)}
        return self._child.call(message, fds, seconds)


def _forge_clock(stage: Stage) -> str:
    with stage.child() as child:
        cores = sorted(os.sched_getaffinity(0))[:1]
        try:
            with ChildSession(child, ("any",), cores, seconds=10.0) as session:
                ratio = measure(session, candidate="any", rival="other", rival_name="other", rounds=6, seconds=0.5)
        except TimingError as error:
            return f"stopped: {error}"
    return f"reached: {ratio.speedup:.2f} was measured"


def _intrusion(name: str, story: str, stopped_by: str, needs: tuple[str, ...], make: Callable[[Stage], str]) -> tuple[str, Intrusion]:
    return name, Intrusion(name, story, stopped_by, needs, make)


_FILES, _CALLS = ("landlock",), ("seccomp",)
INTRUSIONS: Mapping[str, Intrusion] = dict((
    _intrusion("reads-the-judge-s-memory", "finds the expected result in /proc/PID/mem", "Landlock", _FILES, _probe("read judge memory")),
    _intrusion("reads-the-judge-s-environment", "finds keys in /proc/PID/environ", "Landlock", _FILES,
               lambda stage: stage.ask("read file", path=f"/proc/{os.getpid()}/environ")),
    _intrusion("reads-the-judge-s-pipes", "reads what others send to the judge", "Landlock", _FILES,
               lambda stage: stage.ask("read file", path=f"/proc/{os.getpid()}/fd/0")),
    _intrusion("reads-the-judge-s-files", "reads expected results from the judge's files", "Landlock", _FILES, _read_secret),
    _intrusion("copies-the-judge-s-memory", "copies the expected result by process_vm_readv", "seccomp, dropped capabilities", _CALLS, _copy_memory),
    _intrusion("traces-the-judge", "controls the judge as a debugger", "seccomp", _CALLS, _probe("trace judge")),
    _intrusion("signals-the-judge", "kills the judge, or its warm process", "seccomp", _CALLS, _probe("signal judge")),
    _intrusion("holds-the-judge", "takes a handle of the judge, and its descriptors with it", "seccomp", _CALLS, _probe("hold judge")),
    _intrusion("forks", "multiplies until the machine stands still", "seccomp", _CALLS, _probe("fork")),
    _intrusion("starts-threads", "starts threads until the machine stands still", "a limit on address space", ("rlimit-as",), _probe("start threads")),
    _intrusion("runs-a-program", "becomes another program", "seccomp", _CALLS, _run_program),
    _intrusion("connects-to-a-neighbour", "talks to another process over a local socket", "seccomp, a network namespace",
               ("seccomp", "network-namespace"), _connect),
    _intrusion("sends-packets", "carries the kernel's data out of the machine", "seccomp, a network namespace",
               ("seccomp", "network-namespace"), _probe("resolve")),
    _intrusion("shares-memory", "keeps results for later processes in shared memory", "seccomp, an IPC namespace",
               ("seccomp", "ipc-namespace"), _probe("share memory")),
    _intrusion("keeps-results-in-shm", "keeps results for later processes in /dev/shm", "Landlock", _FILES,
               lambda stage: _and_remove(f"/dev/shm/kernwright-{uuid.uuid4().hex}", stage)),
    _intrusion("makes-anonymous-memory", "hides memory from the limits in an anonymous file", "seccomp", _CALLS, _probe("make anonymous memory")),
    _intrusion("inherits-descriptors", "finds the judge's pipes and files among its own descriptors", "all but the channel are closed", _ALWAYS,
               _probe("list descriptors")),
    _intrusion("fills-the-disk", "writes files until the disk is full", "a file may have no content", ("rlimit-fsize",), _probe("fill disk")),
    _intrusion("raises-its-limits", "gives itself more time and memory", "hard limits", ("rlimit-cpu",), _probe("raise limits")),
    _intrusion("sets-the-clock", "sets the clock that it is timed by", "seccomp, dropped capabilities", _ALWAYS, _probe("set clock")),
    _intrusion("raises-its-priority", "takes the processor from its rival", "seccomp, dropped capabilities", _ALWAYS, _probe("raise priority")),
    _intrusion("leaves-its-group", "survives the end of its group", "seccomp", _ALWAYS, _probe("leave group")),
    _intrusion("makes-namespaces", "becomes root in a namespace of its own", "seccomp", _CALLS, _probe("make namespaces")),
    _intrusion("counts-performance", "watches other processes by hardware counters", "seccomp", _CALLS, _probe("count performance")),
    _intrusion("queues-system-calls", "makes system calls past the filter", "seccomp", _CALLS, _probe("queue system calls")),
    _intrusion("shrinks-shared-memory", "takes the memory away that the judge reads, so that it dies", "sealed memory", _ALWAYS, _shrink),
    _intrusion("poisons-the-compile-cache", "plants code where the champion's is kept", "Landlock", _FILES, _plant),
    _intrusion("locks-the-cores", "takes a lock in the lease directory and never gives it back", "Landlock", _FILES, _lock_cores),
    _intrusion("stops-itself", "stops, so that the judge waits for ever", "a limit on wall time", _ALWAYS, _impatient("stop oneself")),
    _intrusion("blocks-all-signals", "blocks every signal and goes on", "SIGKILL at the wall limit", _ALWAYS, _impatient("block signals")),
    _intrusion("closes-the-channel", "hangs up and lives on", "a child that hangs up is killed", _ALWAYS, _impatient("close channel")),
    _intrusion("floods-the-output", "prints gigabytes that say verified", "the tail only is kept, and nobody reads a verdict in it", _ALWAYS, _flood),
    _intrusion("announces-a-huge-answer", "announces an answer of a petabyte", "answers have at most 1 MiB", _ALWAYS,
               _impatient("send raw", bytes="0003000000000000")),
    _intrusion("never-finishes-its-answer", "sends half of an answer", "a limit on wall time", _ALWAYS,
               _impatient("send raw", bytes="00000000000000407b")),
    _intrusion("answers-no-json", "answers with bytes that crash a parser", "what is no JSON object is a crash", _ALWAYS,
               _impatient("send raw", bytes="0000000000000003ff00ff")),
    _intrusion("nests-its-answer", "answers with brackets nested so deeply that the parser's stack overflows", "what is no JSON object is a crash", _ALWAYS,
               _impatient("send raw", bytes=(b"\0\0\0\0\0\0\x40\0" + b"[" * 0x4000).hex())),
    _intrusion("sends-descriptors", "fills the judge's table of descriptors", "the judge closes what it did not ask for", _ALWAYS, _descriptors),
    _intrusion("answers-nonsense", "answers with fields missing, so that the judge itself fails", "what is no answer is a crash", _ALWAYS, _nonsense),
    _intrusion("writes-results-late", "says that it is done, and lets a thread write the result after the clock has stopped",
               "results are copied before they are compared", _ALWAYS, _answer_late),
    _intrusion("forges-its-clock", "reports times of its own making", "the judge's own clock counts, and the two are compared", _ALWAYS, _forge_clock),
))


def _and_remove(path: str, stage: Stage) -> str:
    try:
        return stage.ask("write file", path=path)
    finally:
        Path(path).unlink(missing_ok=True)
