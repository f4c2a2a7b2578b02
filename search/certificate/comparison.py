"""Comparison: a certificate's claims beside what an examination found here."""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ...workers.confirmation import Confirmation
from ...workers.evaluation import Ratio, Verdict
from .evidence import WITH_TIMING, Evidence, evidence, subject
from .speed import FASTER, NJIT, REFERENCE, SEED, speed_answer

DRIFT = 1.25
"""By how much the ratio of two kernels may differ between two occasions on one type of machine, beyond both intervals:
memory is placed anew, and others use the caches too. An overstated speedup is one that this does not explain."""
_LEAST_SHARE = 0.9  # of the inputs: how many there are differs a little with the seed
_COUNT = re.compile(r"\d[\d,]*(?= (?:inputs?|cases?|tests?|runs?)\b)")
_GRADES = {"parallel": ("logged", "proven"), "determinism": ("bits differ", "same bits"), "precision": ("within bounds", "as accurate")}
"""Answers of checks that pass, the lesser first."""
_MOVING = frozenset({"precision"})
"""Checks whose answer grades a figure that moves a little with inputs and processor."""
_RIVALS = {REFERENCE: "the reference", SEED: "the best seed", NJIT: "@njit of the reference"}


class Status(StrEnum):
    """What became of a claim. Only NOT is a failure."""

    CONFIRMED = "confirmed"
    PARTLY = "confirmed in part"      # the same answer from fewer inputs, or a difference that no interval excludes
    HERE = "measured here"            # a figure that belongs to another machine, threads or versions
    OTHER = "different here"          # the surroundings
    UNCLAIMED = "not claimed"         # found here, and not in the certificate
    NOT = "not confirmed"


@dataclass(frozen=True)
class Row:
    """One claim: what the certificate says, and what was found here."""

    claim: str
    certificate: str
    here: str
    status: Status


def compared_checks(stated: Iterable[Mapping[str, Any]], found: Confirmation, occasion: str, timed: bool) -> list[Row]:
    """One row for each kind of check. occasion: which examination it was, for the claim's name. timed: it measured
    speed; if not, the checks that belong to that are left out."""
    claimed, seen = evidence(stated), evidence(found.checks)
    rows = [_check(claim, seen.get(name), found, occasion) for name, claim in claimed.items() if timed or name not in WITH_TIMING]
    rows += [Row(f"{subject(name)}, {occasion}", "–", _words(one), Status.UNCLAIMED if one.verdict is Verdict.VERIFIED else Status.NOT)
             for name, one in seen.items() if name not in claimed]
    if found.verdict is not Verdict.VERIFIED:
        rows.append(Row(f"examination, {occasion}", str(Verdict.VERIFIED), f"{found.verdict}: {found.message}", Status.NOT))
    return rows


def compared_speed(stated: Mapping[str, Any], found: Confirmation, same_place: bool) -> Iterator[Row]:
    """One row for each rival and size that was measured there. same_place: machine, threads and versions are equal."""
    here = {REFERENCE: found.over_reference, SEED: found.over_seed, NJIT: found.over_njit}
    for rival, claim in stated["against"].items():
        if claim["measured"]:
            yield _speed(f"speed against {_RIVALS[rival]}", claim, here[rival], same_place, DRIFT)
    for label, claim in stated["by_size"].items():
        if claim["measured"]:
            yield _speed(f"speed at {label}", claim, found.by_size.get(label), same_place, None)


def _check(claim: Evidence, seen: Evidence | None, found: Confirmation, occasion: str) -> Row:
    name = f"{subject(claim.name)}, {occasion}"
    if seen is None:
        missing = "it has no such check here" if found.verdict is Verdict.VERIFIED else "not reached"
        return Row(name, _words(claim), missing, Status.NOT)
    if seen.verdict is not Verdict.VERIFIED or claim.verdict is not Verdict.VERIFIED:
        return Row(name, _words(claim), f"{_words(seen)}{f': {seen.message}' if seen.message else ''}", Status.NOT)
    if claim.applicable and _uncounted(seen.answer) != _uncounted(claim.answer):
        return Row(name, _words(claim), _words(seen), _graded(claim, seen))
    fewer = claim.applicable and (seen.cases or 0) < _LEAST_SHARE * (claim.cases or 0)
    return Row(name, _words(claim), _words(seen), Status.PARTLY if fewer else Status.CONFIRMED)


def _graded(claim: Evidence, seen: Evidence) -> Status:
    """What another answer, of a check that passes, makes of the claim."""
    grades = _GRADES.get(claim.name, ())
    if claim.answer not in grades or seen.answer not in grades:
        return Status.NOT
    better = grades.index(seen.answer) > grades.index(claim.answer)
    return Status.CONFIRMED if better else Status.PARTLY if claim.name in _MOVING else Status.NOT


def _uncounted(answer: str) -> str:
    """The answer without the number of inputs that it speaks of, which differs with the time that there was."""
    return _COUNT.sub("", answer.casefold())


def _words(seen: Evidence) -> str:
    said = [seen.answer or str(seen.verdict)]
    if seen.reason and not seen.applicable:
        said.append(seen.reason)
    if seen.cases is not None and str(seen.cases) not in seen.answer:
        said.append(f"{seen.cases} inputs{f' at {len(seen.sizes)} sizes' if seen.sizes else ''}")
    if seen.worst:
        said.append(f"greatest {'error' if seen.worst_relative is None else 'difference'} {seen.worst.partition(' (')[0]}")
    return ", ".join(said)


def _speed(name: str, claim: Mapping[str, Any], here: Ratio | None, same_place: bool, drift: float | None) -> Row:
    stated = f"{claim['speedup']:.3g} times [{claim['low']:.3g}, {claim['high']:.3g}], {claim['answer']}"
    if here is None:
        return Row(name, stated, "not measured", Status.NOT)
    answer = speed_answer(here)
    slower = claim["answer"] == FASTER and here.high < 1.0
    overstated = same_place and drift is not None and here.high * drift < claim["low"]
    status = (Status.NOT if slower or overstated else Status.HERE if not same_place
              else Status.CONFIRMED if answer == claim["answer"] else Status.PARTLY)
    return Row(name, stated, f"{here.speedup:.3g} times [{here.low:.3g}, {here.high:.3g}], {answer}", status)
