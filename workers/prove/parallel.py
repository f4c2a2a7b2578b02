"""Legal in parallel: proven for every size where indices are affine, else logged; in every order, under every thread count.

Three ways that share nothing but the candidate: a proof on its text, interpreted runs in shuffled orders, and what Numba
compiled, run by threads. One that contradicts the candidate fells it, whatever the others say.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import cycle
from time import monotonic
from typing import Any

import numpy as np

from ...kernels.candidate import Candidate, CandidateError
from ...kernels.spec import SpecError
from ..evaluate import Judge
from ..evaluation import Verdict
from ..verify.access import larger_sizes
from ..verify.check import Check
from ..verify.differential import PlannedCase
from ..verify.orders import check_orders
from ..verify.threads import check_threads

_SHARES = {"proof": 0.3, "orders": 0.3, "threads": 0.4}     # of the seconds; waiting for cores is not counted
_MOST_ROUNDS = 20
_REST = 0.5
"""Of the processor time that a child may take, what its thread runs take at most: the build needs some, too."""

_PROVEN = ("the index expressions of every parallel loop were proven, by integer linear algebra on the text, never to meet "
           "between iterations, whatever the sizes")
_LOGGED = "every access of the interpreted text was logged by iteration at the sizes listed, and none met another's"
_ORDERED = "the interpreted iterations gave the same results in other orders"
_THREADED = "what was compiled gave the reference's results with each number of threads listed"


def parallel(judge: Judge, candidate: Candidate, seed: int, seconds: float) -> Check:
    """Answers "serial", "proven" (for every size) or "logged" (at `sizes`, with each loop's reason in `loops`); "not
    applicable" where neither came to its end here."""
    if not candidate.options.parallel:
        return Check(Verdict.VERIFIED, "", {"answer": "serial", "method": "It is compiled without parallel loops"})
    facts = _proof(judge, candidate, seconds * _SHARES["proof"])
    ordered = _orders(judge, candidate, seed, seconds * _SHARES["orders"])
    facts = {**facts, **ordered.facts}
    if not ordered.passed:
        return Check(ordered.verdict, ordered.message, {**facts, "answer": "race", "method": f"Interpreted: {_LOGGED}; {_ORDERED}"})
    threaded = _threads(judge, candidate, seed, seconds * _SHARES["threads"])
    facts["threads"] = dict(threaded.facts)
    return Check(threaded.verdict, threaded.message, {**facts, **_summary(facts)})


def _summary(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The answer, and in one sentence what it rests on; only what was done is named."""
    proven, sizes = facts["proven"], facts["sizes"]
    ways = [_PROVEN] * proven + [_LOGGED, _ORDERED] * bool(sizes) + [_THREADED] * bool(facts["threads"].get("runs"))
    method = "; ".join(ways) or "nothing could be tried"
    answer = "proven" if proven else "logged" if sizes else "not applicable"
    found = {"answer": answer, "method": method[0].upper() + method[1:]}
    if answer == "not applicable":
        found["reason"] = "not affine, and too long to interpret here: " + "; ".join(facts["limits"][:1])
    return found


def _proof(judge: Judge, candidate: Candidate, seconds: float) -> dict[str, Any]:
    """What is proven for every size."""
    from ...kernels.parallel_proof import prove_parallel  # it loads isl, which nothing else needs

    with judge.leases.build():
        try:
            proof = prove_parallel(candidate, judge.oracle.signature, seconds)
        except (CandidateError, RecursionError) as error:
            return {"proven": False, "loops": [], "bounds": [], "in_bounds": False, "unproven": str(error)}
    found = proof.as_json()
    return {"proven": proof.proven, "loops": list(found["loops"]), "bounds": list(found["bounds"]),
            "in_bounds": proof.in_bounds, "assumptions": list(proof.assumptions)}


def _orders(judge: Judge, candidate: Candidate, seed: int, seconds: float) -> Check:
    """The log and the shuffled orders, at the tiny size and at larger ones while there is time."""
    oracle = judge.oracle
    sizes: list[str] = []
    limits: list[str] = []
    names: list[str] = []
    rounding = False
    with judge.leases.build() as core:
        end = monotonic() + seconds
        for size in ("tiny", *larger_sizes(oracle)):
            if sizes and monotonic() > end:
                break
            try:
                case = oracle.case(size, seed)
            except SpecError:
                continue  # the kernel is not defined for these dimensions together
            with judge.slots.fork(f"orders {candidate.identity}", [core]) as child:
                found = check_orders(child, candidate, case, oracle.signature, seed, judge.assignment.settings.run_seconds)
            if not found.passed:
                return found
            rounding |= bool(found.facts.get("rounding"))
            if found.facts["limit"]:
                limits.append(str(found.facts["limit"]))
            if found.facts["orders"]:
                names = list(found.facts["orders"])
                sizes.append(case.label.partition(", seed")[0])
    return Check(Verdict.VERIFIED, "", {"sizes": sizes, "orders": names, "rounding": rounding, "limits": limits})


def _threads(judge: Judge, candidate: Candidate, seed: int, seconds: float) -> Check:
    """What was compiled, on fresh inputs, with every number of threads that has a core each, until the time is over."""
    settings = judge.assignment.settings
    most = min(settings.threads, candidate.options.threads or settings.threads)
    facts: dict[str, Any] = {"runs": 0}
    rounds = _rounds(judge, seed)
    with judge.leases.timing(most) as cores:
        threads = _counts(min(most, len(cores)))
        case = judge.oracle.case("benchmark", seed)
        judge.slots.cache_rival(candidate, case, cores[:1])
        end = monotonic() + seconds
        for planned in rounds:
            allowance = _REST * settings.run_seconds
            with judge.slots.fork(f"threads {candidate.identity}", cores) as child:
                judge.slots.attach(child, case)
                judge.slots.build(child, "candidate", candidate, trusted=True)
                found = check_threads(child, "candidate", judge.oracle, planned, threads,
                                      min(end, monotonic() + allowance), settings.run_seconds * most)
            if not found.passed:
                return found
            facts = _merged(facts, found.facts)
            if monotonic() > end or facts["limit"]:
                break
    return Check(Verdict.VERIFIED, "", facts)


def _counts(most: int) -> list[int]:
    """Every number of threads up to 8, then powers of 2, and `most`."""
    return [count for count in range(1, most + 1) if count <= 8 or count & (count - 1) == 0 or count == most]


def _rounds(judge: Judge, seed: int) -> Iterator[list[PlannedCase]]:
    """Cases of one child each: benchmark, verify and the sizes around it in turn, with other inputs each time."""
    sizes: list[str | Mapping[str, int]] = ["benchmark", "verify", *judge.oracle.extra_sizes()]
    seeds = (int(number) for number in np.random.default_rng([seed, 1]).integers(1, 2**62, 4 * _MOST_ROUNDS * len(sizes)))
    following = cycle(sizes)
    for _ in range(_MOST_ROUNDS):
        yield [PlannedCase(next(following), next(seeds)) for _ in range(len(sizes))]


def _merged(one: dict[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    sizes = list(dict.fromkeys([*one.get("sizes", ()), *other["sizes"]]))
    return {"runs": one["runs"] + other["runs"], "threads": other["threads"], "sizes": sizes, "limit": other["limit"]}
