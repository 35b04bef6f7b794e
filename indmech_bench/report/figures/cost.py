"""What a score costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from indmech_bench.report.evidence import Evidence, NothingToDrawError
from indmech_bench.report.figure import Figure
from indmech_bench.report.style import WIDTH, beside, log_scale

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as Drawing


def _data(evidence: Evidence) -> pd.DataFrame:
    """One line a ranked method whose cost was counted."""
    import pandas as pd

    lines = [
        {
            "method": line.name,
            "cost": line.cost,
            "seconds": line.seconds,
            "score": line.score,
            **dict(zip(("score_low", "score_high"), line.score_interval or (None, None), strict=True)),
        }
        for line in evidence.board.lines
        if line.rank is not None and line.cost
    ]
    if not lines:
        raise NothingToDrawError(f"'{evidence.places[0]}' has no ranked method whose cost was counted.")
    return pd.DataFrame(lines)


def _draw(data: pd.DataFrame) -> Drawing:
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(WIDTH, max(3.4, 0.6 + 0.2 * len(data))))
    colour = pyplot.rcParams["axes.prop_cycle"].by_key()["color"][0]
    known = data.dropna(subset=["score_low"])
    axes.vlines(known["cost"], known["score_low"].astype(float), known["score_high"].astype(float), color=colour,
                linewidth=2, alpha=0.45)  # fmt: skip
    axes.plot(data["cost"], data["score"], "o", color=colour, markersize=5)
    log_scale(axes, "x")
    axes.margins(x=0.08, y=0.1)
    axes.grid()
    axes.set_xlabel("median cost a replicate: forward passes of one start, 3 with a gradient")
    axes.set_ylabel("score, with 95 % interval")
    figure.canvas.draw()  # places the panel, so that names can be spread along it
    figure.set_layout_engine("none")
    axes.set_position((0.09, 0.13, 0.6, 0.84))
    beside(axes, list(zip(data["cost"], data["score"], strict=True)), list(data["method"]))
    return figure


def _says(data: pd.DataFrame) -> str:
    front = _front(data)
    said = ", ".join(f"{line['method']} ({line['score']:.3f} at {line['cost']:.3g})" for line in front)
    return f"Methods of which no cheaper one scores as much: {said}."


def _front(data: pd.DataFrame) -> list[dict[str, float]]:
    """From the cheapest on, those that score more than all that cost less."""
    found: list[dict[str, float]] = []
    for line in data.sort_values(["cost", "score"], ascending=[True, False]).to_dict("records"):
        if not found or line["score"] > found[-1]["score"]:
            found.append({str(name): value for name, value in line.items()})
    return found


COST = Figure(
    "cost",
    "Cost against score",
    "Score of each ranked method against the median of what a replicate cost it, in units of one forward pass of "
    "model, loss or ρ for one start. Bars: 95 % intervals of the score. Costs are not ranked; what works in "
    "closed form counts little by this unit, and seconds stand in the table.",
    _data,
    _draw,
    _says,
)
