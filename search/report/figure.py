"""Figure: a matplotlib drawing as SVG inside the page, in the page's colours and type, for wide and for narrow screens."""
from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import matplotlib
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

# Stand-ins that matplotlib takes for colours; `_svg` puts the page's variables in their place.
INK, MUTED, GRID, ACCENT, BAND, PAPER = "#010101", "#010102", "#010103", "#010104", "#010105", "#010106"
SERIES = tuple(f"#0102{number:02d}" for number in range(6))
_VARIABLES = {INK: "--ink", MUTED: "--muted", GRID: "--grid", ACCENT: "--accent", BAND: "--band", PAPER: "--paper",
              **{colour: f"--series-{number}" for number, colour in enumerate(SERIES)}}
MARKERS = "Do^sPv"
_STYLE = {
    "svg.fonttype": "none", "text.parse_math": False, "font.size": 9.5, "text.color": INK, "axes.labelcolor": MUTED,
    "axes.edgecolor": GRID, "xtick.color": GRID, "ytick.color": GRID, "xtick.labelcolor": MUTED, "ytick.labelcolor": MUTED,
    "axes.grid": True, "grid.color": GRID, "grid.linewidth": 0.6, "axes.spines.top": False, "axes.spines.right": False,
    "axes.spines.left": False, "legend.frameon": False, "legend.labelcolor": INK, "legend.fontsize": 9, "ytick.major.size": 0,
    "axes.axisbelow": True,
}


# Runs of one marker in one style, as matplotlib draws the points of a plot.
_MANY = re.compile(r'<use xlink:href="#([^"]+)" x="[^"]*" y="[^"]*" style="([^"]*)"/>'
                   r'(?:\s*<use xlink:href="#\1" x="[^"]*" y="[^"]*" style="\2"/>){3,}')


@dataclass(frozen=True)
class Format:
    """A drawing's width in inches. Text keeps one size in all of them: scaled down to a phone, nobody could read it."""

    name: str
    width: float

    @property
    def narrow(self) -> bool:
        return self is NARROW

    @property
    def ticks(self) -> int:
        """About so many numbers stand beside one another along the width."""
        return 4 if self.narrow else 8


WIDE, NARROW = Format("wide", 9.6), Format("narrow", 4.2)


def drawn(name: str, title: str, description: str, height: Callable[[Format], float], draw: Callable[[Figure, Format], None]) -> Markup:
    """The drawing in both formats, of which the page's style shows one. name: begins the ids of its elements.

    title, description: what those hear who do not see it. height: in inches.
    """
    return Markup("").join(_one(name, title, description, height(shape), draw, shape) for shape in (WIDE, NARROW))


def speed_scale(axes: Axes, axis: str, values: Sequence[float], narrow: bool = False) -> None:
    """An axis of ratios: logarithmic where they span much, with numbers that a person reads."""
    low, high = min(values), max(values)
    scale = axes.xaxis if axis == "x" else axes.yaxis
    if low > 0 and high / low > 4:
        (axes.set_xscale if axis == "x" else axes.set_yscale)("log")
        decades = math.log10(high / low) * (2 if narrow and axis == "x" else 1)
        scale.set_major_locator(LogLocator(10, subs=(1.0, 2.0, 5.0) if decades < 2.5 else (1.0, 3.0) if decades < 4 else (1.0,)))
        scale.set_minor_locator(NullLocator())
        scale.set_minor_formatter(NullFormatter())
        margin = (high / low) ** 0.08
        (axes.set_xlim if axis == "x" else axes.set_ylim)(low / margin, high * margin)
    else:
        scale.set_major_locator(MaxNLocator(4 if narrow else 6))
        margin = max(0.08 * (high - low), 0.02 * high)
        (axes.set_xlim if axis == "x" else axes.set_ylim)(low - margin, high + margin)
    scale.set_major_formatter(PLAIN)


PLAIN = FuncFormatter(lambda value, _: f"{value:g}")


def _one(name: str, title: str, description: str, height: float, draw: Callable[[Figure, Format], None], shape: Format) -> Markup:
    with _figure(shape.width, height) as figure:
        draw(figure, shape)
        return _svg(figure, f"{name}-{shape.name}", title, description, shape)


@contextmanager
def _figure(width: float, height: float) -> Iterator[Figure]:
    """A figure that needs no display and touches no global state of pyplot's."""
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasSVG(figure)
        yield figure


def _svg(figure: Figure, name: str, title: str, description: str, shape: Format) -> Markup:
    """The figure as an `svg` element whose ids are its own."""
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", transparent=True,
                       metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg"):]
    svg = _MANY.sub(_as_one, svg)
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'(href="|url\()#', rf"\1#{name}-", svg)
    svg = re.sub(r"\bfont: (?:\w+ )*?([\d.]+px) [^;\"]*", r"font: \1 var(--sans)", svg)
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, f"var({variable})")
    head = re.search(r'viewBox="[^"]*"', svg)
    body = svg[svg.index(">") + 1:]
    return Markup(f'<svg class="chart {shape.name}" role="img" aria-labelledby="{name}-title {name}-desc" {head[0] if head else ""} '
                  f'xmlns:xlink="http://www.w3.org/1999/xlink"><title id="{name}-title">{escape(title)}</title>'
                  f'<desc id="{name}-desc">{escape(description)}</desc>{body}')


def _as_one(run: re.Match[str]) -> str:
    """One path with a marker at each of its points, in place of an element for each: thousands make a browser slow."""
    points = "L".join(f"{x} {y}" for x, y in re.findall(r'x="([^"]*)" y="([^"]*)"', run[0]))
    return (f'<marker id="{run[1]}-{run.start()}" overflow="visible" markerUnits="userSpaceOnUse" markerWidth="1" markerHeight="1">'
            f'<use xlink:href="#{run[1]}" style="{run[2]}"/></marker>'
            f'<path d="M{points}" style="fill: none; stroke: none; marker: url(#{run[1]}-{run.start()})"/>')
