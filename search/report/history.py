"""History: what the search did, read from the journal's evaluations."""
from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...workers.evaluation import Verdict
from ..journal import Judged
from ..llm.call import CallStatus, LlmCall

EXAMPLES = 3
SOUND = (Verdict.VERIFIED, Verdict.TOO_SLOW)


@dataclass(frozen=True)
class Point:
    """One evaluation on the run's way. number: from 1. speedup: over the best seed, None where it was not verified.

    improved: whether it was the best until then.
    """

    number: int
    judged: Judged
    speedup: float | None
    improved: bool

    @property
    def operator(self) -> str:
        return family(self.judged.candidate.lineage.operator)


@dataclass(frozen=True)
class Yield:
    """What one operator brought. best: its greatest verified speedup over the best seed."""

    operator: str
    candidates: int
    verified: int
    too_slow: int
    failed: int
    improvements: int
    best: float | None


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


def yields(rows: Sequence[Judged], along: Sequence[Point]) -> list[Yield]:
    """One for each operator, those first that improved most."""
    by_operator: dict[str, list[Judged]] = defaultdict(list)
    for row in rows:
        by_operator[row.candidate.lineage.operator].append(row)
    speedups = {point.judged.candidate.identity: point for point in along if point.speedup is not None}
    found = []
    for operator, group in by_operator.items():
        verdicts = Counter(row.evaluation.verdict for row in group)
        sound = [speedups[row.candidate.identity] for row in group if row.candidate.identity in speedups]
        found.append(Yield(
            operator, len(group), verdicts[Verdict.VERIFIED], verdicts[Verdict.TOO_SLOW],
            sum(number for verdict, number in verdicts.items() if verdict not in SOUND),
            sum(point.improved for point in sound), max((point.speedup or 0.0 for point in sound), default=None),
        ))
    return sorted(found, key=lambda y: (-y.improvements, -(y.best or 0.0), -y.candidates, y.operator))


def rejected(rows: Sequence[Judged]) -> Mapping[str, list[Judged]]:
    """Some candidates that fell, by verdict; the most frequent verdict first."""
    fallen: dict[str, list[Judged]] = defaultdict(list)
    for row in rows:
        if row.evaluation.verdict not in SOUND:
            fallen[str(row.evaluation.verdict)].append(row)
    return {verdict: group[:EXAMPLES] for verdict, group in sorted(fallen.items(), key=lambda item: -len(item[1]))}


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
