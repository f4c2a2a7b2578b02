"""Framed JSON messages over a local stream socket, with file descriptors attached.

A frame is an 8-byte big-endian length and that many bytes of UTF-8 JSON. Nothing is pickled: the other end of the
socket may be a process that has run untrusted code.
"""
from __future__ import annotations

import array
import json
import os
import select
import socket
import struct
import time
from collections.abc import Sequence
from typing import Any

MAX_FDS = 16
_HEADER = struct.Struct(">Q")


class WireError(Exception):
    """What arrived is no message: cut short, too long, or no JSON object."""


class WireTimeout(Exception):
    """Nothing complete arrived before the deadline."""


def send(connection: socket.socket, message: dict[str, Any], fds: Sequence[int] = (), deadline: float | None = None) -> None:
    """Sends one message; `fds` arrive as duplicates at the other end. `deadline` is a time of time.monotonic().

    Raises OSError (EPIPE) if the other end is gone, WireTimeout if it does not read.
    """
    body = json.dumps(message, separators=(",", ":")).encode()
    frame = memoryview(_HEADER.pack(len(body)) + body)
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    while frame:
        _wait(connection, select.POLLOUT, deadline)
        try:
            sent = connection.sendmsg([frame[:65536]], rights, _send_flags(deadline))
        except BlockingIOError:
            continue
        frame, rights = frame[sent:], []


def receive(
    connection: socket.socket, limit: int, deadline: float | None = None
) -> tuple[dict[str, Any], list[int]] | None:
    """The next message and its descriptors (the receiver owns them); None at the end of the stream.

    Raises WireError for anything that is no message of at most `limit` bytes, WireTimeout at the deadline.
    """
    fds: list[int] = []
    try:
        header = _exactly(connection, _HEADER.size, fds, deadline)
        if not header:
            return None
        (length,) = _HEADER.unpack(header)
        if length > limit:
            raise WireError(f"a message of {length:,} bytes, of which at most {limit:,} are allowed")
        body = _exactly(connection, length, fds, deadline) if length else b""
        if length and not body:
            raise WireError("the message ends before its body")
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            raise WireError("the message is not JSON") from None
        if not isinstance(message, dict):
            raise WireError("the message is no JSON object")
        kept, fds = fds, []
        return message, kept
    finally:
        for fd in fds:
            os.close(fd)


def _exactly(connection: socket.socket, count: int, fds: list[int], deadline: float | None) -> bytes:
    """`count` bytes, or none at all where the stream ends before the first of them."""
    got = bytearray()
    while len(got) < count:
        _wait(connection, select.POLLIN, deadline)
        try:
            data, ancillary, _, _ = connection.recvmsg(min(count - len(got), 1 << 20), socket.CMSG_SPACE(4 * MAX_FDS),
                                                       socket.MSG_CMSG_CLOEXEC)
        except ConnectionResetError:
            data, ancillary = b"", []
        for level, kind, payload in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                received = array.array("i")
                received.frombytes(payload[: len(payload) - len(payload) % received.itemsize])
                fds.extend(received)
        if not data:
            if got:
                raise WireError("the message is cut short")
            return b""
        got += data
    return bytes(got)


def _send_flags(deadline: float | None) -> int:
    return socket.MSG_NOSIGNAL | (0 if deadline is None else socket.MSG_DONTWAIT)


def _wait(connection: socket.socket, event: int, deadline: float | None) -> None:
    if deadline is None:
        return
    poll = select.poll()
    poll.register(connection, event)
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise WireTimeout
        if poll.poll(left * 1000):
            return
