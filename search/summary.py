"""Summary: what a run prints when it ends."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from .outcome import Outcome


def print_summary(outcome: Outcome, console: Console | None = None) -> None:
    """The result in a sentence, a table of timings, and where the files are."""
    console = console or Console(highlight=False)
    result = outcome.result
    console.print()
    console.print(result["sentence"], soft_wrap=True)
    if result["speedup"] is not None:
        console.print(_timings(result))
    counted = f"{result['evaluations']} evaluations of {result['distinct_kernels']} distinct kernels"
    console.print(f"{counted}, {result['wall_s']:.0f} s, {result['threads']} thread(s), {result['machine']}", soft_wrap=True)
    if outcome.champion is not None:
        console.print(f"champion: {outcome.champion}", soft_wrap=True)
    console.print(f"report:   {outcome.report}", soft_wrap=True)


def _timings(result: Mapping[str, Any]) -> Table:
    table = Table("the champion against", "times as fast", "95 % interval")
    rows = (("the reference", "speedup"), ("the best seed", "speedup_over_seed"), ("@njit of the reference", "speedup_over_njit"))
    for label, key in rows:
        value = result[key]
        low, high = result.get(f"{key}_low"), result.get(f"{key}_high")
        table.add_row(label, "n/a" if value is None else f"{value:.2f}", "" if low is None else f"{low:.2f} to {high:.2f}")
    return table
