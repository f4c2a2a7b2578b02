"""Lineage of what earlier work left: it says whence a candidate came; its parents stayed there."""
from __future__ import annotations

from pathlib import Path

from ...kernels.candidate import Lineage

OPERATOR = "warm"
_LONGEST = 60


def lineage(source: Path, note: str) -> Lineage:
    """The lineage of a candidate that was read from `source`, a file or a run's directory."""
    name = " ".join((source.absolute().name or str(source)).encode("utf-8", "replace").decode().split())
    return Lineage(f"{OPERATOR}:{name if len(name) <= _LONGEST else name[:_LONGEST] + '…'}", note)
