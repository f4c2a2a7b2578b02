"""Charts: SVG to stand inside a page. Colours are the page's CSS variables, so that they follow light and dark."""
from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import matplotlib
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from ...workers.evaluation import Ratio
from ..result import times
from .history import Point

# Stand-ins that matplotlib takes for colours; `_finish` puts the page's variables in their place.
INK, MUTED, GRID, ACCENT, BAND = "#010101", "#010102", "#010103", "#010104", "#010105"
SERIES = tuple(f"#0102{number:02d}" for number in range(6))
_VARIABLES = {INK: "--ink", MUTED: "--muted", GRID: "--grid", ACCENT: "--accent", BAND: "--band",
              **{colour: f"--series-{number}" for number, colour in enumerate(SERIES)}}
MARKERS = "Do^sPv"
WIDTH = 8.2
_STYLE = {
    "svg.fonttype": "none", "text.parse_math": False, "font.size": 10, "text.color": INK, "axes.labelcolor": MUTED,
    "axes.edgecolor": GRID, "xtick.color": GRID, "ytick.color": GRID, "xtick.labelcolor": MUTED, "ytick.labelcolor": MUTED,
    "axes.grid": True, "grid.color": GRID, "grid.linewidth": 0.6, "axes.spines.top": False, "axes.spines.right": False,
    "axes.spines.left": False, "legend.frameon": False, "legend.labelcolor": INK, "ytick.major.size": 0,
    "axes.axisbelow": True,
}


def progress_chart(along: Sequence[Point], families: Sequence[str], against: str) -> Markup | None:
    """Best verified speedup over the best seed, against "evaluations" or "elapsed"; None where nothing was timed.

    families: all operators' names, which gives each its colour and sign in every chart.
    """
    timed = [point for point in along if point.speedup is not None]
    if not timed:
        return None

    def place(point: Point) -> float:
        return point.number if against == "evaluations" else point.judged.elapsed / unit

    last = along[-1].judged.elapsed
    unit, unit_name = (3600.0, "hours") if last > 7200 else (60.0, "minutes") if last > 180 else (1.0, "seconds")
    with _figure(3.3) as figure:
        axes = figure.add_subplot()
        best = [point for point in timed if point.improved]
        axes.step([*map(place, best), place(along[-1])], [*(p.speedup for p in best), best[-1].speedup], where="post",
                  color=ACCENT, linewidth=2, label="best so far")
        for number, name in enumerate(families):
            group = [point for point in timed if point.operator == name]
            if group:
                axes.scatter([place(p) for p in group], [p.speedup for p in group], s=28, alpha=0.85, linewidths=0, zorder=3,
                             color=SERIES[number % len(SERIES)], marker=MARKERS[number % len(MARKERS)], label=name)
        fallen = [place(point) for point in along if point.speedup is None]
        if fallen:
            axes.plot(fallen, [0.02] * len(fallen), "|", color=MUTED, markersize=7, alpha=0.6, label="fell, or too slow",
                      transform=axes.get_xaxis_transform(), clip_on=False)
        _speedups(axes, "y", [point.speedup or 1.0 for point in timed])
        axes.set_ylabel("times the best seed's speed")
        axes.set_xlabel("evaluations" if against == "evaluations" else f"{unit_name} since the start")
        axes.xaxis.set_major_locator(MaxNLocator(7, integer=against == "evaluations"))
        axes.grid(False, axis="x")
        if against == "elapsed":
            axes.set_xlim(left=0)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=7, fontsize=9, handletextpad=0.3, columnspacing=1.2,
                    borderaxespad=0.2)
        return _finish(figure, f"progress-{against}", f"Best verified speedup over the best seed against {against}: it rises "
                       f"from {times(timed[0].speedup or 0)} to {times(best[-1].speedup or 0)}.")


def distribution_chart(ratios: Sequence[tuple[str, Ratio]]) -> Markup | None:
    """Every paired ratio of the champion's last timing, a row for each rival; None where there are no samples."""
    rows = [(label, ratio) for label, ratio in ratios if ratio.samples]
    if not rows:
        return None
    with _figure(1.25 * len(rows)) as figure:
        for number, (label, ratio) in enumerate(rows, 1):
            axes = figure.add_subplot(len(rows), 1, number)
            heights = [0.2 + 0.6 * (index * 0.6180339887 % 1.0) for index in range(len(ratio.samples))]
            axes.axvspan(ratio.low, ratio.high, color=BAND, linewidth=0, alpha=0.5)
            axes.scatter(ratio.samples, heights, s=16, color=SERIES[1], alpha=0.65, linewidths=0)
            axes.axvline(ratio.speedup, color=ACCENT, linewidth=2)
            if min(ratio.samples) < 1.6:
                axes.axvline(1.0, color=MUTED, linewidth=1, linestyle="--")
            axes.set_ylim(0, 1)
            axes.yaxis.set_major_locator(NullLocator())
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axes.xaxis.set_major_locator(MaxNLocator(7))
            axes.set_title(f"against {label}: median {times(ratio.speedup)}", fontsize=10, loc="left", color=INK)
            axes.grid(False, axis="y")
        axes.set_xlabel("times as fast, in one paired round")
        said = "; ".join(f"against {label} median {times(r.speedup)}, interval {times(r.low)} to {times(r.high)}" for label, r in rows)
        return _finish(figure, "distributions", f"Paired ratios of the champion: {said}.")


def sizes_chart(by_size: Mapping[str, Ratio]) -> Markup | None:
    """Speedup over the reference at each size, the smallest on top; None where there is none."""
    if not by_size:
        return None
    with _figure(0.8 + 0.42 * len(by_size)) as figure:
        axes = figure.add_subplot()
        for row, ratio in enumerate(by_size.values()):
            colour = ACCENT if ratio.low > 1.0 else MUTED
            axes.plot([ratio.low, ratio.high], [row, row], color=colour, linewidth=5, alpha=0.4, solid_capstyle="round")
            axes.plot([ratio.speedup], [row], "o", color=colour, markersize=8)
            axes.annotate(times(ratio.speedup), (ratio.speedup, row), xytext=(0, 7), textcoords="offset points", ha="center",
                          fontsize=9, color=INK)
        axes.axvline(1.0, color=MUTED, linewidth=1.2, linestyle="--")
        _speedups(axes, "x", [1.0, *(bound for r in by_size.values() for bound in (r.low, r.high))])
        axes.set_yticks(range(len(by_size)), [_short(label) for label in by_size])
        axes.set_ylim(len(by_size) - 0.5, -0.7)
        axes.grid(False, axis="y")
        axes.set_xlabel("times as fast as the reference (left of the dashed line: slower)")
        said = ", ".join(f"{times(ratio.speedup)} at {label}" for label, ratio in by_size.items())
        return _finish(figure, "sizes", f"Speedup over the reference by size: {said}.")


@contextmanager
def _figure(height: float) -> Iterator[Figure]:
    """A figure that needs no display and touches no global state of pyplot's."""
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        FigureCanvasSVG(figure)
        yield figure


def _speedups(axes: Axes, axis: str, values: Sequence[float]) -> None:
    """An axis of ratios: logarithmic where they span much, with numbers that a person reads."""
    low, high = min(values), max(values)
    scale = axes.xaxis if axis == "x" else axes.yaxis
    if low > 0 and high / low > 4:
        (axes.set_xscale if axis == "x" else axes.set_yscale)("log")
        decades = math.log10(high / low)
        scale.set_major_locator(LogLocator(10, subs=(1.0, 2.0, 5.0) if decades < 2.5 else (1.0, 3.0) if decades < 4 else (1.0,)))
        scale.set_minor_locator(NullLocator())
        scale.set_minor_formatter(NullFormatter())
        margin = (high / low) ** 0.08
        (axes.set_xlim if axis == "x" else axes.set_ylim)(low / margin, high * margin)
    else:
        scale.set_major_locator(MaxNLocator(6))
        margin = max(0.08 * (high - low), 0.02 * high)
        (axes.set_xlim if axis == "x" else axes.set_ylim)(low - margin, high + margin)
    scale.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _short(label: str) -> str:
    return label if len(label) <= 34 else label[:31] + "..."


def _finish(figure: Figure, name: str, description: str) -> Markup:
    """The figure as an `svg` element whose ids are its own, with `description` for those who do not see it."""
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", transparent=True,
                       metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg"):]
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'(href="|url\()#', rf"\1#{name}-", svg)
    svg = re.sub(r"\bfont: (?:\w+ )*?([\d.]+px) [^;\"]*", r"font: \1 var(--sans)", svg)
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, f"var({variable})")
    head = re.search(r'viewBox="[^"]*"', svg)
    body = svg[svg.index(">") + 1:]
    return Markup(f'<svg class="chart" role="img" aria-label="{escape(description)}" {head[0] if head else ""} '
                  f'xmlns:xlink="http://www.w3.org/1999/xlink">{body}')
