"""The scope in which dialect text is executed in plain Python: `np`, `math`, `prange`, a few builtins, nothing else."""
from __future__ import annotations

import ast
import builtins
import math
from collections.abc import Callable, Mapping
from typing import Any

from ..candidate import ENTRY, CandidateError
from ..dialect import BUILTINS_ALLOWED

FILENAME = "<kernel>"


def load(
    text: str | ast.Module,
    np_module: Any,
    prange: Callable[..., Any],
    *,
    math_module: Any = math,
    given: Mapping[str, Any] | None = None,
) -> Callable[..., Any]:
    """The entry function of `text`, executed over `np_module` and `prange`.

    text: source or tree; whether it stays within the dialect was settled before by the gate. given: further names for
    it, which take precedence over builtins. Raises CandidateError where it is no Python or defines no entry function.
    """
    allowed = {name: getattr(builtins, name) for name in BUILTINS_ALLOWED}
    scope: dict[str, Any] = {
        "__builtins__": {**allowed, "__import__": _import_numpy}, "np": np_module, "math": math_module, "prange": prange, **(given or {}),
    }
    try:
        code = compile(text, FILENAME, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise CandidateError(f"line {getattr(error, 'lineno', '?')}: {getattr(error, 'msg', error)}") from None
    exec(code, scope)  # noqa: S102 - the text passed the gate and runs in a sandbox
    kernel = scope.get(ENTRY)
    if not callable(kernel):
        raise CandidateError(f"the text defines no function {ENTRY}")
    return kernel


def _import_numpy(name: str, *arguments: Any, **options: Any) -> Any:
    """NumPy's own functions import parts of it at their first call, by way of the calling frame's builtins."""
    if name.partition(".")[0] != "numpy":
        raise ImportError(f"no import of {name} in a kernel")
    return builtins.__import__(name, *arguments, **options)
