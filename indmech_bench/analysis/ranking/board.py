"""A leaderboard, and leaderboards of several views as a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from indmech_bench.analysis.ranking.columns import tables_of
from indmech_bench.analysis.ranking.line import Line
from indmech_bench.text.document import Document, Section
from indmech_bench.text.writing import write


@dataclass(frozen=True)
class Leaderboard:
    """Lines of a view: ranked methods by rank, then methods that do not cover it, then references.

    `view`: which rows of the folder the view is of; empty for all.
    """

    folder: Path
    metric: str
    tasks: tuple[str, ...]
    pairs: int
    lines: tuple[Line, ...]
    left_out: int
    view: str = ""
    beside: tuple[Path, ...] = ()

    def __str__(self) -> str:
        return write(document([self]), "table")


def document(boards: Sequence[Leaderboard]) -> Document:
    """The leaderboards of one folder, a section a view."""
    folders = " and ".join(map(str, (boards[0].folder, *boards[0].beside)))
    return Document(f"Leaderboard of {folders}", tuple(map(_section, boards)), tuple(_notes(boards, folders)))


def _section(board: Leaderboard) -> Section:
    facts = {"metric": board.metric, "tasks": board.tasks, "pairs": board.pairs, "left_out": board.left_out}
    tables = tables_of(board.lines, tasks=board.tasks, pairs=board.pairs, metric=board.metric, view=board.view)
    return Section(board.view, tables, facts)


def _notes(boards: Sequence[Leaderboard], folders: str) -> list[str]:
    """What a reader must know to read the tables."""
    tasks = len({task for board in boards for task in board.tasks})
    pairs = ", ".join(f"{board.pairs}{f' ({board.view})' if board.view else ''}" for board in boards)
    notes = [
        f"{folders}: {tasks} tasks, (task, seed) pairs: {pairs}.",
        "identified: e < 0.01 and fit < 1e-3. e: extrapolation error, 0 the truth, 1 ignoring the intervention; about "
        "0.5 is the best constant prediction, 0.9 white noise.",
        "Rank: interquartile mean of score = 1/(1+e), a failure's score is 0. 95 % intervals: Wilson, order "
        "statistics, BCa bootstrap within tasks.",
        "References (ref) know more than a method may and are never ranked. cost, s: medians a replicate, not ranked.",
    ]
    if boards[0].left_out:
        notes.append(f"{boards[0].left_out} rows made by older code are left out.")
    return notes
