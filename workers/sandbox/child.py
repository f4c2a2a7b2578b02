"""The first steps of a forked child: limits, defences, its report of them, and the function it is there for."""
from __future__ import annotations

import importlib
import socket
from pathlib import Path
from typing import Any

from . import limits, wire

MAX_MESSAGE = 64 << 20


class Channel:
    """The child's end of its conversation with the parent: JSON messages, descriptors with the incoming ones."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def receive(self) -> tuple[dict[str, Any], list[int]] | None:
        """The next message with its descriptors, or None when the parent is gone."""
        return wire.receive(self._connection, MAX_MESSAGE)

    def send(self, message: dict[str, Any]) -> None:
        wire.send(self._connection, message)


def run(request: dict[str, Any], channel: int, directory: Path, threads: int, shared: tuple[str, ...]) -> None:
    """Confines this process as `request` says, tells the parent which defences are active, and calls the target."""
    connection = socket.socket(fileno=channel)
    module, _, name = request["target"].partition(":")
    target = getattr(importlib.import_module(module), name)
    active = limits.apply(
        limits.Limits.from_json(request["limits"]), directory, threads,
        request["readable"], request["writable"], request["confined"],
    )
    own = Channel(connection)
    own.send({"defences": [*active, *shared]})
    target(own)
