"""Legal in parallel: proven for every size where indices are affine, else logged; in every order, under every thread count.

Three ways that share nothing but the candidate: a proof on its text, interpreted runs in shuffled orders, and what Numba
compiled, run by threads. One that contradicts the candidate fells it, whatever the others say.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import cycle
from time import monotonic
from typing import Any

import numpy as np

from ...kernels.candidate import Candidate, CandidateError
from ...kernels.spec import SpecError
from ..evaluate import Judge
from ..evaluation import Verdict
from ..oracle import Case
from ..verify.access import larger_sizes
from ..verify.check import Check
from ..verify.differential import PlannedCase
from ..verify.families import FAMILIES
from ..verify.families.domain import Domain
from ..verify.families.drive import Worn
from ..verify.families.family import Chance, Choices, Family, Field, Listed
from ..verify.families.show import shown
from ..verify.orders import check_orders
from ..verify.threads import check_threads
from .forked import Logged, Reference

_SHARES = {"proof": 0.25, "orders": 0.2, "derived": 0.25, "threads": 0.3}     # of the seconds; waiting for cores is not counted
_MOST_ROUNDS = 20
_DRAWS = 40
_MOST_DERIVED = 240
_PATIENCE = 4
_REST = 0.5
"""Of the processor time that a child may take, what its thread runs take at most: the build needs some, too."""

_PROVEN = ("the index expressions of every parallel loop were proven, by integer linear algebra on the text, never to meet "
           "between iterations, whatever the sizes")
_LOGGED = "every access of the interpreted text was logged by iteration at the sizes listed, and none met another's"
_DERIVED = "nor on inputs that no generator draws, such as equal indices and values beyond all others"
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
    derived = Check(Verdict.VERIFIED) if facts["proven"] else _derived(judge, candidate, seed, seconds * _SHARES["derived"])
    facts = {**facts, **derived.facts}
    if not derived.passed:
        return Check(derived.verdict, derived.message, {**facts, "answer": "race", "method": f"Interpreted: {_LOGGED}, {_DERIVED}"})
    threaded = _threads(judge, candidate, seed, seconds * _SHARES["threads"])
    facts["threads"] = dict(threaded.facts)
    return Check(threaded.verdict, threaded.message, {**facts, **_summary(facts)})


def _summary(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The answer, and in one sentence what it rests on; only what was done is named."""
    proven, sizes = facts["proven"], facts["sizes"]
    logged = f"{_LOGGED}, {_DERIVED}" if facts.get("derived") else _LOGGED
    ways = [_PROVEN] * proven + [logged, _ORDERED] * bool(sizes) + [_THREADED] * bool(facts["threads"].get("runs"))
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


def _derived(judge: Judge, candidate: Candidate, seed: int, seconds: float) -> Check:
    """The log on inputs of the families, and on further draws of the generator in turn: which iterations meet may depend on
    what stands in an array of indices, or on a value that is hardly ever drawn."""
    rng = np.random.default_rng([seed, 3])
    seeds = tuple(int(number) for number in rng.integers(1, 2**62, _DRAWS))
    families = [family for family in FAMILIES if not isinstance(family, Listed)]
    tried = 0
    with judge.leases.build() as core, Reference(judge, core) as reference, Logged(judge, candidate, core) as log, suppress(Worn):
        reference.prepare()
        field, begun = Field(Domain(judge.oracle, reference), seeds, candidate, 0.0), monotonic()
        for number in range(_MOST_DERIVED):
            if monotonic() - begun > (seconds if number >= 4 * len(families) else _PATIENCE * seconds):
                break
            case = _other(field, families, number, Chance(rng))
            if case is None:
                continue
            found = log.check(case)
            tried += found.passed
            if found.verdict in (Verdict.RACE, Verdict.OUT_OF_BOUNDS):
                given = shown(judge.oracle.spec.parameters, case.arguments)
                return Check(found.verdict, f"{found.message}; with {given}", {**found.facts, "derived": tried})
    return Check(Verdict.VERIFIED, "", {"derived": tried})


def _other(field: Field, families: Sequence[Family], number: int, choices: Choices) -> Case | None:
    """A further draw at even numbers, an input of the next family at odd ones; None where there is none."""
    if number % 2:
        return families[number // 2 % len(families)].case(choices, field)
    ground = field.ground(choices)
    return ground and ground.case


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
