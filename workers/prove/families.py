"""Families: the champion beside the reference on inputs that no generator draws, found and shrunk by Hypothesis."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...kernels.candidate import Candidate
from ..evaluate import Judge
from ..verify.check import Check
from ..verify.families import FAMILIES
from ..verify.families.domain import Domain
from ..verify.families.drive import Drive
from ..verify.families.family import Family, Field, Listed
from ..verify.families.layouts import guard_covers
from .forked import Reference, Subject

METHOD = ("run beside the reference on unusual sizes and on inputs derived from the generator's (other orders, ties, zeros, "
          "extremes, nan and inf where the reference defines them), drawn and shrunk by Hypothesis")
ASSUMPTIONS = (
    "where rounding, or the range of its numbers, decides what the reference gives, no kernel is held to it",
    "an element that an infinity goes into may come out as nan, which an equal formula may make of it",
)
_SEEDS = 6
_SHOWN = 10
_LARGEST_SHARE = 0.1


def families(
    judge: Judge, candidate: Candidate, seed: int, seconds: float, chosen: Sequence[Family | Listed] = FAMILIES
) -> Check:
    """Whether `candidate` agrees with the reference on the inputs of all `chosen` families; WRONG, or what its run ended in,
    with the smallest input found. Raises RunFailed where it cannot be built."""
    rng = np.random.default_rng([seed, 2])
    seeds = tuple(int(number) for number in rng.integers(1, 2**62, _SEEDS))
    with judge.leases.build() as core, Reference(judge, core) as reference, Subject(judge, candidate, core) as subject:
        subject.prepare()
        domain = Domain(judge.oracle, reference)
        field = Field(domain, seeds, candidate, _LARGEST_SHARE * seconds)
        found = Drive(subject, field, int(rng.integers(2**62)), seconds, chosen).check()
    guard = guard_covers([a.layout for a in judge.oracle.signature.arguments if a.kind == "array"])
    facts = {**found.facts, "method": METHOD, "guard": f"{guard}; so do empty arrays", "seed": seed,
             "assumptions": list(ASSUMPTIONS)}
    if domain.unforeseen:
        facts["left_out"] = sorted(set(domain.unforeseen))[:_SHOWN]
    tried = f"agrees on {found.facts.get('inputs', 0)} inputs" if found.passed else "differs"
    return Check(found.verdict, found.message, {**facts, "answer": tried})
