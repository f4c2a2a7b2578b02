"""Roofline chart: attainable GFLOP/s over arithmetic intensity, both logarithmic, with the run's kernels below the roof."""
from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, NullLocator

from ..result import times
from .figure import ACCENT, INK, MUTED, PAPER, PLAIN, SERIES, Format, drawn
from .roofline import CHAMPION, REFERENCE, SEED, Roofline, ridge, span

TOO_NEAR = 0.08
"""Labels whose places lie closer than this share of the axis would lie on each other."""
_SIGNS = {REFERENCE: ("s", SERIES[0]), SEED: ("D", SERIES[1]), CHAMPION: ("o", ACCENT)}


def roofline_chart(found: Roofline | None) -> Markup | None:
    """The chart; None where intensity, bandwidth or peaks are not known, so that nothing has a place in it."""
    if found is None or found.intensity is None or found.bandwidth is None or not found.peaks:
        return None
    bandwidth, intensity = found.bandwidth, found.intensity
    placed = [(place.name, place.gflop_s) for place in found.places if place.gflop_s]
    if not placed:
        return None
    across = span([intensity, *(ridge(bandwidth, peak) for peak in found.peaks.values())])
    up = span([*(speed for _, speed in placed), *found.peaks.values()])

    def draw(figure: Figure, shape: Format) -> None:
        axes = figure.add_subplot()
        axes.set_xscale("log")
        axes.set_yscale("log")
        top = max(found.peaks.values())
        # On the part of the slope that lies further from the kernels.
        slope = [across[0] ** (1 - part) * ridge(bandwidth, top) ** part for part in (0.35, 0.8)]
        beside = max(slope, key=lambda place: abs(math.log(place / intensity)))
        axes.plot([across[0], ridge(bandwidth, top)], [across[0] * bandwidth, top], color=INK, linewidth=1.8)
        axes.annotate(f"{bandwidth:,.3g} GB/s", (beside, beside * bandwidth),
                      xytext=(-5, 4), textcoords="offset points", ha="right", color=MUTED, fontsize=9)
        for dtype, peak in found.peaks.items():
            axes.plot([ridge(bandwidth, peak), across[1]], [peak, peak], color=INK, linewidth=1.8, linestyle="-" if peak == top else "--")
            axes.annotate(f"{dtype}: {peak:,.3g} GFLOP/s", (across[1], peak), xytext=(-2, 4 if peak == top else -12), textcoords="offset points", ha="right",
                          color=MUTED, fontsize=9)
        axes.axvline(intensity, color=MUTED, linewidth=0.8, linestyle=":")
        elites = [elite.gflop_s for elite in found.elites if elite.gflop_s]
        axes.plot([intensity] * len(elites), elites, "_", color=MUTED, markersize=9)
        for name, speed in placed:
            marker, colour = _SIGNS.get(name, _SIGNS[CHAMPION])
            axes.plot([intensity], [speed], marker, color=colour, markersize=9, markeredgecolor=PAPER, markeredgewidth=1.2)
        right = intensity < (across[0] * across[1]) ** 0.5
        for name, speed in _labels(placed, math.log(up[1] / up[0])):
            axes.annotate(name, (intensity, speed), xytext=(9 if right else -9, -3), textcoords="offset points", fontsize=9.5,
                          ha="left" if right else "right", color=INK)
        axes.set_xlim(*across)
        axes.set_ylim(*up)
        for scale in (axes.xaxis, axes.yaxis):
            scale.set_major_locator(LogLocator(10))
            scale.set_major_formatter(PLAIN)
            scale.set_minor_locator(NullLocator())
            scale.set_minor_formatter(NullFormatter())
        axes.set_xlabel("flops for each byte moved")
        axes.set_ylabel("GFLOP/s")

    said = "; ".join(f"{name} {times(speed)} GFLOP/s" for name, speed in placed)
    return drawn("roofline", "Roofline of the machine with the kernels of this run",
                 f"At {intensity:.3g} flops a byte: {said}. {found.sentence}", lambda shape: 3.0 if shape.narrow else 3.6, draw)


def _labels(placed: Sequence[tuple[str, float]], height: float) -> list[tuple[str, float]]:
    """A text for each of `placed`, names with speeds, one for all that stand too near. height: of the axis, as a logarithm."""
    texts: list[tuple[str, float]] = []
    for name, speed in sorted(placed, key=lambda pair: -pair[1]):
        if texts and math.log(texts[-1][1] / speed) < TOO_NEAR * height:
            texts[-1] = f"{texts[-1][0]}, {name}", texts[-1][1]
        else:
            texts.append((name, speed))
    return texts
