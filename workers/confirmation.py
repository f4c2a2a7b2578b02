"""Confirmation: what the champion's last examination found."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from .evaluation import Ratio, Verdict


@dataclass(frozen=True)
class Confirmation:
    """A champion verified on fresh seeds and timed anew in fresh processes; what a report may claim.

    verdict: VERIFIED, or why the champion fell. over_reference, over_seed, over_njit: paired timings at the benchmark
    size against the reference, the run's best seed and `@njit` of the reference (None where that does not compile).
    by_size: size label -> paired timing against the reference, smallest size first; label "tiny (n=8)".
    checks: one mapping a check with "name", "verdict", "message" and "facts" (cases, sizes, seeds, worst errors).
    first_call_s: wall seconds of compiling and running the champion for the first time.
    seed: repeats the examination's inputs. defences: active in the children. blas: name of the BLAS library and kernel.
    budget: the processes, the rounds in each and the seconds that its timings were allowed, and the proofs' seconds.
    roofline: the machine's peaks and the kernel's work (see `roofline.survey`); empty where they were not asked for.
    """

    champion: str
    verdict: Verdict
    message: str = ""
    equivalent: bool | None = None
    legal_in_parallel: bool | None = None
    over_reference: Ratio | None = None
    over_seed: Ratio | None = None
    over_njit: Ratio | None = None
    by_size: Mapping[str, Ratio] = field(default_factory=dict)
    checks: tuple[Mapping[str, Any], ...] = ()
    first_call_s: float | None = None
    seed: int = 0
    threads: int = 1
    threading_layer: str = ""
    blas: str = ""
    defences: tuple[str, ...] = ()
    machine: str = ""
    node: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    budget: Mapping[str, float] = field(default_factory=dict)
    roofline: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Confirmation:
        ratio = {name: data[name] and Ratio.from_json(data[name]) for name in ("over_reference", "over_seed", "over_njit")}
        return cls(**{**data, **ratio, "verdict": Verdict(data["verdict"]),
                      "by_size": {label: Ratio.from_json(r) for label, r in data["by_size"].items()},
                      "checks": tuple(data["checks"]), "defences": tuple(data["defences"])})
