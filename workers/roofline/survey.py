"""Survey: the machine's peaks and the champion's work, found at the end of its examination."""
from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...kernels.candidate import Candidate
from ...kernels.counting.problem import Counted, count
from ...kernels.counting.work import flop_seconds, least
from ...kernels.signature import Signature
from ...kernels.spec import KernelSpec, SpecError
from ..evaluation import Ratio
from ..failure import FAILURES
from ..leases import LeaseError
from ..sandbox.child import Channel
from ..sandbox.client import ChildFailure, SandboxError
from ..sandbox.limits import Limits
from ..slots import WALL_FACTOR
from .peaks import LEASE_SECONDS, Peaks, known, machine_facts, measure

if TYPE_CHECKING:
    from ..evaluate import Judge

COUNT_SECONDS = 3.0
_GRACE_SECONDS = 5.0
_TARGET = "kernwright.workers.roofline.survey:serve"
_EXPECTED = (*FAILURES, SandboxError, LeaseError, OSError)


def survey(judge: Judge, champion: Candidate, seed: int, over_reference: Ratio | None, seconds: float = COUNT_SECONDS) -> dict[str, Any]:
    """What the roofline rests on, as JSON: "machine" (with its peaks), "counted" (see `Counted`), "why_not" (why the peaks
    are not known, else "") and "seconds" (what all this took). Never raises for what a kernel or a machine may do.

    seconds: of a processor, for counting; it takes a few more where the peaks were not measured here before.
    """
    began = time.monotonic()
    counted = _counted(judge, champion, seed, over_reference, seconds)
    peaks, why_not = None, ""
    threads = judge.assignment.settings.threads

    def beaten(peaks: Peaks) -> bool:
        """Whether the champion computes faster than the machine is said to be able to."""
        if over_reference is None or not counted.works:
            return False
        work, _ = least(counted.works.values(), peaks.gflop_s)
        return 1e9 * flop_seconds(work.flops, {name: 1e9 * rate for name, rate in peaks.gflop_s.items()}) > over_reference.candidate_ns

    try:
        peaks = known(lambda: measure(judge.slots.warm, judge.leases, threads), threads, beaten)
    except _EXPECTED as error:
        why_not = f"the machine's peaks could not be measured: {error}"
    return {"machine": machine_facts(peaks), "counted": counted.as_json(), "why_not": why_not,
            "seconds": round(time.monotonic() - began, 3)}


def _counted(judge: Judge, champion: Candidate, seed: int, over_reference: Ratio | None, seconds: float) -> Counted:
    """Counts in a sandboxed child, as the champion's text is executed for it."""
    assignment = judge.assignment
    spec: KernelSpec = assignment.spec
    message = {
        "spec": {"name": spec.name, "text": spec.text, "function": spec.function}, "champion": champion.as_json(),
        "signature": assignment.signature.as_json(), "seed": seed, "seconds": seconds,
        "reference_seconds": over_reference.rival_ns / 1e9 if over_reference else 0.0,
    }
    cpu = seconds + _GRACE_SECONDS
    limits = Limits(cpu * assignment.settings.threads, WALL_FACTOR * cpu, assignment.settings.memory_bytes, 0)
    try:
        with judge.leases.build(LEASE_SECONDS) as core, judge.slots.warm.fork(limits, f"count {champion.identity}", target=_TARGET, cores=[core]) as child:
            return Counted.from_json(child.call(message)["counted"])
    except ChildFailure as failure:
        return Counted({}, {"reference": f"the process that counted it ended early: {failure.message}"})
    except _EXPECTED as error:
        return Counted({}, {"reference": str(error)})
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # the child has executed a candidate's text
        return Counted({}, {"reference": f"the answer of the process that counted is none: {error}"})


def serve(channel: Channel) -> None:
    """The child's part."""
    received = channel.receive()
    if received is None:
        return
    message: Mapping[str, Any] = received[0]
    try:
        counted = count(
            KernelSpec(**message["spec"]).open(), Candidate.from_json(message["champion"]), Signature.from_json(message["signature"]),
            message["seed"], message["seconds"], message["reference_seconds"],
        )
    except SpecError as error:
        counted = Counted({}, {"reference": str(error)})
    channel.send({"ok": True, "counted": counted.as_json()})
