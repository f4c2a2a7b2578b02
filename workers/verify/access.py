"""Access check: whether the iterations of a candidate's `prange` loops are independent, and its indices in bounds.

Equal results never clear a parallel kernel: racy ones pass hundreds of runs. So its text is interpreted on small
inputs, over arrays that log every access by iteration. Exact for those inputs. It runs in a sandboxed child, as the
interpretation of a hostile text may never end.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...kernels.candidate import Candidate
from ...kernels.interpret.access import MAX_STEPS, AccessReport, log_accesses
from ...kernels.parallel_proof.proof import prove_parallel
from ...kernels.signature import Signature
from ...kernels.spec import SpecError
from ..arena import Arena
from ..evaluation import Verdict
from ..failure import RunFailed
from ..oracle import Case, Oracle
from ..sandbox.client import Child, ChildFailure
from .check import Check

ARGS = "access"
_SHOWN = 3
_LARGE = 10_000


def check(candidate: Candidate, arguments: Sequence[Any], signature: Signature, steps: int = MAX_STEPS) -> Check:
    """What the log of one interpreted run shows, of its first `steps`. `arguments` may be written to."""
    return _judged(log_accesses(candidate, tuple(arguments), signature, max_steps=steps))


def check_access(
    child: Child, candidate: Candidate, case: Case, signature: Signature, seconds: float | None = None, steps: int = MAX_STEPS
) -> Check:
    """`check` on the arguments of `case`, carried out in `child`. seconds: wall limit; a child that exceeds it, or dies
    otherwise, gives a Check with that verdict."""
    message = {"do": "examine", "by": "access", "args": ARGS, "candidate": candidate.as_json(),
               "signature": signature.as_json(), "steps": steps}
    try:
        with Arena.build(case.arguments, ()) as arena:
            reply = child.call({"do": "attach", "name": ARGS, "layout": arena.layout}, [arena.fd], seconds)
            if reply["ok"]:
                reply = child.call(message, seconds=seconds)
    except ChildFailure as failure:
        failed = RunFailed.of_child(failure)
        return Check(failed.verdict, f"while its accesses were logged at {case.label}: {failed.message}")
    if not reply["ok"]:
        failed = RunFailed.of_reply(reply)
        return Check(failed.verdict, f"while its accesses were logged at {case.label}: {failed.message}")
    found = Check.from_json(reply["check"])
    if found.passed:
        return found
    return Check(found.verdict, f"{case.label}: {found.message}", {**found.facts, "size": dict(case.size), "seed": case.seed})


def clear(child: Child, candidate: Candidate, oracle: Oracle, case: Case, seconds: float | None = None) -> Check:
    """`check_access` at `case`, and at larger sizes as long as some parallel loop never had two iterations at once, so
    that nothing could race: blocks of 64 rows are one block at most small sizes. One whose loops stay so is refused,
    unless they are proven to be independent at every size."""
    found = check_access(child, candidate, case, oracle.signature, seconds)
    idle = set(found.facts.get("unexercised", ()))
    if found.passed and idle:
        proof = prove_parallel(candidate, oracle.signature)
        idle -= {loop.line for loop in proof.loops if loop.proven} - {loop.line for loop in proof.loops if not loop.proven}
    tried = [case.label]
    for size in larger_sizes(oracle) if found.passed and idle else ():
        try:
            larger = oracle.case(size, case.seed)
        except SpecError:
            continue  # the kernel is not defined for these dimensions together
        again = check_access(child, candidate, larger, oracle.signature, seconds)
        if again.verdict is Verdict.REFUSED:
            continue  # too many steps at this size
        if again.verdict in (Verdict.TIMED_OUT, Verdict.OUT_OF_MEMORY):
            break  # the log is too much here, which says nothing of the kernel; and the child is gone
        if not again.passed:
            return again
        tried.append(larger.label)
        idle &= set(again.facts["unexercised"])
        if not idle:
            break
    if not found.passed or not idle:
        return Check(found.verdict, found.message, {**found.facts, "unexercised": sorted(idle), "sizes": tried})
    lines = " and ".join(map(str, sorted(idle)))
    return Check(Verdict.REFUSED, f"the parallel loop in line {lines} never has two iterations at the sizes at which accesses "
                 f"are logged ({'; '.join(tried)}), so nothing clears it of races: give it more and smaller blocks", found.facts)


def larger_sizes(oracle: Oracle) -> Iterator[str | Mapping[str, int]]:
    """Sizes at which a run takes few steps and each dimension is large once."""
    sizes = oracle.spec.sizes
    tiny, verify, benchmark = sizes["tiny"], sizes["verify"], sizes["benchmark"]
    yield "verify"
    for name in tiny:
        yield {**tiny, name: max(tiny[name], min(benchmark[name], _LARGE))}
    yield {name: max(tiny[name], min(benchmark[name], 3 * verify[name])) for name in tiny}


def answer(message: Mapping[str, Any], arguments: Sequence[Any]) -> dict[str, Any]:
    """The child's part: the reply to the harness command "examine" by "access"."""
    candidate, signature = Candidate.from_json(message["candidate"]), Signature.from_json(message["signature"])
    return {"ok": True, "check": check(candidate, arguments, signature, message["steps"]).as_json()}


def _judged(report: AccessReport) -> Check:
    facts = {"iterations": report.iterations, "negative_indices": list(report.negative_indices[:_SHOWN]),
             "unexercised": list(report.unexercised)}
    if report.out_of_bounds:
        return Check(Verdict.OUT_OF_BOUNDS, _some(report.out_of_bounds), facts)
    if report.races:
        return Check(Verdict.RACE, _some(report.races), facts)
    if report.unwritten_reads:
        return Check(Verdict.WRONG, "reads memory that nothing has written: " + _some(report.unwritten_reads), facts)
    if not report.finished:
        return Check(Verdict.REFUSED, f"its accesses could not be logged to the end: {report.limit}", facts)
    return Check(Verdict.VERIFIED, "", facts)


def _some(findings: Sequence[str]) -> str:
    more = f" (and {len(findings) - _SHOWN} more)" if len(findings) > _SHOWN else ""
    return "; ".join(findings[:_SHOWN]) + more
