"""How log rho, fit and error move along training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from indmech_bench.analysis.drift.reading import courses
from indmech_bench.analysis.labels import starting_at_truth
from indmech_bench.errors import InputError
from indmech_bench.report.evidence import Evidence, NothingToDrawError, methods_first
from indmech_bench.report.figure import Figure
from indmech_bench.report.style import MUTED, WIDTH, abbreviated, colours, hover, log_scale
from indmech_bench.results.folder import read_manifest

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

METRICS = {
    "log_generic_ratio": "log ρ",
    "fit_error": "fit error",
    "extrapolation_error": "e",
    "distance_from_start": "distance from start",
}
OF_COURSES = ("log_generic_ratio", "fit_error", "extrapolation_error")
"""Those that checkpoints of a training from the truth have."""
SHARES = {"low": 0.25, "middle": 0.5, "high": 0.75}
MOST_TASKS, MOST_METHODS = 4, 8
"""Rows of panels, and lines in a panel."""
FLOOR = {"fit_error": 1e-8, "extrapolation_error": 1e-3}
"""Smaller values are drawn here."""


def _data(evidence: Evidence) -> pd.DataFrame:
    """One line a task, method, step and metric: the middle half over the seeds that have curves."""
    import pandas as pd

    lines = [*_along_curves(evidence), *_from_the_truth(evidence)]
    if not lines:
        raise NothingToDrawError(
            f"'{evidence.places[0]}' holds nothing along training: run with --curves, or the suite drift."
        )
    data = pd.DataFrame(lines)
    order = methods_first(data["method"].unique(), evidence)
    data["place"] = data["method"].map({name: i for i, name in enumerate(order)})
    data["row"] = data["task"].map({task: i for i, task in enumerate(evidence.tasks)})
    data = data.sort_values(["row", "task", "place", "metric", "step"], kind="stable").drop(columns=["row", "place"])
    return data.reset_index(drop=True)


def _along_curves(evidence: Evidence) -> Iterator[dict[str, Any]]:
    values: dict[tuple[str, str, int], list[Any]] = {}
    for row in evidence.rows:
        arrays = None if row["reference"] else evidence.arrays(row)
        if arrays is None or "step" not in arrays:
            continue
        for i, step in enumerate(arrays["step"]):
            point = {name: arrays[name][i] for name in METRICS if name in arrays}
            values.setdefault((row["task_label"], row["label"], int(step)), []).append(point)
    for (task, method, step), points in values.items():
        for metric in METRICS:
            known = [point[metric] for point in points if np.isfinite(point.get(metric, np.nan))]
            if known:
                quantiles = np.quantile(known, [*SHARES.values()])
                yield _line(task, method, step, metric, len(known), *quantiles)


def _from_the_truth(evidence: Evidence) -> Iterator[dict[str, Any]]:
    """Checkpoints of tasks in which training starts at the truth, with the 95 % interval of their medians."""
    for place in evidence.places:
        runs = read_manifest(place)["runs"].values()
        if not starting_at_truth() & {task for run in runs for task in run.get("families", {})}:
            continue  # without reading all rows again
        try:
            found = courses(place)
        except InputError:  # no rows of such a task, or none with checkpoints
            continue
        for course in found:
            for point in course.checkpoints:
                for metric in OF_COURSES:
                    middle = getattr(point, metric)
                    if middle.value is not None and np.isfinite(middle.value):
                        low, high = middle.interval or (np.nan, np.nan)
                        yield _line(course.task, course.method, point.step, metric, course.n, low, middle.value, high)


def _line(
    task: str, method: str, step: int, metric: str, n: int, low: float, middle: float, high: float
) -> dict[str, Any]:
    return {
        "task": task, "method": method, "step": step, "metric": metric, "n": n,
        "low": float(low), "middle": float(middle), "high": float(high),
    }  # fmt: skip


def _draw(data: pd.DataFrame) -> Drawing:
    from matplotlib import pyplot

    tasks = list(dict.fromkeys(data["task"]))[:MOST_TASKS]
    methods = list(dict.fromkeys(data.loc[data["task"].isin(tasks), "method"]))[:MOST_METHODS]
    looks, names = colours(methods), abbreviated(methods, 34)
    figure, panels = pyplot.subplots(
        len(tasks), len(METRICS), figsize=(WIDTH, 0.7 + 1.75 * len(tasks) + 0.12 * len(methods)), squeeze=False
    )
    handles = {}
    for row, task in enumerate(tasks):
        for column, (metric, head) in enumerate(METRICS.items()):
            axes, floor = panels[row, column], FLOOR.get(metric, -np.inf)
            for method in methods:
                line = data[(data["task"] == task) & (data["method"] == method) & (data["metric"] == metric)]
                if not len(line):
                    continue
                colour, marker = looks[method]
                low, middle, high = (line[name].clip(lower=floor) for name in SHARES)
                axes.fill_between(line["step"], low, high, color=colour, alpha=0.15, linewidth=0)
                every = max(1, len(line) // 6)
                handles[method] = axes.plot(line["step"], middle, marker + "-", color=colour, markersize=3.5,
                                            linewidth=1.3, markevery=every)[0]  # fmt: skip
            _scale_of_steps(axes, sorted(data.loc[data["task"] == task, "step"].unique()))
            if metric in FLOOR:
                log_scale(axes, "y")
            else:
                axes.axhline(0, color=MUTED, linewidth=0.8)
            axes.grid(axis="y")
            axes.tick_params(axis="x", labelsize=7.5)
            if row == 0:
                axes.set_title(head)
            if row == len(tasks) - 1:
                axes.set_xlabel("step")
        hover(panels[row, 0].set_ylabel(task if len(task) < 28 else f"{task[:26]}…", fontweight="bold"), task)
    legend = figure.legend(handles.values(), [names[name] for name in handles], loc="outside lower center", ncols=2)
    for text, name in zip(legend.get_texts(), handles, strict=True):
        hover(text, name)
    return figure


def begins(steps: Sequence[int]) -> list[int]:
    """Where trainings begin that follow each other, given all kept steps: they are dense there, and then grow apart."""
    gaps = np.diff(steps)
    return [int(steps[0]), *(int(steps[i + 1]) for i in range(len(gaps) - 1) if gaps[i] > 10 * gaps[i + 1])]


def _scale_of_steps(axes: Axes, steps: Sequence[int]) -> None:
    """Steps on a logarithmic axis that begins anew where a training does, with a rule there."""
    starts = begins(steps)
    if len(starts) == 1:
        log_scale(axes, "x", linear_to=min((step for step in steps if step > 0), default=1))
        return
    edges = np.array([*starts, steps[-1]], dtype=float)

    def forward(values: Any) -> Any:
        inside = np.clip(np.asarray(values, dtype=float)[..., None], edges[:-1], edges[1:])
        return np.log1p(inside - edges[:-1]).sum(-1)

    grid = np.unique(np.concatenate([a + np.expm1(np.linspace(0, np.log1p(b - a), 400)) for a, b in pairwise(edges)]))
    axes.set_xscale("function", functions=(forward, lambda places: np.interp(places, forward(grid), grid)))
    axes.set_xlim(float(edges[0]), float(edges[-1]))
    axes.set_xticks([0, 100, *starts[1:], steps[-1]], ["0", "100", *map("{:,}".format, starts[1:]), "end"])
    for start in starts[1:]:
        axes.axvline(start, color=MUTED, linewidth=0.8, linestyle=":")


def _says(data: pd.DataFrame) -> str:
    said = []
    for (task, method), lines in data.groupby(["task", "method"], sort=False):
        ends = lines[lines["step"] == lines["step"].max()].set_index("metric")["middle"]
        told = ", ".join(f"{head} {ends[metric]:.2g}" for metric, head in METRICS.items() if metric in ends)
        said.append(f"{task}, {method}, after {lines['step'].max():,} steps: {told}")
    return "; ".join(said) + "."


TRAJECTORIES = Figure(
    "trajectories",
    "Along training",
    "Medians of log ρ, fit and extrapolation error by step, and of how far the mechanisms have moved from the start, "
    "over their size there. Shaded: the middle half of the seeds; where training "
    "starts at the truth, the 95 % interval of the median. Where a second training begins (dotted) the scale of steps "
    f"begins anew. At most {MOST_TASKS} tasks and {MOST_METHODS} methods are drawn; the data have all.",
    _data,
    _draw,
    _says,
)
