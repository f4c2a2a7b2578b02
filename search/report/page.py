"""Page: gathers what a run's journal knows and fills the template with it."""
from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ...kernels.candidate import Candidate
from ...workers.evaluation import Verdict
from ..certificate.statement import statement
from ..journal import Journal
from ..result import confirmation_of, counts, judged_once, lineage_of, milliseconds, result_of, times
from ..standing import reference_stands
from . import history, overview, proof
from .islands import islands
from .progress_chart import progress_chart
from .roofline import CHAMPION, roofline
from .roofline_chart import roofline_chart
from .shares import shares, whole_gain
from .source import highlight
from .steps import Step, difference, steps
from .timing_charts import distribution_chart, sizes_chart
from .tree import tree
from .tree_chart import tree_chart
from .tried import tried, without_a_win
from .verdicts import fates

TEMPLATES, STYLES = Path(__file__).parent / "templates", ("theme.css", "page.css", "parts.css", "print.css")
_SETTINGS = ("seed", "threads", "evaluations", "minutes", "rounds", "llm", "build_seconds", "run_seconds", "memory_gib")


def render(journal: Journal) -> str:
    """The report as one HTML page."""
    confirmation = confirmation_of(journal)
    rows = judged_once(journal)
    along = history.points([row for row in rows if counts(row.evaluation)], journal.state("anchor"))
    examined = journal.candidate(confirmation.champion) if confirmation else None
    kept = reference_stands(journal, confirmation)
    champion = None if kept else examined
    leader = examined or _leader(along)
    return _template().render(
        run=journal.run, result=result_of(journal), confirmation=confirmation, champion=champion, leader=leader, reference_kept=kept,
        status={"running": "not ended", "interrupted": "interrupted"}.get(journal.state("status") or "running", ""),
        style=Markup("\n".join((TEMPLATES / name).read_text(encoding="utf-8") for name in STYLES)),
        created=time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(journal.run.created)),
        settings={key: journal.run.settings[key] for key in _SETTINGS if key in journal.run.settings},
        kept=journal.state("kept") or [], calls=history.model_calls(journal.calls()), stages=history.stage_seconds(rows),
        **_champion(journal, confirmation, examined, champion),
        **_descent(journal, leader, champion, rows, along),
        **_search(journal, rows, along),
        points={point.identity: point for point in along},
    )


def _champion(journal: Journal, confirmation: Any, examined: Candidate | None, champion: Candidate | None) -> dict[str, Any]:
    """What is known of the champion, or of what was examined to become it, alone: timings, roofline, proofs."""
    rivals = overview.rivals(journal, confirmation)
    by_size = confirmation.by_size if confirmation else {}
    found = roofline(journal.state("roofline"), confirmation.over_seed if confirmation else None,
                     CHAMPION if champion else "best verified kernel")
    return {
        "rivals": rivals, "chips": overview.chips(confirmation, examined),
        "distributions": distribution_chart([(r.name, r.ratio) for r in rivals if r.ratio]), "sizes": sizes_chart(by_size),
        "pays_from": overview.pays_from(by_size), "calls_to_repay": overview.calls_to_repay(confirmation),
        "roofline": found, "roofline_chart": roofline_chart(found),
        "statement": statement(confirmation, champion, _relations(journal)), "checks": proof.checks(confirmation),
    }


def _descent(journal: Journal, leader: Candidate | None, champion: Candidate | None, rows: Sequence[Any],
             along: Sequence[history.Point]) -> dict[str, Any]:
    """The way to the champion, or to the best so far, and the tree around it."""
    line = _lineage(journal, leader, along)
    grown = tree(rows, along, leader.identity if leader else None)
    best = "the champion" if champion else "the best candidate so far"
    return {
        "steps": line, "whole": difference(line[0].candidate.text, line[-1].candidate.text) if len(line) > 2 else (),
        "tree": grown, "tree_chart": tree_chart(grown, best) if grown else None, "best": best,
    }


def _search(journal: Journal, rows: Sequence[Any], along: Sequence[history.Point]) -> dict[str, Any]:
    """What the search did, and what came of it."""
    brought, attempts = shares(journal.state("operators"), rows, along), tried(rows, along)
    return {
        "progress": {against: progress_chart(along, against) for against in ("evaluations", "elapsed")},
        "improvements": [point for point in along if point.improved],
        "shares": brought, "whole_gain": whole_gain(brought), "islands": islands(journal.state("population")),
        "tried": attempts, "without_a_win": without_a_win(attempts), "fates": fates(rows),
        "fallen": [data for _, data, _ in journal.events("confirmation") if data["verdict"] != Verdict.VERIFIED],
    }


def _template() -> Any:
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
                              lstrip_blocks=True)
    environment.filters.update(times=times, duration=milliseconds, highlight=highlight, seconds=_seconds, count=_count, percent=_percent)
    return environment.get_template("report.html")


def _leader(along: Sequence[history.Point]) -> Candidate | None:
    """The best candidate so far of a run without a champion."""
    best = [point for point in along if point.improved]
    return best[-1].judged.candidate if best else None


def _lineage(journal: Journal, leader: Candidate | None, along: Sequence[history.Point]) -> list[Step]:
    ratios = {point.identity: point.judged.evaluation.faster for point in along if point.speedup is not None}
    return steps(lineage_of(journal, leader.identity), ratios) if leader else []


def _relations(journal: Journal) -> Sequence[str]:
    """What held between the arguments' shapes in all runs of the reference."""
    inspected = journal.state("inspection")
    return inspected["observation"]["signature"]["relations"] if inspected else ()


def _seconds(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _count(number: int, one: str, many: str = "") -> str:
    """"1 evaluation", "1,200 evaluations"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _percent(share: float) -> str:
    """A share of 1 in per cent; something that is there is never called 0."""
    return f"{100 * share:.0f} %" if share >= 0.01 or not share else "< 1 %"
