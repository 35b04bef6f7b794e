"""Critical differences of mean ranks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from indmech_bench.report.evidence import Evidence, NothingToDrawError
from indmech_bench.report.figure import Figure
from indmech_bench.report.style import INK, LONGEST, WIDTH, abbreviated, hover
from indmech_bench.statistics.ranks import MOST
from indmech_bench.text.numbers import pvalue

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as Drawing
APART = "\u00a0\u00a0"
"""Two spaces that a page does not make one."""


def _data(evidence: Evidence) -> pd.DataFrame:
    """One line a method, the best mean rank first, with Nemenyi's p against each as `p:<method>`."""
    import pandas as pd

    critical = evidence.rivalry.critical
    if critical is None:
        raise NothingToDrawError(f"'{evidence.places[0]}' has fewer than 3 methods that cover the same pairs.")
    return pd.DataFrame(
        [
            {
                "method": name,
                "mean_rank": rank,
                "pairs": critical.pairs,
                "friedman": critical.friedman,
                "critical_difference": critical.difference,
                **{f"p:{other}": float(critical.pvalues[i, j]) for j, other in enumerate(critical.names)},
            }
            for i, (name, rank) in enumerate(zip(critical.names, critical.ranks, strict=True))
        ]
    )


def _draw(data: pd.DataFrame) -> Drawing:
    import pandas as pd
    from matplotlib import pyplot
    from scikit_posthocs import critical_difference_diagram

    names = list(data["method"])
    short = abbreviated(names, LONGEST)
    called = [short[name] for name in names]
    p = pd.DataFrame(data[[f"p:{name}" for name in names]].to_numpy(), index=called, columns=called)
    figure, axes = pyplot.subplots(figsize=(WIDTH, 1.0 + 0.17 * len(names)))
    critical_difference_diagram(
        dict(zip(called, data["mean_rank"], strict=True)), p, ax=axes,
        label_fmt_left=f"{{label}}{APART}{{rank:.2f}}{APART[0]}",
        label_fmt_right=f"{APART[0]}{{rank:.2f}}{APART}{{label}}",
        text_h_margin=0.2, crossbar_props={"color": INK, "linewidth": 2.6},
        elbow_props={"color": INK, "linewidth": 0.8}, marker_props={"color": INK, "s": 14},
    )  # fmt: skip
    axes.spines["top"].set_visible(True)
    full = {label: name for name, label in short.items()}
    for text in axes.texts:
        for label, name in full.items():
            if label in text.get_text().split(APART) and label != name:
                hover(text, name)
    return figure


def _says(data: pd.DataFrame) -> str:
    first = data.iloc[0]
    ranks = ", ".join(f"{line['method']} {line['mean_rank']:.2f}" for _, line in data.iterrows())
    return (
        f"Mean ranks over {first['pairs']} pairs: {ranks}. Friedman's p {pvalue(first['friedman'])}; mean ranks differ "
        f"at 5 % from {first['critical_difference']:.2f} on."
    )


CRITICAL = Figure(
    "critical",
    "Critical differences",
    "Mean rank of each method by score over (task, seed) pairs, 1 the best (Demšar 2006). A bar joins methods "
    f"that Nemenyi's test does not tell apart at 5 %. At most {MOST} methods, the best by mean rank. Every pair "
    "counts alike here, whatever its task and family, and by how much a method wins does not count: the order may"
    " differ from that of the leaderboard.",
    _data,
    _draw,
    _says,
)
