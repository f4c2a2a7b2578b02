"""The built-in kernels: one file each, opened as text exactly like a user's file."""
from __future__ import annotations

import difflib
import pkgutil
from pathlib import Path

from ..spec import KernelSpec, SpecError

_FOLDER = Path(__file__).parent


def names() -> tuple[str, ...]:
    """The names of the built-in kernels, sorted."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules([str(_FOLDER)])))


def load(name: str) -> KernelSpec:
    """The spec of the built-in kernel `name`. Raises SpecError, which names the nearest one, if there is none."""
    if name not in names():
        near = difflib.get_close_matches(name, names(), 1)
        hint = f"did you mean {near[0]}?" if near else f"choose from {', '.join(names())}"
        raise SpecError(f"no built-in kernel is called {name!r}; {hint}")
    return KernelSpec(name=name, text=(_FOLDER / f"{name}.py").read_text(encoding="utf-8"), function=name)
