"""Slots: building kernels in a sandboxed child, and attaching inputs to it; what every examination starts with."""
from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..kernels.candidate import Candidate
from ..kernels.spec import KernelSpec
from .arena import Arena
from .failure import RunFailed, ask
from .job import Assignment
from .oracle import Case
from .sandbox.client import Child, WarmProcess
from .sandbox.limits import Limits
from .scratch import Scratch

ARGS, OTHER_ARGS = "timed", "timed, other values"
TIMED = (ARGS, OTHER_ARGS)
CANDIDATE_FILE_BYTES, CACHE_FILE_BYTES = 0, 64 << 20
"""The longest file that a child may write: a candidate needs none, and could fill the disk with many short ones."""
# A saturated host shares its cores among many children, so wall time is granted several times over.
WALL_FACTOR = 4
_BLAS = re.compile(r"@|\.(dot|vdot|matmul|linalg)\b")


class Slots:
    """Forks children and builds in them. Owns the warm process and the directory of compiled trusted kernels."""

    def __init__(self, assignment: Assignment) -> None:
        self.assignment = assignment
        self.parameters = assignment.spec.open().parameters
        self.warm = WarmProcess(assignment.settings.threads)
        self._scratch = Scratch("trusted")
        self._cache = self._scratch.path
        self._cached: dict[str, dict[str, Any]] = {}
        self._other: tuple[Any, tuple[Any, ...]] | None = None

    @property
    def directory(self) -> Path:
        """Of compiled trusted kernels: children read it, and trusted ones write to it."""
        return self._cache

    def close(self) -> None:
        """Ends the warm process and removes the directory."""
        self.warm.close()
        self._scratch.close()

    def fork(self, name: str, cores: Sequence[int] = (), trusted: bool = False) -> Child:
        """A child that may build and run one candidate. trusted: it may write compiled code into the shared cache."""
        settings = self.assignment.settings
        cpu = settings.build_seconds + settings.run_seconds * settings.threads
        limits = Limits(cpu, WALL_FACTOR * cpu, settings.memory_bytes, CACHE_FILE_BYTES if trusted else CANDIDATE_FILE_BYTES)
        cache = [str(self._cache)]
        return self.warm.fork(limits, name, cores=cores, readable=cache, writable=cache if trusted else ())

    def attach(self, child: Child, case: Case, name: str = ARGS) -> None:
        """Makes the case's arguments known to the child. Raises RunFailed."""
        with Arena.for_case(case.arguments, case.expected) as arena:
            ask(child, {"do": "attach", "name": name, "layout": arena.layout}, [arena.fd])

    def attach_timed(self, child: Child, case: Case) -> None:
        """The case's arguments, and others of the same size, which timed calls take in turn: no call then finds its own
        answer in memory that the one before it gave back. Raises RunFailed or SpecError."""
        self.attach(child, case)
        key = tuple(case.size.items()), case.seed
        if self._other is None or self._other[0] != key:
            self._other = key, self.assignment.spec.open().make_inputs(case.size, case.seed ^ 1)
        with Arena.build(self._other[1], ()) as arena:
            ask(child, {"do": "attach", "name": OTHER_ARGS, "layout": arena.layout}, [arena.fd])

    def build(
        self, child: Child, slot: str, candidate: Candidate, *, args: str = ARGS, boundscheck: bool = False, opt: int = 3,
        trusted: bool = False,
    ) -> dict[str, Any]:
        """Compiles `candidate` for the types of the attached `args`; what the machine code shows. Raises RunFailed."""
        settings = self.assignment.settings
        message = {
            "do": "build", "slot": slot, "kind": "candidate", "candidate": candidate.as_json(),
            "signature": self.assignment.signature.as_json(), "parameters": list(self.parameters),
            "threads": settings.threads, "boundscheck": boundscheck, "opt": opt, "args": args,
            "cache_dir": str(self._cache) if trusted else None,
        }
        try:
            return dict(ask(child, message, seconds=WALL_FACTOR * settings.build_seconds)["facts"])
        except RunFailed as failure:
            if "CPU seconds" in failure.message or "wall time" in failure.message:
                raise RunFailed(failure.verdict, f"the build {failure.message}; write less unrolled text") from None
            raise

    def build_rival(self, child: Child, slot: str, rival: Candidate | None) -> None:
        """The anchor (from the trusted cache, filled at its first use), or the reference where `rival` is None."""
        if rival is None:
            spec: KernelSpec = self.assignment.spec
            ask(child, {
                "do": "build", "slot": slot, "kind": "reference", "threads": self.assignment.settings.threads,
                "spec": {"name": spec.name, "text": spec.text, "function": spec.function},
                "signature": self.assignment.signature.as_json(),
            })
        else:
            self.build(child, slot, rival, trusted=True)

    def cache_rival(self, rival: Candidate | None, case: Case, cores: Sequence[int]) -> dict[str, Any]:
        """Compiles a trusted rival once, in a child that runs nothing else; what that showed ({} for the reference).
        Raises RunFailed."""
        if rival is None:
            return {}
        if rival.identity not in self._cached:
            with self.fork("trusted build", cores, trusted=True) as child:
                self.attach(child, case)
                self._cached[rival.identity] = self.build(child, "rival", rival, trusted=True)
        return self._cached[rival.identity]

    def mixed_pools(self, *kernels: Candidate | None) -> bool:
        """Whether these kernels (None: the reference) may use BLAS's pool of threads beside Numba's."""
        return self.assignment.settings.threads > 1 and any(k is None or _BLAS.search(k.text) for k in kernels)
