"""Identity: whether the champion is algebraically the reference's function, tolerance aside.

Both texts are executed over numbers that carry residues (see `kernels.identity`), in a sandboxed child, as the champion's
may never end. A champion that is another function, however close, is an approximation; only a spec that states a
tolerance of its own permits one.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, prod
from typing import TYPE_CHECKING, Any

from ...kernels.candidate import Candidate
from ...kernels.identity import DIFFERENT, IDENTICAL, NOT_APPLICABLE, IdentityReport, compare
from ...kernels.signature import Signature
from ...kernels.spec import KernelSpec, SpecError, Tolerance
from ...kernels.vecmath.exact import exactly
from ..evaluation import Verdict
from ..sandbox.client import ChildFailure
from ..verify.check import Check

if TYPE_CHECKING:
    from ..evaluate import Judge
    from ..oracle import Oracle

DRAWS = 2
MOST_SIZES = 5
METHOD = ("reference and kernel were executed on the same inputs over numbers that carry residues modulo three primes of 61 to "
          "72 bits; equal rational functions have equal residues, exp goes through a group, other functions are opaque")
BOUND = ("for a rational function of degree d that is not zero, each draw misses it with a probability of about d / 2^61, "
         "along the branches taken at these inputs")
PERMITTED = ("ulp", "relative")
"""Kinds of tolerance by which a spec's author permits approximations."""
_GRACE_SECONDS = 20.0
_SHARE = 0.5
"""Of the processor seconds that a child may take."""
_CHARACTERS = 600


def identity(judge: Judge, candidate: Candidate, seed: int, seconds: float) -> Check:
    """Answers "identical", "different" (with the element, the size and the seed) or "not applicable" (with the reason)."""
    oracle = judge.oracle
    spec: KernelSpec = judge.assignment.spec
    granted = min(seconds, _SHARE * judge.assignment.settings.build_seconds)
    message = {
        "do": "examine", "by": "identity", "candidate": candidate.as_json(), "signature": oracle.signature.as_json(),
        "spec": {"name": spec.name, "text": spec.text, "function": spec.function},
        "sizes": [dict(size) for size in _sizes(oracle)], "seed": seed, "seconds": granted,
    }
    try:
        with judge.leases.build() as core, judge.slots.fork(f"identity {candidate.identity}", [core]) as child:
            reply = child.call(message, seconds=granted + _GRACE_SECONDS)
    except ChildFailure as failure:
        return _unanswered(f"its run over residues ended early: {failure.message}")
    if not reply["ok"]:
        return _unanswered(str(reply["message"]))
    return judged(reply["report"], oracle.spec.tolerance, oracle)


def answer(message: Mapping[str, Any], arguments: Sequence[Any]) -> dict[str, Any]:
    """The child's part: the reply to the harness command "examine" by "identity"."""
    try:
        opened = KernelSpec(**message["spec"]).open()
    except SpecError as error:
        return {"ok": False, "kind": "bad input", "message": str(error)}
    candidate = Candidate.from_json(message["candidate"])
    report = compare(opened, candidate, Signature.from_json(message["signature"]), message["sizes"], message["seed"],
                     message["seconds"], DRAWS)
    return {"ok": True, "report": {**as_json(report), "within_ulp": _within(candidate), "limits": _limits(candidate)}}


def _within(candidate: Candidate) -> dict[str, float]:
    """By function, the error in ULP of the helpers of vecmath in its place, the largest of several precisions."""
    found: dict[str, float] = {}
    for function in exactly(candidate.tree)[1]:
        found[function.name] = max(function.ulp, found.get(function.name, 0.0))
    return dict(sorted(found.items()))


def _limits(candidate: Candidate) -> dict[str, float]:
    """By function, the largest |x| that the helpers of vecmath in its place take, the smallest of several precisions."""
    found: dict[str, float] = {}
    for function in exactly(candidate.tree)[1]:
        if function.limit is not None:
            found[function.name] = min(function.limit, found.get(function.name, function.limit))
    return found


def as_json(report: IdentityReport) -> dict[str, Any]:
    """The report's fields; what does not belong to its answer is left out."""
    found = {
        "answer": report.answer, "elements": report.elements, "by_digits": report.by_digits, "draws": report.draws,
        "functions": list(report.functions), "conversions": list(report.conversions), "reading": report.reading,
        "sizes": [dict(size) for size in report.sizes],
    }
    if report.answer == NOT_APPLICABLE:
        found["reason"] = report.reason[:_CHARACTERS]
    if report.difference is not None:
        found["difference"] = {
            "place": report.difference.place, "reference": report.difference.reference,
            "candidate": report.difference.candidate, "relative": f"{report.difference.relative:.2g}",
        }
        found["size"], found["seed"] = dict(report.size or {}), report.seed
    return found


def judged(report: Mapping[str, Any], tolerance: Tolerance, oracle: Oracle) -> Check:
    """What the child's report means under the spec's tolerance."""
    facts = {"method": METHOD, "bound": BOUND, **report, "taken_as_exact": _exact(report)}
    if report["answer"] == IDENTICAL and (within := report.get("within_ulp")):
        facts["answer"] = f"{IDENTICAL}, with {' and '.join(within)} within {ceil(max(within.values()))} ULP"
    if report["answer"] != DIFFERENT:
        return Check(Verdict.VERIFIED, "", facts)
    found = report["difference"]
    text = (f"{found['place']} at {oracle.label(report['size'], report['seed'])}: computed exactly, the reference gives "
            f"{found['reference']} and the kernel {found['candidate']} (relative difference {found['relative']}): it is another "
            "function, at best an approximation")
    if tolerance.kind in PERMITTED:
        return Check(Verdict.VERIFIED, "", {**facts, "approximation": True, "message": text})
    return Check(Verdict.WRONG, f"{text}, which a spec must permit by tolerance={{\"ulp\": n}} or {{\"rtol\": r, \"atol\": a}}", facts)


def _unanswered(reason: str) -> Check:
    return Check(Verdict.VERIFIED, "", {"method": METHOD, "answer": NOT_APPLICABLE, "reason": reason[:_CHARACTERS]})


def _exact(report: Mapping[str, Any]) -> list[str]:
    """What the answer takes for granted, in words."""
    taken = ["the rounding of every operation", "the range of floats (no overflow, no underflow)"]
    if report["reading"]:
        taken.append(str(report["reading"]))
    if report["functions"]:
        taken.append(f"the functions {', '.join(report['functions'])}: equal arguments give equal results")
    for name, ulp in report.get("within_ulp", {}).items():
        limit = report.get("limits", {}).get(name)
        where = "" if limit is None else f" for arguments up to {limit:.0f} in size, beyond which it gives nan"
        taken.append(f"{name}, computed by a function of vecmath whose largest measured error is {ulp:g} ULP{where}")
    if report["conversions"]:
        taken.append(f"conversions {', '.join(report['conversions'])}, where the reference computes in it, too")
    if report["by_digits"]:
        taken.append(f"{report['by_digits']} of {report['elements']} elements, which agree in the first 35 digits by a "
                     "theorem on these functions")
    return taken


def _sizes(oracle: Oracle) -> list[Mapping[str, int]]:
    """The tiny size, then the smallest others at which the kernel is defined."""
    tiny = oracle.spec.sizes["tiny"]
    others = [size for size in (*oracle.extra_sizes(), oracle.spec.sizes["verify"]) if size != tiny]
    smallest = sorted(others, key=lambda size: prod(max(1, value) for value in size.values()))
    return [tiny, *smallest[: MOST_SIZES - 1]]
