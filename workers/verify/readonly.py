"""Read-only test: one run whose inputs lie in pages that cannot be written to.

A kernel that changes an input and restores it passes every comparison. It breaks where the caller's array is read-only
or mapped from a file, and where two threads use one input.
"""
from __future__ import annotations

from ..arena import Arena
from ..evaluation import Verdict
from ..failure import RunFailed, ask
from ..oracle import Oracle
from ..sandbox.client import Child
from .check import Check
from .differential import POISON, PlannedCase

ARGS = "read-only"


def check_readonly(child: Child, slot: str, oracle: Oracle, planned: PlannedCase, seconds: float | None = None) -> Check:
    """Whether the kernel in `slot`, which has passed the case `planned`, gets along with inputs that cannot be written
    to, except those that the reference writes. Where it does not, `child` is dead afterwards."""
    case = oracle.case(planned.size, planned.seed)
    facts = {"size": dict(case.size), "seed": case.seed}
    inputs = {number for number, argument in enumerate(oracle.signature.arguments) if not argument.written}
    with Arena.for_case(case.arguments, case.expected, inputs) as arena:
        ask(child, {"do": "attach", "name": ARGS, "layout": arena.layout}, [arena.fd], seconds)
        try:
            ask(child, {"do": "run", "slot": slot, "args": ARGS, "perturb": POISON[0]}, seconds=seconds)
        except RunFailed as failure:
            if failure.verdict is not Verdict.CRASHED:
                return Check(failure.verdict, f"{case.label}, on read-only inputs: {failure.message}", facts)
            return Check(Verdict.WRONG, f"{case.label}: it writes to an argument that the reference leaves alone, and restores it; "
                         "with a read-only argument it crashes", facts)
    return Check(Verdict.VERIFIED, "", facts)
