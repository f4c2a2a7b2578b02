"""Peaks: what the roofline is made of, measured once for a machine type and number of threads, and kept."""
from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...kernels.counting.work import PRECISIONS
from ..leases import Leases
from ..machine import available_bytes, cache_sizes, machine_type
from ..sandbox.client import SandboxError, WarmProcess
from ..sandbox.limits import MIB, Limits

VERSION = 1
"""Of the way of measuring: what another version kept is measured again."""
_TARGET = "kernwright.workers.roofline.measuring:serve"
_CPU_SECONDS, _WALL_SECONDS = 60.0, 60.0
LEASE_SECONDS = 20.0
_UNDISTURBED = 0.95
_LEAST_BYTES, _MOST_BYTES = 96 * MIB, 2048 * MIB


@dataclass(frozen=True)
class Peaks:
    """machine: key of the machine type. gflop_s: dtype -> 10^9 floating-point operations a second, of all `threads`
    together, a multiply-add counting as two. bandwidth_gb_s: 10^9 bytes a second from memory. ways: each of these by the
    way it was measured; the best counts. vector_width, packed_fma: what the compiled multiply-adds show. share: the least
    share of its core that a thread had while it was timed: others took the rest. measured: date.
    """

    machine: str
    threads: int
    gflop_s: Mapping[str, float]
    bandwidth_gb_s: float
    measured: str
    vector_width: int = 0
    packed_fma: int = 0
    share: float = 1.0
    ways: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Peaks:
        """Raises ValueError, TypeError or KeyError for what are no peaks."""
        peaks = cls(**data)
        rates = [*(peaks.gflop_s[name] for name in PRECISIONS), peaks.bandwidth_gb_s]
        if not all(isinstance(rate, int | float) and math.isfinite(rate) and rate > 0 for rate in [*rates, peaks.share]):
            raise ValueError("a peak is no positive number")
        return peaks

    def raised(self, other: Peaks) -> Peaks:
        """The better of both in each figure."""
        return replace(other, gflop_s={name: max(self.gflop_s[name], other.gflop_s[name]) for name in PRECISIONS},
                       bandwidth_gb_s=max(self.bandwidth_gb_s, other.bandwidth_gb_s), share=max(self.share, other.share))


def measure(warm: WarmProcess, leases: Leases, threads: int) -> Peaks:
    """Measures in a child of `warm`, alone on its cores; about a second and a half.

    Raises SandboxError, ChildFailure or LeaseError.
    """
    machine = machine_type()
    caches = machine.cache_bytes * len(machine.cache_domains)
    total = int(min(max(_LEAST_BYTES, 4 * caches), _MOST_BYTES, available_bytes() / 4))
    limits = Limits(_CPU_SECONDS * threads, _WALL_SECONDS, total + 512 * MIB)
    with leases.timing(threads, LEASE_SECONDS) as cores, warm.fork(limits, "peaks", target=_TARGET, cores=cores, confined=False) as child:
        found = child.call({"threads": threads, "cores": list(cores), "bytes": total})["peaks"]
    try:
        return Peaks.from_json({"machine": machine.key, "threads": threads, "measured": datetime.now(UTC).date().isoformat(), **found})
    except (KeyError, TypeError, ValueError) as error:
        raise SandboxError(f"what was measured are no peaks: {error}") from None


def known(take: Callable[[], Peaks], threads: int, beaten: Callable[[Peaks], bool] = lambda peaks: False) -> Peaks:
    """The peaks of this machine with so many threads: those that were kept, else what `take` measures, which is kept.

    beaten: whether a kernel exceeds them. They are then measured once more, and the better figures kept, and likewise where
    others had a part of the cores while the kept ones were measured.
    """
    path = _path(machine_type().key, threads)
    peaks = _kept(path, machine_type().key, threads)
    fresh = peaks is None
    if peaks is None:
        peaks = take()
        _keep(path, peaks)
    if (not fresh and peaks.share < _UNDISTURBED) or beaten(peaks):
        peaks = peaks.raised(take())
        _keep(path, peaks)
    return peaks


def machine_facts(peaks: Peaks | None) -> dict[str, Any]:
    """The machine as the journal's state "roofline" has it: CPU, caches in bytes, cores, and peaks where they are known."""
    machine = machine_type()
    return {
        "key": machine.key, "cpu_model": machine.cpu_model, "microarchitecture": machine.microarchitecture, "isa": machine.isa,
        "cores": len(machine.cores), "physical_cores": len(machine.physical_cores), "caches": cache_sizes(machine.cores[0]),
        **({} if peaks is None else {
            "threads": peaks.threads, "bandwidth_gb_s": peaks.bandwidth_gb_s, "gflop_s": dict(peaks.gflop_s),
            "vector_width": peaks.vector_width, "packed_fma": peaks.packed_fma, "share": peaks.share, "ways": dict(peaks.ways), "measured": peaks.measured,
        }),
    }


def cache_directory() -> Path:
    """`$XDG_CACHE_HOME/kernwright`, or `~/.cache/kernwright`."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    # The standard has relative paths ignored.
    return (Path(named) if os.path.isabs(named) else Path(os.path.expanduser("~")) / ".cache") / "kernwright"


def _path(machine: str, threads: int) -> Path:
    digest = hashlib.sha256(f"{machine}\0{threads}\0{VERSION}".encode()).hexdigest()[:16]
    return cache_directory() / f"peaks-{digest}.json"


def _kept(path: Path, machine: str, threads: int) -> Peaks | None:
    """What the file says; None where there is none, or where it is not whole: then it is measured again."""
    try:
        peaks = Peaks.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return peaks if (peaks.machine, peaks.threads) == (machine, threads) else None


def _keep(path: Path, peaks: Peaks) -> None:
    """Writes the file whole, or leaves it: peaks that cannot be kept are measured again next time."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(peaks.as_json(), indent=1), encoding="utf-8")
        os.replace(partial, path)
    except OSError:
        partial.unlink(missing_ok=True) if partial.parent.is_dir() else None
