"""Every solution of a few truths, where the truth is among them, and which one each method picked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from indmech_bench.report.evidence import Evidence, NothingToDrawError
from indmech_bench.report.figure import Figure
from indmech_bench.report.style import INK, MUTED, PAPER, WIDTH, abbreviated, colours, hover, log_scale, panel_title
from indmech_bench.results.statuses import Status
from indmech_bench.scoring.metrics import IDENTIFIED_FIT

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as Drawing

ORACLE = "oracle"
"""The reference beside whose rows all solutions are kept."""
RATIO, ERROR = "log_generic_ratio", "extrapolation_error"
FLOOR = 1e-4
"""Smaller errors are drawn here."""
MOST, MOST_METHODS = 6, 8
"""Panels, and methods whose picks are marked."""
BEHIND = 1_500
"""Solutions of a truth that are drawn."""


def _data(evidence: Evidence) -> pd.DataFrame:
    """One line a solution (`what` solution), the truth (truth), and the pick of each method (pick)."""
    import pandas as pd

    parts = []
    for row in evidence.rows:
        arrays = evidence.arrays(row) if row["method"] == ORACLE and row["reference"] else None
        if arrays is None or f"solutions.{ERROR}" not in arrays:
            continue
        named: dict[str, Any] = {"task": row["task_label"], "seed": row["seed"]}
        every = {RATIO: arrays[f"solutions.{RATIO}"], ERROR: arrays[f"solutions.{ERROR}"], "fits": True}
        parts.append(pd.DataFrame({**named, "what": "solution", "method": "", **every}))
        truth = {RATIO: row["metrics"].get(RATIO), ERROR: 0.0, "fits": True}
        parts.append(pd.DataFrame([{**named, "what": "truth", "method": "", **truth}]))
        picks: list[dict[str, Any]] = [
            {
                **named,
                "what": "pick",
                "method": other["label"],
                RATIO: other["metrics"].get(RATIO),
                ERROR: other["metrics"].get(ERROR),
                "fits": other["metrics"].get("fit_error", np.inf) < IDENTIFIED_FIT,
            }
            for other in evidence.rows
            if not other["reference"]
            and other["status"] == Status.OK
            and (other["task_label"], other["seed"]) == (row["task_label"], row["seed"])
        ]
        picks.sort(key=lambda pick: evidence.order[pick["method"]])
        parts.append(pd.DataFrame(picks))
    if not parts:
        raise NothingToDrawError(
            f"'{evidence.places[0]}' keeps no solution sets: they are kept of the oracle on the seeds 0 and 1, of "
            "tasks whose solutions can be listed, by runs of this version."
        )
    return pd.concat(parts, ignore_index=True).dropna(subset=[RATIO, ERROR]).reset_index(drop=True)


def _draw(data: pd.DataFrame) -> Drawing:
    from matplotlib import pyplot

    sets = _sets(data)
    picks = data[data["what"] == "pick"]
    methods = list(dict.fromkeys(picks["method"]))[:MOST_METHODS]
    looks, names = colours(methods), abbreviated(methods, 34)
    columns = min(3, len(sets))
    rows = -(-len(sets) // columns)
    figure, panels = pyplot.subplots(
        rows, columns, figsize=(WIDTH if columns > 1 else WIDTH * 0.6, 0.75 + 2.15 * rows + 0.1 * len(methods)),
        squeeze=False, sharey=True,
    )  # fmt: skip
    handles = {}
    for axes, (task, seed) in zip(panels.flat, sets, strict=False):
        here = data[(data["task"] == task) & (data["seed"] == seed)]
        every = here[here["what"] == "solution"].head(BEHIND)
        axes.axvline(0, color=MUTED, linewidth=0.8)
        handles["every solution"] = axes.scatter(
            every[RATIO], every[ERROR].clip(lower=FLOOR), s=10, color=MUTED, alpha=0.45, linewidths=0
        )
        true = here[here["what"] == "truth"]
        handles["the truth"] = axes.scatter(
            true[RATIO],
            [FLOOR] * len(true),
            s=130,
            marker="*",
            facecolors="none",
            edgecolors=INK,
            linewidths=1.1,
            zorder=3,
        )
        for number, method in enumerate(methods):
            one = here[(here["what"] == "pick") & (here["method"] == method)]
            colour, marker = looks[method]
            for _, pick in one.iterrows():
                handles[method] = axes.scatter(
                    pick[RATIO], max(pick[ERROR], FLOOR), s=34 + 9 * (len(methods) - number), marker=marker,
                    facecolors="none" if pick["fits"] else PAPER, edgecolors=[colour],
                    linewidths=1.3, linestyles="-" if pick["fits"] else ":", zorder=4,
                )  # fmt: skip
        log_scale(axes, "y")
        axes.set_ylim(FLOOR / 3, None)
        axes.grid(axis="y")
        panel_title(axes, f"{task}, seed {seed}", 30)
        axes.set_xlabel("log ρ")
    for axes in list(panels.flat)[len(sets) :]:
        axes.set_visible(False)
    for axes in panels[:, 0]:
        axes.set_ylabel(f"e (foot: ≤ {FLOOR:g})")
    labels = [names.get(name, name) for name in handles]
    legend = figure.legend(handles.values(), labels, loc="outside lower center", ncols=3, markerscale=0.8)
    for text, name in zip(legend.get_texts(), handles, strict=True):
        hover(text, name)
    return figure


def _sets(data: pd.DataFrame) -> list[tuple[str, int]]:
    """The truths that are drawn: the first seed of each task first, up to MOST."""
    found = [(str(task), int(seed)) for task, seed in data[["task", "seed"]].drop_duplicates().itertuples(index=False)]
    seen: dict[str, int] = {}
    for task, _ in found:
        seen.setdefault(task, len(seen))
    by_round = sorted(
        found, key=lambda one: ([seed for task, seed in found if task == one[0]].index(one[1]), seen[one[0]])
    )
    return sorted(by_round[:MOST], key=lambda one: (seen[one[0]], one[1]))


def _says(data: pd.DataFrame) -> str:
    said = []
    for task, seed in _sets(data):
        here = data[(data["task"] == task) & (data["seed"] == seed)]
        every = here[here["what"] == "solution"]
        near = every.iloc[int(every[RATIO].abs().argmin())]
        largest = every.iloc[int(every[RATIO].argmax())]
        said.append(
            f"{task}, seed {seed}: {len(every)} solutions; that of least |log ρ| has e {near[ERROR]:.2g}, that of "
            f"largest ρ {largest[ERROR]:.2g}, the median {np.median(every[ERROR]):.2g}"
        )
    return "; ".join(said) + "."


SOLUTIONS = Figure(
    "solutions",
    "All solutions, and which one is picked",
    "Every grey dot gives exactly what the truth, the star, gives as long as nothing is intervened on. Rings are what "
    "methods ended with, dotted ones where they do not fit. Independence picks the dot nearest to log ρ = 0; at a "
    "perfect fit the product of norms falls as ρ rises, so that the minimum norm is the rightmost dot. Equivalent "
    f"solutions share the truth's error of 0. At most {MOST} truths and {MOST_METHODS} methods are drawn; the data "
    "have all that is kept.",
    _data,
    _draw,
    _says,
)
