"""Progress chart: the best verified speedup against evaluations or time, with every candidate that was timed."""
from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from markupsafe import Markup
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..result import times
from .figure import ACCENT, MARKERS, MUTED, SERIES, Format, drawn, speed_scale
from .history import Point, families

COLUMNS, ROWS, CROWD = 120, 36, 400


def progress_chart(along: Sequence[Point], against: str) -> Markup | None:
    """The chart against "evaluations" or "elapsed"; None where nothing was timed."""
    timed = [point for point in along if point.speedup is not None]
    if not timed:
        return None
    last = along[-1].judged.elapsed
    unit, unit_name = (3600.0, "hours") if last > 7200 else (60.0, "minutes") if last > 180 else (1.0, "seconds")

    def place(point: Point) -> float:
        return point.number if against == "evaluations" else point.judged.elapsed / unit

    best = [point for point in timed if point.improved]
    groups = {name: _apart([point for point in timed if point.operator == name], timed, place) for name in families(along)}
    fallen = sorted({round(place(point) / place(along[-1]) * COLUMNS) for point in along if point.speedup is None} if place(along[-1]) else ())

    crowded = len(timed) > CROWD

    def draw(figure: Figure, shape: Format) -> None:
        axes = figure.add_subplot()
        axes.step([*map(place, best), place(along[-1])], [*(p.speedup for p in best), best[-1].speedup], where="post",
                  color=ACCENT, linewidth=2.2, zorder=3, label="best so far")
        for number, (name, group) in enumerate(groups.items()):
            if group:
                axes.plot([place(p) for p in group], [p.speedup for p in group], linestyle="", markersize=3.2 if crowded else 4.6,
                          alpha=0.5 if crowded else 0.85, markeredgewidth=0, color=SERIES[number % len(SERIES)], marker=MARKERS[number % len(MARKERS)], label=name)
        if fallen:
            axes.plot([place(along[-1]) * column / COLUMNS for column in fallen], [0.02] * len(fallen), "|", color=MUTED, markersize=6,
                      alpha=0.6, label="fell, or too slow", transform=axes.get_xaxis_transform(), clip_on=False)
        speed_scale(axes, "y", [point.speedup or 1.0 for point in timed])
        axes.set_ylabel("times the best first seed's speed")
        axes.set_xlabel("evaluations" if against == "evaluations" else f"{unit_name} since the start")
        axes.xaxis.set_major_locator(MaxNLocator(shape.ticks, integer=against == "evaluations"))
        axes.grid(False, axis="x")
        if against == "elapsed":
            axes.set_xlim(left=0)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3 if shape.narrow else 8, handletextpad=0.3, columnspacing=1.2,
                    borderaxespad=0.2)

    said = (f"Best verified speedup over the best first seed against {against}: it rises from {times(timed[0].speedup or 0)} to "
            f"{times(best[-1].speedup or 0)}, in {len(best)} improvement{'' if len(best) == 1 else 's'}.")
    return drawn(f"progress-{against}", "Speedup in the course of the search", said, lambda shape: 2.7 if shape.narrow else 3.1, draw)


def _apart(group: Sequence[Point], timed: Sequence[Point], place: Callable[[Point], float]) -> list[Point]:
    """Those of the group that do not lie on one another. Of thousands of dots, most would be drawn behind others."""
    width = max(map(place, timed)) or 1.0
    heights = [math.log(point.speedup) for point in timed if point.speedup]
    span = (max(heights) - min(heights)) if heights else 0.0
    cells: dict[tuple[int, int], Point] = {}
    for point in group:
        height = (math.log(point.speedup) - min(heights)) / span if point.speedup and span else 0.0
        cells.setdefault((round(COLUMNS * place(point) / width), round(ROWS * height)), point)
    return list(cells.values())
