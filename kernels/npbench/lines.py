"""Lines: something that is done at each line of the author's code, so that what does not end can be ended."""
from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def at_each_line(filename: str | None, do: Callable[[], None]) -> Iterator[None]:
    """While open, `do` is called before every line of code from `filename` that this thread runs; what it raises, the line
    raises. What other tools (debuggers, coverage) had set comes back at the end."""

    def on_line(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            do()
        return on_line

    def on_call(frame: FrameType, event: str, argument: Any) -> Any:
        return on_line if frame.f_code.co_filename == filename else None

    before = sys.gettrace()
    sys.settrace(on_call)
    try:
        yield
    finally:
        sys.settrace(before)
