"""All figures by name: listed, drawn from a folder or from a leaderboard, saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from indmech_bench.analysis.ranking.board import Leaderboard
from indmech_bench.errors import InputError, unknown
from indmech_bench.report.evidence import Evidence
from indmech_bench.report.figure import Figure
from indmech_bench.report.figures.by_task import BY_TASK
from indmech_bench.report.figures.cost import COST
from indmech_bench.report.figures.critical import CRITICAL
from indmech_bench.report.figures.dose import DOSE
from indmech_bench.report.figures.pairs import PAIRS
from indmech_bench.report.figures.pictures import PICTURES
from indmech_bench.report.figures.ranks import RANKS
from indmech_bench.report.figures.shifts import SHIFTS
from indmech_bench.report.figures.solutions import SOLUTIONS
from indmech_bench.report.figures.trajectories import TRAJECTORIES
from indmech_bench.report.figures.wins import WINS
from indmech_bench.report.style import PAPER, styled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as Drawing

FIGURES = {
    figure.name: figure
    for figure in (RANKS, BY_TASK, WINS, CRITICAL, COST, DOSE, PAIRS, SHIFTS, SOLUTIONS, TRAJECTORIES, PICTURES)
}
"""In the order of a page."""
SUFFIXES = (".svg", ".png", ".pdf")
DPI = 200


def plot(source: str | Path | Leaderboard, name: str = "ranks", *, out: str | Path | None = None) -> Drawing:
    """One figure of a results folder, or of a leaderboard and the rows that it was made from.

    Returns matplotlib's figure; its data are what `figure_data` gives. Raises InputError: a name that is not known, a
    folder without results, results that hold nothing of the kind, a file of another kind or that cannot be written.

    Args:
        source: a results folder, or what `leaderboard` gave of some.
        name: of the figure, see `indmech-bench plot --list`.
        out: a file to be written, .svg, .png or .pdf.
    """
    figure = named(name)
    if out is not None:
        check_suffix(Path(out))
    data = figure.data(evidence_of(source))
    with styled():
        drawing = figure.draw(data)
        if out is not None:
            save(drawing, Path(out))
    _forget(drawing)
    return drawing


def figure_data(source: str | Path | Leaderboard, name: str) -> pd.DataFrame:
    """The data of one figure as a table. Arguments and errors are those of `plot`."""
    return named(name).data(evidence_of(source))


def named(name: str) -> Figure:
    """Raises InputError for a name that no figure has."""
    if name not in FIGURES:
        raise unknown("figure", name, FIGURES)
    return FIGURES[name]


def evidence_of(source: str | Path | Leaderboard) -> Evidence:
    return Evidence.of_board(source) if isinstance(source, Leaderboard) else Evidence.of(source)


def check_suffix(path: Path) -> None:
    """Raises InputError for a file that is no picture's."""
    if path.suffix not in SUFFIXES:
        raise InputError(f"'{path}' must end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}.")


def save(drawing: Drawing, path: Path) -> None:
    """Write a drawing, on paper; within `styled`. Raises InputError."""
    metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(
        path.suffix, {}
    )  # equal files of equal data
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        drawing.savefig(path, dpi=DPI, facecolor=PAPER, metadata=metadata)
    except OSError as error:
        raise InputError(f"'{path}' cannot be written: {error.strerror}.") from None


def _forget(drawing: Drawing) -> None:
    """Have pyplot let go of a drawing, which its caller now owns: a notebook would show it twice."""
    from matplotlib import pyplot

    pyplot.close(drawing)
