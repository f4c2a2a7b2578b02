"""The table of `bench library`: Markdown that docs/library.md takes as it is."""
from __future__ import annotations

import math
from collections.abc import Sequence

from ...workers.evaluation import Ratio
from ..result import milliseconds, times
from .markdown import interval, table
from .standing import CHAMPION, COMPILERS, SEED, Row

_HEADER = ("kernel", "reference", "best seed", "`@njit`", "`@njit(parallel, fastmath)`", "Pythran", "**champion** (95 % interval)",
           "over best seed", "over best rival", "stands")


def geometric_mean(rows: Sequence[Row]) -> float | None:
    """Of the champions' ratios over their references; a kernel without a champion keeps its reference and counts as 1. A kernel
    whose run failed says nothing and is left out; None where all are."""
    speedups = [row.speedup.speedup if row.speedup else 1.0 for row in rows if not row.failure]
    return math.exp(sum(map(math.log, speedups)) / len(speedups)) if speedups else None


def describe(rows: Sequence[Row], seed: int) -> list[str]:
    """The lines: the verdict, the table, and for each contender without a figure the reason."""
    lines = [*_summary(rows, seed), "", *table(_HEADER, [_cells(row) for row in rows])]
    reasons = _reasons(rows)
    return [*lines, "", *reasons] if reasons else lines


def in_a_line(row: Row) -> str:
    """One row while the bench goes on."""
    if row.speedup is None:
        return f"{row.kernel:20} {row.failure or 'nothing verified'}"
    rest = ", ".join(f"{name} {_figure(row, name)}" for name in (SEED, *COMPILERS))
    return f"{row.kernel:20} {interval(row.speedup)}; {rest}; {'stands' if row.stands else 'does not stand'}"


def _summary(rows: Sequence[Row], seed: int) -> list[str]:
    mean = geometric_mean(rows)
    count = sum(row.stands for row in rows)
    failed = sum(bool(row.failure) for row in rows)
    evaluations = sorted({row.evaluations for row in rows if row.evaluations})
    spent = "" if not evaluations else f"{evaluations[0]} " if len(evaluations) == 1 else f"{evaluations[0]} to {evaluations[-1]} "
    where = "; ".join(dict.fromkeys(f"{row.machine}, {row.threads} thread(s)" for row in rows if row.machine))
    days = sorted({row.measured for row in rows if row.measured})
    when = " to ".join(dict.fromkeys((days[0], days[-1]))) if days else "not measured"
    return [
        f"{when}, {where or 'no machine'}; {spent}evaluations each, seed {seed}.", "",
        f"The champion is verified and not slower than the best seed nor the best rival on **{count} of {len(rows)}** kernels; "
        f"geometric mean over the references: **{'n/a' if mean is None else times(mean)}**"
        f"{f', without {failed} whose run failed' if failed else ''}. Figures are times as fast as the "
        "reference, each contender timed beside it in fresh processes; the last two columns pair the champion with the best "
        "seed and with the best of the compilers.",
    ]


def _cells(row: Row) -> list[str]:
    if row.failure:
        return [row.kernel, *["–"] * (len(_HEADER) - 2), "no"]
    pairs = [_pair(row, row.over_seed, SEED), _pair(row, row.over_rival, row.rival)]
    champion = f"**{interval(row.speedup)}**" if row.speedup else _figure(row, CHAMPION)
    return [row.kernel, _reference(row), *(_figure(row, name) for name in (SEED, *COMPILERS)), champion, *pairs,
            "yes" if row.stands else "no"]


def _figure(row: Row, name: str) -> str:
    standing = row.standings.get(name)
    if standing is None:
        return "–"
    return standing.outcome if standing.ratio is None else times(standing.ratio.speedup)


def _pair(row: Row, ratio: Ratio | None, other: str) -> str:
    if ratio is not None:
        return interval(ratio)
    return "the same" if other == SEED and row.speedup is not None else "–"


def _reference(row: Row) -> str:
    timed = [standing.ratio for standing in row.standings.values() if standing.ratio]
    return milliseconds(timed[-1].rival_ns) if timed else "–"


def _reasons(rows: Sequence[Row]) -> list[str]:
    found = [f"- {row.kernel}: {row.failure}" for row in rows if row.failure]
    return found + [f"- {row.kernel}, {standing.name}: {standing.outcome}: {standing.reason}"
                    for row in rows for standing in row.standings.values() if standing.ratio is None]
