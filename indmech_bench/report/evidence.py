"""What figures and the page are made from: the rows of results folders, read once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from indmech_bench.analysis.ranking.board import Leaderboard
from indmech_bench.analysis.ranking.ranking import board_of
from indmech_bench.analysis.ranking.standings import Rivalry, rivalry_of
from indmech_bench.analysis.view import OnlyFromTheTruthError, by_method, in_order, tabled_rows
from indmech_bench.errors import InputError
from indmech_bench.results.curves import CURVES, curves_path, read_curves
from indmech_bench.results.folder import existing_folder
from indmech_bench.results.parameter_files import Arrays
from indmech_bench.results.row_fields import TaskRow
from indmech_bench.results.statuses import Status

Cell = tuple[str, str]
"""A task and a method or reference, as tables name them."""


class NothingToDrawError(InputError):
    """Results hold nothing that a figure could show; the sentence says what would have to be run."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """The newest rows of some folders, what tables make of them, and the arrays that are kept beside them.

    rows: without tasks in which training starts at the truth, which are ranked by nothing; none where there are only
    such tasks. left_out: how many rows of older code there are beside.
    """

    places: tuple[Path, ...]
    rows: tuple[TaskRow, ...]
    left_out: int = 0
    board_given: Leaderboard | None = field(default=None, repr=False)

    @classmethod
    def of(cls, folder: str | Path) -> Evidence:
        """What a results folder holds. Raises InputError."""
        place = existing_folder(folder)
        try:
            rows, left_out = tabled_rows([place])
        except OnlyFromTheTruthError:
            return cls((place,), ())
        return cls((place,), tuple(rows), left_out)

    @classmethod
    def of_board(cls, board: Leaderboard) -> Evidence:
        """What a leaderboard was made from: the rows of its folders that are of its tasks and its lines."""
        places = (board.folder, *board.beside)
        rows, left_out = tabled_rows(places)
        tasks, names = set(board.tasks), {(line.reference, line.name) for line in board.lines}
        kept = [row for row in rows if row["task_label"] in tasks and (row["reference"], row["label"]) in names]
        return cls(places, tuple(kept), left_out, board)

    @cached_property
    def board(self) -> Leaderboard:
        """The leaderboard of all rows. Raises NothingToDrawError where there are none."""
        if self.board_given is not None:
            return self.board_given
        if not self.rows:
            raise NothingToDrawError(f"'{self.places[0]}' holds only tasks that start at the truth: nothing is ranked.")
        return board_of(self.rows, self.places, left_out=self.left_out)

    @cached_property
    def rivalry(self) -> Rivalry:
        """How the ranked methods stand to each other, controls left out. Raises NothingToDrawError."""
        found = rivalry_of("all tasks", [row for row in self.rows if not row["control"]])
        if found is None:
            raise NothingToDrawError(
                f"'{self.places[0]}' has no two methods that cover the same (task, seed) pairs of tasks that rank."
            )
        return found

    @cached_property
    def tasks(self) -> tuple[str, ...]:
        """The tasks as tables name them, in the catalogue's order."""
        return in_order(self.rows)

    @cached_property
    def controls(self) -> frozenset[str]:
        """The tasks whose truths were drawn or built to have a given rho."""
        return frozenset(row["task_label"] for row in self.rows if row["control"])

    @cached_property
    def order(self) -> dict[str, int]:
        """Methods and references as tables name them -> their place in the leaderboard, from 0 on."""
        return {line.name: place for place, line in enumerate(self.board.lines)} if self.rows else {}

    def tried(self) -> dict[tuple[bool, Cell], list[TaskRow]]:
        """(whether a reference, cell) -> its rows by seed, those left out that were skipped."""
        found: dict[tuple[bool, Cell], list[TaskRow]] = {}
        for (reference, name), replicates in by_method(self.rows).items():
            for (task, _), row in replicates.items():
                if row["status"] != Status.SKIPPED:
                    found.setdefault((reference, (task, name)), []).append(row)
        return found

    def arrays(self, row: TaskRow) -> Arrays | None:
        """The arrays that are kept beside a row. Raises InputError for a file that no run wrote."""
        name = curves_path(Path(), row).name
        return read_curves(self._kept[name], row) if name in self._kept else None

    @cached_property
    def _kept(self) -> dict[str, Path]:
        """The folder of each file of arrays: rows are many, and few have one."""
        return {path.name: place for place in self.places for path in (place / CURVES).glob("*.npz")}


def methods_first(names: Iterable[str], evidence: Evidence) -> list[str]:
    """Names of methods and references in the leaderboard's order, those that it lacks last."""
    return sorted(names, key=lambda name: (evidence.order.get(name, len(evidence.order)), name))


def commas(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
