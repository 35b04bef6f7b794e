"""Are the true mechanisms generic to each other? log rho of the truths, task by task, against its null."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from indmech_bench.report.evidence import Evidence, NothingToDrawError
from indmech_bench.report.figure import Figure
from indmech_bench.report.style import INK, MUTED, PAPER, WIDTH, bare_lines, label_lines, log_scale
from indmech_bench.results.statuses import Status
from indmech_bench.scoring.metrics import NULL_BAND, RARE
from indmech_bench.statistics.estimates import wilson_interval

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as Drawing

ORACLE = "oracle"
"""The reference whose rows say the truth's own log rho, and its p under the null."""
MOST = 64
"""Truths of a task that are drawn one by one."""


def _data(evidence: Evidence) -> pd.DataFrame:
    """One line a truth: its log rho, and the p-value of that for iid Gaussian mechanisms of the same shapes.

    null_low, null_high: the log rho between which p is at least RARE, the same for all truths of a task; NaN where the
    run has kept none.
    """
    import pandas as pd

    bands = _bands(evidence)
    lines = [
        {
            "task": row["task_label"],
            "family": row["family"],
            "control": row["control"],
            "seed": row["seed"],
            "log_generic_ratio": row["metrics"]["log_generic_ratio"],
            "p": row["metrics"].get("ratio_pvalue"),
            **dict(zip(("null_low", "null_high"), bands.get(row["task_label"], (np.nan, np.nan)), strict=True)),
        }
        for row in evidence.rows
        if row["method"] == ORACLE
        and row["status"] == Status.OK
        and row["metrics"].get("log_generic_ratio") is not None
        and row["metrics"].get("ratio_pvalue") is not None
    ]
    if not lines:
        raise NothingToDrawError(f"'{evidence.places[0]}' has no truths of the oracle's with a null of log ρ.")
    data = pd.DataFrame(lines)
    data["task"] = pd.Categorical(data["task"], evidence.tasks, ordered=True)
    return data.sort_values(["task", "seed"]).astype({"task": str}).reset_index(drop=True)


def _bands(evidence: Evidence) -> dict[str, tuple[float, float]]:
    """Task -> the ends of its null's band, kept beside the oracle's rows of the first seeds."""
    found = {}
    for row in evidence.rows:
        arrays = evidence.arrays(row) if row["method"] == ORACLE and row["reference"] else None
        if arrays is not None and NULL_BAND in arrays:
            low, high = map(float, arrays[NULL_BAND])
            found[row["task_label"]] = low, high
    return found


def _draw(data: pd.DataFrame) -> Drawing:
    from matplotlib import pyplot

    tasks = list(dict.fromkeys(data["task"]))
    figure, (left, right) = pyplot.subplots(
        1, 2, figsize=(WIDTH, 0.85 + 0.26 * len(tasks)), sharey=True, width_ratios=(2.4, 1)
    )
    generic, odd = (pyplot.rcParams["axes.prop_cycle"].by_key()["color"][i] for i in (0, 3))
    label_lines(left, [f"{task} (control)" if _control(data, task) else task for task in tasks])
    random = np.random.default_rng(0)
    for i, task in enumerate(tasks):
        of_task = data[data["task"] == task]
        low, high = of_task[["null_low", "null_high"]].iloc[0]
        if np.isfinite(low):
            left.fill_betweenx([i - 0.4, i + 0.4], low, high, color=MUTED, alpha=0.22, linewidth=0, zorder=0)
        values, p = (of_task[name].to_numpy(dtype=float) for name in ("log_generic_ratio", "p"))
        shown = slice(None, MOST)
        heights = i + random.uniform(-0.28, 0.28, len(values[shown]))
        outside = p[shown] < RARE
        left.scatter(
            values[shown][~outside], heights[~outside], s=9, facecolors=PAPER, edgecolors=generic, linewidths=0.8
        )
        left.scatter(values[shown][outside], heights[outside], s=11, color=odd, marker="D", linewidths=0)
        left.plot([np.median(values)] * 2, [i - 0.36, i + 0.36], color=INK, linewidth=1.6)
        hits = int((p < RARE).sum())
        low, high = wilson_interval(hits, len(p))
        right.plot([low, high], [i, i], color=odd, linewidth=2, alpha=0.5)
        right.plot(hits / len(p), i, "D", color=odd, markersize=4.5)
    left.axvline(0, color=MUTED, linewidth=0.8)
    spread = np.nanmax(np.abs(data[["log_generic_ratio", "null_high"]]))
    if spread > 4:
        log_scale(left, "x", linear_to=1.0)
    left.set_xlabel("log ρ of the truths, 0 generic")
    right.axvline(RARE, color=MUTED, linewidth=0.8, linestyle="--")
    right.set_xlim(-0.06, 1.06)
    right.set_xlabel(f"share with p < {RARE}")
    bare_lines(left, right)
    return figure


def _control(data: pd.DataFrame, task: str) -> bool:
    return bool(data.loc[data["task"] == task, "control"].iloc[0])


def _says(data: pd.DataFrame) -> str:
    said = []
    for task, lines in data.groupby("task", sort=False):
        share, bound = (lines["p"] < RARE).mean(), lines["null_high"].iloc[0]
        beyond = f" (|log ρ| above {bound:.2f})" if np.isfinite(bound) else ""
        said.append(
            f"{task}: median log ρ {lines['log_generic_ratio'].median():.2f}, {share:.0%} with p < {RARE}{beyond}"
        )
    return "; ".join(said) + "."


PAIRS = Figure(
    "pairs",
    "Are the true mechanisms generic to each other?",
    f"Left, log ρ of each truth (up to {MOST} a task) with the task's median as a stroke. The grey band, where the run "
    f"has kept it, holds {1 - RARE:.0%} of what iid Gaussian mechanisms of the same shapes do, those with the smallest "
    "|log ρ|; filled diamonds lie outside of it. Right, the share of such truths with Wilson's 95 % interval; the "
    f"dashed line is the {RARE:.0%} that iid Gaussian mechanisms would have. Mechanisms of a physical pair were drawn "
    "apart and conditioned on nothing.",
    _data,
    _draw,
    _says,
)
