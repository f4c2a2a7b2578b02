"""Timing charts: the champion's last measurement, round by round and size by size."""
from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from ...workers.evaluation import Ratio
from ..result import times
from .figure import ACCENT, BAND, INK, MUTED, PLAIN, SERIES, Format, drawn, speed_scale

LONGEST_LABEL = 34


def distribution_chart(ratios: Sequence[tuple[str, Ratio]]) -> Markup | None:
    """Every paired ratio of the champion's last timing, a row for each rival; None where there are no samples."""
    rows = [(label, ratio) for label, ratio in ratios if ratio.samples]
    if not rows:
        return None

    def draw(figure: Figure, shape: Format) -> None:
        for number, (label, ratio) in enumerate(rows, 1):
            axes = figure.add_subplot(len(rows), 1, number)
            heights = [0.2 + 0.6 * (index * 0.6180339887 % 1.0) for index in range(len(ratio.samples))]
            axes.axvspan(ratio.low, ratio.high, color=BAND, linewidth=0, alpha=0.5)
            axes.plot(ratio.samples, heights, "o", markersize=3.8, color=SERIES[1], alpha=0.65, markeredgewidth=0)
            axes.axvline(ratio.speedup, color=ACCENT, linewidth=2)
            if min(ratio.samples) < 1.6:
                axes.axvline(1.0, color=MUTED, linewidth=1, linestyle="--")
            axes.set_ylim(0, 1)
            axes.yaxis.set_major_locator(NullLocator())
            axes.xaxis.set_major_formatter(PLAIN)
            axes.xaxis.set_major_locator(MaxNLocator(shape.ticks))
            axes.set_title(f"against {label}: median {times(ratio.speedup)}", fontsize=9.5, loc="left", color=INK)
            axes.grid(False, axis="y")
        axes.set_xlabel("times as fast, in one paired round")

    said = "; ".join(f"against {label} median {times(r.speedup)}, interval {times(r.low)} to {times(r.high)}" for label, r in rows)
    return drawn("distributions", "All paired rounds of the last measurement", f"Paired ratios of the champion: {said}.",
                 lambda shape: 0.2 + 1.05 * len(rows), draw)


def sizes_chart(by_size: Mapping[str, Ratio]) -> Markup | None:
    """Speedup over the reference at each size, the smallest on top; None where there is none."""
    if not by_size:
        return None

    def draw(figure: Figure, shape: Format) -> None:
        axes = figure.add_subplot()
        for row, ratio in enumerate(by_size.values()):
            colour = ACCENT if ratio.low > 1.0 else MUTED
            axes.plot([ratio.low, ratio.high], [row, row], color=colour, linewidth=5, alpha=0.4, solid_capstyle="round")
            axes.plot([ratio.speedup], [row], "o" if ratio.low > 1.0 else "s", color=colour, markersize=7)
            axes.annotate(times(ratio.speedup), (ratio.speedup, row), xytext=(0, 7), textcoords="offset points", ha="center",
                          fontsize=9, color=INK)
        axes.axvline(1.0, color=MUTED, linewidth=1.2, linestyle="--")
        speed_scale(axes, "x", [1.0, *(bound for r in by_size.values() for bound in (r.low, r.high))], shape.narrow)
        axes.set_yticks(range(len(by_size)), [_short(label, 14 if shape.narrow else LONGEST_LABEL) for label in by_size])
        axes.set_ylim(len(by_size) - 0.5, -0.7)
        axes.grid(False, axis="y")
        axes.set_xlabel("times as fast as the reference" if shape.narrow else
                        "times as fast as the reference (left of the dashed line: slower)")

    said = ", ".join(f"{times(ratio.speedup)} at {label}" for label, ratio in by_size.items())
    return drawn("sizes", "Speedup at each size", f"Speedup over the reference by size: {said}.",
                 lambda shape: 0.75 + 0.38 * len(by_size), draw)


def _short(label: str, most: int) -> str:
    """A size's label that leaves room for the chart: its name alone where the numbers do not fit."""
    if len(label) > most:
        label = label.partition(" (")[0]
    return label if len(label) <= most else label[:most - 1] + "…"
