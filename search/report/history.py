"""History: what the search did, read from the journal's evaluations."""
from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...workers.evaluation import Verdict
from ..journal import Judged
from ..llm.call import CallStatus, LlmCall

SOUND = (Verdict.VERIFIED, Verdict.TOO_SLOW)


@dataclass(frozen=True)
class Point:
    """One evaluation on the run's way. number: from 1. speedup: over the best first seed, None where it was not verified.

    improved: whether it was the best until then.
    """

    number: int
    judged: Judged
    speedup: float | None
    improved: bool

    @property
    def identity(self) -> str:
        """The candidate's, as it was journaled: to compute thousands anew would take a minute."""
        return self.judged.evaluation.candidate

    @property
    def operator(self) -> str:
        return family(self.judged.candidate.lineage.operator)

    @property
    def timed(self) -> float | None:
        """The speedup, of one that was too slow as well: what its screening showed."""
        ratio = self.judged.evaluation.faster
        too_slow = self.judged.evaluation.verdict is Verdict.TOO_SLOW
        return ratio.speedup if self.speedup is None and too_slow and ratio is not None else self.speedup

    @property
    def fell(self) -> bool:
        """Whether it was found wrong, or could not be judged. Too slow is neither."""
        return self.judged.evaluation.verdict not in SOUND


@dataclass
class Calls:
    """The calls to one model."""

    profile: str
    model: str
    calls: int = 0
    candidates: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    charged_tokens: int = 0
    seconds: float = 0.0
    statuses: Counter[str] = field(default_factory=Counter)


_ORDER = ("seed", "rewrite", "tune", "llm", "crossover", "warm")


def families(along: Sequence[Point]) -> list[str]:
    """The operators' families that took part, always in one order, which gives each its colour and sign."""
    return sorted({point.operator for point in along}, key=lambda name: (_ORDER.index(name) if name in _ORDER else len(_ORDER), name))


def family(operator: str) -> str:
    """"rewrite" of "rewrite:tile"."""
    return operator.partition(":")[0]


def points(rows: Sequence[Judged], anchor: str | None) -> list[Point]:
    """The evaluations as points, in order. A seed that was only timed against the reference has no speedup here."""
    found, best = [], 0.0
    for number, row in enumerate(rows, 1):
        ratio = row.evaluation.faster
        speedup = None
        if row.evaluation.verdict is Verdict.VERIFIED and ratio is not None and ratio.rival == anchor:
            speedup = ratio.speedup
        improved = speedup is not None and speedup > best
        best = max(best, speedup or 0.0)
        found.append(Point(number, row, speedup, improved))
    return found


def stage_seconds(rows: Sequence[Judged]) -> Mapping[str, float]:
    """Workers' seconds by rung, over all evaluations, greatest first."""
    total: Counter[str] = Counter()
    for row in rows:
        total.update(row.evaluation.stage_seconds)
    return dict(total.most_common())


def model_calls(calls: Sequence[LlmCall]) -> list[Calls]:
    """The calls to language models, by profile and model."""
    found: dict[tuple[str, str], Calls] = {}
    for call in calls:
        group = found.setdefault((call.profile, call.model), Calls(call.profile, call.model))
        group.calls += 1
        group.candidates += call.status is CallStatus.OK
        group.prompt_tokens += call.prompt_tokens
        group.completion_tokens += call.completion_tokens
        group.charged_tokens += call.charged_tokens
        group.seconds += call.seconds
        group.statuses[str(call.status)] += 1
    return list(found.values())
