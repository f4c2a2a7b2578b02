"""Inspection: opening a person's spec, running its reference and lifting it, in a child that may hang or die of it."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ..kernels.candidate import Candidate
from ..kernels.lift import Kept, lift
from ..kernels.lift.plain import NotInDialect, reference_as_candidate
from ..kernels.lift.variants import variants
from ..kernels.observe import Observation, observe
from ..kernels.spec import KernelSpec, SpecError
from .sandbox.client import ChildFailure, WarmProcess
from .sandbox.limits import MIB, Limits


@dataclass(frozen=True)
class Inspection:
    """What is known of a spec before the search starts.

    parameters: the reference's, in order. seeds: candidates lifted from the reference, in several forms. kept: statements that could
    not be lifted. plain: the reference itself as a candidate, None where Numba would have nothing to compile; plain_refused:
    why it is outside the dialect, "" where it is not.
    """

    observation: Observation
    parameters: tuple[str, ...]
    seeds: tuple[Candidate, ...]
    kept: tuple[Kept, ...]
    plain: Candidate | None
    plain_refused: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "observation": self.observation.as_json(),
            "parameters": list(self.parameters),
            "seeds": [candidate.as_json() for candidate in self.seeds],
            "kept": [asdict(kept) for kept in self.kept],
            "plain": self.plain.as_json() if self.plain else None,
            "plain_refused": self.plain_refused,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Inspection:
        return cls(
            Observation.from_json(data["observation"]),
            tuple(data["parameters"]),
            tuple(Candidate.from_json(candidate) for candidate in data["seeds"]),
            tuple(Kept(**kept) for kept in data["kept"]),
            Candidate.from_json(data["plain"]) if data["plain"] else None,
            data["plain_refused"],
        )


def inspect_spec(warm: WarmProcess, spec: KernelSpec, seed: int, memory_bytes: int, seconds: float) -> Inspection:
    """Observes and lifts `spec` in a child of `warm`, within `memory_bytes` and `seconds` of wall time.

    The code is its author's own, so the child keeps the user's rights. Raises SpecError with one line: also where
    the reference or the input generator does not end, crashes, or does not fit in memory.
    """
    limits = Limits(cpu_seconds=seconds * (warm.threads + 1), wall_seconds=seconds, memory_bytes=memory_bytes, file_bytes=1 << 40)
    message = {"do": "inspect", "spec": {"name": spec.name, "text": spec.text, "function": spec.function}, "seed": seed,
               "seconds": seconds, "threads": warm.threads}
    try:
        with warm.fork(limits, f"inspect {spec.name}", confined=False) as child:
            reply = child.call(message)
    except ChildFailure as failure:
        raise SpecError(_in_one_line(spec.function, failure, memory_bytes, seconds)) from None
    if not reply["ok"]:
        raise SpecError(reply["message"])
    return Inspection.from_json(reply["inspection"])


def inspect(message: Mapping[str, Any]) -> dict[str, Any]:
    """The child's part: everything about the spec as JSON, or {"ok": false, "kind": "bad input", "message"}."""
    try:
        opened = KernelSpec(**message["spec"]).open()
        observation = observe(opened, message["seed"], message["seconds"] / 2)
        lifted = lift(opened, observation.signature, message["seed"])
        plain, refused = None, ""
        try:
            plain, refused = reference_as_candidate(opened)
        except NotInDialect as error:
            refused = str(error)
    except SpecError as error:
        return {"ok": False, "kind": "bad input", "message": " ".join(str(error).split())}
    forms = variants(lifted.candidates, observation.signature, opened.tolerance, message["threads"], lifted.others)
    inspection = Inspection(observation, opened.parameters, (*lifted.candidates, *forms), lifted.kept, plain, refused)
    return {"ok": True, "inspection": inspection.as_json()}


def _in_one_line(function: str, failure: ChildFailure, memory_bytes: int, seconds: float) -> str:
    if failure.kind == "timed out":
        return f"{function}, run at its declared sizes, did not end within {seconds:g} s; declare smaller sizes"
    if failure.kind == "out of memory":
        return f"{function} at its declared sizes does not fit into {memory_bytes / MIB:,.0f} MiB; declare smaller sizes"
    text = " ".join(failure.message.split())
    return f"{function} could not be run: the process {'ended' if failure.kind == 'exited' else 'crashed'}: {text}"[:500]
