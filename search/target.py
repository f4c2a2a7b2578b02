"""Target: what the command line's KERNEL means."""
from __future__ import annotations

from pathlib import Path

from ..kernels import library
from ..kernels.spec import KernelSpec, SpecError, load_spec

SUITE = "npbench:"


def resolve(kernel: str, preset: str | None = None) -> KernelSpec:
    """The spec of a built-in name, of `path/to/file.py:function`, or of `npbench:DIR:NAME` at `preset` (None: S).

    Raises SpecError with one line.
    """
    if kernel.startswith(SUITE):
        return _of_suite(kernel.removeprefix(SUITE), preset)
    if preset is not None:
        raise SpecError(f"{kernel} has no presets; --preset is for npbench:DIR:NAME")
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


def _of_suite(place: str, preset: str | None) -> KernelSpec:
    from ..kernels.npbench import suite  # brings pydantic, which a mistyped name should not wait for

    directory, colon, name = place.rpartition(":")
    if not colon or not directory or not name:
        from ..kernels.npbench.description import names

        choice = f", for instance {SUITE}{place}:{names(Path(place).expanduser())[0]}" if place and not colon else ""
        raise SpecError(f"{SUITE}{place} names no benchmark; write npbench:DIR:NAME{choice}")
    return suite.load(Path(directory).expanduser(), name, preset or suite.PRESET)
