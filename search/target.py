"""Target: what the command line's KERNEL means."""
from __future__ import annotations

from pathlib import Path

from ..kernels import library
from ..kernels.spec import KernelSpec, SpecError, load_spec


def resolve(kernel: str) -> KernelSpec:
    """The spec of a built-in name, or of `path/to/file.py:function`. Raises SpecError with one line."""
    path, colon, function = kernel.rpartition(":")
    if colon and path:
        if not function.isidentifier():
            raise SpecError(f"{function!r} is no function name; write path/to/file.py:function")
        return load_spec(Path(path).expanduser(), function)
    if kernel.endswith(".py") or "/" in kernel:
        if Path(kernel).is_file():
            raise SpecError(f"{kernel} names a file but no function; write {kernel}:function")
        raise SpecError(f"{kernel} does not exist; write path/to/file.py:function")
    return library.load(kernel)
