"""Arguments in print: whole where they are small, else their beginning."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

_WHOLE = 24
_BEGINNING = 6
_CHARACTERS = 700


def shown(names: Sequence[str], values: Sequence[Any]) -> str:
    """ "x = [1.0, nan] (float32), n = 3": each argument by name, in a text of bounded length."""
    text = ", ".join(f"{name} = {_shown(value)}" for name, value in zip(names, values))
    return text if len(text) <= _CHARACTERS else text[: _CHARACTERS - 2] + " …"


def _shown(value: Any) -> str:
    if not isinstance(value, np.ndarray):
        return repr(value.item() if isinstance(value, np.generic) else value)
    if value.size <= _WHOLE:
        return f"{value.tolist()!r} ({value.dtype})"
    beginning = ", ".join(repr(v) for v in value.reshape(-1)[:_BEGINNING].tolist())
    return f"[{beginning}, …] ({value.dtype}, shape {'x'.join(map(str, value.shape))})"
