"""The warm process: has imported Numba and compiled a kernel, and forks a child for every request.

Run as `python -m kernwright.workers.sandbox.warm FD THREADS` by `client.WarmProcess`. FD is its end of the control
socket (SOCK_SEQPACKET, one JSON message a packet). Requests: {"fork": id, "limits", "target", "readable", "writable",
"confined", "cores"} with the child's end of its own channel attached, and {"kill": id}. Reports: {"ready": …} once,
{"forked": id, "pid"}, {"exited": id, "status", "signal", "cpu_seconds", "max_rss", "tail"}.

It is single-threaded, so forking is safe. When its owner is gone (the socket ends, or the owner's process does, also
by SIGKILL) it kills whatever it started, removes its directory and exits.
"""
from __future__ import annotations

import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from ..scratch import Scratch
from . import child, kernel_calls, limits, namespaces

TAIL_BYTES = 4096
PACKET_BYTES = 1 << 16
_PR_SET_CHILD_SUBREAPER = 36


@dataclass
class _Running:
    pid: int
    directory: Path
    output: int
    listening: bool = True
    tail: bytearray = field(default_factory=bytearray)


class _ForkServer:
    """Owns the children. `serve()` returns when the owner is gone."""

    def __init__(self, control: socket.socket, threads: int, directory: Path, shared_defences: tuple[str, ...]) -> None:
        self._control = control
        self._threads = threads
        self._directory = directory
        self._shared_defences = shared_defences
        self._children: dict[int, _Running] = {}
        self._poll = select.poll()
        self._wakeup, writing = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        self._poll.register(control, select.POLLIN)
        self._poll.register(self._wakeup, select.POLLIN)

    def serve(self, owner: int) -> None:
        """Answers requests until the owner is gone. `owner`: a pidfd of its process, or -1."""
        if owner >= 0:
            self._poll.register(owner, select.POLLIN)
        while True:
            ready = {fd for fd, _ in self._poll.poll()}
            for running in list(self._children.values()):
                if running.output in ready:
                    self._drain(running)
            if self._wakeup in ready:
                _empty(self._wakeup)
                self._reap()
            if owner in ready:
                return
            if self._control.fileno() in ready and not self._answer():
                return

    def close(self) -> None:
        """Kills all children and strays."""
        for identity in list(self._children):
            self._kill(identity)
        while self._children:
            self._reap(block=True)
        _kill_strays(set())

    def _answer(self) -> bool:
        try:
            packet, fds, _, _ = socket.recv_fds(self._control, PACKET_BYTES, 4)
        except ConnectionResetError:
            return False
        if not packet:
            return False
        request = json.loads(packet)
        if "fork" in request:
            self._fork(request, fds[0])
        elif "kill" in request:
            self._kill(request["kill"])
        return True

    def _report(self, message: dict[str, Any]) -> None:
        try:
            self._control.send(json.dumps(message).encode())
        except OSError:
            pass  # the owner is gone; the end of the socket is handled by serve()

    def _fork(self, request: dict[str, Any], channel: int) -> None:
        identity = request["fork"]
        directory = self._directory / f"child-{identity}"
        directory.mkdir(mode=0o700)
        reading, writing = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(reading, False)
        pid = os.fork()
        if pid == 0:
            self._become_child(request, channel, writing, directory)
        os.close(channel)
        os.close(writing)
        self._children[identity] = _Running(pid, directory, reading)
        self._poll.register(reading, select.POLLIN)
        self._report({"forked": identity, "pid": pid})

    def _become_child(self, request: dict[str, Any], channel: int, output: int, directory: Path) -> NoReturn:
        status = 1
        try:
            os.setsid()
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            channel = _keep_only(channel, output)
            if request["cores"]:
                os.sched_setaffinity(0, request["cores"])
            child.run(request, channel, directory, self._threads, self._shared_defences)
            status = 0
        except BaseException as error:  # noqa: BLE001 - nothing may return into the server's loop
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
        finally:
            try:
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                os._exit(status)

    def _kill(self, identity: int) -> None:
        running = self._children.get(identity)
        if running is not None:
            _kill_group(running.pid)

    def _reap(self, block: bool = False) -> None:
        """Buries the dead: their group and strays are killed while the zombie still reserves the id."""
        ended = []
        while True:
            try:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT | (0 if block else os.WNOHANG))
            except ChildProcessError:
                break
            if found is None:
                break
            block = False
            identity = next((i for i, r in self._children.items() if r.pid == found.si_pid), None)
            if identity is not None:
                _kill_group(found.si_pid)
            _, status, usage = os.wait4(found.si_pid, 0)
            if identity is not None:
                ended.append((identity, self._children.pop(identity), status, usage))
        if not ended:
            return
        _kill_strays({running.pid for running in self._children.values()})
        for identity, running, status, usage in ended:
            self._drain(running)
            if running.listening:
                self._poll.unregister(running.output)
            os.close(running.output)
            shutil.rmtree(running.directory, ignore_errors=True)
            self._report({
                "exited": identity,
                "status": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
                "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
                "cpu_seconds": usage.ru_utime + usage.ru_stime,
                "max_rss": usage.ru_maxrss * 1024,
                "tail": running.tail.decode(errors="replace"),
            })

    def _drain(self, running: _Running) -> None:
        """Keeps the tail of what the child printed. Reads no more than a pipe holds, so a flood cannot hold us up."""
        try:
            data = os.read(running.output, PACKET_BYTES)
        except BlockingIOError:
            return
        if not data and running.listening:
            self._poll.unregister(running.output)
            running.listening = False
        running.tail += data
        del running.tail[:-TAIL_BYTES]


def _keep_only(channel: int, output: int) -> int:
    """Makes `output` standard output and error, /dev/null standard input, and closes all but these and the channel."""
    null = os.open(os.devnull, os.O_RDONLY)
    channel = os.dup(channel) if channel < 3 else channel
    for source, target in ((null, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.dup2(channel, 3)
    os.closerange(4, os.sysconf("SC_OPEN_MAX"))
    return 3


def _kill_group(leader: int) -> None:
    """Kills a process that is not yet reaped, and its group."""
    for kill in (os.killpg, os.kill):
        try:
            kill(leader, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


def _kill_strays(known: set[int]) -> None:
    """Kills processes that left their group and, their parent being dead, were handed to us; until none is left."""
    while strays := [pid for pid in _children_of_this_process() if pid not in known]:
        for pid in strays:
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except (ProcessLookupError, ChildProcessError):
                continue


def _children_of_this_process() -> list[int]:
    own = os.getpid()
    try:
        return [int(pid) for pid in Path(f"/proc/self/task/{own}/children").read_text().split()]
    except OSError:
        pass
    found = []  # kernels without CONFIG_PROC_CHILDREN
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if int(Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[1]) == own:
                found.append(int(name))
        except OSError:
            continue
    return found


def _empty(pipe: int) -> None:
    try:
        while os.read(pipe, 4096):
            pass
    except BlockingIOError:
        return


def _prepare() -> None:
    """Imports and compiles what every child needs. Nothing parallel: a pool of threads would not survive the fork."""
    importlib.import_module("kernwright.workers.harness").warm_up()


def main(prepare: Callable[[], None] = _prepare) -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    threads = int(sys.argv[2])
    owner = _owner()
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    shared = namespaces.leave_network()
    scratch = Scratch("warm")
    directory = scratch.path
    try:
        os.environ["HOME"] = os.environ["TMPDIR"] = os.environ["NUMBA_CACHE_DIR"] = str(directory)
        tempfile.tempdir = None
        try:
            kernel_calls.prctl(_PR_SET_CHILD_SUBREAPER, 1)
        except OSError:
            pass
        prepare()
        limits.python_paths()  # found once, for all forks
        gc.collect()
        gc.freeze()
        server = _ForkServer(control, threads, directory, shared)
        own_threads = len(os.listdir("/proc/self/task"))
        control.send(json.dumps({"ready": os.getpid(), "directory": str(directory), "threads": own_threads}).encode())
        try:
            server.serve(owner)
        finally:
            server.close()
    finally:
        scratch.close()


def _owner() -> int:
    """A pidfd of the process that started us, or -1 where the kernel has none."""
    try:
        return os.pidfd_open(os.getppid())
    except OSError:
        return -1


if __name__ == "__main__":
    main()
