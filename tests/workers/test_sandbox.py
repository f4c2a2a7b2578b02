"""Faults of every kind in real sandboxed children: each ends in one clear failure, and leaves nothing behind."""
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from kernwright.workers.sandbox.client import ChildFailure, WarmProcess
from kernwright.workers.sandbox.limits import MIB, Limits

FAULTS = '''
import ctypes, os, socket, sys, threading, time
from pathlib import Path

def serve(channel):
    message, _ = channel.receive()
    channel.send({"ok": True, "value": globals()[message["do"]](message)})
    while channel.receive() is not None:
        channel.send({"ok": True, "value": None})

def echo(message): return message["text"]
def segfault(message): ctypes.string_at(0)
def abort(message): os.abort()
def leave(message): sys.exit(3)
def leave_at_once(message): os._exit(0)
def endless(message):
    while True: pass
def sleepy(message): time.sleep(1000)
def bomb(message):
    kept = []
    while True: kept.append(bytearray(64 << 20))
def hung_thread(message):
    thread = threading.Thread(target=lambda: time.sleep(1000)); thread.start(); thread.join()
def big_file(message):
    with open(os.path.join(os.environ["TMPDIR"], "big"), "wb") as file:
        for _ in range(1000): file.write(bytes(1 << 20))
def environment(message): return dict(os.environ)
def write_outside(message):
    try: Path(message["path"]).write_text("x")
    except OSError as error: return type(error).__name__
    return "written"
def read_outside(message):
    try: return Path(message["path"]).read_text()
    except OSError as error: return type(error).__name__
def connect(message):
    try: socket.create_connection(("127.0.0.1", message["port"]), 2)
    except OSError as error: return type(error).__name__
    return "connected"
def directory(message):
    path = os.environ["TMPDIR"]; Path(path, "left").write_text("x"); return path
'''
LIMITS = Limits(cpu_seconds=20, wall_seconds=30, memory_bytes=512 * MIB, file_bytes=8 * MIB)


@pytest.fixture(scope="module")
def warm(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faults")
    (folder / "sandbox_faults.py").write_text(FAULTS)
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(folder)
    os.environ["SOME_API_KEY"] = "secret-value"
    try:
        with WarmProcess(2) as process:
            yield process
    finally:
        os.environ.pop("SOME_API_KEY")
        os.environ.pop("PYTHONPATH") if before is None else os.environ.update(PYTHONPATH=before)


def ask(warm, fault, limits=LIMITS, seconds=None, **fields):
    with warm.fork(limits, fault, target="sandbox_faults:serve") as child:
        return child.call({"do": fault, **fields}, seconds=seconds)["value"]


def test_a_child_answers(warm):
    assert ask(warm, "echo", text="hello") == "hello"


@pytest.mark.parametrize("fault, kind", [
    ("segfault", "crashed"), ("abort", "crashed"), ("leave", "exited"), ("leave_at_once", "exited"),
    ("bomb", "out of memory"), ("big_file", "raised"),
])
def test_a_fault_is_a_failure_with_its_kind(warm, fault, kind):
    with pytest.raises(ChildFailure) as caught:
        ask(warm, fault)
    assert caught.value.kind == kind or (fault == "big_file" and caught.value.kind in ("crashed", "raised", "exited"))
    assert caught.value.message


def test_cpu_seconds_end_an_endless_loop(warm):
    with pytest.raises(ChildFailure, match="CPU") as caught:
        ask(warm, "endless", Limits(cpu_seconds=1, wall_seconds=60, memory_bytes=512 * MIB))
    assert caught.value.kind == "timed out"


@pytest.mark.parametrize("fault", ["sleepy", "hung_thread"])
def test_wall_time_ends_what_only_waits(warm, fault):
    with pytest.raises(ChildFailure, match="wall") as caught:
        ask(warm, fault, seconds=0.5)
    assert caught.value.kind == "timed out"


def test_after_all_faults_the_warm_process_still_serves(warm):
    for fault in ("segfault", "leave"):
        with pytest.raises(ChildFailure):
            ask(warm, fault)
    assert ask(warm, "echo", text="still here") == "still here"


def test_a_warm_process_that_is_killed_is_replaced(warm):
    children = [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    os.kill(next(pid for pid in children if b"sandbox.warm" in Path(f"/proc/{pid}/cmdline").read_bytes()), signal.SIGKILL)
    time.sleep(0.1)
    assert ask(warm, "echo", text="again") == "again"


def test_no_secret_of_the_owner_reaches_a_child(warm):
    assert "secret-value" not in str(ask(warm, "environment"))


def test_files_outside_are_out_of_reach_where_landlock_is_active(warm, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    with warm.fork(LIMITS, "look", target="sandbox_faults:serve") as child:
        if "landlock" not in child.defences:
            pytest.skip("this kernel has no Landlock")
    assert ask(warm, "write_outside", path=str(tmp_path / "new")) == "PermissionError"
    assert ask(warm, "read_outside", path=str(secret)) == "PermissionError"
    assert not (tmp_path / "new").exists()


def test_the_private_directory_goes_with_the_child(warm):
    assert not Path(ask(warm, "directory")).exists()


def test_the_network_is_out_of_reach(warm):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        with warm.fork(LIMITS, "look", target="sandbox_faults:serve") as child:
            if not {"network-namespace", "seccomp"} & set(child.defences):
                pytest.skip("neither network namespace nor seccomp is available")
        assert ask(warm, "connect", port=server.getsockname()[1]) != "connected"


def test_nothing_is_left_when_the_owner_is_killed(tmp_path):
    (tmp_path / "sandbox_faults.py").write_text(FAULTS)
    script = textwrap.dedent("""
        import sys, time
        from kernwright.workers.sandbox.client import WarmProcess
        from kernwright.workers.sandbox.limits import MIB, Limits
        warm = WarmProcess(1)
        limits = Limits(cpu_seconds=100, wall_seconds=100, memory_bytes=512 * MIB)
        children = [warm.fork(limits, "x", target="sandbox_faults:serve") for _ in range(2)]
        print(*(child.pid for child in children), flush=True)
        try:
            children[0].call({"do": "sleepy"})
        finally:
            time.sleep(1000)
    """)
    owner = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True,
                             env={**os.environ, "PYTHONPATH": str(tmp_path)})
    pids = [int(pid) for pid in owner.stdout.readline().split()]
    assert len(pids) == 2
    owner.kill()
    owner.wait()
    end = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < end:
        time.sleep(0.05)
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
