"""Job: what the fleet asks a worker to do with one candidate."""
from __future__ import annotations

from dataclasses import dataclass, field

from ..kernels.candidate import Candidate
from ..kernels.signature import Signature
from ..kernels.spec import KernelSpec


@dataclass(frozen=True)
class JudgeSettings:
    """How a run judges. threads: what a timing uses. memory_bytes: a child's budget beyond the warm process.

    build_seconds, run_seconds: CPU limit of a build, and of everything that runs the built kernel; the wall limit
    is a multiple of it, as builds of a saturated host wait for a core.
    rounds: paired rounds of one measurement in the search, fewer where they take more than timing_seconds.
    """

    threads: int = 1
    memory_bytes: int = 4 * 2**30
    build_seconds: float = 60.0
    run_seconds: float = 60.0
    rounds: int = 15
    timing_seconds: float = 2.5


@dataclass(frozen=True)
class Assignment:
    """What every job of a run has in common; sent once to each worker."""

    spec: KernelSpec
    signature: Signature
    settings: JudgeSettings


@dataclass(frozen=True)
class Job:
    """One candidate to judge.

    stage: "seed" or "search"; it names the Ray task. anchor: the rival of the paired timing (None: the reference).
    bar: speedup over the anchor below which the screen may stop. seed: drawn in the driver, unknown to candidates.
    afresh: timed even where this node has timed the same machine code before. timed: False ends after verification.
    """

    candidate: Candidate
    stage: str
    anchor: Candidate | None = None
    bar: float = 0.0
    seed: int = 0
    afresh: bool = False
    timed: bool = True
    attempts: int = field(default=0, compare=False)


@dataclass(frozen=True)
class ConfirmJob:
    """The champion's last examination: fresh seeds, fresh processes, a fixed number of rounds.

    best_seed: the run's anchor. njit: the reference as it is under plain `@njit`, or None where that does not compile.
    seconds: about how long all its timings may take together. proof_seconds: the same for the proofs. timed: False ends
    after the proofs. surveyed: the champion's work is counted, and the machine's peaks are looked up or measured.
    """

    champion: Candidate
    best_seed: Candidate
    njit: Candidate | None
    seed: int
    rounds: int = 10
    processes: int = 6
    seconds: float = 60.0
    proof_seconds: float = 60.0
    timed: bool = True
    surveyed: bool = True
