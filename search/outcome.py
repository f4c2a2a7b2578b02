"""Outcome: the files that a run leaves."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..kernels.export import champion_source
from ..workers.evaluation import Verdict
from ..workers.inspection import Inspection
from .files import write_atomically
from .journal import Journal
from .report import write_report
from .result import confirmation_of, write_result


@dataclass(frozen=True)
class Outcome:
    """result: the contents of result.json. Paths are None for files that there was nothing to write into."""

    result: Mapping[str, Any]
    report: Path
    champion: Path | None
    exit_code: int


def write_outcome(journal: Journal, directory: Path) -> Outcome:
    """Writes champion.py (where one was confirmed), result.json and report.html; repeats well."""
    champion = _write_champion(journal, directory)
    result = write_result(journal, directory)
    report = write_report(journal, directory)
    return Outcome(result, report, champion, int(result["exit_code"]))


def _write_champion(journal: Journal, directory: Path) -> Path | None:
    confirmation = confirmation_of(journal)
    if confirmation is None:
        return None
    candidate = journal.candidate(confirmation.champion)
    if confirmation.verdict is not Verdict.VERIFIED or candidate is None:
        return None
    observation = Inspection.from_json(journal.state("inspection")).observation
    ratio = confirmation.over_reference
    summary = [f"Found by Kernwright {journal.run.versions.get('kernwright', '')} on {confirmation.machine}, "
               f"{confirmation.threads} thread(s)."]
    if ratio is not None:
        summary.append(f"{ratio.speedup:.2f} times as fast as its reference there (95 % interval {ratio.low:.2f} to {ratio.high:.2f}).")
    text = champion_source(
        candidate, journal.run.spec, observation.signature, threads=confirmation.threads,
        threading_layer=confirmation.threading_layer, finite=journal.run.spec.open().declaration.finite, summary=summary,
    )
    return write_atomically(directory / "champion.py", text)
