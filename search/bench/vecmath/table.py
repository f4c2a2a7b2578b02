"""The table of `kernwright bench vecmath`, and the measurement of its rows."""
from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ....kernels.vecmath import VecFunction
from ....workers.machine import machine_type
from ..markdown import table
from .accuracy import measure
from .compiled import compiled
from .errors import Worst
from .speed import Speed, measure_speed

HEADER = ("function", "dtype", "arguments it takes", "stated ULP", "max ULP", "at", "arguments", "ns", "over NumPy", "over libm")


@dataclass(frozen=True)
class Row:
    """A function with what was measured of it; speed None where it was not timed."""

    function: VecFunction
    worst: Worst
    speed: Speed | None

    @property
    def holds(self) -> bool:
        """Whether no error was larger than the function states."""
        return self.worst.ulp <= self.function.ulp

    def as_json(self) -> dict[str, Any]:
        """Plain data; `at` as text, which names nan and inf, too."""
        speed = self.speed
        return {"function": self.function.name, "dtype": self.function.dtype, "domain": self.function.domain,
                "stated_ulp": self.function.ulp, "ulp": self.worst.ulp, "at": [repr(x) for x in self.worst.at],
                "arguments": self.worst.arguments, "holds": self.holds,
                "ns": speed and speed.ns, "over_numpy": speed and speed.over_numpy, "over_libm": speed and speed.over_libm}


def bench_vecmath(functions: Sequence[VecFunction], samples: int, exhaustive: bool, fused: bool, timed: bool, seed: int,
                  report: Callable[[Row], None]) -> list[Row]:
    """A row for each function; `report` is told each as it comes."""
    rows = []
    for function in functions:
        loop = compiled(function, fused)
        rows.append(Row(function, measure(function, loop, samples, exhaustive, seed), measure_speed(function, loop) if timed else None))
        report(rows[-1])
    return rows


def describe(rows: Sequence[Row], fused: bool, seed: int) -> list[str]:
    """The lines of the Markdown table, and one that says where it was measured."""
    return [*table(HEADER, [_cells(row) for row in rows]), "", f"{datetime.date.today().isoformat()}, {machine_type().key}, seed {seed}, multiplications and additions {'fused' if fused else 'apart'}."]


def in_a_line(row: Row) -> str:
    """What is shown of a row while others are measured."""
    return f"{row.function.helper:12} {row.worst.ulp:.4f} ULP over {row.worst.arguments}" + ("" if row.holds else ", more than stated")


def _cells(row: Row) -> tuple[str, ...]:
    speed = row.speed
    return (row.function.name, row.function.dtype, row.function.domain.replace("|", "\\|"), f"{row.function.ulp:g}", f"{row.worst.ulp:.4f}",
            ", ".join(f"{x:.17g}" if row.function.dtype == "float64" else f"{x:.9g}" for x in row.worst.at), f"{row.worst.arguments:,}",
            "" if speed is None else f"{speed.ns:.2f}", "" if speed is None or speed.over_numpy is None else f"{speed.over_numpy:.1f}x",
            "" if speed is None else f"{speed.over_libm:.1f}x")
