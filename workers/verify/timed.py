"""Timed test: whether a kernel does in a timed call what it did in the tests.

Tests run in poisoned memory, timings do not: a kernel could tell one from the other by what its fresh memory holds, and
skip the work where the clock runs. So calls are made once more exactly as a timing makes them, and their results compared;
and a call must not be faster where it finds the memory of earlier ones as they left it (see `workers.replay`).
"""
from __future__ import annotations

from statistics import quantiles

from ..arena import Arena
from ..evaluation import Verdict
from ..failure import ask
from ..oracle import Case, Oracle
from ..sandbox.client import Child
from .check import Check
from .differential import POISON, Outcome, PlannedCase, differential
from .runner import outcome_of

ARGS = "again"
_CALLS = 3
_COPY_BYTES = 32 << 20
_GAIN = 1.25
_RESOLUTION_NS = 1000.0
_FIRST_LOOK, _CLOSER_LOOK, _LOOKS = 2, 15, 3


def check_timed(child: Child, slot: str, oracle: Oracle, planned: PlannedCase, seconds: float | None = None) -> Check:
    """What timed calls of the kernel in `slot` show, at `planned`. seconds: wall limit of one command.

    Takes about 30 calls where nothing is found. Raises RunFailed.
    """
    found = differential(_TimedRunner(child, slot, seconds), oracle, [planned])
    if not found.passed:
        return Check(found.verdict, f"in a timed call: {found.message}", found.facts)
    case = oracle.case(planned.size, planned.seed)
    facts = {"size": dict(case.size), "seed": case.seed}
    with Arena.build(case.arguments, ()) as arena:
        ask(child, {"do": "attach", "name": ARGS, "layout": arena.layout}, [arena.fd], seconds)
    gain = _gain(child, slot, _FIRST_LOOK, seconds)
    for _ in range(_LOOKS - 1):
        gain = _gain(child, slot, _CLOSER_LOOK, seconds) if gain > 1.0 else gain
    if gain > 1.0:
        return Check(Verdict.WRONG, f"{case.label}: a call is {gain:.1f} times faster where fresh memory still holds what earlier "
                     "calls left there: it takes its answer from memory that it has not written", {**facts, "gain": gain})
    return Check(Verdict.VERIFIED, "", facts)


class _TimedRunner:
    """Runs a kernel as a timing does: several calls in a row in ordinary memory; the last one's outcome counts."""

    def __init__(self, child: Child, slot: str, seconds: float | None = None) -> None:
        self._child = child
        self._slot = slot
        self._seconds = seconds

    def run(self, case: Case, poison: int) -> Outcome:
        """The last of some calls on copies of the case's arguments. Raises RunFailed."""
        with Arena.for_case(case.arguments, case.expected) as arena:
            ask(self._child, {"do": "attach", "name": ARGS, "layout": arena.layout}, [arena.fd], self._seconds)
            prepare = {"do": "prepare", "slot": self._slot, "args": ARGS, "calls": _CALLS, "copy_bytes": _COPY_BYTES}
            ask(self._child, prepare, seconds=self._seconds)
            ask(self._child, {"do": "go"}, seconds=self._seconds)
            reply = ask(self._child, {"do": "collect", "slot": self._slot}, seconds=self._seconds)
            return outcome_of(reply, arena, case)


def _gain(child: Child, slot: str, samples: int, seconds: float | None) -> float:
    """How many times faster a call is where memory was not scrubbed; 1.0 where that is within what timings vary by: the
    quartiles must lie apart."""
    ns: dict[bool, list[float]] = {False: [], True: []}
    for number in range(2 * samples):
        scrubbed = number % 4 in (1, 2)
        reply = ask(child, {"do": "replay", "slot": slot, "args": ARGS, "copy_bytes": _COPY_BYTES, "scrubbed": scrubbed,
                            "perturb": POISON[number % len(POISON)]}, seconds=seconds)
        if reply["ns"] is None:
            return 1.0
        ns[scrubbed].append(float(reply["ns"]))
    left, scrubbed_ns = (quantiles(ns[kind], n=4, method="inclusive") for kind in (False, True))
    apart = scrubbed_ns[0] > _GAIN * left[2] and scrubbed_ns[0] - left[2] > _RESOLUTION_NS
    return scrubbed_ns[1] / max(1.0, left[1]) if apart else 1.0
