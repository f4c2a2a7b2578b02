"""Overview: what stands at the head of the page. The big figures, and the answers to the three questions."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...kernels.candidate import Candidate
from ...workers.confirmation import Confirmation
from ...workers.evaluation import Ratio, Verdict
from ..certificate.evidence import evidence, is_proof
from ..certificate.questions import questions
from ..certificate.speed import FASTER, NJIT, NO_NJIT, REFERENCE, SAME_KERNEL, SEED, SLOWER
from ..journal import Journal
from ..result import Rivals, times

NAMES = {REFERENCE: "the reference", SEED: "the best seed", NJIT: "@njit of the reference"}
YES, OPEN, NO = "yes", "open", "no"


@dataclass(frozen=True)
class Beside:
    """A rival of the champion: what it is called, the timing, and why there is none where there is none."""

    name: str
    ratio: Ratio | None
    why_not: str = ""


@dataclass(frozen=True)
class Chip:
    """One of the three questions. state: "yes", "open" (not decided, or no difference seen) or "no". how: how that is known, in a
    word; "" where nothing is. answer: in a few words.
    """

    name: str
    state: str
    how: str
    answer: str


def rivals(journal: Journal, confirmation: Confirmation | None) -> list[Beside]:
    """The reference first; empty where the champion was not timed beside it."""
    over = Rivals.of(journal, confirmation)
    if over.reference is None:
        return []
    return [
        Beside(NAMES[REFERENCE], over.reference),
        Beside(NAMES[SEED], over.seed if over.seed and over.seed.rounds else None, SAME_KERNEL),
        Beside(NAMES[NJIT], over.njit if over.njit and over.njit.rounds else None, SAME_KERNEL if over.njit else NO_NJIT),
    ]


def chips(confirmation: Confirmation | None, champion: Candidate | None) -> list[Chip]:
    """Equivalent, legal in parallel, faster: in the certificate's words. All open where no champion was examined."""
    if confirmation is None or champion is None:
        return [Chip(name, OPEN, "", "open: no champion was examined") for name in ("Equivalent", "Legal in parallel", "Faster")]
    answers = questions(confirmation, champion, {REFERENCE: confirmation.over_reference})
    proven = {name for name, seen in evidence(confirmation.checks).items() if is_proof(seen)}
    serial = not champion.options.parallel
    return [
        _held("Equivalent", confirmation, confirmation.equivalent, "identity" in proven, answers["equivalent"]["answer"]),
        _held("Legal in parallel", confirmation, confirmation.legal_in_parallel, serial or "parallel" in proven,
              answers["legal_in_parallel"]["answer"]),
        _faster(confirmation.over_reference, answers["faster"]["answer"]),
    ]


def _held(name: str, confirmation: Confirmation, holds: bool | None, proven: bool, answer: str) -> Chip:
    if holds is False:
        return Chip(name, NO, "", f"no: {confirmation.verdict}")
    if holds is None or confirmation.verdict is not Verdict.VERIFIED:
        return Chip(name, OPEN, "", "not decided")
    return Chip(name, YES, "proven" if proven else "tested", answer if answer != "proven" else "for all sizes")


def _faster(ratio: Ratio | None, answer: str) -> Chip:
    if ratio is None:
        return Chip("Faster", OPEN, "", answer)
    interval = f"95 % interval {times(ratio.low)} to {times(ratio.high)}"
    state = YES if answer == FASTER else NO if answer == SLOWER else OPEN
    return Chip("Faster", state, "measured", f"{times(ratio.speedup)} times the reference's speed" if state == YES else f"{answer}, {interval}")


def pays_from(by_size: Mapping[str, Ratio]) -> str | None:
    """The smallest size from which on the champion is faster at every size; None where it is not at the largest."""
    found = None
    for label, ratio in reversed(by_size.items()):
        if ratio.low <= 1.0:
            break
        found = label
    return found


def calls_to_repay(confirmation: Confirmation | None) -> int | None:
    """Calls at the benchmark size after which the time of compiling is won back; None where it never is, or unknown."""
    if confirmation is None or confirmation.over_reference is None or not confirmation.first_call_s:
        return None
    won = confirmation.over_reference.rival_ns - confirmation.over_reference.candidate_ns
    return max(1, round(confirmation.first_call_s * 1e9 / won)) if won > 0 else None
