"""Markdown tables that a terminal shows well, too."""
from __future__ import annotations

from collections.abc import Sequence

from ...workers.evaluation import Ratio
from ..result import times


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table whose columns are of even width; the first is left-aligned, the others right."""
    widths = [max(3, *(len(row[at]) for row in (header, *rows))) for at in range(len(header))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return [_line(_padded(header, widths)), _line(rule), *(_line(_padded(row, widths)) for row in rows)]


def interval(ratio: Ratio) -> str:
    """ "3.52 (3.21 to 3.83)"."""
    return f"{times(ratio.speedup)} ({times(ratio.low)} to {times(ratio.high)})"


def _padded(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
