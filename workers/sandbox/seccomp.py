"""A seccomp filter, assembled by hand: no new processes, sockets, tracing, or signals to others.

Threads still work (Numba's and BLAS's pools need them): only `clone` with CLONE_THREAD is allowed, and `clone3`,
whose flags a filter cannot see, answers ENOSYS, after which the C library falls back to `clone`.
"""
from __future__ import annotations

import ctypes
import os
import struct

from . import kernel_calls

DENIED = (
    "accept", "accept4", "acct", "add_key", "adjtimex", "bind", "bpf", "chroot", "clock_adjtime", "clock_settime",
    "connect", "delete_module", "execve", "execveat", "fanotify_init", "finit_module", "fork", "fsopen", "init_module",
    "io_uring_enter", "io_uring_register", "io_uring_setup", "ioperm", "iopl", "ioprio_set", "kcmp", "kexec_file_load",
    "kexec_load", "keyctl", "listen", "memfd_create", "memfd_secret", "migrate_pages", "mknod", "mknodat", "mount",
    "mount_setattr", "move_mount", "move_pages", "mq_open", "msgget", "name_to_handle_at", "open_by_handle_at",
    "open_tree", "perf_event_open", "personality", "pidfd_getfd", "pidfd_open", "pidfd_send_signal", "pivot_root",
    "process_madvise", "process_vm_readv", "process_vm_writev", "ptrace", "quotactl", "reboot", "request_key",
    "rt_sigqueueinfo", "rt_tgsigqueueinfo", "sched_setattr", "sched_setscheduler", "semget", "setdomainname",
    "sethostname", "setns", "setpgid", "setpriority", "setrlimit", "setsid", "settimeofday", "shmget", "socket",
    "socketpair", "swapoff", "swapon", "syslog", "tkill", "umount2", "unshare", "userfaultfd", "vfork", "vhangup",
)
_AUDIT_ARCH = (0xC000003E, 0xC00000B7)
_X32_BIT = 0x40000000
_CLONE_THREAD = 0x00010000
_PR_SET_NO_NEW_PRIVS, _PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 38, 1, 36
_SET_MODE_FILTER, _FLAG_SPEC_ALLOW = 1, 4
_LOAD, _JUMP_EQUAL, _JUMP_NOT_LESS, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL_PROCESS = 0x7FFF0000, 0x80000000
_EPERM, _ENOSYS = 0x00050000 | 1, 0x00050000 | 38
_NUMBER_AT, _ARCH_AT = 0, 4
Instruction = tuple[int, int, int, int]


def install() -> None:
    """Confines the calling (single-threaded) process for good. Raises OSError where the kernel has no seccomp."""
    program = b"".join(struct.pack("=HBBI", *instruction) for instruction in _program(os.getpid()))
    buffer = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: a 16-bit count, padding, a pointer.
    head = ctypes.create_string_buffer(struct.pack("@HP", len(program) // 8, ctypes.addressof(buffer)))
    address = ctypes.addressof(head)
    kernel_calls.prctl(_PR_SET_NO_NEW_PRIVS, 1)
    try:
        # Without SPEC_ALLOW older kernels slow every memory access of a filtered process down: timings would suffer.
        kernel_calls.call("seccomp", _SET_MODE_FILTER, _FLAG_SPEC_ALLOW, address)
    except OSError:
        kernel_calls.call("seccomp", _SET_MODE_FILTER, 0, address)


def _program(own_pid: int) -> list[Instruction]:
    if kernel_calls.MACHINE is None:
        raise OSError(38, "no system call numbers for this architecture")
    program: list[Instruction] = [
        (_LOAD, 0, 0, _ARCH_AT),
        (_JUMP_EQUAL, 1, 0, _AUDIT_ARCH[kernel_calls.MACHINE]),
        (_RETURN, 0, 0, _KILL_PROCESS),
        (_LOAD, 0, 0, _NUMBER_AT),
    ]
    if kernel_calls.MACHINE == 0:
        program += [(_JUMP_NOT_LESS, 0, 1, _X32_BIT), (_RETURN, 0, 0, _EPERM)]
    own = _first_argument_is(own_pid, then=_ALLOW, otherwise=_EPERM)
    for name, body in (
        ("clone", [(_LOAD, 0, 0, _argument(0)), (_JUMP_ANY_BIT, 0, 1, _CLONE_THREAD), (_RETURN, 0, 0, _ALLOW),
                   (_RETURN, 0, 0, _EPERM)]),
        ("clone3", [(_RETURN, 0, 0, _ENOSYS)]),
        ("kill", own),
        ("tgkill", own),
        ("prctl", [(_LOAD, 0, 0, _argument(0)), (_JUMP_EQUAL, 2, 0, _PR_SET_PDEATHSIG),
                   (_JUMP_EQUAL, 1, 0, _PR_SET_CHILD_SUBREAPER), (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _EPERM)]),
        # prlimit64 may read limits (its new limit is a null pointer), not set them.
        ("prlimit64", [(_LOAD, 0, 0, _argument(2)), (_JUMP_EQUAL, 0, 3, 0), (_LOAD, 0, 0, _argument(2) + 4),
                       (_JUMP_EQUAL, 0, 1, 0), (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _EPERM)]),
    ):
        found = kernel_calls.number(name)
        assert found is not None
        program += [(_JUMP_EQUAL, 0, len(body), found), *body]
    denied = [n for n in map(kernel_calls.number, DENIED) if n is not None]
    for position, found in enumerate(denied):
        program.append((_JUMP_EQUAL, len(denied) - position, 0, found))
    return [*program, (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _EPERM)]


def _argument(index: int) -> int:
    """Offset of the low half of an argument (both architectures are little-endian)."""
    return 16 + 8 * index


def _first_argument_is(value: int, then: int, otherwise: int) -> list[Instruction]:
    return [(_LOAD, 0, 0, _argument(0)), (_JUMP_EQUAL, 0, 1, value), (_RETURN, 0, 0, then), (_RETURN, 0, 0, otherwise)]
