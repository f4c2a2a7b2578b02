"""The reference compiled by Pythran (an optional extra), ahead of time, to a C++ extension module."""
from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..failure import ask
from ..oracle import Case
from ..sandbox.client import Child
from ..slots import ARGS, Slots
from . import NotBuilt
from .export import exported

FLAGS = ("-O3", "-march=native", "-fopenmp")
COMPILE_SECONDS = 300.0
MODULE = "kernwright_rival_pythran"
_REFUSED = re.compile(r"\.py:\d+:\d+ error: (.+)")
_NOT_COMPILED = re.compile(r"\berror: (.+)")
_FAILED = re.compile(r"^\w*Error: .+", re.M)
_NOISE = re.compile(r"\x1b\[[0-9;]*m|\{anonymous\}::|(\w+::)?pythonic::|\bstd::")


class Pythran:
    """`pythran -O3 -march=native -fopenmp`. It is compiled once, beside the other trusted kernels of a judge."""

    name = "pythran"

    def __init__(self) -> None:
        self._module: Path | None = None
        self._not_built = ""

    def prepare(self, slots: Slots, case: Case, cores: Sequence[int]) -> None:
        if self._module is None and not self._not_built:
            try:
                self._module = _compiled(slots)
            except NotBuilt as reason:
                self._not_built = str(reason)
        if self._not_built:
            raise NotBuilt(self._not_built)

    def build(self, slots: Slots, child: Child, slot: str) -> None:
        ask(child, {
            "do": "build", "slot": slot, "kind": "rival", "by": "pythran", "path": str(self._module), "args": ARGS,
            "function": slots.assignment.spec.function, "threads": slots.assignment.settings.threads,
            "signature": slots.assignment.signature.as_json(),
        })


def load(message: Mapping[str, Any], arguments: Sequence[Any]) -> Callable[..., Any]:
    """The child's part: the function of the extension module, with as many threads as the run grants. Raises BuildFailed."""
    from threadpoolctl import ThreadpoolController

    from ..build import BuildFailed

    spec = importlib.util.spec_from_file_location(MODULE, message["path"])
    try:
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    except ImportError as error:
        raise BuildFailed(f"its module cannot be loaded: {error}") from None
    ThreadpoolController().limit(limits=int(message["threads"]), user_api="openmp")
    return getattr(module, message["function"])


def _compiled(slots: Slots) -> Path:
    if importlib.util.find_spec("pythran") is None:
        raise NotBuilt("Pythran is not installed")
    compiler = os.environ.get("CXX", "g++")
    if shutil.which(compiler) is None:
        raise NotBuilt(f"Pythran needs {compiler}")
    assignment = slots.assignment
    folder = slots.directory / "pythran"
    folder.mkdir(exist_ok=True)
    (folder / f"{MODULE}.py").write_text(exported(assignment.spec, assignment.signature), encoding="utf-8")
    module = folder / f"{MODULE}.so"
    # Pythran links BLAS whether or not the kernel calls it; without one for C it has loops of its own.
    blas = [] if _links_blas(compiler, folder) else ["--config", "compiler.blas=none"]
    said = _run([sys.executable, "-m", "pythran.run", *FLAGS, *blas, f"{MODULE}.py", "-o", module.name], folder)
    if not module.exists():
        raise NotBuilt(_reason(said))
    return module


def _links_blas(compiler: str, folder: Path) -> bool:
    (folder / "blas.cpp").write_text("#include <cblas.h>\n")
    _run([compiler, "-shared", "-fPIC", "blas.cpp", "-lblas", "-o", "blas.so"], folder)
    return (folder / "blas.so").exists()


def _run(command: Sequence[str], folder: Path) -> str:
    """What the command said; it and all it started are ended after COMPILE_SECONDS."""
    environment = {**os.environ, "TMPDIR": str(folder)}
    with subprocess.Popen(command, cwd=folder, env=environment, text=True, errors="replace", start_new_session=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            return process.communicate(timeout=COMPILE_SECONDS)[0]
        except BaseException as error:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                raise NotBuilt(f"Pythran did not end within {COMPILE_SECONDS:g} s") from None
            raise


def _reason(said: str) -> str:
    """What the compiler says of its first trouble: Pythran itself, or g++ of the C++ that it wrote."""
    plain = _NOISE.sub("", said)
    if refused := _REFUSED.search(plain):
        return refused[1].strip()
    if not_compiled := _NOT_COMPILED.search(plain):
        return f"g++ does not compile the C++ that Pythran writes: {not_compiled[1].strip()}"
    failed = _FAILED.findall(plain) or [line.strip() for line in plain.splitlines() if line.strip()]
    return failed[-1] if failed else "Pythran failed without a word"
