"""Kept: measurements in a file, each written when it is made, so that a bench that was stopped does not make it again."""
from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..files import write_atomically
from ..schema import RunError


class Kept:
    """JSON values by name, in the file `path`.

    context: what the values depend on (machine, champion, threads); those of another context are forgotten. Raises
    RunError for a file that is no such file.
    """

    def __init__(self, path: Path, context: Mapping[str, Any]) -> None:
        self._path = path
        self._context = dict(context)
        self._values: dict[str, Any] = {}
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            if stored["context"] == self._context:
                self._values = dict(stored["values"])
        except FileNotFoundError:
            pass
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise RunError(f"{path} cannot be read as kept measurements ({type(error).__name__}); remove it") from None

    def get(self, name: str) -> Any:
        """The value called `name`; None where there is none yet."""
        return self._values.get(name)

    def value(self, name: str, make: Callable[[], Any]) -> Any:
        """The value called `name`; made, and written, where there is none yet."""
        if name not in self._values:
            self._values[name] = make()
            text = json.dumps({"context": self._context, "values": self._values}, indent=1)
            try:
                write_atomically(self._path, text + "\n")
            except OSError as error:
                raise RunError(f"{self._path} cannot be written: {error.strerror}") from None
        return self._values[name]
