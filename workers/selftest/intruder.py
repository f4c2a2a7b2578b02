"""Intruder: what a candidate would do in its child if the gate had let it through. Runs there in place of the harness.

Each attempt answers "reached: ..." or "stopped: ...". None does lasting harm where nothing stops it.
"""
from __future__ import annotations

import ctypes
import mmap
import os
import resource
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..arena import Arena
from ..sandbox import kernel_calls
from ..sandbox.child import Channel

CHANNEL = 3
LATE_SECONDS = 0.2
_STANDARD = {0, 1, 2, CHANNEL}
_PTRACE_SEIZE, _NEW_USER, _NEW_NAMESPACES = 0x4206, 0x10000000, 0x00020000
_MANY_THREADS, _MANY_BYTES, _A_FILE = 1500, 8 << 20, 1 << 20


def serve(channel: Channel) -> None:
    """Answers {"do": name of an attempt, ...}, and plays the harness where an attempt needs that."""
    arenas: dict[str, Arena] = {}
    while (received := channel.receive()) is not None:
        message, fds = received
        if message["do"] == "attach":
            arenas[message["name"]] = Arena.attach(message["layout"], fds[0])
            channel.send({"ok": True})
        elif message["do"] in _HARNESS:
            channel.send(_HARNESS[message["do"]](message, arenas))
        else:
            channel.send({"ok": True, "value": attempt(message, fds)})


def attempt(message: dict[str, Any], fds: list[int]) -> str:
    """Makes the attempt that the message names."""
    try:
        return f"reached: {_ATTEMPTS[message['do']]({**message, 'fds': fds})}"
    except (OSError, MemoryError, ValueError, RuntimeError) as error:
        return f"stopped: {type(error).__name__}: {error}"[:300]


def _call(name: str, *arguments: Any) -> str:
    return f"{name} gave {kernel_calls.call(name, *arguments)}"


def _read(path: str) -> str:
    with open(path, "rb") as file:
        return f"{len(file.read(64))} bytes of {path}"


def _write(path: str) -> str:
    with open(path, "wb") as file:
        file.write(b"x")
    return path


def _read_judge_memory(message: dict[str, Any]) -> str:
    with open(f"/proc/{message['judge']}/mem", "rb"):
        return "the judge's memory is open"


def _copy_judge_memory(message: dict[str, Any]) -> str:
    buffer = ctypes.create_string_buffer(8)
    local = ctypes.create_string_buffer(struct.pack("@PN", ctypes.addressof(buffer), 8))
    remote = ctypes.create_string_buffer(struct.pack("@PN", message["address"], 8))
    return _call("process_vm_readv", message["judge"], ctypes.addressof(local), 1, ctypes.addressof(remote), 1, 0)


def _signal_judge(message: dict[str, Any]) -> str:
    os.kill(message["judge"], 0)
    os.kill(os.getppid(), 0)
    return "the judge takes our signals"


def _fork(_: dict[str, Any]) -> str:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return "a process of its own"


def _start_threads(_: dict[str, Any]) -> str:
    done = threading.Event()
    started = 0
    try:
        for started in range(_MANY_THREADS):  # noqa: B007 - counts
            threading.Thread(target=done.wait, daemon=True).start()
    finally:
        done.set()
    return f"{started + 1} threads"


def _connect(message: dict[str, Any]) -> str:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        other.settimeout(2.0)
        other.connect("\0" + message["name"])
    return "a socket of another process"


def _resolve(message: dict[str, Any]) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.connect(("192.0.2.1", 53))
        return f"a way out from {other.getsockname()[0]}"


def _list_descriptors(_: dict[str, Any]) -> str:
    own = {int(name) for name in os.listdir("/proc/self/fd")}
    kept = []
    for fd in own - _STANDARD:
        try:
            kept.append(f"{fd} {os.readlink(f'/proc/self/fd/{fd}')}")
        except OSError:
            continue  # the one that listed them
    if not kept:
        raise OSError("none but standard streams and the channel is open")
    return ", ".join(kept)


def _fill_disk(_: dict[str, Any]) -> str:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    directory = Path(os.environ["TMPDIR"])
    for number in range(_MANY_BYTES // _A_FILE):
        (directory / f"{number}").write_bytes(bytes(_A_FILE))
    return f"{_MANY_BYTES} bytes of disk"


def _raise_limits(_: dict[str, Any]) -> str:
    found = []
    for name in ("RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_NOFILE"):
        which = getattr(resource, name)
        try:
            resource.setrlimit(which, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            found.append(name)
        except (OSError, ValueError):
            continue
    if not found:
        raise OSError("no limit can be raised")
    return ", ".join(found)


def _set_clock(_: dict[str, Any]) -> str:
    time.clock_settime(time.CLOCK_REALTIME, time.clock_gettime(time.CLOCK_REALTIME))
    return "the machine's clock"


def _shrink(message: dict[str, Any]) -> str:
    os.ftruncate(message["fds"][0], 0)
    return "the memory is gone from under the judge"


def _run_another_program(_: dict[str, Any]) -> str:
    os.execv("/bin/true", ["true"])


def _stop_oneself(_: dict[str, Any]) -> str:
    os.kill(os.getpid(), signal.SIGSTOP)
    return "went on"


def _block_signals(_: dict[str, Any]) -> str:
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    while True:
        pass


def _close_channel(_: dict[str, Any]) -> str:
    os.close(CHANNEL)
    time.sleep(1000)
    return "lives on"


def _flood_output(_: dict[str, Any]) -> str:
    for _ in range(64):
        sys.stdout.write("verdict: verified\n" * 50_000)
    sys.stdout.flush()
    os._exit(0)


def _send_raw(message: dict[str, Any]) -> str:
    """Answers with bytes of its own making, and no more."""
    os.write(CHANNEL, bytes.fromhex(message["bytes"]))
    time.sleep(1000)
    return "was believed"


def _send_descriptors(_: dict[str, Any]) -> str:
    null = os.open("/dev/null", os.O_RDONLY)
    body = b'{"ok": true, "value": "stopped: the judge closes what it did not ask for"}'
    # The channel's descriptor belongs to another socket object.
    channel = socket.socket(fileno=os.dup(CHANNEL))
    socket.send_fds(channel, [struct.pack(">Q", len(body)) + body], [null] * 200)
    time.sleep(1000)
    return "was believed"


def _answer_late(message: dict[str, Any], arenas: dict[str, Arena]) -> dict[str, Any]:
    """Says that it is done, and lets a thread write the right results afterwards."""
    arena = arenas[message["args"]]
    (a,), (out,) = arena.arguments(), arena.outputs()

    def write() -> None:
        time.sleep(LATE_SECONDS)
        out[...] = (a * a).sum(axis=1)

    threading.Thread(target=write, daemon=True).start()
    return {"ok": True, "outputs": [{"kind": "array", "dtype": out.dtype.name, "shape": list(out.shape), "alias": None}]}


def _forge_clock(message: dict[str, Any], _: dict[str, Arena]) -> dict[str, Any]:
    """Works for some milliseconds and claims that its clock stood still."""
    np.arange(3_000_000).sum()
    return {"ok": True, "ns": 1, "calls": 1}


_HARNESS: dict[str, Callable[[dict[str, Any], dict[str, Arena]], dict[str, Any]]] = {
    "run": _answer_late,
    "prepare": lambda message, _: {"ok": True, "calls": message["calls"], "copies": 1},
    "go": _forge_clock,
    "nonsense": lambda message, _: message["reply"],
}
_ATTEMPTS: dict[str, Callable[[dict[str, Any]], str]] = {
    "read judge memory": _read_judge_memory,
    "read file": lambda message: _read(message["path"]),
    "write file": lambda message: _write(message["path"]),
    "copy judge memory": _copy_judge_memory,
    "trace judge": lambda message: _call("ptrace", _PTRACE_SEIZE, message["judge"], 0, 0),
    "signal judge": _signal_judge,
    "hold judge": lambda message: _call("pidfd_open", message["judge"], 0),
    "fork": _fork,
    "start threads": _start_threads,
    "run another program": _run_another_program,
    "connect": _connect,
    "resolve": _resolve,
    "share memory": lambda _: _call("shmget", 0x6B77, 4096, 0o1666),
    "make anonymous memory": lambda _: _call("memfd_create", b"kernwright\0", 0),
    "list descriptors": _list_descriptors,
    "fill disk": _fill_disk,
    "raise limits": _raise_limits,
    "set clock": _set_clock,
    "raise priority": lambda _: f"priority {os.setpriority(os.PRIO_PROCESS, 0, -10)}",
    "leave group": lambda _: f"group {os.setpgid(0, 0)}, session {os.setsid()}",
    "make namespaces": lambda _: _call("unshare", _NEW_USER | _NEW_NAMESPACES),
    "count performance": lambda _: _call("perf_event_open", ctypes.addressof(ctypes.create_string_buffer(128)), 0, -1, -1, 0),
    "queue system calls": lambda _: _call("io_uring_setup", 4, ctypes.addressof(ctypes.create_string_buffer(128))),
    "shrink": _shrink,
    "map shared": lambda message: f"{len(mmap.mmap(message['fds'][0], 64))} bytes, which it was given",
    "stop oneself": _stop_oneself,
    "block signals": _block_signals,
    "close channel": _close_channel,
    "flood output": _flood_output,
    "send raw": _send_raw,
    "send descriptors": _send_descriptors,
}
