"""Error and identification against how dependent the true mechanisms are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from indmech_bench.analysis.view import error_of
from indmech_bench.report.evidence import Evidence, NothingToDrawError, methods_first
from indmech_bench.report.figure import Figure
from indmech_bench.report.style import MUTED, WIDTH, abbreviated, colours, hover, log_scale
from indmech_bench.statistics.estimates import median_interval, wilson_interval

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as Drawing

FIXED, DRAWN = "log ρ fixed", "log ρ ~ N(0, σ²)"
BESIDE = ("best-constant", "white")
"""References that are shown, where they were tried."""
FLOOR = 1e-3
"""Smaller errors are drawn here: they are exact to rounding."""


def _data(evidence: Evidence) -> pd.DataFrame:
    """One line a method and dose, of the task of which there are most doses."""
    import pandas as pd

    lines = []
    for (reference, (task, name)), rows in evidence.tried().items():
        settings = rows[0]["task_settings"]
        if "dependence" not in settings or (reference and name not in BESIDE):
            continue
        centre, spread = settings["dependence"], settings.get("spread") or 0.0
        errors = [error_of(row) for row in rows]
        hits = int(sum(row["metrics"].get("identified") or 0 for row in rows))
        others = sorted((key, repr(value)) for key, value in settings.items() if key not in ("dependence", "spread"))
        low, high = median_interval(errors) or (math.nan, math.nan)
        rate = wilson_interval(hits, len(rows)) if len(rows) > 1 else (math.nan, math.nan)
        for way, dose in _doses(centre, spread):
            lines.append(
                {
                    "of": f"{rows[0]['task']} {others}",
                    "way": way,
                    "dose": dose,
                    "task": task,
                    "control": rows[0]["control"],
                    "method": name,
                    "reference": reference,
                    "n": len(rows),
                    "identified": hits / len(rows),
                    "identified_low": rate[0],
                    "identified_high": rate[1],
                    "error": float(np.median(errors)),
                    "error_low": low,
                    "error_high": high,
                }
            )
    data = pd.DataFrame(lines)
    tasks = {of: set(data.loc[data["of"] == of, "task"]) for of in data["of"].unique()} if lines else {}
    widest = max(tasks, key=lambda of: len(tasks[of]), default=None)
    if widest is None or len(tasks[widest]) < 3:
        raise NothingToDrawError(
            f"'{evidence.places[0]}' has no task at three degrees of dependence or more: run the suite dose."
        )
    data = data.loc[data["of"] == widest].drop(columns="of")
    data["method"] = pd.Categorical(data["method"], methods_first(data["method"].unique(), evidence), ordered=True)
    data = data.sort_values(["reference", "method", "way", "dose"], ascending=[True, True, False, True])
    return data.astype({"method": str}).reset_index(drop=True)


def _doses(centre: float | None, spread: float) -> list[tuple[str, float]]:
    """On which of the two panels a task stands, and where; one that is left as it falls has no bound on its spread."""
    if centre is not None and not spread:
        return [(FIXED, centre), *([(DRAWN, 0.0)] if centre == 0 else [])]
    if centre in (None, 0.0):
        return [(DRAWN, spread or math.inf)]
    return []


def _draw(data: pd.DataFrame) -> Drawing:
    from matplotlib import pyplot

    ways = [way for way in (FIXED, DRAWN) if data.loc[data["way"] == way, "dose"].nunique() > 1]
    figure, panels = pyplot.subplots(2, len(ways), figsize=(WIDTH, 4.9), sharey="row", sharex="col", squeeze=False)
    methods = list(dict.fromkeys(data.loc[~data["reference"], "method"]))
    looks = colours(methods)
    names = abbreviated(list(dict.fromkeys(data["method"])))
    handles: dict[str, Any] = {}
    for column, way in enumerate(ways):
        of_way = data[data["way"] == way]
        doses = sorted(of_way["dose"].unique())
        for number, name in enumerate(dict.fromkeys(of_way["method"].astype(str))):
            line = of_way[of_way["method"] == name]
            places = np.array([doses.index(dose) for dose in line["dose"]]) + 0.045 * (number % 7 - 3)
            for axes, metric in ((panels[0, column], "error"), (panels[1, column], "identified")):
                floor = FLOOR if metric == "error" else 0.0
                value, low, high = (
                    line[metric + end].clip(lower=floor).to_numpy(dtype=float) for end in ("", "_low", "_high")
                )
                value, high = np.where(np.isinf(value), np.nan, value), np.where(np.isinf(high), 1e6, high)
                if name in looks:
                    colour, marker = looks[name]
                    axes.vlines(places, low, high, color=colour, linewidth=1, alpha=0.5)
                    handles[name] = axes.plot(places, value, marker + "-", color=colour, markersize=4, linewidth=1.2)[0]
                else:
                    dashes = "--" if name == BESIDE[0] else ":"
                    handles[name] = axes.plot(places, value, dashes, color=MUTED, linewidth=1.2)[0]
        ticks = ["natural" if dose == math.inf else f"{dose:g}".replace("-", "−") for dose in doses]
        panels[1, column].set_xticks(range(len(doses)), ticks)
        panels[1, column].set_xlabel("log ρ of the truth" if way == FIXED else "σ of the truths' log ρ")
        panels[0, column].set_title(way)
        for axes in panels[:, column]:
            axes.grid(axis="y")
    for axes in panels[0]:
        log_scale(axes, "y")
    largest = float(data["error"].replace(math.inf, math.nan).max())
    panels[0, 0].set_ylim(FLOOR * 0.7, max(3.0, largest * 1.6))
    panels[0, 0].set_ylabel(f"median e (foot: ≤ {FLOOR:g})")
    panels[1, 0].set_ylim(-0.03, 1.03)
    panels[1, 0].set_ylabel("share identified")
    legend = figure.legend(handles.values(), [names[name] for name in handles], loc="outside lower center", ncols=3)
    for text, name in zip(legend.get_texts(), handles, strict=True):
        hover(text, name)
    return figure


def _says(data: pd.DataFrame) -> str:
    said = []
    for (way, dose), lines in data[~data["reference"]].groupby(["way", "dose"], sort=False):
        best = lines.iloc[int(lines["identified"].argmax())]
        where = "truths as they fall" if dose == math.inf else f"{way} at {dose:g}"
        said.append(f"{where}: at most {best['identified']:.2f} identified, by {best['method']}")
    return "; ".join(dict.fromkeys(said)) + "."


DOSE = Figure(
    "dose",
    "What dependence costs",
    "Median extrapolation error (above) and share identified (below) against the log ρ that the truths were "
    "given: all the same, or drawn around 0 with a spread σ; natural truths are left as they fall. Bars: 95 % "
    "by order statistics, and Wilson's. A failed replicate counts as infinite error. All doses but natural are "
    "controls: there a criterion is shown at what it is built for.",
    _data,
    _draw,
    _says,
)
