"""Medians of any metrics, by task and method: what a leaderboard has no column for."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from indmech_bench.analysis.drift.columns import median_columns
from indmech_bench.analysis.drift.course import Middle
from indmech_bench.analysis.method_lines import MethodLine, cells_by_task, section_of
from indmech_bench.analysis.task_rows import newest_rows
from indmech_bench.errors import InputError, unknown
from indmech_bench.results.folder import existing_folder
from indmech_bench.results.row_fields import TaskRow, row_part
from indmech_bench.results.statuses import Status
from indmech_bench.scoring.metrics import BY_NAME
from indmech_bench.text.document import Document, Section
from indmech_bench.text.tables import Column

NOTES = (
    "medians over replicates [95 % by order statistics, from 6 replicates on]; a replicate that failed counts as the "
    "worst value; a metric that a row does not have is left out",
    "the line parts methods from references, which know more than a method may",
)


@dataclass(frozen=True)
class Line(MethodLine):
    """One method or reference on one task: n replicates, metric -> its median."""

    n: int
    middles: dict[str, Middle]


def medians(folder: str | Path, metrics: Sequence[str] = ()) -> dict[str, list[Line]]:
    """Task -> its lines, methods before references. Raises InputError.

    Args:
        folder: of results.
        metrics: which; all that its rows have by default.
    """
    for name in metrics:
        if name not in BY_NAME:
            raise unknown("metric", name, BY_NAME)
    place = existing_folder(folder)
    rows = newest_rows(place)
    kept_names = {name for row in rows for name in row_part(row, "metrics")}
    names = [name for name in metrics or BY_NAME if name in kept_names]
    if not names:
        raise InputError(f"no row of '{place}' has {' or '.join(metrics) or 'metrics'}.")
    found = {}
    for task, cells in cells_by_task(rows).items():
        told = [_line(label, reference, own, names) for (reference, label), own in cells.items()]
        if kept_lines := [line for line in told if line.middles]:
            found[task] = kept_lines
    return found


def _line(label: str, reference: bool, rows: Sequence[TaskRow], names: Sequence[str]) -> Line:
    middles = {}
    for name in names:
        worst = BY_NAME[name].worst
        values = [row_part(row, "metrics").get(name) if row["status"] == Status.OK else worst for row in rows]
        known = [value for value in values if value is not None and not math.isnan(value)]
        if known:
            middles[name] = Middle.of(known)
    return Line(label, reference, len(rows), middles)


def document(folder: str | Path, found: dict[str, list[Line]], *, across: bool = False) -> Document:
    """A table a task, a column a metric that one of its lines has; `across`: a table a metric, a column a task."""
    if across:
        sections = tuple(_of_metric(name, found) for name in BY_NAME if any(_having(name, found).values()))
    else:
        sections = tuple(_section(task, lines) for task, lines in found.items())
    return Document(f"Medians in {folder}", sections, NOTES)


@dataclass(frozen=True)
class Across(MethodLine):
    """One method or reference: task -> its median."""

    middles: dict[str, Middle]


def _having(name: str, found: dict[str, list[Line]]) -> dict[str, list[Line]]:
    """Task -> the lines that have a metric."""
    return {task: [line for line in lines if name in line.middles] for task, lines in found.items()}


def _of_metric(name: str, found: dict[str, list[Line]]) -> Section:
    having = {task: lines for task, lines in _having(name, found).items() if lines}
    methods = sorted({(line.reference, line.method) for lines in having.values() for line in lines})
    by_task = {task: {line.method: line.middles[name] for line in lines} for task, lines in having.items()}
    lines = [
        Across(method, reference, {task: own[method] for task, own in by_task.items() if method in own})
        for reference, method in methods
    ]

    def of(task: str) -> Callable[[Across], Middle]:
        return lambda line: line.middles.get(task, Middle.of(()))

    columns = [column for task in having for column in median_columns(task, task, of(task))]
    return section_of(name, f"{name}, by task", lines, columns, {"metric": name})


def _section(task: str, lines: Sequence[Line]) -> Section:
    names = [name for name in BY_NAME if any(name in line.middles for line in lines)]
    columns = (Column[Line]("n", "n", lambda line: line.n), *(column for name in names for column in _column(name)))
    return section_of(task, f"{task}: medians", lines, columns, {"task": task})


def _column(name: str) -> tuple[Column[Line], ...]:
    return median_columns(name, name.replace("_", " "), lambda line: line.middles.get(name, Middle.of(())))
