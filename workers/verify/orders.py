"""Order check: whether a parallel candidate's results stay the same when its iterations come in other orders.

The text is interpreted on small inputs, in a sandboxed child, as for the access check.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...kernels.candidate import Candidate
from ...kernels.interpret.orders import compare_orders
from ...kernels.signature import Signature
from ..arena import Arena
from ..evaluation import Verdict
from ..failure import RunFailed, ask
from ..oracle import Case
from ..sandbox.client import Child
from .check import Check

ARGS = "orders"


def check(candidate: Candidate, arguments: Sequence[Any], signature: Signature, seed: int) -> Check:
    """What the log of the natural order and the runs in others show. seed: of the orders. A run that takes too long is no
    finding; `limit` says so."""
    report = compare_orders(candidate, tuple(arguments), signature, seed)
    facts = {"orders": list(report.compared), "rounding": report.rounding, "limit": report.limit,
             "unexercised": list(report.log.unexercised)}
    if report.log.races:
        return Check(Verdict.RACE, report.log.races[0], facts)
    if report.difference:
        return Check(Verdict.RACE, report.difference, facts)
    return Check(Verdict.VERIFIED, "", facts)


def check_orders(
    child: Child, candidate: Candidate, case: Case, signature: Signature, seed: int, seconds: float | None = None
) -> Check:
    """`check` on the arguments of `case`, carried out in `child`. seconds: wall limit; a child that exceeds it, or dies
    otherwise, gives a VERIFIED Check that compared no order, and says why: an interpreter's end is no race."""
    message = {"do": "examine", "by": "orders", "args": ARGS, "candidate": candidate.as_json(),
               "signature": signature.as_json(), "seed": seed}
    try:
        with Arena.for_case(case.arguments, ()) as arena:
            ask(child, {"do": "attach", "name": ARGS, "layout": arena.layout}, [arena.fd], seconds)
            found = Check.from_json(ask(child, message, seconds=seconds)["check"])
    except RunFailed as failure:
        return Check(Verdict.VERIFIED, "", {"orders": [], "limit": f"at {case.label}: {failure.message}", "unexercised": []})
    if found.passed:
        return found
    return Check(found.verdict, f"{case.label}: {found.message}", {**found.facts, "size": dict(case.size), "seed": case.seed})


def answer(message: Mapping[str, Any], arguments: Sequence[Any]) -> dict[str, Any]:
    """The harness's reply to {"do": "examine", "by": "orders", "candidate", "signature", "seed"}."""
    candidate, signature = Candidate.from_json(message["candidate"]), Signature.from_json(message["signature"])
    return {"ok": True, "check": check(candidate, arguments, signature, int(message["seed"])).as_json()}
