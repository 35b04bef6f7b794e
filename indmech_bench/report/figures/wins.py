"""Who beats whom: the multi-comparison matrix of paired wins, with p."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from indmech_bench.analysis.view import covering, score_of
from indmech_bench.report.evidence import Evidence, NothingToDrawError
from indmech_bench.report.figure import Figure
from indmech_bench.report.style import INK, PAPER, WIDTH, abbreviated, bare_bar, hover
from indmech_bench.statistics.significance import differences, holm, signed_rank_pvalue
from indmech_bench.text.numbers import pvalue

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as Drawing

FADED = 0.3
"""How much colour is left of a tile whose two methods are not told apart."""
MOST = 16
"""Methods of a matrix, the best ones by rank."""
LEVEL = 0.05
ON_TILES = "#20262b"
"""Dark on a tile's pale colour, whatever the page's background is."""


def _data(evidence: Evidence) -> pd.DataFrame:
    """One line a method and another, both of the best MOST; p-values are corrected by Holm over all pairs of them."""
    import pandas as pd

    methods = covering(row for row in evidence.rows if not row["control"])
    names = sorted(methods, key=lambda name: evidence.order[name])[:MOST]
    if len(names) < 2:
        raise NothingToDrawError(
            f"'{evidence.places[0]}' has no two methods that cover the same (task, seed) pairs of tasks that rank."
        )
    pairs = [*methods[names[0]]]
    scores = {name: np.array([score_of(methods[name][pair]) for pair in pairs]) for name in names}
    compared = [(first, second) for i, first in enumerate(names) for second in names[i + 1 :]]
    moved = {both: differences(scores[both[1]], scores[both[0]]) for both in compared}
    ranked = holm([signed_rank_pvalue(values) for values in moved.values()])
    lines = []
    for (both, values), p in zip(moved.items(), ranked, strict=True):
        for (name, other), side in ((both, values), (both[::-1], -values)):
            better, worse = int((side > 0).sum()), int((side < 0).sum())
            ties = len(pairs) - better - worse
            lines.append(
                {
                    "method": name,
                    "other": other,
                    "n": len(pairs),
                    "wins": (better + ties / 2) / len(pairs),
                    "better": better,
                    "worse": worse,
                    "ties": ties,
                    "difference": float(np.median(side)),
                    "p_score": p,
                }
            )
    data = pd.DataFrame(lines)
    place = {name: i for i, name in enumerate(names)}
    order = np.lexsort((data["other"].map(place), data["method"].map(place)))
    return data.iloc[order].reset_index(drop=True)


def _draw(data: pd.DataFrame) -> Drawing:
    import seaborn
    from matplotlib import pyplot

    names = list(dict.fromkeys(data["method"]))
    count, short = len(names), abbreviated(names, 24)
    wins = data.pivot(index="method", columns="other", values="wins").loc[names, names].to_numpy(dtype=float)
    p = data.pivot(index="method", columns="other", values="p_score").loc[names, names].to_numpy(dtype=float)
    size = min(0.52, (WIDTH - 2.1) / count)
    figure, axes = pyplot.subplots(figsize=(2.1 + size * count + 0.5, 0.55 + size * count))
    seaborn.heatmap(wins, ax=axes, vmin=0, vmax=1, cmap="vlag_r", square=True, linewidths=1, linecolor=PAPER,
                    cbar_kws={"shrink": 0.6, "ticks": [0, 0.5, 1]})  # fmt: skip
    axes.collections[0].set_alpha(np.where(p < LEVEL, 1.0, FADED).tolist())
    letters = max(5.6, min(7.5, size * 16.5))
    for i in range(count):
        for j in range(count):
            if i == j:
                continue
            told = p[i, j] < LEVEL
            colour = "white" if told and abs(wins[i, j] - 0.5) > 0.36 else ON_TILES if told else INK
            text = f"{wins[i, j]:.2f}"
            axes.text(j + 0.5, i + 0.36, text, ha="center", va="center", fontsize=letters, color=colour,
                      fontweight="bold" if told else "normal")  # fmt: skip
            axes.text(j + 0.5, i + 0.72, _short_p(p[i, j]), ha="center", va="center", fontsize=letters * 0.84,
                      color=colour)  # fmt: skip
    axes.set_yticks(
        np.arange(count) + 0.5, [f"{short[name]}\u00a0\u00a0{i}" for i, name in enumerate(names, 1)], rotation=0
    )
    for label, name in zip(axes.get_yticklabels(), names, strict=True):
        if short[name] != name:
            hover(label, name)
    axes.set_xticks(np.arange(count) + 0.5, [str(i) for i in range(1, count + 1)], rotation=0)
    axes.tick_params(length=0)
    axes.xaxis.tick_top()
    axes.set(xlabel="", ylabel="")
    bare_bar(axes, "share of pairs on which the row's method scores more")
    return figure


def _short_p(p: float) -> str:
    """Two or three digits, or the next larger power of ten."""
    if p >= 0.001:
        return f"{p:.1f}" if p >= 0.095 else f"{p:.3f}"
    return f"<1e{max(-99, math.floor(math.log10(p)) + 1) if p else -99}"


def _says(data: pd.DataFrame) -> str:
    told = data[(data["p_score"] < LEVEL) & (data["difference"].ne(0) | data["better"].ne(data["worse"]))]
    pairs, methods = len(data) // 2, data["method"].nunique()
    best = data["method"].iloc[0]
    of_best = data[data["method"] == best]
    tied = of_best.loc[of_best["p_score"] >= LEVEL, "other"]
    where = f"{methods} methods on {data['n'].iloc[0]} (task, seed) pairs"
    said = f"{where}: {len(told) // 2} of {pairs} pairs of methods differ."
    if len(tied):
        said += f" {best}, ranked first, is not told apart from {', '.join(tied)}."
    else:
        least = pvalue(float(of_best["p_score"].max()))
        said += f" {best}, ranked first, differs from all others (p at most {least})."
    return said


WINS = Figure(
    "wins",
    "Who beats whom",
    "In each tile, the share of (task, seed) pairs on which the row's method scores more than the column's, a tie"
    " counting half, and below it p of Wilcoxon's signed ranks on the differences of score, corrected by Holm "
    f"over all pairs of methods (bold and full colour: below {LEVEL}; faded: not told apart). Columns are numbered"
    f" as rows; at most {MOST} methods, the best by rank. Controls are left out. A share says how often, the test "
    "also by how much: the two may point in different directions.",
    _data,
    _draw,
    _says,
)
