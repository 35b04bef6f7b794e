"""Where each method ranks, how sure that is, and the score that it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from indmech_bench.report.evidence import Evidence, NothingToDrawError, commas
from indmech_bench.report.figure import Figure
from indmech_bench.report.style import BAND, MUTED, PAPER, WIDTH, bare_lines, label_lines

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as Drawing


def _data(evidence: Evidence) -> pd.DataFrame:
    """One line a ranked method, then one a reference that was tried on all (task, seed) pairs."""
    import pandas as pd

    board = evidence.board
    ranked = [line for line in board.lines if line.rank is not None]
    if not ranked:
        raise NothingToDrawError(
            f"no method is ranked in '{board.folder}': "
            + ("all its tasks are controls." if board.by_controls_alone else "none covers all (task, seed) pairs.")
        )
    whole = [line for line in board.lines if line.reference and not (line.missing or line.skipped)]
    none = (None, None)
    return pd.DataFrame(
        [
            {
                "method": line.name,
                "reference": line.reference,
                "rank": line.rank,
                **dict(zip(("rank_low", "rank_high"), line.rank_interval or none, strict=True)),
                "tier": line.tier,
                "score": line.score,
                **dict(zip(("score_low", "score_high"), line.score_interval or none, strict=True)),
            }
            for line in [*ranked, *whole]
        ]
    )


def _draw(data: pd.DataFrame) -> Drawing:
    from matplotlib import pyplot
    from matplotlib.ticker import MaxNLocator

    height = 0.75 + 0.235 * len(data)
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(WIDTH, height), sharey=True, width_ratios=(1, 1.35))
    colour = pyplot.rcParams["axes.prop_cycle"].by_key()["color"][0]
    label_lines(left, list(data["method"]))
    for i, line in data.iterrows():
        shade = MUTED if line["reference"] else colour
        known = line["score_low"] == line["score_low"] and line["score_low"] is not None
        for axes, name in ((left, "rank"), (right, "score")):
            if line[name] != line[name] or line[name] is None:
                continue
            if known and line[f"{name}_low"] == line[f"{name}_low"]:
                axes.plot([line[f"{name}_low"], line[f"{name}_high"]], [i, i], color=shade, linewidth=2, alpha=0.55)
            axes.plot(line[name], i, "D" if line["reference"] else "o", color=shade, markersize=4.5,
                      markerfacecolor=PAPER if line["reference"] else shade)  # fmt: skip
    for tier in sorted(data["tier"].dropna().unique()):
        lines = data.index[data["tier"] == tier]
        first, last = lines.min(), lines.max()
        if int(tier) % 2:
            for axes in (left, right):
                axes.axhspan(first - 0.5, last + 0.5, color=BAND, linewidth=0, zorder=0)
        right.text(1.01, (first + last) / 2, f"tier {tier:.0f}", transform=right.get_yaxis_transform(),
                   va="center", color=MUTED, fontsize=7.5)  # fmt: skip
    left.set_xlim(0.5, max(data["rank"].max(), data["rank_high"].fillna(0).max()) + 0.5)
    left.xaxis.set_major_locator(MaxNLocator(integer=True))
    left.set_xlabel("rank, 1 the best, with 95 % interval")
    right.set_xlim(-0.02, 1.02)
    right.set_xlabel("score = 1/(1+e), with 95 % interval")
    bare_lines(left, right)
    return figure


def _says(data: pd.DataFrame) -> str:
    methods = data[~data["reference"]]
    best = methods.iloc[0]
    said = [f"{len(methods)} ranked methods; first is {best['method']} with a score of {best['score']:.3f}."]
    if best["tier"] == best["tier"] and best["tier"] is not None:
        tied = list(methods.loc[methods["tier"] == 1, "method"])[1:]
        said.append(f"Not told apart from it: {commas(tied)}." if tied else "No other method is in its tier.")
    return " ".join(said)


RANKS = Figure(
    "ranks",
    "Ranks and how sure they are",
    "Left, the rank of each method and where it falls when families and seeds are drawn again; right, its score "
    "and the interval of seeds within these tasks. Methods of one tier, on one shade, are not told apart from its"
    " best. Hollow grey: references, which know more than a method may and are never ranked. Without a bar there "
    "are too few seeds for an interval.",
    _data,
    _draw,
    _says,
)
