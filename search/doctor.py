"""Doctor: whether this machine can be timed on, and what stands in the way of a kernel."""
from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Any

from ..kernels.lift import Kept
from ..kernels.spec import KernelSpec
from ..workers.inspection import Inspection
from ..workers.leases import LeaseError, Leases
from ..workers.machine import Quietness, available_bytes, cache_sizes, machine_type, quietness
from ..workers.roofline.peaks import Peaks, known, measure
from ..workers.sandbox.client import ChildFailure, SandboxError, WarmProcess
from ..workers.sandbox.limits import Limits
from .launch import examine, seeds_of
from .settings import RunSettings

_DISTRIBUTIONS = ("numba", "llvmlite", "numpy", "scipy", "ray", "optuna")


@dataclass(frozen=True)
class MachineReport:
    """What was found about the machine. defences: those that confine a candidate here. caches: bytes of each that a core has
    or shares, by level. peaks: what it can do at most, with the threads that a run would use; None where that could not
    be measured, for the reason in `no_peaks`."""

    machine: str
    cores: int
    physical_cores: int
    available_gib: float
    python: str
    versions: dict[str, str]
    defences: tuple[str, ...]
    quietness: Quietness
    caches: dict[str, int]
    peaks: Peaks | None
    no_peaks: str = ""


def examine_machine(threads: int) -> MachineReport:
    """Takes about three seconds, and two more where the machine's peaks were not measured before."""
    machine = machine_type()
    peaks, no_peaks = None, ""
    with WarmProcess(threads) as warm:
        with warm.fork(Limits(5.0, 20.0, 2**30), "doctor") as child:
            defences = child.defences
        try:
            peaks = known(lambda: measure(warm, Leases(), threads), threads)
        except (ChildFailure, SandboxError, LeaseError, OSError) as error:
            no_peaks = str(error)
    return MachineReport(
        machine.key, len(machine.cores), len(machine.physical_cores), round(available_bytes() / 2**30, 1),
        platform.python_version(), {name: metadata.version(name) for name in _DISTRIBUTIONS}, defences, quietness(),
        cache_sizes(machine.cores[0]), peaks, no_peaks,
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
            view = f", a view into {output.part_of}: a kernel returns an array of its own" if output.part_of else ""
            lines.append(f"  returns an array of {output.dtype}, {shape}{view}")
        else:
            lines.append(f"  returns a {output.kind}")
    lines += [f"  runs {seconds:.4g} s at size {size}" for size, seconds in observation.reference_seconds.items()]
    seeds = seeds_of(inspection)
    if inspection.plain is None:
        lines.append(f"as it is, it is outside the kernel dialect: {inspection.plain_refused}")
    elif inspection.plain_refused:
        lines.append(f"as it is, Numba will be tried on it, but no rewrite, as it is outside the kernel dialect: {inspection.plain_refused}")
    else:
        lines.append("as it is, it is within the kernel dialect, and Numba will be tried on it")
    lines.append(f"lifted to loops: {len(inspection.seeds)} seed(s)" if inspection.seeds else _not_lifted(inspection.kept))
    lines += map(_stays, inspection.kept)
    if not seeds:
        lines.append("nothing to begin the search with: rewrite the lines above, or give --llm PROFILE")
    return inspection, lines


def _not_lifted(kept: Sequence[Kept]) -> str:
    """One line: the first statement that has no loop form, which is why many after it have none."""
    first = next((each for each in kept if each.text.strip()), None)
    if first is None:
        return "could not be lifted to loops"
    return f"could not be lifted to loops: line {first.line} stands in the way first: {first.text.strip().splitlines()[0]}  ({first.reason})"


def _stays(kept: Kept) -> str:
    """What stayed as it was, in one line; what stood in the way of the whole where no statement did alone."""
    text = kept.text.strip().splitlines()
    return f"  line {kept.line} stays as it is: {text[0]}  ({kept.reason})" if text else f"  what stood in the way: {kept.reason}"


def describe_machine(report: MachineReport) -> list[str]:
    """The report in lines for a person."""
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    return [
        f"machine: {report.machine}, {report.physical_cores} physical cores of {report.cores} logical, "
        f"{report.available_gib} GiB of memory free",
        f"versions: Python {report.python}, {versions}",
        f"caches: {', '.join(f'{level} {_size(size)}' for level, size in report.caches.items()) or 'the system does not tell'}",
        f"peaks: {_peaks(report)}",
        f"candidates are confined by: {', '.join(report.defences) or 'nothing'}",
        f"timing: {report.quietness.sentence}",
    ]


def _peaks(report: MachineReport) -> str:
    peaks = report.peaks
    if peaks is None:
        return f"could not be measured: {report.no_peaks}"
    rates = ", ".join(f"{peaks.gflop_s[name]:,.1f} GFLOP/s in {name}" for name in sorted(peaks.gflop_s, reverse=True))
    vectors = f"vectors of {peaks.vector_width} bits" if peaks.vector_width else "no vectors"
    return (f"{peaks.bandwidth_gb_s:,.1f} GB/s from memory, {rates}, with {peaks.threads} thread(s) and {vectors} "
            f"(measured {peaks.measured})")


def _size(size: int) -> str:
    return f"{size / 2**20:g} MiB" if size >= 2**20 else f"{size / 2**10:g} KiB"


def as_json(report: MachineReport, inspection: Inspection | None, lines: Sequence[str]) -> dict[str, Any]:
    return {"machine": asdict(report), "kernel": inspection.as_json() if inspection else None, "findings": list(lines)}
