"""Evaluation: everything that judging one candidate brought to light."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """How an evaluation ended."""

    VERIFIED = "verified"            # every rung passed; `faster` holds its timing
    TOO_SLOW = "too slow"            # verified, but far below the population's bar: not measured in full
    REFUSED = "refused"              # the gate: outside the dialect
    BUILD_FAILED = "build failed"    # Numba does not compile it
    OUT_OF_BOUNDS = "out of bounds"
    RACE = "race"                    # one prange iteration touches what another writes
    WRONG = "wrong"                  # a result differs from the reference's
    RAISED = "raised"                # a Python exception
    CRASHED = "crashed"              # killed by a signal
    TIMED_OUT = "timed out"          # CPU seconds or wall time
    OUT_OF_MEMORY = "out of memory"
    EXITED = "exited"                # the child ended by itself
    LOST = "lost"                    # node or worker died, more often than is worth another try


class Rung(StrEnum):
    """The cascade's rungs, cheapest first."""

    GATE = "gate"
    SEEN = "seen"
    BUILD = "build"
    SMOKE = "smoke"
    SCREEN = "screen"
    VERIFY = "verify"
    MEASURE = "measure"


@dataclass(frozen=True)
class Ratio:
    """A paired timing: how many times faster the candidate is than its rival.

    speedup: median of paired ratios; low and high: its 95 % interval. rounds: paired rounds taken.
    candidate_ns, rival_ns: median time of one call, for information only. rival: "reference" or an identity.
    samples: the paired ratios themselves.
    """

    speedup: float
    low: float
    high: float
    rounds: int
    candidate_ns: float
    rival_ns: float
    rival: str
    samples: tuple[float, ...] = ()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Ratio:
        return cls(**{**data, "samples": tuple(data["samples"])})


@dataclass(frozen=True)
class Evaluation:
    """The journal's unit. The three questions keep three answers.

    equivalent: None (not decided), False, or True (agreed with the reference in all tests run).
    legal_in_parallel: None (not decided), False (a race was logged), True (no race logged; trivially so when serial).
    faster: the paired timing against the run's anchor (None where it was not measured).
    stage_seconds: wall seconds by rung, lease waits apart under "wait". defences: those active in the children.
    facts: what the build showed (vector width, code hash, compile seconds, ...), the seeds, worst errors.
    """

    candidate: str
    verdict: Verdict
    rung: Rung
    message: str = ""
    equivalent: bool | None = None
    legal_in_parallel: bool | None = None
    faster: Ratio | None = None
    stage_seconds: Mapping[str, float] = field(default_factory=dict)
    defences: tuple[str, ...] = ()
    machine: str = ""
    node: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Evaluation:
        return cls(**{**data, "verdict": Verdict(data["verdict"]), "rung": Rung(data["rung"]),
                      "faster": Ratio.from_json(data["faster"]) if data["faster"] else None,
                      "defences": tuple(data["defences"])})
