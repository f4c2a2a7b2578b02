"""Landlock: which files a confined process may read and write, whoever owns them."""
from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable

from . import kernel_calls

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_FILE_RIGHTS_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_NET_BIND_AND_CONNECT = 3
_SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS = 3
_PATH_BENEATH = 1
_VERSION = 1


def abi() -> int:
    """The kernel's Landlock version, 0 where there is none."""
    try:
        return kernel_calls.call("landlock_create_ruleset", None, 0, _VERSION)
    except OSError:
        return 0


def confine(readable: Iterable[str], writable: Iterable[str]) -> None:
    """From now on, only what lies beneath `readable` can be opened for reading, beneath `writable` for both.

    Paths that do not exist are passed over. With newer kernels TCP and signals to processes outside are denied as
    well. Needs no_new_privs. Raises OSError where the kernel has no Landlock.
    """
    version = abi()
    if not version:
        raise OSError(38, "no Landlock in this kernel")
    files = max((rights for since, rights in _FILE_RIGHTS_BY_ABI.items() if since <= version))
    attributes = struct.pack("=Q", files)
    if version >= 4:
        attributes += struct.pack("=Q", _NET_BIND_AND_CONNECT)
    if version >= 6:
        attributes += struct.pack("=Q", _SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS)
    ruleset = kernel_calls.call("landlock_create_ruleset", attributes, len(attributes), 0)
    try:
        for path in dict.fromkeys(readable):
            _allow(ruleset, path, _EXECUTE | _READ_FILE | _READ_DIR)
        for path in dict.fromkeys(writable):
            _allow(ruleset, path, files)
        kernel_calls.call("landlock_restrict_self", ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(path):
            rights &= _OF_A_FILE
        rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, fd))
        kernel_calls.call("landlock_add_rule", ruleset, _PATH_BENEATH, ctypes.addressof(rule), 0)
    finally:
        os.close(fd)
