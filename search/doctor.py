"""Doctor: whether this machine can be timed on, and what stands in the way of a kernel."""
from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Any

from ..kernels.spec import KernelSpec
from ..workers.inspection import Inspection
from ..workers.machine import Quietness, available_bytes, machine_type, quietness
from ..workers.sandbox.client import WarmProcess
from ..workers.sandbox.limits import Limits
from .launch import examine, seeds_of
from .settings import RunSettings

_DISTRIBUTIONS = ("numba", "llvmlite", "numpy", "scipy", "ray", "optuna")


@dataclass(frozen=True)
class MachineReport:
    """What was found about the machine. defences: those that confine a candidate here."""

    machine: str
    cores: int
    physical_cores: int
    available_gib: float
    python: str
    versions: dict[str, str]
    defences: tuple[str, ...]
    quietness: Quietness


def examine_machine(threads: int) -> MachineReport:
    """Takes about three seconds."""
    machine = machine_type()
    with WarmProcess(threads) as warm, warm.fork(Limits(5.0, 20.0, 2**30), "doctor") as child:
        defences = child.defences
    return MachineReport(
        machine.key, len(machine.cores), len(machine.physical_cores), round(available_bytes() / 2**30, 1),
        platform.python_version(), {name: metadata.version(name) for name in _DISTRIBUTIONS}, defences, quietness(),
    )


def examine_kernel(spec: KernelSpec, settings: RunSettings, threads: int) -> tuple[Inspection, list[str]]:
    """What running and lifting the reference showed, and the same in lines for a person. Raises SpecError."""
    inspection = examine(spec, settings, threads)
    signature, observation = inspection.observation.signature, inspection.observation
    lines = [f"{spec.name}({', '.join(inspection.parameters)})"]
    for argument in signature.arguments:
        what = f"array of {argument.dtype}, {argument.ndim}-D, layout {argument.layout}" if argument.kind == "array" else argument.kind
        lines.append(f"  takes {argument.name}: {what}{', written to' if argument.written else ''}")
    for output in signature.outputs:
        if output.kind == "array":
            shape = f"shape ({', '.join(output.shape)})" if output.shape is not None else f"{output.ndim}-D, of no shape known beforehand"
            lines.append(f"  returns an array of {output.dtype}, {shape}")
        else:
            lines.append(f"  returns a {output.kind}")
    lines += [f"  runs {seconds:.4g} s at size {size}" for size, seconds in observation.reference_seconds.items()]
    seeds = seeds_of(inspection)
    if inspection.plain is None:
        lines.append(f"as it is, it is outside the kernel dialect: {inspection.plain_refused}")
    else:
        lines.append("as it is, it is within the kernel dialect, and Numba will be tried on it")
    lines.append(f"lifted to loops: {len(inspection.seeds)} seed(s)" if inspection.seeds else "could not be lifted to loops")
    lines += [f"  line {kept.line} stays as it is: {kept.text.strip().splitlines()[0]}  ({kept.reason})" for kept in inspection.kept]
    if not seeds:
        lines.append("nothing to begin the search with: rewrite the lines above, or give --llm PROFILE")
    return inspection, lines


def describe_machine(report: MachineReport) -> list[str]:
    """The report in lines for a person."""
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    return [
        f"machine: {report.machine}, {report.physical_cores} physical cores of {report.cores} logical, "
        f"{report.available_gib} GiB of memory free",
        f"versions: Python {report.python}, {versions}",
        f"candidates are confined by: {', '.join(report.defences) or 'nothing'}",
        f"timing: {report.quietness.sentence}",
    ]


def as_json(report: MachineReport, inspection: Inspection | None, lines: Sequence[str]) -> dict[str, Any]:
    return {"machine": asdict(report), "kernel": inspection.as_json() if inspection else None, "findings": list(lines)}
