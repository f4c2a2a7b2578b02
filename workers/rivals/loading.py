"""Loading a rival in the child, by the compiler's name."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import njit, pythran

LOADERS: Mapping[str, Callable[[Mapping[str, Any], Sequence[Any]], Callable[..., Any]]] = {"njit": njit.load, "pythran": pythran.load}


def load(message: Mapping[str, Any], arguments: Sequence[Any]) -> tuple[Callable[..., Any], bool]:
    """The rival that the harness's command describes, and whether it uses Numba's threads. Raises BuildFailed or
    MemoryError."""
    return LOADERS[message["by"]](message, arguments), bool(message.get("parallel"))
