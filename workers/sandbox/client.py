"""The owner's side of the sandbox: one warm process, and the children forked from it."""
from __future__ import annotations

import json
import os
import re
import resource
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from . import wire
from .limits import MIB, Limits

REPLY_BYTES = 1 * MIB
START_SECONDS = 120.0
DEATH_SECONDS = 30.0
HARNESS = "kernwright.workers.harness:serve"
# Besides these, nothing of the owner's environment reaches the warm process: keys and tokens live there.
KEPT_VARIABLES = (
    "PATH", "LANG", "LC_ALL", "TZ", "PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "LD_PRELOAD", "PYTHONDONTWRITEBYTECODE",
    "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "NPY_DISABLE_CPU_FEATURES", "MALLOC_ARENA_MAX", "GLIBC_TUNABLES",
    "NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES", "NUMBA_THREADING_LAYER", "NUMBA_THREADING_LAYER_PRIORITY", "NUMBA_SLP_VECTORIZE",
    "NUMBA_LOOP_VECTORIZE", "OMP_WAIT_POLICY", "OMP_PROC_BIND", "OMP_PLACES", "GOMP_SPINCOUNT", "KERNWRIGHT_RUN_MARK",
)
_OUT_OF_MEMORY = re.compile(r"bad_alloc|out of memory|cannot allocate|MemoryError|Thread creation failed|pthread_create failed", re.I)


class SandboxError(RuntimeError):
    """The sandbox itself does not work on this machine; the message holds what the warm process said."""


class ChildFailure(Exception):
    """A child did not answer, or answered that it ran out of memory.

    kind: "crashed" (a signal), "timed out" (CPU seconds or wall time), "out of memory", "exited" (by itself) or
    "raised" (a command failed in the child's own code). message: one paragraph for a person or a model.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(kind, message)
        self.kind = kind
        self.message = message

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}"


class WarmProcess:
    """A process that has imported Numba and waits to be forked. Context manager; for one thread at a time.

    threads: how many threads Numba's and BLAS's pools may have in a child. Starts at once and gets ready in the
    background; the first `fork` waits for it. A warm process that died is replaced.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._next = 0
        self._events: dict[int, dict[str, dict[str, Any]]] = {}
        self._closed = False
        self._owner = os.getpid()
        self._start()

    def fork(
        self,
        limits: Limits,
        name: str = "",
        *,
        target: str = HARNESS,
        cores: Sequence[int] = (),
        readable: Sequence[str] = (),
        writable: Sequence[str] = (),
        confined: bool = True,
    ) -> Child:
        """A fresh child under `limits` that runs `target` ("module:function" of one argument, its channel).

        cores: the only ones it may run on (empty: all). readable, writable: paths it may open beside Python's own.
        confined: False for trusted code, which then keeps the user's rights (no Landlock, no seccomp).
        Raises SandboxError where no child can be had, ChildFailure if it dies of its limits before it starts.
        """
        request = {"limits": limits.as_json(), "target": target, "cores": list(cores), "readable": list(readable),
                   "writable": list(writable), "confined": confined}
        try:
            return self._fork(limits, name, request)
        except _WarmProcessDied:
            self._restart()
        try:
            return self._fork(limits, name, request)
        except _WarmProcessDied as error:
            raise SandboxError(f"no child can be forked: {error}. {self._said()}") from None

    def close(self) -> None:
        """Ends the warm process and with it every child; nothing of it is left. May be called twice."""
        if self._closed or os.getpid() != self._owner:
            return  # a forked copy of the owner owns nothing
        self._closed = True
        self._stop()

    def __enter__(self) -> WarmProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if not getattr(self, "_closed", True):
            self.close()

    def _start(self) -> None:
        self._ready: dict[str, Any] | None = None
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._stderr = os.memfd_create("kernwright-warm-stderr", os.MFD_CLOEXEC)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "kernwright.workers.sandbox.warm", str(theirs.fileno()), str(self.threads)],
                pass_fds=(theirs.fileno(),), close_fds=True, start_new_session=True, env=_environment(self.threads),
                stdin=subprocess.DEVNULL, stdout=self._stderr, stderr=self._stderr,
            )

    def _stop(self) -> None:
        self._control.close()
        try:
            self._process.wait(timeout=DEATH_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._ready is not None:
            shutil.rmtree(self._ready["directory"], ignore_errors=True)
        os.close(self._stderr)

    def _restart(self) -> None:
        if self._closed:
            raise SandboxError("the warm process is closed")
        self._stop()
        self._start()

    def _fork(self, limits: Limits, name: str, request: dict[str, Any]) -> Child:
        if self._closed:
            raise SandboxError("the warm process is closed")
        deadline = time.monotonic() + START_SECONDS
        while self._ready is None:
            self._pump(deadline)
        self._next += 1
        identity = self._next
        self._events[identity] = {}
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with theirs:
                packet = json.dumps({"fork": identity, **request}).encode()
                try:
                    socket.send_fds(self._control, [packet], [theirs.fileno()])
                except OSError:
                    raise _WarmProcessDied("the warm process is gone") from None
            pid = self._event(identity, "forked", deadline)["pid"]
            child = Child(self, identity, pid, limits, name, ours)
        except BaseException:
            ours.close()
            raise
        try:
            child._greet()
        except BaseException:
            child.kill()
            raise
        return child

    def _event(self, identity: int, kind: str, deadline: float) -> dict[str, Any]:
        while kind not in self._events[identity]:
            self._pump(deadline)
        return self._events[identity][kind]

    def _pump(self, deadline: float) -> None:
        """Reads one report of the warm process."""
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise _WarmProcessDied("the warm process does not answer")
        try:
            packet = self._control.recv(1 << 20)
        except OSError:
            packet = b""
        if not packet:
            raise _WarmProcessDied("the warm process is gone")
        report = json.loads(packet)
        if "ready" in report:
            self._ready = report
            return
        kind = "forked" if "forked" in report else "exited"
        events = self._events.get(report[kind])
        if events is not None:
            events[kind] = report

    def _kill(self, identity: int) -> dict[str, Any] | None:
        """Ends a child and returns how it ended; None where the warm process is gone (its children died with it)."""
        deadline = time.monotonic() + DEATH_SECONDS
        try:
            if "exited" not in self._events[identity]:
                try:
                    self._control.send(json.dumps({"kill": identity}).encode())
                except OSError:
                    raise _WarmProcessDied from None
            return self._event(identity, "exited", deadline)
        except _WarmProcessDied:
            return None

    def _forget(self, identity: int) -> None:
        self._events.pop(identity, None)

    def _said(self) -> str:
        size = os.fstat(self._stderr).st_size
        text = os.pread(self._stderr, 2000, max(0, size - 2000)).decode(errors="replace").strip()
        return f"It said: {text}" if text else "It said nothing."


class Child:
    """One forked child. Context manager: on leaving, its whole process group is killed and its directory removed.

    defences: what confines it, as it reported before anything else ran. pid: its process id.
    """

    def __init__(self, warm: WarmProcess, identity: int, pid: int, limits: Limits, name: str, channel: socket.socket) -> None:
        self.pid = pid
        self.name = name
        self.defences: tuple[str, ...] = ()
        self._warm = warm
        self._identity = identity
        self._limits = limits
        self._channel = channel
        self._born = time.monotonic()
        self._ended: ChildFailure | None = None
        self._exit: dict[str, Any] | None = None

    def call(self, message: dict[str, Any], fds: Sequence[int] = (), seconds: float | None = None) -> dict[str, Any]:
        """The child's answer, a JSON object of at most 1 MiB.

        fds: descriptors that it gets duplicates of. seconds: wall limit of this call; the child's own wall limit
        holds besides. Raises ChildFailure; after any kind but "raised" the child is dead.
        """
        if self._ended is not None:
            raise ChildFailure(self._ended.kind, self._ended.message)
        for fd in fds:
            self._allow_more_memory(os.fstat(fd).st_size)
        reply = self._exchange(message, fds, seconds)
        if reply.get("ok") is False and reply.get("kind") == "out of memory":
            self._fail("out of memory", str(reply.get("message", ""))[:1000])
        if reply.get("ok") is False and reply.get("kind") == "harness":
            raise ChildFailure("raised", str(reply.get("message", ""))[:2000])
        return reply

    def kill(self) -> None:
        """Kills the child and all it started, and waits until nothing of it is left. May be called twice."""
        if self._exit is None:
            self._exit = self._warm._kill(self._identity) or {}
            self._warm._forget(self._identity)
            self._channel.close()
            if self._ended is None:
                self._ended = ChildFailure("exited", "the child was ended by its owner")

    def pin(self, cores: Sequence[int]) -> None:
        """Restricts every thread of the child to `cores`. Raises OSError if it is gone."""
        for task in os.listdir(f"/proc/{self.pid}/task"):
            try:
                os.sched_setaffinity(int(task), cores)
            except ProcessLookupError:
                continue

    @property
    def usage(self) -> dict[str, float]:
        """CPU seconds and peak memory (bytes) of a child that has ended; empty before."""
        if not self._exit:
            return {}
        return {"cpu_seconds": self._exit["cpu_seconds"], "max_rss": self._exit["max_rss"]}

    @property
    def output(self) -> str:
        """The tail of what an ended child printed."""
        return str(self._exit["tail"]) if self._exit else ""

    def __enter__(self) -> Child:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.kill()

    def _greet(self) -> None:
        try:
            received = wire.receive(self._channel, REPLY_BYTES, time.monotonic() + START_SECONDS)
        except (wire.WireTimeout, wire.WireError) as error:
            self._fail("crashed", f"the child did not start: {error}")
        if received is None:
            self._fail_as_it_ended()
        self.defences = tuple(received[0]["defences"])

    def _exchange(self, message: dict[str, Any], fds: Sequence[int], seconds: float | None) -> dict[str, Any]:
        life = self._born + self._limits.wall_seconds
        deadline = life if seconds is None else min(life, time.monotonic() + seconds)
        allowed = self._limits.wall_seconds if deadline == life or seconds is None else seconds
        try:
            wire.send(self._channel, message, fds, deadline)
            received = wire.receive(self._channel, REPLY_BYTES, deadline)
        except wire.WireTimeout:
            self._fail("timed out", f"no answer within {allowed:g} s of wall time")
        except wire.WireError as error:
            self._fail("crashed", f"its answer is no answer: {error}")
        except OSError:
            received = None
        if received is None:
            self._fail_as_it_ended()
        reply, unwanted = received
        for fd in unwanted:
            os.close(fd)
        return reply

    def _allow_more_memory(self, count: int) -> None:
        """Raises the child's address-space limit by the size of an arena that it is about to map."""
        try:
            soft, hard = resource.prlimit(self.pid, resource.RLIMIT_AS)
            if soft != resource.RLIM_INFINITY:
                soft += count
                resource.prlimit(self.pid, resource.RLIMIT_AS, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))
        except (OSError, ValueError):
            pass  # the call itself will tell if the child is gone

    def _fail(self, kind: str, message: str) -> None:
        self._ended = ChildFailure(kind, message)
        self.kill()
        raise self._ended

    def _fail_as_it_ended(self) -> None:
        """The channel ended: the child is dead, or closed it and goes on, which is not allowed."""
        poll_until = time.monotonic() + 2.0
        try:
            self._exit = self._warm._event(self._identity, "exited", poll_until)
        except _WarmProcessDied:
            self._fail("crashed", "it closed its channel without an answer")
        self._warm._forget(self._identity)
        self._channel.close()
        self._ended = _obituary(self._exit, self._limits)
        raise self._ended


class _WarmProcessDied(Exception):
    pass


def _obituary(exit_report: dict[str, Any], limits: Limits) -> ChildFailure:
    """What an unexpected end means. (How each limit shows itself was tried out: see tests/workers/test_sandbox*.)"""
    cpu, number, tail = exit_report["cpu_seconds"], exit_report["signal"], exit_report["tail"].strip()
    said = f"; it printed: {tail[-500:]}" if tail else ""
    # Nothing but the soft limit sends SIGXCPU; the kernel counts ticks for it, so the exact account may be a little less.
    if number == signal.SIGXCPU or (number == signal.SIGKILL and cpu >= limits.cpu_seconds):
        return ChildFailure("timed out", f"used up its {limits.cpu_seconds:g} CPU seconds")
    if _OUT_OF_MEMORY.search(tail):
        return ChildFailure("out of memory", f"ended when no more memory was to be had (limit {limits.memory_bytes / MIB:,.0f} MiB){said}")
    if number == signal.SIGKILL:
        return ChildFailure("out of memory", "killed by the kernel, most likely because the machine ran out of memory")
    if number is not None:
        name = signal.Signals(number).name if number in signal.valid_signals() else f"signal {number}"
        what = signal.strsignal(number) or "unknown"
        return ChildFailure("crashed", f"killed by {name} ({what.lower()}){said}")
    return ChildFailure("exited", f"ended by itself with status {exit_report['status']} before it answered{said}")


def _environment(threads: int) -> dict[str, str]:
    """A clean environment. BLAS starts with one thread, so that the warm process has none to lose when it forks; the
    harness raises it in the child."""
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    return {
        **kept,
        "NUMBA_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "BLIS_NUM_THREADS": "1",
        # Iteration order of sets reaches compiled code: equal text must give equal machine code.
        "PYTHONHASHSEED": "0",
    }
