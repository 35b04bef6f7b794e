"""A leaderboard, and leaderboards of several views as a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from indmech_bench.analysis.ranking.columns import tables_of
from indmech_bench.analysis.ranking.line import Line
from indmech_bench.statistics.resampling import FEWEST
from indmech_bench.text.document import Document, Section
from indmech_bench.text.writing import write

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True, repr=False)
class Leaderboard:
    """Lines of a view: ranked methods by rank, then methods that do not cover it, then references.

    tasks: all of the view, with the `controls`; pairs: how many (task, seed) pairs of the other tasks there are;
    resampled: what was drawn anew for intervals of the rank and tiers, empty where nothing is ranked; view: which rows
    of the folder it is of, empty for all.
    """

    folder: Path
    metric: str
    tasks: tuple[str, ...]
    controls: tuple[str, ...]
    pairs: int
    lines: tuple[Line, ...]
    left_out: int
    resampled: str
    view: str = ""
    beside: tuple[Path, ...] = ()

    @property
    def by_controls_alone(self) -> bool:
        """Whether there is no task that methods can be ranked by."""
        return len(self.controls) == len(self.tasks)

    def to_pandas(self) -> pd.DataFrame:
        """One line a method or reference, with the fields that `leaderboard --format json` has."""
        import pandas as pd

        return pd.DataFrame(_section(self).records)

    def plot(self, name: str = "ranks", *, out: str | Path | None = None) -> Figure:
        """One figure of this leaderboard and the rows it was made from, by default its ranks: see `plot`."""
        import indmech_bench  # the public face knows where figures are drawn, above this room

        return indmech_bench.plot(self, name, out=out)

    def __repr__(self) -> str:
        view = f", {self.view}" if self.view else ""
        methods = sum(not line.reference for line in self.lines)
        return f"<Leaderboard of {self.folder}{view}: {methods} methods, {len(self.tasks)} tasks, {self.pairs} pairs>"

    def __str__(self) -> str:
        return write(document([self]), "table")


def document(boards: Sequence[Leaderboard], *, every_column: bool = False) -> Document:
    """The leaderboards of one folder, a section a view; a terminal shows the columns that it has room for, or every."""
    folders = " and ".join(map(str, (boards[0].folder, *boards[0].beside)))
    more = "" if every_column else "leaderboard --long"
    return Document(f"Leaderboard of {folders}", tuple(map(_section, boards)), tuple(_notes(boards, folders)), more)


def _section(board: Leaderboard) -> Section:
    facts = {
        "metric": board.metric,
        "tasks": board.tasks,
        "controls": board.controls,
        "pairs": board.pairs,
        "resampled": board.resampled or None,
        "left_out": board.left_out,
    }
    tables = tables_of(
        board.lines,
        tasks=board.tasks,
        controls=board.controls,
        pairs=board.pairs,
        metric=board.metric,
        view=board.view,
    )
    return Section(board.view, tables, facts)


def _notes(boards: Sequence[Leaderboard], folders: str) -> list[str]:
    """What a reader must know to read the tables."""
    tasks = len({task for board in boards for task in board.tasks})
    pairs = ", ".join(f"{board.pairs}{_of_view(board)}" for board in boards)
    notes = [
        f"{folders}: {tasks} tasks, (task, seed) pairs that count: {pairs}.",
        "identified: e < 0.01 and fit < 1e-3. e: extrapolation error, 0 the truth, 1 ignoring the intervention; about "
        "0.5 is the best constant prediction, 0.9 white noise. e, fit, cost, s: medians a replicate.",
        "score: 1/(1+e), a failure's is 0; of each task the interquartile mean, then the mean over a family's tasks, "
        "then over families. [95 %]: Wilson; bootstrap of the seeds within these tasks.",
        *_on_ranks(boards),
        *_on_controls(boards),
        "References (ref) know more than a method may and are never ranked.",
    ]
    if boards[0].left_out:
        notes.append(f"{boards[0].left_out} rows made by older code are left out.")
    return notes


def _on_ranks(boards: Sequence[Leaderboard]) -> list[str]:
    ranking = [board for board in boards if board.resampled]
    if not ranking:
        return []
    ways: dict[str, list[str]] = {}
    for board in ranking:
        ways.setdefault(board.resampled, []).append(board.view)
    drawn = " or ".join(way if len(ways) == 1 else f"{way} ({', '.join(views)})" for way, views in ways.items())
    said = [
        f"rank: by score; a method that lacks or skips one of the pairs has none. rank [95 %]: where it falls when "
        f"{drawn} are drawn again, the same for all methods. tier 1: the best method and those that these draws do not "
        "tell from it; tier 2 likewise among the others, and so on.",
        "leave one out: the lowest and highest rank when any one task is left out, and the task that moves it most.",
    ]
    if any(line.rank is not None and line.rank_interval is None for board in ranking for line in board.lines):
        said.append(f"A task with below {FEWEST} seeds leaves no intervals of score and rank, and no tiers.")
    return said


def _on_controls(boards: Sequence[Leaderboard]) -> list[str]:
    said = []
    if any(board.controls for board in boards):
        said.append(
            "Controls, tasks whose truths were drawn or built to have a given rho, are shown by task and enter no rank "
            "and no overall figure."
        )
    said += [
        f"No method is ranked{_of_view(board)}: all its tasks are controls, which say whether a method does what it is "
        "built for, not which is better."
        for board in boards
        if board.by_controls_alone
    ]
    return said


def _of_view(board: Leaderboard) -> str:
    return f" ({board.view})" if board.view else ""
