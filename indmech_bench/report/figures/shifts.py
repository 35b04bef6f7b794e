"""The error under each intervention that a task lists, method by method."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from indmech_bench.analysis.images.by_intervention import by_intervention
from indmech_bench.errors import InputError
from indmech_bench.report.evidence import Evidence, NothingToDrawError, methods_first
from indmech_bench.report.figure import Figure
from indmech_bench.report.style import MUTED, PAPER, WIDTH, bare_lines, label_lines, log_scale

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as Drawing

FEW = 3
"""Columns that have room for a name in one line."""
FLOOR = 1e-3
"""Smaller errors are drawn here."""
EXACT = "oracle"
"""Its errors are 0: it is in the data, and not drawn."""


def _data(evidence: Evidence) -> pd.DataFrame:
    """One line a task, method and intervention."""
    import pandas as pd

    if not any(row.get("errors") for row in evidence.rows):
        raise NothingToDrawError(
            f"'{evidence.places[0]}' holds no errors by intervention: its tasks list none, as those of the suite "
            "images do."
        )
    lines = []
    for place in evidence.places:
        try:
            found = by_intervention(place)
        except InputError:  # one of several folders
            continue
        for task, of_task in found.items():
            by_name = {line.method: line for line in of_task}
            for name in methods_first(by_name, evidence):
                line = by_name[name]
                for shift, middle in line.errors.items():
                    low, high = middle.interval or (math.nan, math.nan)
                    lines.append(
                        {
                            "task": task,
                            "method": name,
                            "reference": line.reference,
                            "intervention": shift,
                            "n": line.n,
                            "error": middle.value,
                            "error_low": low,
                            "error_high": high,
                        }
                    )
    return pd.DataFrame(lines)


def _draw(data: pd.DataFrame) -> Drawing:
    from matplotlib import pyplot

    data = data[data["method"] != EXACT]
    tasks = list(dict.fromkeys(data["task"]))
    shifts = {task: list(dict.fromkeys(data.loc[data["task"] == task, "intervention"])) for task in tasks}
    alike = len({tuple(of_task) for of_task in shifts.values()}) == 1
    most = max(map(len, shifts.values()))
    names = {task: list(dict.fromkeys(data.loc[data["task"] == task, "method"])) for task in tasks}
    heights = [len(of_task) for of_task in names.values()]
    figure, panels = pyplot.subplots(
        len(tasks), most, figsize=(WIDTH, (0.9 if alike else 1.1) * len(tasks) + 0.19 * sum(heights)), sharex=True,
        sharey="row", squeeze=False, height_ratios=heights,
    )  # fmt: skip
    colour = pyplot.rcParams["axes.prop_cycle"].by_key()["color"][0]
    for row, task in enumerate(tasks):
        for axes in panels[row, len(shifts[task]) :]:
            axes.set_visible(False)
        for column, shift in enumerate(shifts[task]):
            axes = panels[row, column]
            lines = data[(data["task"] == task) & (data["intervention"] == shift)].set_index("method")
            for i, name in enumerate(names[task]):
                if name not in lines.index or lines.loc[name, "error"] is None:
                    continue
                value, low, high = (float(lines.loc[name, f"error{end}"]) for end in ("", "_low", "_high"))
                reference = bool(lines.loc[name, "reference"])
                shade = MUTED if reference else colour
                if math.isfinite(low):
                    axes.plot([max(low, FLOOR), min(high, 1e6)], [i, i], color=shade, linewidth=2, alpha=0.5)
                if math.isfinite(value):
                    axes.plot(max(value, FLOOR), i, "D" if reference else "o", color=shade, markersize=4,
                              markerfacecolor=PAPER if reference else shade)  # fmt: skip
            axes.axvline(1, color=MUTED, linewidth=0.8, linestyle="--")
            bare_lines(axes)
            if row == 0 or not alike:
                axes.set_title("\n".join(_folded(shift)) if most > FEW else shift, fontsize=8)
        label_lines(panels[row, 0], names[task], most=26)
        panels[row, 0].set_ylabel(task)
    for axes in panels.flat:
        log_scale(axes, "x")
    panels[0, 0].set_xlim(*_bounds(data))
    figure.supxlabel("median e", fontsize=8.5)
    return figure


def _bounds(data: pd.DataFrame) -> tuple[float, float]:
    """From the least error that is drawn to the largest finite one, with some room: intervals may be without end."""
    values = data[["error", "error_low", "error_high"]].to_numpy(dtype=float)
    finite = values[np.isfinite(values)].clip(FLOOR)
    return (finite.min() / 1.4, max(1.0, finite.max()) * 1.4) if len(finite) else (FLOOR, 10.0)


def _folded(text: str) -> list[str]:
    words = text.split()
    return [" ".join(words[:-1]), words[-1]] if len(words) > 1 else words


def _says(data: pd.DataFrame) -> str:
    methods = data[~data["reference"]]
    said = []
    for (task, shift), lines in methods.groupby(["task", "intervention"], sort=False):
        best = lines.iloc[int(lines["error"].astype(float).argmin())]
        said.append(f"{task}, {shift}: least median e {best['error']:.2g}, by {best['method']}")
    return "; ".join(said) + "."


SHIFTS = Figure(
    "shifts",
    "Error by shift",
    "Median error under each intervention alone, with 95 % intervals by order statistics; the dashed line is what"
    " ignoring the intervention reaches. Hollow grey: references. A failed replicate counts as infinite error; a "
    "method without a mark has no finite median. The oracle, at 0, is not drawn.",
    _data,
    _draw,
    _says,
)
