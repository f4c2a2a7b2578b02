"""Compiled code of trusted candidates on disk: the anchor of a run is built once a machine, not once a measurement.

Numba's own cache stamps files; a candidate has none, so the key here is the candidate's identity with all that decides
the code. What is kept is what Numba's cache keeps (Numba 0.68, core/caching.py), and it is unpickled: the directory
must be writable to trusted code only. Confined children read it.
"""
from __future__ import annotations

import hashlib
import os
import platform
import tempfile
from pathlib import Path
from typing import Any

import llvmlite
import numba
from numba.core import compiler, serialize

from ..kernels.candidate import Candidate


class ObjectCache:
    """One entry: the code of one candidate for one set of argument types and build settings."""

    def __init__(self, directory: str, candidate: Candidate, argument_types: tuple[Any, ...], boundscheck: bool, opt: int) -> None:
        codegen = numba.core.registry.cpu_target.target_context.codegen()
        key = (
            candidate.identity, str(argument_types), boundscheck, opt, numba.__version__, llvmlite.__version__,
            platform.python_version(), codegen.magic_tuple(), numba.config.SLP_VECTORIZE, numba.config.LOOP_VECTORIZE,
        )
        self._path = Path(directory) / f"{hashlib.sha256(repr(key).encode()).hexdigest()[:40]}.nbo"

    def load(self, dispatcher: Any) -> dict[str, Any] | None:
        """Gives `dispatcher` the cached code and returns the facts kept with it; None where there is none."""
        try:
            data = self._path.read_bytes()
        except OSError:
            return None
        try:
            facts, payload = serialize.loads(data)
            result = compiler.CompileResult._rebuild(dispatcher.targetctx, *payload)
        except (EOFError, ValueError, TypeError, AttributeError, ImportError):
            return None  # written by another version, or cut short: compile again
        dispatcher.targetctx.insert_user_function(result.entry_point, result.fndesc, [result.library])
        dispatcher.add_overload(result)
        return facts

    def save(self, dispatcher: Any, facts: dict[str, Any]) -> bool:
        """Keeps the only overload of `dispatcher`. False where Numba cannot keep it or the directory is read-only."""
        (result,) = dispatcher.overloads.values()
        if result.library.has_dynamic_globals or any(not lifted.can_cache for lifted in result.lifted):
            return False
        data = serialize.dumps((facts, result._reduce()))
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fd, temporary = tempfile.mkstemp(dir=self._path.parent)
            with os.fdopen(fd, "wb") as handle:
                handle.write(data)
            os.replace(temporary, self._path)
        except OSError:
            return False
        return True
