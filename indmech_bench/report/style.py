"""How figures look: one ink, a palette that colour-blind readers can tell apart, labels that fit."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

from indmech_bench.text.lines import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text

INK, MUTED, RULE, PAPER = "#1d2329", "#69717a", "#dfe3e7", "#fefefd"
"""Text, what stands back, lines behind the data, and what shows through hollow marks; the page has its own of each."""
BAND = "#eef0f2"
WIDTH = 7.4
"""Inches, for a column of about 710 pixels."""
LONGEST = 30
"""Signs of a label in a figure."""
MARKERS = "osD^vPX<>p"
HOVER = "hover:"
"""Begins the id of a mark whose full text is shown when pointed at."""


@contextlib.contextmanager
def styled() -> Iterator[None]:
    """The settings of seaborn and matplotlib under which figures are drawn and saved."""
    import matplotlib
    import seaborn

    matplotlib.use("agg")
    settings: dict[str, Any] = {
        "font.family": "DejaVu Sans",
        "font.size": 8.5,
        "axes.titlesize": 9,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.labelsize": 8.5,
        "xtick.labelsize": 8,
        "ytick.labelsize": 8,
        "legend.fontsize": 8,
        "legend.frameon": False,
        "axes.edgecolor": MUTED,
        "axes.linewidth": 0.7,
        "axes.labelcolor": INK,
        "axes.axisbelow": True,
        "axes.facecolor": "none",
        "text.color": INK,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "xtick.major.size": 3,
        "ytick.major.size": 3,
        "grid.color": RULE,
        "grid.linewidth": 0.7,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "figure.facecolor": "none",
        "figure.constrained_layout.use": True,
        "text.parse_math": False,  # a dollar in somebody's setting is a dollar
        "svg.fonttype": "none",
        "svg.hashsalt": "indmech-bench",
        "savefig.bbox": "tight",
        "savefig.pad_inches": 0.04,
        "pdf.fonttype": 42,
    }
    with seaborn.axes_style("ticks"), seaborn.color_palette("colorblind"), matplotlib.rc_context(cast(Any, settings)):
        yield


def colours(names: Sequence[str]) -> dict[str, tuple[Any, str]]:
    """Name -> colour and marker, of methods in the order given: markers tell apart those that share a colour."""
    import seaborn

    palette = seaborn.color_palette("colorblind")
    order = [0, 3, 2, 4, 1, 9, 5, 7]  # the two palest, yellow and light pink, are left out
    return {
        name: (palette[order[i % len(order)]], MARKERS[(i + i // len(order)) % len(MARKERS)])
        for i, name in enumerate(names)
    }


def abbreviated(labels: Sequence[str], most: int = LONGEST) -> dict[str, str]:
    """Label -> what it is called in a figure, all different.

    Settings that all labels of one name share are left out; what is still too long has its middle left out.
    """
    parts = {label: _split(label) for label in labels}
    shared: dict[str, set[str]] = {}
    for name, settings, _ in parts.values():
        shared[name] = shared.get(name, set(settings)) & set(settings)
    found: dict[str, str] = {}
    for label, (name, settings, mark) in parts.items():
        alone = sum(other[0] == name for other in parts.values()) == 1
        own = [] if alone else [setting for setting in settings if setting not in shared[name]]
        text = printable(f"{name}:{','.join(own)}{mark}" if own else f"{name}{mark}")
        if len(text) > most:
            head = most // 2
            text = f"{text[:head]}…{text[head + 1 - most :]}"
        number = 1
        while text in found.values():
            number += 1
            text = f"{text[: most - 3]}…{number}"
        found[label] = text
    return found


def _split(label: str) -> tuple[str, list[str], str]:
    """Name, settings, and the mark in brackets that follows them."""
    plain, bracket, mark = label.partition(" [")
    name, _, settings = plain.partition(":")
    return name, settings.split(",") if settings else [], bracket + mark


def hover(text: Text, full: str) -> None:
    """Have a text show this when it is pointed at, where it is abbreviated; on the page alone."""
    if text.get_text() != full:
        text.set_gid(HOVER + full)


def label_lines(axes: Axes, labels: Sequence[str], most: int = LONGEST) -> None:
    """Names at the lines 0, 1, … from the top down."""
    short = abbreviated(labels, most)
    axes.set_yticks(range(len(labels)), [short[label] for label in labels])
    for text, label in zip(axes.get_yticklabels(), labels, strict=True):
        hover(text, label)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)


def beside(axes: Axes, points: Sequence[tuple[float, float]], labels: Sequence[str], most: int = 28) -> None:
    """Names at the right of a panel, each with a thin line to its point, spread so that none covers another."""
    short = abbreviated(labels, most)
    figure = axes.figure
    height = axes.get_window_extent().height / figure.dpi * 72
    gap = min(11.5 / max(height, 1), 1 / max(len(labels), 1))
    to_axes = axes.transAxes.inverted()
    places = [to_axes.transform(axes.transData.transform(point)) for point in points]
    order = sorted(range(len(labels)), key=lambda i: -places[i][1])
    heights: dict[int, float] = {}
    top = 1.02
    for i in order:
        top = min(places[i][1], top - gap if heights else top)
        heights[i] = top
    bottom = -0.02
    for i in reversed(order):  # those pushed below the panel go back up
        heights[i] = max(heights[i], bottom)
        bottom = heights[i] + gap
    for i, label in enumerate(labels):
        x, y = places[i]
        line = {"arrowstyle": "-", "color": MUTED, "linewidth": 0.5, "shrinkA": 1, "shrinkB": 3, "relpos": (0, 0.5)}
        text = axes.annotate(
            short[label], (x, y), (1.03, heights[i]), "axes fraction", "axes fraction",
            arrowprops=line, va="center", fontsize=7.5, annotation_clip=False,
        )  # fmt: skip
        hover(text, label)


def log_scale(axes: Axes, along: str, linear_to: float | None = None) -> None:
    """A logarithmic axis, `x` or `y`, with plain numbers at its ticks; linear below `linear_to` if that is given."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    scale = axes.set_xscale if along == "x" else axes.set_yscale
    if linear_to is None:
        scale("log")
    else:
        scale("symlog", linthresh=linear_to)
    axis = axes.xaxis if along == "x" else axes.yaxis
    low, high = (axes.dataLim.intervalx if along == "x" else axes.dataLim.intervaly).tolist()
    if linear_to is None and low > 0 and high < 20 * low:  # too few powers of ten for a scale
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: plain_power(value)))
    axis.set_minor_formatter(NullFormatter())


def plain_power(value: float) -> str:
    """`0.01`, `1`, `1,000`; beyond that a power of ten, as in 10⁻⁵."""
    if value == 0 or 1e-3 <= abs(value) < 1e4:
        return f"{value:,.0f}" if abs(value) >= 1 else f"{value:g}"
    mantissa, _, exponent = f"{value:.0e}".partition("e")
    power = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"10{power}" if mantissa == "1" else f"{mantissa}·10{power}"


def bare_lines(*panels: Axes) -> None:
    """Panels of lines that share their names: upright rules alone, neither ticks nor an axis at the left."""
    for axes in panels:
        axes.grid(axis="x")
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", which="both", length=0)


def bare_bar(axes: Axes, label: str) -> None:
    """The colour bar of a heat map, without a frame."""
    bar = axes.collections[0].colorbar
    assert bar is not None
    bar.outline.set_visible(False)
    bar.set_label(label, color=INK)


def panel_title(axes: Axes, text: str, most: int = 44) -> None:
    """The name of a panel, abbreviated where it is too long."""
    hover(axes.set_title(text if len(text) <= most else f"{text[: most - 1]}…"), text)
