"""Outcome: the files that a run leaves."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..workers.evaluation import Verdict
from ..workers.inspection import Inspection
from .certificate.champion import champion_text, reference_text
from .certificate.document import write_certificate
from .files import write_atomically
from .journal import Journal
from .report import write_report
from .result import confirmation_of, write_result
from .standing import reference_stands


@dataclass(frozen=True)
class Outcome:
    """result: the contents of result.json. Paths are None for files that there was nothing to write into."""

    result: Mapping[str, Any]
    report: Path
    champion: Path | None
    certificate: Path | None
    exit_code: int


def write_outcome(journal: Journal, directory: Path, key: bytes | None = None) -> Outcome:
    """Writes champion.py and certificate.json (where a champion was confirmed), result.json and report.html; repeats
    well. Where the reference stands champion.py is the reference, of which there is nothing to certify. key: signs the
    certificate."""
    if reference_stands(journal, confirmation_of(journal)):
        champion, certificate = _write_reference(journal, directory), None
    else:
        champion = _write_champion(journal, directory)
        certificate = write_certificate(journal, directory, champion, key) if champion else None
    result = write_result(journal, directory)
    report = write_report(journal, directory)
    return Outcome(result, report, champion, certificate, int(result["exit_code"]))


def _write_reference(journal: Journal, directory: Path) -> Path:
    return write_atomically(directory / "champion.py", reference_text(journal.run.spec, version=journal.run.versions.get("kernwright", "")))


def _write_champion(journal: Journal, directory: Path) -> Path | None:
    confirmation = confirmation_of(journal)
    if confirmation is None:
        return None
    candidate = journal.candidate(confirmation.champion)
    if confirmation.verdict is not Verdict.VERIFIED or candidate is None:
        return None
    observation = Inspection.from_json(journal.state("inspection")).observation
    text = champion_text(
        candidate, journal.run.spec, observation.signature, version=journal.run.versions.get("kernwright", ""),
        machine=confirmation.machine, threads=confirmation.threads, threading_layer=confirmation.threading_layer,
        over_reference=confirmation.over_reference,
    )
    return write_atomically(directory / "champion.py", text)
