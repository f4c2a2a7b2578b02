"""Namespaces and capabilities: no network, no System V objects of others, no privileges."""
from __future__ import annotations

import ctypes
import os
import struct

from . import kernel_calls

_NEWUSER, _NEWNET, _NEWIPC = 0x10000000, 0x40000000, 0x08000000
_CAPABILITY_VERSION = 0x20080522
_DAC_READ_SEARCH = 1 << 2


def leave_network() -> tuple[str, ...]:
    """Moves the calling (single-threaded) process into network and IPC namespaces of its own, where there is nothing.

    As root directly, else inside a user namespace that maps the user to itself. Returns the names of what worked.
    """
    try:
        kernel_calls.call("unshare", _NEWNET | _NEWIPC)
        return ("network-namespace", "ipc-namespace")
    except OSError:
        pass
    uid, gid = os.getuid(), os.getgid()
    try:
        kernel_calls.call("unshare", _NEWUSER | _NEWNET | _NEWIPC)
    except OSError:
        return ()
    for file, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        try:
            with open(f"/proc/self/{file}", "w") as handle:
                handle.write(text)
        except OSError:
            break  # unmapped ids are a nuisance (no user name), not a hole
    return ("user-namespace", "network-namespace", "ipc-namespace")


def drop_capabilities() -> bool:
    """Gives up every capability but reading files of others (what may be read is Landlock's affair).

    Returns whether there was any to give up.
    """
    with open("/proc/self/status") as status:
        had = any(line.startswith("CapPrm:") and int(line.split()[1], 16) for line in status)
    if not had:
        return False
    for kept in (_DAC_READ_SEARCH, 0):
        header = ctypes.create_string_buffer(struct.pack("=Ii", _CAPABILITY_VERSION, 0))
        # Two words each of effective, permitted, inheritable; the kept capability lies in the first word.
        data = ctypes.create_string_buffer(struct.pack("=6I", kept, kept, 0, 0, 0, 0))
        try:
            kernel_calls.call("capset", ctypes.addressof(header), ctypes.addressof(data))
            return True
        except OSError:
            continue
    return False
