"""How many seconds rows take: as measured where there are any, else as those that are nearest to them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from indmech_bench.errors import InputError
from indmech_bench.harness.cells import Cell
from indmech_bench.results.folder import MANIFEST, RUNS, read_manifest
from indmech_bench.results.provenance import machine
from indmech_bench.results.row_fields import Row
from indmech_bench.results.rows import read_rows

FOLDERS = 5
"""Other folders that are read at most, the newest first."""
PROBE = 1.0
"""Seconds that trying out methods of which nothing is known may take."""

ANY = ""
"""In the place of a name: all tasks, or all methods."""


class Timing:
    """Mean seconds a row, by task and method, by either alone and of all."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, str], tuple[float, int]] = {}

    def note(self, task: str, method: str, seconds: float, rows: int = 1) -> None:
        """Rows that took so many seconds together."""
        for name in ((task, method), (ANY, method), (task, ANY), (ANY, ANY)):
            before, count = self._sums.get(name, (0.0, 0))
            self._sums[name] = before + seconds, count + rows

    def take(self, rows: Iterable[Row], runs: Mapping[str, Any]) -> int:
        """Note the rows that were made on this machine; how many they are. `runs`: of the manifest."""
        this, count = machine(), 0
        here = {name for name, entry in runs.items() if machine(entry) == this}
        for row in rows:
            if row["run"] in here and row["seconds"] is not None:
                self.note(row["task"], row["method"], row["seconds"])
                count += 1
        return count

    def knows(self, cell: Cell) -> bool:
        """Whether the method of a cell was ever measured."""
        return (ANY, cell.method.name) in self._sums

    def of(self, cell: Cell) -> float | None:
        """Seconds a row of a cell: of its task and method, else of its method, else of its task, else of any."""
        task, method = cell.task.name, cell.method.name
        for name in ((task, method), (ANY, method), (task, ANY), (ANY, ANY)):
            if name in self._sums:
                seconds, rows = self._sums[name]
                return seconds / rows
        return None


def measured(folder: Path, cells: Sequence[Cell]) -> tuple[Timing, list[Path]]:
    """What rows of this machine say of these cells, in this folder or else in those beside it; and which were read."""
    timing, read = Timing(), []
    beside = [path.parent for path in folder.parent.glob(f"*/{MANIFEST}") if path.parent != folder]
    newest = sorted(beside, key=lambda place: (place / MANIFEST).stat().st_mtime, reverse=True)
    for place in [folder, *newest[:FOLDERS]]:
        if all(map(timing.knows, cells)):
            break
        with contextlib.suppress(InputError):  # what is damaged or newer says nothing here
            if timing.take(read_rows(place / RUNS)[0], read_manifest(place)["runs"]):
                read.append(place)
    return timing, read


def probe(timing: Timing, cells: Sequence[Cell], plugins: Sequence[str]) -> None:
    """Try methods of which nothing is known on a seed each, in a process of their own, for a second all together."""
    from indmech_bench.harness.workers.handle import Runner

    unknown = {cell.method.name: cell for cell in cells if not timing.knows(cell)}
    runner, left = Runner(), PROBE
    try:
        for cell in unknown.values():
            if left <= 0:
                break
            (reply,) = runner.attempt([cell.job([0], plugins)], left)
            outcomes = reply.get("outcomes")
            took = left if not isinstance(outcomes, list) else sum(outcome["seconds"] or 0.0 for outcome in outcomes)
            if isinstance(outcomes, list) or reply.get("failure") == "timeout":
                timing.note(cell.task.name, cell.method.name, took)
            left -= max(took, PROBE / 50)
    finally:
        runner.close()
