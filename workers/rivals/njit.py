"""The reference under Numba's decorator, as its author would write it: on the function and on the helpers that it calls."""
from __future__ import annotations

import linecache
import sys
import types
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...kernels.export.reference import bundle
from ..failure import ask
from ..oracle import Case
from ..sandbox.client import Child
from ..slots import ARGS, WALL_FACTOR, Slots


@dataclass(frozen=True)
class Njit:
    """`@njit` with these options. Compiled anew in each child: the text is no candidate, whose code has a cache."""

    name: str = "njit"
    parallel: bool = False
    fastmath: bool = False

    def prepare(self, slots: Slots, case: Case, cores: Sequence[int]) -> None:
        pass

    def build(self, slots: Slots, child: Child, slot: str) -> None:
        spec, settings = slots.assignment.spec, slots.assignment.settings
        text = bundle(spec, vars(spec.open().module), spec.function).text()
        ask(child, {
            "do": "build", "slot": slot, "kind": "rival", "by": "njit", "text": text, "function": spec.function,
            "parallel": self.parallel, "fastmath": self.fastmath, "args": ARGS, "threads": settings.threads,
            "signature": slots.assignment.signature.as_json(),
        }, seconds=WALL_FACTOR * settings.build_seconds)


def load(message: Mapping[str, Any], arguments: Sequence[Any]) -> Callable[..., Any]:
    """The child's part: the function, compiled for the types of `arguments`. Raises BuildFailed or MemoryError."""
    import numba

    from ..build import BuildFailed, explain

    options = {"parallel": bool(message["parallel"]), "fastmath": bool(message["fastmath"])}
    module = types.ModuleType("kernwright_rival_njit")
    filename = "<reference under njit>"
    text = message["text"]
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    sys.modules[module.__name__] = module  # Numba looks the modules of functions up by name
    try:
        exec(compile(text, filename, "exec"), module.__dict__)  # noqa: S102 - the author's own code
        for name, value in list(vars(module).items()):
            function = getattr(value, "py_func", value)
            if isinstance(function, types.FunctionType) and function.__module__ == module.__name__:
                setattr(module, name, numba.njit(**options)(function))
        dispatcher = getattr(module, message["function"])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dispatcher.compile(tuple(numba.typeof(argument) for argument in arguments))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - Numba's compiler may raise anything on unusual text
        raise BuildFailed(explain(error)) from None
    return dispatcher
