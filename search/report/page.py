"""Page: gathers what a run's journal knows and fills the template with it."""
from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ...kernels.candidate import Candidate
from ...workers.confirmation import Confirmation
from ...workers.evaluation import Ratio, Verdict
from ..certificate.speed import NO_NJIT, SAME_KERNEL
from ..certificate.statement import statement
from ..journal import Journal
from ..result import Rivals, confirmation_of, counts, judged_once, lineage_of, milliseconds, result_of, times
from . import charts, history, proof
from .source import highlight
from .steps import Step, difference, steps

FOLDER = Path(__file__).parent
MOST_YIELDS = 25
REFERENCE, SEED, NJIT = "the reference", "the best seed", "@njit of the reference"
_SETTINGS = ("seed", "threads", "evaluations", "minutes", "rounds", "llm", "build_seconds", "run_seconds", "memory_gib")


@dataclass(frozen=True)
class Beside:
    """A rival of the champion: what it is called, the timing, and why there is none where there is none."""

    name: str
    ratio: Ratio | None
    why_not: str = ""


def render(journal: Journal) -> str:
    """The report as one HTML page."""
    result = result_of(journal)
    confirmation = confirmation_of(journal)
    rows = judged_once(journal)
    evaluated = [row for row in rows if counts(row.evaluation)]
    anchor = journal.state("anchor")
    along = history.points(evaluated, anchor)
    families = sorted({point.operator for point in along}, key=lambda name: (name != "seed", name))
    champion = journal.candidate(confirmation.champion) if confirmation else None
    leader = champion or _leader(along)
    line = _lineage(journal, leader, along)
    rivals = _rivals(journal, confirmation)
    allocated = journal.run.settings
    return _template().render(
        run=journal.run, result=result, confirmation=confirmation, champion=champion, leader=leader, status=_status(journal),
        rivals=rivals, style=Markup((FOLDER / "style.css").read_text(encoding="utf-8")),
        progress={against: charts.progress_chart(along, families, against) for against in ("evaluations", "elapsed")},
        improvements=[point for point in along if point.improved],
        distributions=charts.distribution_chart([(r.name, r.ratio) for r in rivals if r.ratio]),
        sizes=charts.sizes_chart(confirmation.by_size) if confirmation else None,
        pays_from=pays_from(confirmation.by_size) if confirmation else None, calls_to_repay=calls_to_repay(confirmation),
        steps=line, whole=difference(line[0].candidate.text, line[-1].candidate.text) if len(line) > 2 else (),
        statement=statement(confirmation, champion, _relations(journal)), checks=proof.checks(confirmation),
        kept=journal.state("kept") or [], fallen=[data for _, data, _ in journal.events("confirmation") if data["verdict"] != Verdict.VERIFIED],
        yields=history.yields(rows, along)[:MOST_YIELDS], rejected=history.rejected(rows),
        most=max(result["by_verdict"].values(), default=1), stages=history.stage_seconds(rows),
        calls=history.model_calls(journal.calls()), settings={key: allocated[key] for key in _SETTINGS if key in allocated},
        created=time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(journal.run.created)),
    )


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


def _template() -> Any:
    environment = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
                              lstrip_blocks=True)
    environment.filters.update(times=times, duration=milliseconds, highlight=highlight, seconds=_seconds)
    return environment.get_template("report.html")


def _leader(along: Sequence[history.Point]) -> Candidate | None:
    """The best candidate so far of a run without a champion."""
    best = [point for point in along if point.improved]
    return best[-1].judged.candidate if best else None


def _lineage(journal: Journal, leader: Candidate | None, along: Sequence[history.Point]) -> list[Step]:
    ratios = {point.judged.candidate.identity: point.judged.evaluation.faster for point in along if point.speedup is not None}
    return steps(lineage_of(journal, leader.identity), ratios) if leader else []


def _rivals(journal: Journal, confirmation: Confirmation | None) -> list[Beside]:
    over = Rivals.of(journal, confirmation)
    if over.reference is None:
        return []
    return [
        Beside(REFERENCE, over.reference),
        Beside(SEED, over.seed if over.seed and over.seed.rounds else None, SAME_KERNEL),
        Beside(NJIT, over.njit if over.njit and over.njit.rounds else None,
               SAME_KERNEL if over.njit else NO_NJIT),
    ]


def _relations(journal: Journal) -> Sequence[str]:
    """What held between the arguments' shapes in all runs of the reference."""
    inspected = journal.state("inspection")
    return inspected["observation"]["signature"]["relations"] if inspected else ()


def _status(journal: Journal) -> str:
    return {"running": "not ended", "interrupted": "interrupted", "finished": ""}.get(journal.state("status") or "running", "")


def _seconds(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
