"""Champion: the text of champion.py, which a run writes and a verification must arrive at again."""
from __future__ import annotations

from ...kernels.candidate import Candidate
from ...kernels.export import champion_source, standing_source
from ...kernels.signature import Signature
from ...kernels.spec import KernelSpec
from ...workers.evaluation import Ratio


def champion_text(
    candidate: Candidate, spec: KernelSpec, signature: Signature, *, version: str, machine: str, threads: int,
    threading_layer: str, over_reference: Ratio | None,
) -> str:
    """The file's text. version: of Kernwright, which found it on `machine`. Raises CandidateError and SpecError."""
    summary = [f"Found by Kernwright {version} on {machine}, {threads} thread(s)."]
    if over_reference is not None:
        summary.append(f"{over_reference.speedup:.2f} times as fast as its reference there (95 % interval {over_reference.low:.2f} to "
                       f"{over_reference.high:.2f}).")
    return champion_source(candidate, spec, signature, threads=threads, threading_layer=threading_layer,
                           finite=spec.open().declaration.finite, summary=summary)


def reference_text(spec: KernelSpec, *, version: str) -> str:
    """The file's text where the reference stands. Raises SpecError."""
    return standing_source(spec, [f"Kernwright {version} found nothing faster that computes the same: this is the reference as it is."])
