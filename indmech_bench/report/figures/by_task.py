"""The score of every method on every task."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from indmech_bench.analysis.view import score_of
from indmech_bench.report.evidence import Evidence, NothingToDrawError, methods_first
from indmech_bench.report.figure import Figure
from indmech_bench.report.style import INK, PAPER, WIDTH, abbreviated, bare_bar, hover
from indmech_bench.statistics.estimates import interquartile_mean

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as Drawing


def _data(evidence: Evidence) -> pd.DataFrame:
    """One line a method or reference and task that it was tried on."""
    import pandas as pd

    lines = [
        {
            "task": task,
            "control": task in evidence.controls,
            "method": name,
            "reference": reference,
            "n": len(rows),
            "failed": sum(row["status"] != "ok" for row in rows),
            "score": interquartile_mean([score_of(row) for row in rows]),
        }
        for (reference, (task, name)), rows in evidence.tried().items()
    ]
    if not lines:
        raise NothingToDrawError(f"'{evidence.places[0]}' has no task with scores that are shown side by side.")
    data = pd.DataFrame(lines)
    data["place"] = data["method"].map({name: i for i, name in enumerate(methods_first(set(data["method"]), evidence))})
    data["column"] = data["task"].map({task: i for i, task in enumerate(evidence.tasks)})
    data = data.sort_values(["place", "control", "column"]).drop(columns=["place", "column"])
    return data.reset_index(drop=True)


def _draw(data: pd.DataFrame) -> Drawing:
    import seaborn
    from matplotlib import pyplot

    methods = list(dict.fromkeys(data["method"]))
    tasks = list(dict.fromkeys(data.sort_values("control", kind="stable")["task"]))
    natural = int((~data.drop_duplicates("task")["control"]).sum())
    table = data.pivot(index="method", columns="task", values="score").loc[methods, tasks]
    short, heads = abbreviated(methods, 24), abbreviated(tasks, 26)
    width = min(0.5, (WIDTH - 2.2) / len(tasks))
    height = 1.7 + 0.205 * len(methods)
    figure, axes = pyplot.subplots(figsize=(2.2 + width * len(tasks) + 0.4, height))
    letters = max(5.4, min(7, width * 20))
    seaborn.heatmap(
        table.astype(float), ax=axes, vmin=0, vmax=1, linewidths=0.8, linecolor=PAPER,
        cmap=seaborn.light_palette("#0b5a94", as_cmap=True),
        annot=np.array([[_two(value) for value in row] for row in table.to_numpy(dtype=float)]), fmt="",
        annot_kws={"fontsize": letters}, cbar_kws={"shrink": 0.5, "ticks": [0, 0.5, 1]},
        xticklabels=False, yticklabels=False,  # it would draw names in full, for which there is no room
    )  # fmt: skip
    axes.set_yticks(np.arange(len(methods)) + 0.5, [short[name] for name in methods], rotation=0)
    axes.set_xticks(np.arange(len(tasks)) + 0.5, [heads[task] for task in tasks], rotation=55, ha="left", va="bottom",
                    rotation_mode="anchor")  # fmt: skip
    axes.xaxis.tick_top()
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    for labels, full in ((axes.get_yticklabels(), methods), (axes.get_xticklabels(), tasks)):
        for label, name in zip(labels, full, strict=True):
            hover(label, name)
    first_reference = next((i for i, name in enumerate(methods) if bool(_of(data, name)["reference"].iloc[0])), None)
    if first_reference:
        axes.axhline(first_reference, color=INK, linewidth=1.4)
    if 0 < natural < len(tasks):
        axes.axvline(natural, color=INK, linewidth=1.4)
        axes.set_xlabel("right of the line: controls, which enter no rank", loc="right", color=INK)
    else:
        axes.set_xlabel("")
    axes.set_ylabel("")
    bare_bar(axes, "score")
    return figure


def _of(data: pd.DataFrame, name: str) -> pd.DataFrame:
    return data[data["method"] == name]


def _two(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.2f}".replace("0.", ".")


def _says(data: pd.DataFrame) -> str:
    said = []
    for task, lines in data[~data["reference"]].groupby("task", sort=False):
        best = lines.iloc[int(lines["score"].argmax())]
        said.append(f"{task}: {best['method']} {best['score']:.2f}")
    return "The best score of a method by task. " + "; ".join(said) + "."


BY_TASK = Figure(
    "by-task",
    "Task by task",
    "Interquartile mean of the score within each task: what ranks average over. Below the horizontal line: "
    "references, which know more than a method may. An empty tile was not tried. The best of a column was chosen "
    "on the seeds that are shown, so that its figure is a little too good.",
    _data,
    _draw,
    _says,
)
