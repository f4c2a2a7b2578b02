"""Report: a run as one page that needs no network, no script and no other file."""
from __future__ import annotations

from pathlib import Path

from ..files import write_atomically
from ..journal import Journal
from .page import render


def write_report(journal: Journal, directory: Path) -> Path:
    """Writes report.html into `directory`, of an interrupted or empty run too; its path. Raises OSError."""
    return write_atomically(directory / "report.html", render(journal))
