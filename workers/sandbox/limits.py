"""Limits of one child, and their application inside it, before anything untrusted runs."""
from __future__ import annotations

import math
import os
import resource
import signal
import sys
import sysconfig
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from . import kernel_calls, landlock, namespaces, seccomp

MIB = 1 << 20
# Address space that threads reserve without using it: stacks, malloc arenas and BLAS buffers.
RESERVED_PER_THREAD = 160 * MIB
RESERVED = 256 * MIB
STACK_BYTES = 8 * MIB
OPEN_FILES = 256
CPU_GRACE_SECONDS = 2
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_SYSTEM_READABLE = (
    "/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/localtime", "/etc/nsswitch.conf", "/etc/passwd",
    "/etc/group", "/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/version", "/proc/sys/vm",
    "/proc/sys/kernel", "/sys/devices/system", "/sys/fs/cgroup", "/sys/kernel/mm/transparent_hugepage",
    "/dev/urandom", "/dev/random", "/dev/zero",
)


@dataclass(frozen=True)
class Limits:
    """What a child may use over its whole life.

    cpu_seconds: of all its threads together. wall_seconds: until it is killed. memory_bytes: what it may allocate on
    top of the warm process it was forked from (shared arenas apart). file_bytes: the longest file it may write.
    """

    cpu_seconds: float
    wall_seconds: float
    memory_bytes: int
    file_bytes: int = 64 * MIB

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Limits:
        return cls(**data)


def apply(
    limits: Limits, directory: Path, threads: int, readable: Sequence[str], writable: Sequence[str], confined: bool
) -> tuple[str, ...]:
    """Puts the calling process under `limits` and returns the names of the defences that are active.

    directory: its private directory, from now on its working and temporary directory. threads: how many it may
    start without their stacks counting as memory. readable, writable: further paths beside what Python needs.
    confined: False leaves out what takes rights away (Landlock, seccomp, capabilities), for trusted code.
    A defence that this kernel or this user cannot have is left out of the answer, never fatal.
    """
    active = ["process-group", "private-tmp"]
    os.umask(0o077)
    os.chdir(directory)
    os.environ["TMPDIR"] = os.environ["HOME"] = str(directory)
    tempfile.tempdir = None
    if _try(lambda: kernel_calls.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)):
        active.append("dies-with-parent")
    active += _rlimits(limits, threads)
    if _try(_first_for_the_oom_killer):
        active.append("oom-first")
    if not confined:
        return tuple(active)
    if _try(lambda: kernel_calls.prctl(_PR_SET_NO_NEW_PRIVS, 1)):
        active.append("no-new-privileges")
    if _try(namespaces.drop_capabilities):
        active.append("capabilities-dropped")
    if _try(lambda: landlock.confine([*python_paths(), *readable], [str(directory), "/dev/null", *writable])):
        active.append("landlock")
    if _try(seccomp.install):
        active.append("seccomp")
    elif os.getuid() and _try(_limit_processes):
        active.append("rlimit-nproc")
    return tuple(active)


def address_space() -> int:
    """Bytes of address space that the calling process has mapped."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _rlimits(limits: Limits, threads: int) -> list[str]:
    seconds = max(1, math.ceil(limits.cpu_seconds))
    space = address_space() + limits.memory_bytes + RESERVED + threads * RESERVED_PER_THREAD
    wanted = (
        # Soft before hard: SIGXCPU tells a spent budget from other deaths.
        ("rlimit-cpu", resource.RLIMIT_CPU, seconds, seconds + CPU_GRACE_SECONDS),
        # Only the soft limit: the parent raises it by the size of each arena that it hands over.
        ("rlimit-as", resource.RLIMIT_AS, space, None),
        ("rlimit-fsize", resource.RLIMIT_FSIZE, limits.file_bytes, limits.file_bytes),
        ("rlimit-core", resource.RLIMIT_CORE, 0, 0),
        ("rlimit-nofile", resource.RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES),
        ("rlimit-stack", resource.RLIMIT_STACK, STACK_BYTES, None),
    )
    active = []
    for name, which, soft, hard in wanted:
        ceiling = resource.getrlimit(which)[1]
        hard = ceiling if hard is None else hard
        if ceiling != resource.RLIM_INFINITY:
            soft, hard = min(soft, ceiling), min(hard, ceiling) if hard != resource.RLIM_INFINITY else ceiling
        try:
            resource.setrlimit(which, (soft, hard))
        except (OSError, ValueError):
            continue
        active.append(name)
    return active


@cache
def python_paths() -> tuple[str, ...]:
    """What Python needs to read: its prefixes, the import path, this package, and the system's libraries and facts."""
    scheme = sysconfig.get_paths()
    python = [sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix, scheme["stdlib"], scheme["platstdlib"],
              scheme["purelib"], scheme["platlib"], *(path for path in sys.path if path)]
    workers = Path(__file__).resolve().parents[1]
    own = [*sys.modules[__name__.split(".")[0]].__path__, str(workers), str(workers.parent / "kernels")]
    kept: list[Path] = []
    for path in sorted({Path(p).resolve() for p in (*python, *own)}):
        if path.exists() and not any(path.is_relative_to(above) for above in kept):
            kept.append(path)
    return (*map(str, kept), *_SYSTEM_READABLE)


def _first_for_the_oom_killer() -> None:
    Path("/proc/self/oom_score_adj").write_text("1000")


def _limit_processes() -> None:
    """Counts this user's threads now and allows some more; for lack of seccomp, and only where it binds (not root)."""
    count = 0
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                if entry.stat().st_uid == os.getuid():
                    count += len(os.listdir(f"/proc/{entry.name}/task"))
            except OSError:
                continue
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    allowed = count + 512
    resource.setrlimit(resource.RLIMIT_NPROC, (allowed if hard == resource.RLIM_INFINITY else min(allowed, hard), hard))


def _try(step: Any) -> bool:
    """Whether the step worked; a step that answers False did not."""
    try:
        return step() is not False
    except OSError:
        return False
